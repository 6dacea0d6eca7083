//! The sliding window of a live rendition (RFC 8216 §6.2.2).
//!
//! What is listed follows from the first and the last segment alone, so that two
//! nodes with the same segments list the same. Refuses whatever would break a
//! rule for a listener who reloads: a hole, a step back, a segment too long.

use std::collections::VecDeque;
use std::time::Duration;

use media::{MediaSequence, SegmentInfo, SegmentRef, WallTime};

/// Segments that stay listed once so many were appended, however short they are
/// (rule 8.11 of Apple's HLS authoring specification).
pub const SEGMENTS_MIN: usize = 6;

/// Segments with which a playlist may first be published.
pub const SEGMENTS_TO_BEGIN: usize = 3;

/// From this length on an overlap of two segments' dates makes a date ambiguous;
/// below it, it absorbs drift (rfc8216bis §6.2.1).
pub const OVERLAP_LIMIT: Duration = Duration::from_secs(1);

/// What can be listed: whatever has a [`SegmentInfo`].
pub trait Listed {
    /// What is known of the segment apart from its bytes.
    fn info(&self) -> &SegmentInfo;
}

/// The segments that a media playlist lists now.
///
/// Invariants: numbers have no holes; every segment fits the target duration;
/// the window shrinks neither under `keep` nor under [`SEGMENTS_MIN`] segments
/// by itself; all segments have one codec. Holds the segments listed and no
/// more: `keep` of media, and the segment over.
#[derive(Debug, Clone)]
pub struct LiveWindow<S> {
    target_secs: u64,
    keep: Duration,
    entries: VecDeque<Entry<S>>,
    listed: Duration,
}

/// A segment that has left the window.
///
/// A listener may still be about to fetch it, for as long as `keep_for` says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the segment stays available for a while"]
pub struct Removed<S> {
    /// The segment.
    pub segment: S,
    /// For how long after its removal it is to stay available: its duration and
    /// that of the longest playlist that listed it (RFC 8216 §6.2.2).
    pub keep_for: Duration,
}

/// Why a segment was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Numbers must follow one another without a hole; after a hole that cannot
    /// be filled, [`LiveWindow::skip_to`] begins anew.
    #[error("segment {got} does not follow {last}")]
    OutOfOrder {
        /// The newest segment listed.
        last: MediaSequence,
        /// The one refused.
        got: MediaSequence,
    },
    /// Rounded to seconds it is longer than the target duration, which may not
    /// change once published.
    #[error("segment {number} of {got:?} exceeds the target duration of {target_secs} s")]
    TooLong {
        /// The segment refused.
        number: MediaSequence,
        /// Its length.
        got: Duration,
        /// The target duration, in seconds.
        target_secs: u64,
    },
    /// It has no duration, so that any number of them would fit the window.
    #[error("segment {number} has no duration")]
    Empty {
        /// The segment refused.
        number: MediaSequence,
    },
    /// It contradicts the timeline of the segments before it.
    #[error("segment {number} does not continue the timeline: {fault}")]
    Timeline {
        /// The segment refused.
        number: MediaSequence,
        /// What does not agree.
        fault: TimelineFault,
    },
}

/// In what a segment contradicts the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimelineFault {
    /// The discontinuity sequence is not the one before it, plus one where the
    /// segment bears the tag (RFC 8216 §6.2.2).
    #[error("discontinuity sequence {got} after {last}")]
    DiscontinuitySequence {
        /// That of the newest segment listed.
        last: u64,
        /// That of the segment refused.
        got: u64,
    },
    /// A new epoch without `EXT-X-DISCONTINUITY`, or the tag within an epoch.
    #[error("a discontinuity goes with a new epoch, and nothing else does")]
    DiscontinuityTag,
    /// Within an epoch it does not start where the one before it ends.
    #[error("its samples do not start where the ones before it end")]
    NotContiguous,
    /// Another codec: players stall on that, even at a discontinuity.
    #[error("another codec")]
    Codec,
    /// Its date lies before the start of the one before it, or
    /// [`OVERLAP_LIMIT`] or more before its end (rfc8216bis §6.2.1).
    #[error("its date lies in the segment before it")]
    Overlap,
}

#[derive(Debug, Clone)]
struct Entry<S> {
    segment: S,
    /// Duration of the longest playlist that listed it.
    longest: Duration,
}

