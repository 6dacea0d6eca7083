//! Cuts a byte stream into MP3 or AAC frames, and says why it cannot.
//!
//! Sources: ISO/IEC 11172-3 §2.4, ISO/IEC 13818-3 §2.4 (Layer III),
//! ISO/IEC 13818-7 §6.2 (ADTS).
//!
//! A frame counts only when what follows it proves it, so of a frame that was
//! cut off and a fresh one behind it only the half is lost. Junk costs the frame
//! before it, too: whether that was whole no header says. For the same reason a
//! half passes for a frame where its end would fall upon a boundary of the
//! frames behind it. Frames are not decoded, CRCs are not checked, nothing is
//! repaired.

mod refusal;
mod sync;
mod tags;

use bytes::{Buf, Bytes, BytesMut};

pub use refusal::{OggCodec, Refusal};
pub use tags::TAG_LEN_MAX;

use crate::mp3;
use crate::probe::{self, Magic};
use crate::stream::{Codec, Frame, FrameHeader};
use sync::{Candidate, Content, Here, Key, Verdict};

/// Bytes without a frame after which a stream is refused, tags not counted.
/// Chosen: 4 s at 128 kbit/s.
pub const UNRECOGNISED_LEN: u64 = 64 << 10;

/// Bytes after a loss of sync within which two headers of the kind seen before
/// suffice, if they are alike in all that encoders keep. Beyond, as for any other
/// kind, it takes three: so one loss in a million gives a false frame, however
/// long the random bytes last.
pub const RESYNC_LEN: u64 = 64 << 10;

/// Headers in a row that begin a stream, or anything of another kind.
const HEADERS_TO_LOCK: usize = 3;

/// Headers in a row that resume one.
const HEADERS_TO_RESUME: usize = 2;

/// Bytes allocated at once where pushes are small. Chosen: a second of audio,
/// as one frame that is kept keeps the allocation.
const BLOCK_LEN: usize = 16 << 10;

/// Cuts a byte stream into frames, however the stream was chunked.
///
/// Push bytes, then call [`next_frame`](Self::next_frame) until it gives
/// `None`. What is held between two pushes is at most three frames of 8,191
/// bytes; tags are thrown away as they come. Bytes are copied once, when they
/// are pushed: frames share the allocation. Those behind bytes that were thrown
/// away are copied again, as many as these were, so that frames which are kept
/// keep little else.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: BytesMut,
    state: State,
    /// The kind of the frame given last.
    kind: Option<(Key, Codec)>,
    /// Bytes still to be skipped of the tag that has begun.
    tag_left: u64,
    /// Bytes of that tag, as it declares them.
    tag_len: u64,
    /// A tag at the beginning that explains why there is no audio.
    tag_refusal: Option<Refusal>,
    /// Junk since the beginning or since the last frame.
    lost_bytes: u64,
    /// Bytes thrown away that no copied frames make up for.
    wasted_bytes: u64,
    /// Bytes in the buffer below which a search would find nothing new.
    search_from_len: usize,
    skipped: Skipped,
    /// No more bytes will come.
    ended: bool,
    refusal: Option<Refusal>,
}

/// What was in the stream and is no audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Skipped {
    /// Bytes that are neither frame nor tag, halves of frames among them.
    pub junk_bytes: u64,
    /// Bytes of `ID3v2`, `ID3v1` and `APEv2` tags.
    pub id3_bytes: u64,
    /// Number of these tags.
    pub id3_tags: u64,
    /// Frames that hold a file's table of contents (`Xing`, `Info`, `VBRI`).
    pub info_frames: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Nothing but tags so far: the first bytes may be a magic number.
    #[default]
    Start,
    /// No frame is known to begin at the buffer's first byte.
    Searching,
    /// A frame, or a tag, should begin at the buffer's first byte.
    Locked,
}

