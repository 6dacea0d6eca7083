//! What a path brought lately, and when it would have come without jitter.

use std::time::Duration;

use bytes::Bytes;
use codec::envelope::{Envelope, Tracer};
use feed::{PathEntry, PathItem, PathUnit};
use media::{StreamInfo, WallTime};
use runtime::tail::Tail;

/// How much of a path is listened to: as much as two paths have in common then, where
/// one is [`feed::merge::SKEW_MAX`] behind.
const LENGTH: Duration = Duration::from_secs(50);

/// How much has to be there. Chosen: no less tells two programmes apart.
const LENGTH_MIN: Duration = Duration::from_secs(25);

/// The newest frames of one source, without a hole.
#[derive(Debug)]
pub(super) struct Sample {
    stream: StreamInfo,
    frames: Vec<Bytes>,
    /// When the first of them came, had all come as promptly as the most prompt.
    begun: WallTime,
}

impl Sample {
    /// What a path's feed has of the last time; `None` while that is too little.
    pub(super) fn take(feed: &Tail<PathEntry>, now: WallTime) -> Option<Self> {
        let since = now.minus(LENGTH);
        let units = units(feed).into_iter().filter(|unit| unit.arrival >= since);
        let units: Vec<PathUnit> = units.collect();
        let stream = units.last()?.header.stream;
        let first = units.iter().rposition(|unit| unit.header.stream != stream);
        let units = units.get(first.map_or(0, |other| other + 1)..)?;
        let begins = |(nth, unit): (u64, &PathUnit)| unit.arrival.minus(stream.duration_of(nth));
        let begun = (0..).zip(units).map(begins).min()?;
        let frames: Vec<_> = units.iter().map(|unit| unit.data.clone()).collect();
        let length = stream.duration_of(frames.len() as u64);
        (length >= LENGTH_MIN).then_some(Self { stream, frames, begun })
    }

    /// How much later each of other paths brings the same sound, in nanoseconds, if it does
    /// within `most` either way. Decodes all, which takes some tenths of a second.
    pub(super) fn offsets_of(&self, others: &[Self], most: Duration) -> Vec<Option<i64>> {
        let own = self.envelope();
        let offset_of = |other: &Self| self.offset_of(own.as_ref()?, other, most);
        others.iter().map(offset_of).collect()
    }

    fn offset_of(&self, own: &Envelope, other: &Self, most: Duration) -> Option<i64> {
        let most = i64::try_from(most.as_nanos()).ok()?;
        let begun = other.begun.nanos_since(self.begun);
        let within = (-most).checked_sub(begun)?..=most.checked_sub(begun)?;
        let lag = own.lag_of(&other.envelope()?, within)?;
        Some(begun + lag.nanos)
    }

    fn envelope(&self) -> Option<Envelope> {
        let mut tracer = Tracer::new(self.stream)?;
        self.frames.iter().for_each(|frame| tracer.push(frame));
        Some(tracer.finish())
    }
}

/// The newest units of a feed that came without a hole.
fn units(feed: &Tail<PathEntry>) -> Vec<PathUnit> {
    let mut units = Vec::new();
    for entry in feed.remembered() {
        match entry.item {
            PathItem::Unit(unit) => units.push(unit),
            PathItem::Connected(_) | PathItem::Gone => units.clear(),
            PathItem::Title(_) => {}
        }
    }
    units
}

#[cfg(test)]
mod tests;