impl Listed for SegmentInfo {
    fn info(&self) -> &SegmentInfo {
        self
    }
}

impl Listed for SegmentRef {
    fn info(&self) -> &SegmentInfo {
        self.info()
    }
}

impl<S: Listed> LiveWindow<S> {
    /// An empty window with an `EXT-X-TARGETDURATION` of `target_secs`, at least 1.
    ///
    /// It lists at least `keep` of media, and never under three targets
    /// (RFC 8216 §6.2.2) nor, once it had them, under [`SEGMENTS_MIN`] segments.
    pub fn new(target_secs: u64, keep: Duration) -> Self {
        let target_secs = target_secs.max(1);
        let keep = keep.max(Duration::from_secs(target_secs.saturating_mul(3)));
        Self { target_secs, keep, entries: VecDeque::new(), listed: Duration::ZERO }
    }

    /// Appends the next segment and gives back those that left the window.
    ///
    /// The first one appended may have any number.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; the window is unchanged.
    pub fn append(&mut self, segment: S) -> Result<Vec<Removed<S>>, Error> {
        let info = segment.info();
        self.check_length(info)?;
        if let Some(last) = self.last() {
            check_follows(last.info(), info)?;
        }
        self.push(segment);
        Ok(self.slide())
    }

    /// Begins anew with a later segment and gives back all that were listed.
    ///
    /// For a hole in the numbers: segments that could not be stored. A listener
    /// sees the window move on; what is listed is short again, so whoever
    /// publishes waits for [`LiveWindow::is_ready`].
    ///
    /// # Errors
    ///
    /// Any [`Error`] ([`Error::OutOfOrder`] when the number is not higher than
    /// the last); the window is unchanged.
    pub fn skip_to(&mut self, segment: S) -> Result<Vec<Removed<S>>, Error> {
        let info = segment.info();
        self.check_length(info)?;
        if let Some(last) = self.last() {
            check_later(last.info(), info)?;
        }
        let mut removed: Vec<_> = self.entries.drain(..).map(Removed::from).collect();
        self.listed = Duration::ZERO;
        self.push(segment);
        removed.extend(self.slide());
        Ok(removed)
    }

    /// Begins anew with a segment of which nothing has to agree with those listed but
    /// that its number is higher, and gives back all of them.
    ///
    /// For a node that was on its own for a while and joins the others' timeline.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfOrder`], [`Error::Empty`], [`Error::TooLong`]; the window is
    /// unchanged.
    pub fn begin_anew(&mut self, segment: S) -> Result<Vec<Removed<S>>, Error> {
        let info = segment.info();
        self.check_length(info)?;
        if let Some(last) = self.last().filter(|last| last.info().number >= info.number) {
            return Err(Error::OutOfOrder { last: last.info().number, got: info.number });
        }
        let removed = self.entries.drain(..).map(Removed::from).collect();
        self.listed = Duration::ZERO;
        self.push(segment);
        self.slide();
        Ok(removed)
    }

    /// Segments listed, oldest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &S> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.segment)
    }

    /// The oldest segment listed.
    pub fn first(&self) -> Option<&S> {
        self.entries.front().map(|entry| &entry.segment)
    }

    /// The newest segment listed.
    pub fn last(&self) -> Option<&S> {
        self.entries.back().map(|entry| &entry.segment)
    }

    /// Whether the newest segment listed has this number or a higher one.
    pub fn is_past(&self, number: MediaSequence) -> bool {
        self.last().is_some_and(|last| last.info().number >= number)
    }

    /// Number of segments listed.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was appended yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the playlist may be published: it lists [`SEGMENTS_TO_BEGIN`].
    pub fn is_ready(&self) -> bool {
        self.entries.len() >= SEGMENTS_TO_BEGIN
    }

    /// Media listed.
    pub fn duration(&self) -> Duration {
        self.listed
    }

    /// `EXT-X-TARGETDURATION`, in seconds, at least 1.
    pub fn target_secs(&self) -> u64 {
        self.target_secs
    }

    /// `EXT-X-MEDIA-SEQUENCE`: the number of the oldest segment listed, or zero.
    pub fn media_sequence(&self) -> MediaSequence {
        self.first().map_or(MediaSequence(0), |first| first.info().number)
    }

    /// `EXT-X-DISCONTINUITY-SEQUENCE`: discontinuities that left the window.
    ///
    /// The oldest segment's own tag is still listed and does not count.
    pub fn discontinuity_sequence(&self) -> u64 {
        self.first().map_or(0, |first| {
            let info = first.info();
            info.discontinuity_sequence.saturating_sub(u64::from(info.discontinuity))
        })
    }

    fn check_length(&self, info: &SegmentInfo) -> Result<(), Error> {
        let number = info.number;
        if info.duration.micros(info.timescale) == 0 {
            return Err(Error::Empty { number });
        }
        if rounded_secs(info) > self.target_secs {
            let got = length(info);
            return Err(Error::TooLong { number, got, target_secs: self.target_secs });
        }
        Ok(())
    }

    fn push(&mut self, segment: S) {
        self.listed += length(segment.info());
        self.entries.push_back(Entry { segment, longest: Duration::ZERO });
    }

    fn slide(&mut self) -> Vec<Removed<S>> {
        let mut removed = Vec::new();
        while self.entries.len() > SEGMENTS_MIN
            && let Some(oldest) = self.first()
            && let left = self.listed.saturating_sub(length(oldest.info()))
            && left >= self.keep
            && let Some(oldest) = self.entries.pop_front()
        {
            self.listed = left;
            removed.push(Removed::from(oldest));
        }
        for entry in &mut self.entries {
            entry.longest = entry.longest.max(self.listed);
        }
        removed
    }
}

