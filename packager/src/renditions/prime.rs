//! What a rendition needs of the programme from before the feed begins: the bucket has it.

use std::time::Duration;

use catalogue::Egress;
use feed::{Closed, Epoch, Grid, Record, Unit};
use media::{EpochId, SegmentRef};
use store::Stores;
use tracing::warn;
use transcode::Transcoder;

use crate::join;

/// How far back stored segments are read, at the least: as far as a decoder and an encoder
/// of any rendition reach back.
const REACH: Duration = Duration::from_secs(6);

/// Segments that are made again at most, where the bucket has those of the programme and
/// none of the rendition.
const AGAIN_MAX: usize = 3;

/// How long the bucket may take for them.
const READ_TIME_MAX: Duration = Duration::from_secs(10);

/// Reads what is needed.
#[derive(Debug)]
pub(super) struct Primer {
    pub(super) egress: Egress,
    pub(super) stores: Stores,
    /// The epoch that the feed goes on with in its midst, if it does.
    pub(super) epoch: Option<Epoch>,
    /// The programme's stored segments, oldest first.
    pub(super) stored: Vec<SegmentRef>,
    /// Index of the first unit of the feed.
    pub(super) next: Option<u64>,
    /// Number of the rendition's last stored segment.
    pub(super) last: Option<u64>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Primed {
    pub(super) epoch: Epoch,
    first: u64,
    segments: Vec<(Closed, Vec<Unit>)>,
}

impl Primer {
    /// Reads it; `None` where nothing is needed, or it cannot be had.
    pub(super) async fn read(self) -> Option<Primed> {
        let epoch = self.epoch?;
        let reading = self.read_all(&epoch, self.wanted(epoch.id));
        match tokio::time::timeout(READ_TIME_MAX, reading).await {
            Ok(Ok(segments)) => {
                let of_stored = segments.first().map(|(closed, _)| closed.first_index);
                Some(Primed { epoch, first: of_stored.or(self.next)?, segments })
            }
            Ok(Err(error)) => {
                warn!(egress = self.egress.name.as_str(), %error, "stored frames not readable");
                None
            }
            Err(_) => None,
        }
    }

    /// The segments of the epoch to read, without a hole up to the last.
    fn wanted(&self, epoch: EpochId) -> &[SegmentRef] {
        let (mut length, mut next, mut count) = (Duration::ZERO, None, 0);
        for (nth, segment) in self.stored.iter().rev().enumerate() {
            let info = segment.info();
            let follows = next.is_none_or(|next| info.number.0 + 1 == next);
            let is_made = self.last.is_none_or(|last| info.number.0 <= last);
            if info.epoch != epoch || !follows || is_made && length >= REACH {
                break;
            }
            if is_made || nth >= AGAIN_MAX {
                length += info.duration.to_std(info.timescale);
            }
            (next, count) = (Some(info.number.0), nth + 1);
        }
        self.stored.get(self.stored.len() - count..).unwrap_or_default()
    }

    async fn read_all(
        &self,
        epoch: &Epoch,
        wanted: &[SegmentRef],
    ) -> Result<Vec<(Closed, Vec<Unit>)>, store::Error> {
        let grid = Grid::new(&epoch.source, self.egress.target_secs());
        let mut segments = Vec::new();
        for segment in wanted {
            let info = segment.info();
            let first_index = grid.first_index(info.number.0.saturating_sub(epoch.first_number.0));
            let frames = join::segment_frames(&self.stores, &self.egress, segment).await?;
            let end_index = first_index + frames.len() as u64;
            let units = (first_index..).zip(frames).map(|(index, data)| Unit { index, data });
            let wall_start = info.wall_start;
            let (number, epoch) = (info.number, *epoch);
            let closed = Closed { number, epoch, first_index, end_index, wall_start, title: None };
            segments.push((closed, units.collect()));
        }
        Ok(segments)
    }
}

impl Primed {
    /// Gives it to a transcoder; what went wrong.
    pub(super) fn give(self, transcoder: &mut Transcoder) -> Vec<String> {
        let mut results = vec![transcoder.begin(&self.epoch, self.first)];
        for (closed, units) in self.segments {
            let units = units.into_iter().map(Record::Unit);
            let records = units.chain([Record::Closed(closed)]);
            results.extend(records.map(|record| transcoder.handle(&record)));
        }
        results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect()
    }
}
