//! What a rendition needs of the programme from before the feed begins: the bucket has it.

use std::time::Duration;

use catalogue::Egress;
use feed::{Closed, Epoch, Grid, Record, Unit};
use media::{EpochId, SegmentInfo, SegmentRef};
use store::Stores;
use tracing::warn;
use transcode::Transcoder;

use crate::join;

/// How far back stored segments are read, at the least: as far as a decoder and an encoder
/// of any rendition reach back.
const REACH: Duration = Duration::from_secs(6);

/// Segments that are made again at most, where the bucket has those of the programme and
/// none of the rendition.
pub(super) const AGAIN_MAX: u64 = 3;

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
    /// The segments of the programme whose loudness counts, oldest first, and their epochs.
    pub(super) recalled: Vec<(SegmentInfo, Epoch)>,
}

/// A segment of the programme as its feed has it.
type Read = (Closed, Vec<Unit>);

/// What was read.
#[derive(Debug)]
pub(super) struct Primed {
    recalled: Vec<Read>,
    goes_on: Option<GoesOn>,
}

/// Where the feed goes on in the midst of an epoch.
#[derive(Debug)]
struct GoesOn {
    epoch: Epoch,
    first: u64,
    segments: Vec<Read>,
}

impl Primer {
    /// Reads it; `None` where nothing is needed, or it cannot be had.
    pub(super) async fn read(self) -> Option<Primed> {
        let of_recalled = self.recalled.iter().map(|(info, epoch)| (info, *epoch));
        let recalled = self.in_time(self.read_all(of_recalled)).await.unwrap_or_default();
        let goes_on = match self.epoch {
            Some(epoch) => self.read_epoch(epoch).await,
            None => None,
        };
        (goes_on.is_some() || !recalled.is_empty()).then_some(Primed { recalled, goes_on })
    }

    async fn read_epoch(&self, epoch: Epoch) -> Option<GoesOn> {
        let wanted = self.wanted(epoch.id).iter().map(|segment| (segment.info(), epoch));
        let segments = self.in_time(self.read_all(wanted)).await?;
        let of_stored = segments.first().map(|(closed, _)| closed.first_index);
        Some(GoesOn { epoch, first: of_stored.or(self.next)?, segments })
    }

    /// What is read, where that works and does not take too long.
    async fn in_time<T>(
        &self,
        reading: impl Future<Output = Result<T, store::Error>>,
    ) -> Option<T> {
        match tokio::time::timeout(READ_TIME_MAX, reading).await {
            Ok(Ok(read)) => Some(read),
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
            if is_made || nth as u64 >= AGAIN_MAX {
                length += info.duration.to_std(info.timescale);
            }
            (next, count) = (Some(info.number.0), nth + 1);
        }
        self.stored.get(self.stored.len() - count..).unwrap_or_default()
    }

    /// The frames of segments; those that the bucket does not have are left out.
    async fn read_all<'a>(
        &self,
        wanted: impl Iterator<Item = (&'a SegmentInfo, Epoch)>,
    ) -> Result<Vec<Read>, store::Error> {
        let mut segments = Vec::new();
        for (info, epoch) in wanted {
            let grid = Grid::new(&epoch.source, self.egress.target_secs());
            let first_index = grid.first_index(info.number.0.saturating_sub(epoch.first_number.0));
            let frames = join::segment_frames(&self.stores, &self.egress, info).await?;
            if frames.is_empty() {
                continue;
            }
            let end_index = first_index + frames.len() as u64;
            let units = (first_index..).zip(frames).map(|(index, data)| Unit { index, data });
            let wall_start = info.wall_start;
            let number = info.number;
            let closed = Closed { number, epoch, first_index, end_index, wall_start, title: None };
            segments.push((closed, units.collect()));
        }
        Ok(segments)
    }
}

impl Primed {
    /// Gives it to a transcoder; what went wrong.
    pub(super) fn give(self, transcoder: &mut Transcoder) -> Vec<String> {
        let running = self.goes_on.as_ref().map(|goes_on| goes_on.epoch.id);
        let mut results = vec![transcoder.recall(&self.recalled, running)];
        if let Some(GoesOn { epoch, first, segments }) = self.goes_on {
            results.push(transcoder.begin(&epoch, first));
            for (closed, units) in segments {
                let units = units.into_iter().map(Record::Unit);
                let records = units.chain([Record::Closed(closed)]);
                results.extend(records.map(|record| transcoder.handle(&record)));
            }
        }
        results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect()
    }
}