/// What one step of the machine led to.
enum Step {
    /// Go on.
    On,
    /// More bytes are needed.
    Wait,
    Frame(Frame),
}

impl Framer {
    /// Adds bytes as they came off the wire; any number of them.
    pub fn push(&mut self, bytes: &[u8]) {
        let skip = if self.buffer.is_empty() { self.tag_part(bytes.len()) } else { 0 };
        self.count_tag(skip);
        let bytes = bytes.get(skip..).unwrap_or_default();
        if self.refusal.is_some() || bytes.is_empty() {
            return;
        }
        if self.buffer.capacity() - self.buffer.len() < bytes.len() {
            self.buffer.reserve(bytes.len().max(BLOCK_LEN));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next whole frame, or `None` until more bytes are pushed.
    ///
    /// A frame counts when a consistent header follows it, or a tag, or two
    /// headers of another kind. At the beginning it takes three headers in a
    /// row, after a loss of sync two. A change of sampling rate or channels
    /// shows in the frame's header.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], behind the last frame that can be given; from then on
    /// always the same, and what is pushed is thrown away.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        loop {
            match self.step() {
                Ok(Step::On) => {}
                Ok(Step::Wait) => return Ok(None),
                Ok(Step::Frame(frame)) => return Ok(Some(frame)),
                Err(refusal) => return Err(self.refuse(refusal)),
            }
        }
    }

