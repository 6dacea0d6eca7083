//! What one mount keeps in memory: the last frames as one contiguous byte
//! ring, where each begins and when, and where the title changes.
//!
//! Positions are absolute: bytes since the mount began, so that a listener's
//! place is one number that never needs to be corrected. The ring knows nothing
//! of listeners.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

/// Frames held at most: five minutes of the shortest ones, chosen.
pub(super) const FRAMES_MAX: usize = 16_384;

/// Title changes held at most, chosen: more than one a second.
pub(super) const TITLES_MAX: usize = 64;

/// What the ring begins with; it grows to what `keep` needs.
const CAPACITY_MIN: usize = 16 * 1024;

/// `StreamTitle='';` as a metadata block: what listeners get until a title is set.
pub(super) const EMPTY_BLOCK: &[u8] = b"\x01StreamTitle='';\0";

/// The last frames of one mount.
///
/// Holds at least `keep` of media, as far as `bytes_max` and [`FRAMES_MAX`] let it.
#[derive(Debug)]
pub(super) struct Ring {
    bytes: Box<[u8]>,
    head: Mark,
    frames: VecDeque<Mark>,
    titles: VecDeque<TitleMark>,
    keep: Duration,
    bytes_max: usize,
    burst_floor: u64,
    has_forgotten: bool,
}

/// A frame boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// Bytes since the mount began.
    pub(super) position: u64,
    /// Media time since the mount began.
    pub(super) time: Duration,
}

#[derive(Debug)]
struct TitleMark {
    position: u64,
    version: u32,
    block: Bytes,
}

impl Ring {
    /// An empty ring with the empty title.
    pub(super) fn new(keep: Duration, bytes_max: usize) -> Self {
        let bytes_max = bytes_max.max(1);
        let first = TitleMark { position: 0, version: 1, block: Bytes::from_static(EMPTY_BLOCK) };
        Self {
            bytes: vec![0; CAPACITY_MIN.min(bytes_max)].into_boxed_slice(),
            head: Mark::default(),
            frames: VecDeque::new(),
            titles: VecDeque::from([first]),
            keep,
            bytes_max,
            burst_floor: 0,
            has_forgotten: false,
        }
    }

    /// Appends a whole frame and forgets the oldest ones that need not be kept.
    ///
    /// A frame that is empty or longer than the ring may be is not taken, which
    /// is said by `false`.
    pub(super) fn push(&mut self, frame: &[u8], duration: Duration) -> bool {
        if frame.is_empty() || frame.len() > self.bytes_max {
            return false;
        }
        let end = self.head.time.saturating_add(duration);
        self.forget(frame.len() as u64, end);
        self.grow(self.len() + frame.len() as u64);
        copy_in(&mut self.bytes, self.head.position, frame);
        self.frames.push_back(self.head);
        self.head = Mark { position: self.head.position + frame.len() as u64, time: end };
        true
    }

    /// Sets the title that holds from the next frame on: a whole metadata
    /// block, length byte included. The title that holds already changes nothing.
    pub(super) fn set_title(&mut self, block: Bytes) {
        let position = self.head.position;
        let Some(last) = self.titles.back_mut() else { return };
        if last.block == block {
            return;
        }
        let version = last.version.wrapping_add(1);
        if last.position == position {
            (last.version, last.block) = (version, block);
            return;
        }
        if self.titles.len() >= TITLES_MAX {
            self.titles.pop_front();
        }
        self.titles.push_back(TitleMark { position, version, block });
    }

    /// Lets no new listener's burst reach back before the next frame.
    pub(super) fn cut(&mut self) {
        self.burst_floor = self.head.position;
    }

    /// The end of the newest frame, which is where the next one begins.
    pub(super) fn head(&self) -> Mark {
        self.head
    }

    /// The start of the oldest frame.
    pub(super) fn tail(&self) -> Mark {
        self.frames.front().copied().unwrap_or(self.head)
    }

    /// Bytes held.
    pub(super) fn len(&self) -> u64 {
        self.head.position - self.tail().position
    }

    /// The longest contiguous piece from `position` on, of at most `len_max`
    /// bytes; empty at the head, and where the ring has forgotten.
    pub(super) fn piece(&self, position: u64, len_max: u64) -> &[u8] {
        if position < self.tail().position {
            return &[];
        }
        let capacity = self.bytes.len() as u64;
        let offset = position % capacity;
        let ahead = self.head.position.saturating_sub(position);
        let len = ahead.min(len_max).min(capacity - offset);
        self.bytes.get(to_usize(offset)..to_usize(offset + len)).unwrap_or_default()
    }

    /// The metadata block that holds at `position`, and its version, never 0
    /// within four thousand million titles.
    pub(super) fn title_at(&self, position: u64) -> (u32, &Bytes) {
        let mark = self.titles.iter().rev().find(|title| title.position <= position);
        let mark = mark.or(self.titles.front()).expect("there is always a title");
        (mark.version, &mark.block)
    }