impl<S> Removed<S> {
    /// When the segment may be deleted, if it left the window at `removed_at`.
    pub fn keep_until(&self, removed_at: WallTime) -> WallTime {
        removed_at.plus(self.keep_for)
    }
}

impl<S: Listed> From<Entry<S>> for Removed<S> {
    fn from(entry: Entry<S>) -> Self {
        let keep_for = length(entry.segment.info()).saturating_add(entry.longest);
        Self { segment: entry.segment, keep_for }
    }
}

/// Whether `next` may stand right after `last`.
fn check_follows(last: &SegmentInfo, next: &SegmentInfo) -> Result<(), Error> {
    if last.number.0.checked_add(1) != Some(next.number.0) {
        return Err(Error::OutOfOrder { last: last.number, got: next.number });
    }
    let fail = |fault| Err(Error::Timeline { number: next.number, fault });
    if next.discontinuity != (next.epoch != last.epoch) {
        return fail(TimelineFault::DiscontinuityTag);
    }
    let (before, got) = (last.discontinuity_sequence, next.discontinuity_sequence);
    if before.checked_add(u64::from(next.discontinuity)) != Some(got) {
        return fail(TimelineFault::DiscontinuitySequence { last: before, got });
    }
    let continues = next.timescale == last.timescale
        && last.start.checked_add(last.duration) == Some(next.start);
    if !next.discontinuity && !continues {
        return fail(TimelineFault::NotContiguous);
    }
    check_same_world(last, next)
}

/// Whether `next` may stand some numbers after `last`.
fn check_later(last: &SegmentInfo, next: &SegmentInfo) -> Result<(), Error> {
    if next.number <= last.number {
        return Err(Error::OutOfOrder { last: last.number, got: next.number });
    }
    let (before, got) = (last.discontinuity_sequence, next.discontinuity_sequence);
    let new_epoch = next.discontinuity || next.epoch != last.epoch;
    if got < before.saturating_add(u64::from(new_epoch)) {
        let fault = TimelineFault::DiscontinuitySequence { last: before, got };
        return Err(Error::Timeline { number: next.number, fault });
    }
    check_same_world(last, next)
}

fn check_same_world(last: &SegmentInfo, next: &SegmentInfo) -> Result<(), Error> {
    let fail = |fault| Err(Error::Timeline { number: next.number, fault });
    if next.codec != last.codec {
        return fail(TimelineFault::Codec);
    }
    let overlap = last.wall_end().since(next.wall_start);
    if next.wall_start < last.wall_start || overlap >= OVERLAP_LIMIT {
        return fail(TimelineFault::Overlap);
    }
    Ok(())
}

fn length(info: &SegmentInfo) -> Duration {
    info.duration.to_std(info.timescale)
}

/// Nearest whole second, as RFC 8216 §4.3.3.1 compares `EXTINF` to the target.
///
/// Of the microseconds that stand in the text, since that is what players round.
fn rounded_secs(info: &SegmentInfo) -> u64 {
    info.duration.micros(info.timescale).saturating_add(500_000) / 1_000_000
}

#[cfg(test)]
mod tests;
