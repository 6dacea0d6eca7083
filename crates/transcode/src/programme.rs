//! A stretch of frames as a programme feed.

use bytes::Bytes;
use feed::{Closed, Epoch, Grid, Record, Unit};
use media::{AacProfile, EpochId, MediaSequence, StreamInfo, WallTime};

/// Frames of one form as a programme: one epoch, from its beginning to its end, with
/// segments of `target_secs` from number 0 on, dated from 1970 on.
pub fn programme(
    stream: StreamInfo,
    profile: Option<AacProfile>,
    target_secs: u32,
    frames: impl IntoIterator<Item = Bytes>,
) -> impl Iterator<Item = Record> {
    let epoch = Epoch {
        id: EpochId(0),
        stream,
        source: stream,
        profile,
        first_number: MediaSequence(0),
        discontinuity_sequence: 0,
    };
    let mut cut = Cut { epoch, grid: Grid::new(&stream, target_secs), next: 0, segment: 0 };
    let mut frames = frames.into_iter();
    let mut ends = vec![Record::Ended(epoch.id)];
    let mut waiting = None;
    let units = std::iter::from_fn(move || {
        if let Some(unit) = waiting.take() {
            return Some(unit);
        }
        let Some(data) = frames.next() else {
            ends.extend(cut.close());
            return ends.pop();
        };
        let closed = cut.is_complete().then(|| cut.close()).flatten();
        let unit = Record::Unit(Unit { index: cut.next, data });
        cut.next += 1;
        match closed {
            Some(closed) => {
                waiting = Some(unit);
                Some(closed)
            }
            None => Some(unit),
        }
    });
    [Record::Epoch(epoch)].into_iter().chain(units)
}

/// Where a feed stands.
struct Cut {
    epoch: Epoch,
    grid: Grid,
    next: u64,
    segment: u64,
}

impl Cut {
    fn is_complete(&self) -> bool {
        self.next >= self.grid.first_index(self.segment + 1)
    }

    /// The end of the segment under way, if it has any unit.
    fn close(&mut self) -> Option<Record> {
        let first_index = self.grid.first_index(self.segment);
        if self.next <= first_index {
            return None;
        }
        let closed = Closed {
            number: MediaSequence(self.segment),
            epoch: self.epoch,
            first_index,
            end_index: self.next,
            wall_start: WallTime::default().plus(self.grid.since_start(first_index)),
            title: None,
        };
        self.segment += 1;
        Some(Record::Closed(closed))
    }
}
