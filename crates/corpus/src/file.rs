//! A file of the corpus: its bytes, and what is true of them.

use std::num::NonZeroU32;

use bytes::Bytes;
use media::Codec;

/// One stream that a source may send.
#[derive(Debug, Clone)]
pub struct File {
    /// What was done to it.
    pub family: String,
    /// The base that it was made of; empty for strangers.
    pub base: String,
    /// The codec of the ingest that it is sent to.
    pub codec: Codec,
    /// `icy-metaint`, where metadata lies between the audio.
    pub metaint: Option<NonZeroU32>,
    /// What goes over the wire.
    pub wire: Bytes,
    /// The same without metadata.
    pub audio: Bytes,
    /// The frames that stand whole in the audio, in their order.
    pub frames: Vec<TrueFrame>,
    /// What is to come of it.
    pub expected: Expected,
}

/// A frame that stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueFrame {
    /// Where it begins in the audio.
    pub at: usize,
    /// Its bytes.
    pub len: usize,
    /// How much of it is to be relied on.
    pub state: FrameState,
}

/// How much of a frame is to be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameState {
    /// Whole, and what follows says so: it has to be found.
    Proved,
    /// Whole, but junk or a spoilt header follows it: no header says whether it
    /// was.
    Unproved,
    /// Its own header is spoilt: nobody can say where it ends.
    Spoilt,
}

/// What is to come of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Its frames are taken to its end.
    Taken,
    /// Its frames are taken, then it is refused for a reason that has this text.
    Refused(&'static str),
    /// Either: but no frame that is none.
    Anything,
}

/// What a stream is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole frame.
    Frame(Bytes),
    /// A frame whose header was changed.
    Spoilt(Bytes),
    /// A whole tag, or a table of contents.
    Tag(Bytes),
    /// The beginning of a frame, with its header.
    Half(Bytes),
    /// Anything else.
    Junk(Bytes),
}

impl Piece {
    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Frame(bytes)
            | Self::Spoilt(bytes)
            | Self::Tag(bytes)
            | Self::Half(bytes)
            | Self::Junk(bytes) => bytes,
        }
    }
}

impl File {
    /// Puts pieces together. A frame is proved by a frame, a tag, a half's header
    /// or the end behind it.
    pub fn of(family: &str, base: &str, codec: Codec, pieces: &[Piece]) -> Self {
        let mut audio = Vec::new();
        let mut frames = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            let state = match (piece, pieces.get(number + 1)) {
                (Piece::Frame(_), Some(Piece::Junk(_) | Piece::Spoilt(_))) => {
                    Some(FrameState::Unproved)
                }
                (Piece::Frame(_), _) => Some(FrameState::Proved),
                (Piece::Spoilt(_), _) => Some(FrameState::Spoilt),
                _ => None,
            };
            let bytes = piece.bytes();
            if let Some(state) = state {
                frames.push(TrueFrame { at: audio.len(), len: bytes.len(), state });
            }
            audio.extend_from_slice(bytes);
        }
        let wire = Bytes::from(audio);
        Self {
            family: family.to_owned(),
            base: base.to_owned(),
            codec,
            metaint: None,
            audio: wire.clone(),
            wire,
            frames,
            expected: Expected::Taken,
        }
    }

    /// The same, with another expectation.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    /// The same, to be refused for a reason that has this text, without a frame.
    #[must_use]
    pub fn refused(mut self, reason: &'static str) -> Self {
        self.frames.clear();
        self.expecting(Expected::Refused(reason))
    }

    /// What a name in a report says.
    pub fn name(&self) -> String {
        format!("{} of {}", self.family, self.base)
    }

    /// The file broken off behind `len` bytes of its wire. Of its last frames
    /// none has to be found: too little may follow them.
    #[must_use]
    pub fn cut(&self, len: usize) -> Self {
        let wire = self.wire.slice(..len.min(self.wire.len()));
        let mut file = self.clone();
        if self.metaint.is_none() {
            file.audio = wire.clone();
            file.frames.retain(|frame| frame.at + frame.len <= len);
            for last in file.frames.iter_mut().rev().take(UNSURE_FRAMES) {
                last.state = last.state.max_unproved();
            }
        } else {
            file.frames.iter_mut().for_each(|frame| frame.state = frame.state.max_unproved());
        }
        file.wire = wire;
        file.expected = Expected::Anything;
        file
    }
}

/// Frames before a cut that need not be found: three headers begin a stream.
const UNSURE_FRAMES: usize = 3;

impl FrameState {
    fn max_unproved(self) -> Self {
        if self == Self::Spoilt { Self::Spoilt } else { Self::Unproved }
    }
}