    /// The first frame boundary at `position` or after it.
    pub(super) fn boundary_from(&self, position: u64) -> u64 {
        let before = self.frames.partition_point(|frame| frame.position < position);
        self.frames.get(before).map_or(self.head.position, |frame| frame.position)
    }

    /// The newest frame boundary that lies `lag` of media time behind the head,
    /// or the oldest there is.
    pub(super) fn boundary_behind(&self, lag: Duration) -> u64 {
        if lag.is_zero() {
            return self.head.position;
        }
        let time = self.head.time.saturating_sub(lag);
        let until = self.frames.partition_point(|frame| frame.time <= time);
        let newest = until.checked_sub(1).and_then(|index| self.frames.get(index));
        newest.copied().unwrap_or(self.tail()).position
    }

    /// How far the frame boundary `position` is behind the head, in media time.
    pub(super) fn behind(&self, position: u64) -> Duration {
        let before = self.frames.partition_point(|frame| frame.position < position);
        let mark = self.frames.get(before).copied().unwrap_or(self.head);
        self.head.time.saturating_sub(mark.time)
    }

    /// Where a new listener begins: about `burst` behind the head, never
    /// before a cut, and not in the older half of a full ring, where it would
    /// be taken for a slow one.
    pub(super) fn burst_start(&self, burst: Duration) -> u64 {
        let mut start = self.boundary_behind(burst).max(self.burst_floor);
        if self.has_forgotten {
            start = start.max(self.boundary_from(self.tail().position + self.len() / 2));
        }
        start
    }

    /// Before this position a listener is about to be overtaken: the oldest
    /// quarter of a full ring, by bytes and by time. 0 until the ring is full.
    pub(super) fn danger(&self) -> u64 {
        if !self.has_forgotten {
            return 0;
        }
        let tail = self.tail();
        let time = tail.time + self.head.time.saturating_sub(tail.time) / 4;
        let by_time = self.frames.partition_point(|frame| frame.time < time);
        let by_time = self.frames.get(by_time).map_or(tail.position, |frame| frame.position);
        by_time.max(tail.position + self.len() / 4)
    }

    /// Whether an eighth of the ring came in since `mark`: half of the distance
    /// that [`Self::danger`] leaves, so that who looks this often loses nothing.
    pub(super) fn has_moved(&self, mark: Mark) -> bool {
        self.head.time.saturating_sub(mark.time) > self.keep / 8
            || self.head.position - mark.position > (self.bytes_max / 8) as u64
    }

    /// Bytes that `length` of the media held takes, rounded down; 0 when empty.
    pub(super) fn bytes_in(&self, length: Duration) -> u64 {
        let held = self.head.time.saturating_sub(self.tail().time).as_micros().max(1);
        let bytes = u128::from(self.len()) * length.as_micros() / held;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Makes room for `coming` bytes that end at `end`.
    fn forget(&mut self, coming: u64, end: Duration) {
        while let Some(&oldest) = self.frames.front() {
            let second = self.frames.get(1).unwrap_or(&self.head);
            let kept_without = end.saturating_sub(second.time);
            let too_long = self.head.position - oldest.position + coming > self.bytes_max as u64;
            if !too_long && kept_without < self.keep && self.frames.len() < FRAMES_MAX {
                break;
            }
            self.frames.pop_front();
            self.has_forgotten = true;
        }
        let tail = self.tail().position;
        while self.titles.get(1).is_some_and(|second| second.position <= tail) {
            self.titles.pop_front();
        }
    }

    /// Doubles the storage until `len` bytes fit.
    fn grow(&mut self, len: u64) {
        let (len, mut capacity) = (to_usize(len), self.bytes.len());
        if len <= capacity {
            return;
        }
        while capacity < len {
            capacity = capacity.saturating_mul(2);
        }
        let mut bytes = vec![0; capacity.min(self.bytes_max)].into_boxed_slice();
        let mut position = self.tail().position;
        while position < self.head.position {
            let piece = self.piece(position, u64::MAX);
            copy_in(&mut bytes, position, piece);
            position += piece.len() as u64;
        }
        self.bytes = bytes;
    }
}

/// Copies `data` to where `position` lies in a ring of `bytes`, which is not shorter.
fn copy_in(bytes: &mut [u8], position: u64, data: &[u8]) {
    let offset = to_usize(position % bytes.len() as u64);
    let (start, end) = data.split_at(data.len().min(bytes.len() - offset));
    if let Some(place) = bytes.get_mut(offset..offset + start.len()) {
        place.copy_from_slice(start);
    }
    if let Some(place) = bytes.get_mut(..end.len()) {
        place.copy_from_slice(end);
    }
}

/// Offsets within a ring, whose length is a `usize`.
fn to_usize(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
