//! What a listener hears before the programme: whole frames, held once for all.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::TimedFrame;

/// Whole frames that come between a listener's head and the mount's audio.
///
/// Cheap to clone: clones share the bytes. They must be of the codec and the
/// parameters that the mount has, which is not looked at here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intro(Arc<Frames>);

#[derive(Debug, PartialEq, Eq)]
struct Frames {
    audio: Bytes,
    /// Where each frame ends.
    ends: Vec<u64>,
    duration: Duration,
}

impl Intro {
    /// These frames, one behind the other; `None` without any.
    ///
    /// They are copied, once, and held for as long as a clone lives.
    pub fn new(frames: &[TimedFrame]) -> Option<Self> {
        let mut audio = BytesMut::with_capacity(frames.iter().map(|frame| frame.data.len()).sum());
        let mut ends = Vec::with_capacity(frames.len());
        for frame in frames {
            audio.extend_from_slice(&frame.data);
            ends.push(audio.len() as u64);
        }
        let duration = frames.iter().map(|frame| frame.duration).sum();
        let audio = audio.freeze();
        (!audio.is_empty()).then(|| Self(Arc::new(Frames { audio, ends, duration })))
    }

    /// All its bytes.
    pub fn audio(&self) -> &Bytes {
        &self.0.audio
    }

    /// Its length in media time.
    pub fn duration(&self) -> Duration {
        self.0.duration
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u64 {
        self.0.audio.len() as u64
    }

    /// At most `len_max` bytes from `position` on; empty behind its end.
    pub(super) fn piece(&self, position: u64, len_max: u64) -> &[u8] {
        let from = usize::try_from(position).unwrap_or(usize::MAX);
        let rest = self.0.audio.get(from..).unwrap_or_default();
        let len_max = usize::try_from(len_max).unwrap_or(usize::MAX);
        rest.get(..len_max).unwrap_or(rest)
    }

    /// The first frame boundary at `position` or after it.
    pub(super) fn boundary_from(&self, position: u64) -> u64 {
        if position == 0 {
            return 0;
        }
        let before = self.0.ends.partition_point(|end| *end < position);
        self.0.ends.get(before).copied().unwrap_or(self.len())
    }
}
