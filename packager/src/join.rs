//! How a programme goes on beside another packager: with the epoch that this one has
//! in the log, behind the segments that it has in the bucket.

use std::time::Duration;

use bytes::Bytes;
use catalogue::Egress;
use feed::merge::{Continuation, LINE_UNITS_MAX};
use feed::{Fact, Snapshot, Timeline};
use media::{ChannelMode, EpochId, FrameHeader, MediaSequence, SegmentInfo, SegmentRef, WallTime};
use store::{Area, Error, SEGMENT_BYTES_MAX, Stores, keys};
use tracing::{info, warn};

use crate::recovery::Recovered;
use crate::resume::Resumed;

/// How far back the stored frames are read: what the paths still hold has to begin
/// before they end.
const SEED: Duration = Duration::from_secs(30);

/// How long before the end of what is stored a path's units count: long enough for a
/// run that is found in one place only. Older ones are no news, and no other programme.
const OVERLAP: Duration = Duration::from_secs(20);

/// How long the bucket may take for them.
const READ_TIME_MAX: Duration = Duration::from_secs(10);

/// Goes on with the epoch that is running in the bucket. `None` where there is none,
/// where it stands still since before `since`, or where `noted` says that listeners
/// have seen more of it.
pub(crate) async fn join(
    stores: &Stores,
    egress: &Egress,
    recovered: &Recovered,
    (noted, since): (Option<MediaSequence>, WallTime),
) -> Option<Resumed> {
    let snapshot = recovered.running.clone()?;
    let last = recovered.stored.last()?.info();
    let is_told = noted.is_none_or(|noted| noted <= snapshot.number());
    if !recovered.is_recent(since) || !is_told {
        return None;
    }
    let mut timeline = Timeline::restore(egress.target_secs(), snapshot)?;
    let epoch = *timeline.epoch()?;
    let reading = frames(stores, egress, epoch.id, &recovered.stored);
    let units = match tokio::time::timeout(READ_TIME_MAX, reading).await {
        Ok(Ok(units)) => units,
        Ok(Err(error)) => {
            warn!(egress = egress.name.as_str(), %error, "stored frames not readable");
            return None;
        }
        Err(_) => return None,
    };
    for fact in recovered.lines.iter().filter_map(|(_, fact)| fact.as_ref()) {
        timeline.handle_told(fact);
    }
    let (name, number) = (egress.name.as_str(), last.number.0);
    info!(egress = name, epoch = %epoch.id, number, "programme joined");
    let header =
        FrameHeader { stream: epoch.stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    let merge = Continuation { header, profile: epoch.profile, units, paths: Vec::new() };
    // Whatever the paths still hold of that time counts, whichever process had it.
    let from = vec![Some(0); egress.ingests.len()];
    let since = Some(last.wall_end().minus(OVERLAP));
    Some(Resumed { timeline, records: Vec::new(), merge, from, since })
}

/// The fact that a newcomer tells, so that the others know of it.
pub(crate) fn joined(snapshot: &Snapshot) -> Option<Fact> {
    let epoch = snapshot.epoch()?.id.0;
    Some(Fact::PackagerJoined { epoch, number: snapshot.number().0 + 1 })
}

/// The frames of an epoch's last segments, without a hole up to the last.
async fn frames(
    stores: &Stores,
    egress: &Egress,
    epoch: EpochId,
    stored: &[SegmentRef],
) -> Result<Vec<Bytes>, Error> {
    let mut length = Duration::ZERO;
    let mut next = None;
    let mut read = Vec::new();
    for segment in stored.iter().rev() {
        let info = segment.info();
        let follows = next.is_none_or(|next| info.number.0 + 1 == next);
        if info.epoch != epoch || !follows || length >= SEED {
            break;
        }
        next = Some(info.number.0);
        length += info.duration.to_std(info.timescale);
        read.push(segment_frames(stores, egress, info).await?);
    }
    let mut units: Vec<Bytes> = read.into_iter().rev().flatten().collect();
    units.drain(..units.len().saturating_sub(LINE_UNITS_MAX));
    Ok(units)
}

/// The frames of a stored segment.
pub(crate) async fn segment_frames(
    stores: &Stores,
    egress: &Egress,
    info: &SegmentInfo,
) -> Result<Vec<Bytes>, Error> {
    let key = keys::segment(egress.name.as_str(), &egress.rendition_id(), info)?;
    let object = stores.area(Area::Public).get(&key, SEGMENT_BYTES_MAX).await?;
    Ok(object.map(|object| archive::frames(info, &object.bytes)).unwrap_or_default())
}
