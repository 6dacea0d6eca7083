//! What a rendition needs of the programme from before the feed begins: the bucket has it.

use std::time::Duration;

use bytes::Bytes;
use catalogue::Egress;
use feed::{Closed, Epoch, Grid, Record, Unit};
use media::{EpochId, SegmentInfo, SegmentRef};
use store::Stores;
use tracing::warn;
use transcode::{REACH, Transcoder};

use crate::join;

/// Segments that are made again at most, where the bucket has those of the programme and
/// none of the rendition.
pub(crate) const AGAIN_MAX: u64 = 3;

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
    /// The epoch that the feed goes on with in its midst.
    running: Option<Epoch>,
    /// The first unit of it that there is, where one is known.
    first: Option<u64>,
    segments: Vec<Read>,
}

impl Primer {
    /// Reads it; `None` where nothing is needed. What cannot be had is left out.
    pub(super) async fn read(self) -> Option<Primed> {
        if self.epoch.is_none() && self.recalled.is_empty() {
            return None;
        }
        let recalled = self.recalled.iter().map(|(info, epoch)| (info, *epoch));
        let recalled = self.read_back(recalled.rev(), false).await;
        let mut segments = Vec::new();
        if let Some(epoch) = self.epoch {
            let wanted = self.wanted(epoch.id).iter().map(|segment| (segment.info(), epoch));
            segments = self.read_back(wanted.rev(), true).await;
        }
        let first = segments.first().map(|(closed, _)| closed.first_index).or(self.next);
        Some(Primed { recalled, running: self.epoch, first, segments })
    }

    /// The segments of the epoch to read, without a hole up to the last.
    fn wanted(&self, epoch: EpochId) -> &[SegmentRef] {
        let (mut length, mut next, mut count) = (Duration::ZERO, None, 0);
        for (nth, segment) in self.stored.iter().rev().enumerate() {
            let info = segment.info();
            let follows = next.is_none_or(|next| info.number.0 + 1 == next);
            let is_made = self.last.is_none_or(|last| info.number.0 <= last);
            if info.epoch != epoch || !follows || length >= REACH {
                break;
            }
            if is_made || nth as u64 >= AGAIN_MAX {
                length += info.duration.to_std(info.timescale);
            }
            (next, count) = (Some(info.number.0), nth + 1);
        }
        self.stored.get(self.stored.len() - count..).unwrap_or_default()
    }

    /// The frames of segments, the newest first, as many as can be had in time: oldest first.
    /// One that the bucket does not have is the end, or it is left out.
    async fn read_back<'a>(
        &self,
        wanted: impl Iterator<Item = (&'a SegmentInfo, Epoch)>,
        ends_at_hole: bool,
    ) -> Vec<Read> {
        let mut segments = Vec::new();
        let reading = async {
            for (info, epoch) in wanted {
                let frames = join::segment_frames(&self.stores, &self.egress, info).await?;
                if !frames.is_empty() {
                    segments.push(self.segment(info, epoch, frames));
                } else if ends_at_hole {
                    break;
                }
            }
            Ok::<_, store::Error>(())
        };
        let egress = self.egress.name.as_str();
        match tokio::time::timeout(READ_TIME_MAX, reading).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(egress, %error, "stored frames not readable"),
            Err(_) => warn!(egress, "the bucket takes too long for stored frames"),
        }
        segments.reverse();
        segments
    }

    fn segment(&self, info: &SegmentInfo, epoch: Epoch, frames: Vec<Bytes>) -> Read {
        let grid = Grid::new(&epoch.source, self.egress.target_secs());
        let first_index = grid.first_index(info.number.0.saturating_sub(epoch.first_number.0));
        let end_index = first_index + frames.len() as u64;
        let units = (first_index..).zip(frames).map(|(index, data)| Unit { index, data });
        let (number, wall_start) = (info.number, info.wall_start);
        let closed = Closed { number, epoch, first_index, end_index, wall_start, title: None };
        (closed, units.collect())
    }
}

impl Primed {
    /// Gives it to a transcoder; what went wrong.
    pub(super) fn give(self, transcoder: &mut Transcoder) -> Vec<String> {
        let mut results =
            vec![transcoder.recall(&self.recalled, self.running.map(|epoch| epoch.id))];
        if let Some((epoch, first)) = self.running.zip(self.first) {
            results.push(transcoder.begin(&epoch, first));
            for (closed, units) in self.segments {
                let units = units.into_iter().map(Record::Unit);
                let records = units.chain([Record::Closed(closed)]);
                results.extend(records.map(|record| transcoder.handle(&record)));
            }
        }
        results.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect()
    }
}