    /// Takes the frames that are left at the end of the input: call until `None`.
    ///
    /// Also gives a last whole frame that no header follows, and the frames of
    /// an input too short for three headers. What remains is junk.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn finish(&mut self) -> Result<Option<Frame>, Refusal> {
        self.ended = true;
        self.next_frame()
    }

    /// Gives the best reason for what was seen so far, and refuses the stream.
    ///
    /// For the caller whose patience ended before any frame came.
    pub fn give_up(&mut self) -> Refusal {
        if let Some(refusal) = &self.refusal {
            return refusal.clone();
        }
        let reason = self.guess();
        self.refuse(reason)
    }

    /// Whether nothing has come but whole tags: encoders send one, and then what they
    /// have to gather first.
    pub fn has_only_tags(&self) -> bool {
        self.state == State::Start && self.tag_left == 0 && self.buffer.is_empty()
    }

    /// What was skipped since the beginning.
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The codec, once a frame was given.
    pub fn codec(&self) -> Option<Codec> {
        self.kind.map(|(_, codec)| codec)
    }

    fn step(&mut self) -> Result<Step, Refusal> {
        if self.tag_left > 0 {
            let part = self.tag_part(self.buffer.len());
            self.buffer.advance(part);
            self.wasted_bytes += part as u64;
            self.count_tag(part);
        }
        if self.tag_left > 0 || self.buffer.is_empty() {
            return Ok(Step::Wait);
        }
        match self.state {
            State::Start => self.probe(),
            State::Searching => self.search(),
            State::Locked => self.cut(),
        }
    }

    fn probe(&mut self) -> Result<Step, Refusal> {
        match sync::read(&self.buffer) {
            Here::Tag(tag) => return Ok(self.begin_tag(tag)),
            Here::Cut if !self.ended => return Ok(Step::Wait),
            _ => {}
        }
        self.tag_refusal = tags::too_long(&self.buffer).map(Refusal::tag);
        match probe::magic(&self.buffer) {
            Magic::Found(refusal) => return Err(refusal),
            Magic::Wait(_) if !self.ended => return Ok(Step::Wait),
            _ => self.state = State::Searching,
        }
        Ok(Step::On)
    }

    /// Looks for headers in a row; what lies before them is junk.
    fn search(&mut self) -> Result<Step, Refusal> {
        if self.buffer.len() < self.search_from_len && !self.ended {
            return Ok(Step::Wait);
        }
        self.search_from_len = 0;
        let room = match self.kind {
            None => UNRECOGNISED_LEN.saturating_sub(self.lost_bytes),
            Some(_) => u64::MAX,
        };
        let end = usize::try_from(room).unwrap_or(usize::MAX).min(self.buffer.len());
        let mut from = 0;
        while let Some(at) = self.next_mark(from, end) {
            let verdict = self.judge(at);
            if verdict == Ok(Verdict::No) {
                from = at + 1;
                continue;
            }
            self.drop_junk(at);
            if verdict? == Verdict::Wait {
                self.search_from_len = self.len_to_judge();
                return Ok(Step::Wait);
            }
            self.state = State::Locked;
            return Ok(Step::On);
        }
        self.drop_junk(end);
        if self.kind.is_none() && self.lost_bytes >= UNRECOGNISED_LEN {
            return Err(self.unrecognised(self.lost_bytes));
        }
        Ok(Step::Wait)
    }

    /// How long the buffer has to be for another look at its beginning. The next
    /// header of free format is looked for in all that there is, so that happens
    /// where there is twice as much.
    fn len_to_judge(&self) -> usize {
        let is_free_format = matches!(sync::read(&self.buffer), Here::FreeFormat);
        if is_free_format { self.buffer.len() * 2 } else { 0 }
    }

    /// The next place from `from` on where a header or a tag may begin.
    fn next_mark(&self, from: usize, end: usize) -> Option<usize> {
        let at = memchr::memchr2(0xFF, b'I', self.buffer.get(from..end)?)?;
        Some(from + at)
    }

    /// Whether the stream goes on at `at`.
    fn judge(&self, at: usize) -> Result<Verdict, Refusal> {
        let bytes = self.buffer.get(at..).unwrap_or_default();
        let candidate = match sync::read(bytes) {
            Here::Header(candidate) => candidate,
            Here::Tag(_) => return Ok(Verdict::Yes),
            Here::Cut => return Ok(self.or_no(Verdict::Wait)),
            Here::FreeFormat if self.kind.is_none() => {
                return match sync::is_free_format(bytes) {
                    Verdict::Yes => Err(Refusal::FreeFormat),
                    verdict => Ok(self.or_no(verdict)),
                };
            }
            Here::FreeFormat | Here::Nothing => return Ok(Verdict::No),
        };
        let is_known = self.kind.is_some_and(|(key, _)| key == candidate.key);
        let is_near = self.lost_bytes + at as u64 <= RESYNC_LEN;
        let wanted = if is_known && is_near { HEADERS_TO_RESUME } else { HEADERS_TO_LOCK };
        let mut verdict = sync::chain(bytes, &candidate, wanted, self.ended);
        if verdict == Verdict::Yes && !sync::is_alike(bytes, &candidate) {
            // At the end of the input, too.
            verdict = self.or_no(sync::chain(bytes, &candidate, HEADERS_TO_LOCK, false));
        }
        if verdict == Verdict::Yes {
            self.check(&candidate)?;
        }
        Ok(verdict)
    }

    /// Cuts off the frame at the buffer's beginning, if it is one.
    fn cut(&mut self) -> Result<Step, Refusal> {
        let frame = match sync::read(&self.buffer) {
            Here::Header(frame) => frame,
            Here::Tag(tag) => return Ok(self.begin_tag(tag)),
            Here::Cut if !self.ended => return Ok(Step::Wait),
            _ => return Ok(self.lose_sync()),
        };
        match self.is_proved(&frame) {
            Verdict::Yes => self.take(&frame),
            Verdict::Wait => Ok(Step::Wait),
            Verdict::No => Ok(self.lose_sync()),
        }
    }

    /// Whether the frame at the buffer's beginning is whole and counts.
    fn is_proved(&self, frame: &Candidate) -> Verdict {
        if self.kind.is_none_or(|(key, _)| key != frame.key) {
            let verdict = sync::chain(&self.buffer, frame, HEADERS_TO_RESUME, self.ended);
            if verdict != Verdict::Yes {
                return verdict;
            }
        }
        if self.buffer.len() < frame.len {
            return self.or_no(Verdict::Wait);
        }
        sync::is_followed(&self.buffer, frame, self.ended)
    }

    fn take(&mut self, frame: &Candidate) -> Result<Step, Refusal> {
        let header = self.check(frame)?;
        let data = self.split(frame.len);
        self.kind = Some((frame.key, header.stream.codec));
        self.lost_bytes = 0;
        if header.stream.codec == Codec::Mp3 && mp3::is_info_frame(&data) {
            self.skipped.info_frames += 1;
            self.wasted_bytes += data.len() as u64;
            return Ok(Step::On);
        }
        Ok(Step::Frame(Frame { header, data }))
    }

    /// Takes a frame's bytes. The block that they lie in may be junk for the most
    /// part, and would be kept for their sake.
    fn split(&mut self, len: usize) -> Bytes {
        let data = self.buffer.split_to(len);
        if self.wasted_bytes == 0 {
            return data.freeze();
        }
        self.wasted_bytes = self.wasted_bytes.saturating_sub(len as u64);
        Bytes::copy_from_slice(&data)
    }

    /// What the frame is, if it may be carried in this stream.
    fn check(&self, frame: &Candidate) -> Result<FrameHeader, Refusal> {
        let header = match &frame.what {
            Content::Audio(header) => *header,
            Content::Refused(refusal) => return Err(refusal.clone()),
        };
        let to = header.stream.codec;
        match self.kind {
            Some((_, from)) if from != to => Err(Refusal::CodecChanged { from, to }),
            _ => Ok(header),
        }
    }

    /// The byte that should have begun a frame is junk.
    fn lose_sync(&mut self) -> Step {
        self.drop_junk(1);
        self.state = State::Searching;
        Step::On
    }

    fn begin_tag(&mut self, tag: tags::Tag) -> Step {
        self.tag_left = tag.len;
        self.tag_len = tag.len;
        self.skipped.id3_tags += 1;
        Step::On
    }

    /// How many of `len` bytes belong to the tag that has begun.
    fn tag_part(&self, len: usize) -> usize {
        usize::try_from(self.tag_left).unwrap_or(usize::MAX).min(len)
    }

    fn count_tag(&mut self, part: usize) {
        self.tag_left -= part as u64;
        self.skipped.id3_bytes += part as u64;
    }

    fn drop_junk(&mut self, len: usize) {
        let len = len.min(self.buffer.len());
        self.buffer.advance(len);
        self.lost_bytes += len as u64;
        self.wasted_bytes += len as u64;
        self.skipped.junk_bytes += len as u64;
    }

    /// Where the input has ended there is nothing to wait for.
    fn or_no(&self, verdict: Verdict) -> Verdict {
        if self.ended && verdict == Verdict::Wait { Verdict::No } else { verdict }
    }

    fn refuse(&mut self, refusal: Refusal) -> Refusal {
        self.buffer = BytesMut::new();
        self.refusal.insert(refusal).clone()
    }

    fn unrecognised(&self, bytes: u64) -> Refusal {
        self.tag_refusal.clone().unwrap_or(Refusal::Unrecognised { bytes })
    }

    /// What the bytes at hand look like, on less evidence than a refusal takes.
    fn guess(&self) -> Refusal {
        if self.tag_left > 0 {
            return Refusal::TagTooLong { declared: self.tag_len };
        }
        let magic = match self.state {
            State::Start => probe::magic(&self.buffer),
            _ => Magic::Nothing,
        };
        if let Magic::Found(refusal) | Magic::Wait(Some(refusal)) = magic {
            return refusal;
        }
        match sync::read(&self.buffer) {
            Here::FreeFormat => Refusal::FreeFormat,
            Here::Header(Candidate { what: Content::Refused(refusal), .. }) => refusal,
            _ => self.unrecognised(self.lost_bytes + self.buffer.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests;
