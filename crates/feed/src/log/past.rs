//! An epoch as the log tells of it.

use std::collections::BTreeMap;

use media::{
    AacProfile, Codec, EpochId, MediaSequence, SegmentInfo, StreamInfo, Timescale, WallTime,
};

use super::{Fact, NUMBER_MAX, Stored, numbers};
use crate::form::Form;
use crate::grid::Grid;
use crate::record::{Closed, Epoch};

#[derive(Debug, Clone)]
pub(crate) struct Past {
    pub(crate) epoch: Epoch,
    pub(crate) grid: Grid,
    /// Of the ingest's own units, in which the log counts.
    pub(super) source: Grid,
    /// Where the segments are those of a rendition made of it, its form.
    pub(super) form: Option<Form>,
    /// Of the source.
    pub(super) units: Option<u64>,
    pub(super) target_secs: u32,
    pub(super) rendition: Option<String>,
    /// By the first segment's number: wall-clock nanoseconds of index 0.
    pub(super) origins: BTreeMap<u64, u64>,
}

impl Past {
    pub(super) fn began(fact: &Fact) -> Option<Self> {
        let Fact::EpochBegan {
            epoch,
            codec,
            profile,
            sample_rate_hz,
            channels,
            samples_per_frame,
            first_number,
            discontinuity_sequence,
            target_secs,
            rendition,
        } = fact
        else {
            return None;
        };
        if (*first_number).max(*discontinuity_sequence) > NUMBER_MAX {
            return None;
        }
        let stream = StreamInfo {
            codec: codec_named(codec)?,
            timescale: Timescale::new(*sample_rate_hz)?,
            channels: *channels,
            samples_per_frame: *samples_per_frame,
        };
        let epoch = Epoch {
            id: EpochId(*epoch),
            stream,
            source: stream,
            profile: profile.as_deref().and_then(profile_named),
            first_number: MediaSequence(*first_number),
            discontinuity_sequence: *discontinuity_sequence,
        };
        let grid = Grid::new(&stream, *target_secs);
        let (source, origins) = (grid, BTreeMap::new());
        Some(Self {
            epoch,
            grid,
            source,
            form: None,
            units: None,
            target_secs: *target_secs,
            rendition: rendition.clone(),
            origins,
        })
    }

    pub(super) fn next_number(&self) -> u64 {
        let segments = match self.units {
            None | Some(0) => 0,
            Some(units) => self.source.segment_of(units - 1).saturating_add(1),
        };
        self.epoch.first_number.0.saturating_add(segments).min(NUMBER_MAX)
    }

    /// Wall-clock time of index 0 as a segment has it, in nanoseconds since 1970.
    pub(crate) fn origin(&self, number: u64) -> Option<u64> {
        self.origins.range(..=number).next_back().map(|(_, origin)| *origin)
    }

    /// Wall-clock time of a unit, by the mapping of its segment.
    fn wall(&self, number: u64, index: u64) -> Option<WallTime> {
        let origin = self.origin(number)?;
        Some(WallTime::from_nanos(origin).plus(self.grid.since_start(index)))
    }

    /// One past the last unit of a segment; `None` where the epoch has ended before it.
    fn end(&self, segment: u64) -> Option<u64> {
        let whole = self.source.first_index(segment + 1);
        let units = self.units.map_or(whole, |units| units.min(whole));
        if units <= self.source.first_index(segment) {
            return None;
        }
        Some(match &self.form {
            Some(form) => form.end(segment, units, &self.source, self.target_secs),
            None => units,
        })
    }

    pub(super) fn info(&self, stored: &Stored) -> Option<SegmentInfo> {
        let number = numbers([stored]).next()?;
        let segment = number.checked_sub(self.epoch.first_number.0)?;
        let first_index = self.grid.first_index(segment);
        let end_index = self.end(segment)?;
        let closed = Closed {
            number: stored.number,
            epoch: self.epoch,
            first_index,
            end_index,
            wall_start: self.wall(stored.number.0, first_index)?,
            title: None,
        };
        Some(closed.info(&self.grid, stored.bytes))
    }
}

/// The epoch that a fact tells of.
pub(crate) fn epoch_of(fact: &Fact) -> Option<Epoch> {
    Past::began(fact).map(|past| past.epoch)
}

pub(crate) fn began(epoch: &Epoch, target_secs: u32, rendition: Option<String>) -> Fact {
    Fact::EpochBegan {
        epoch: epoch.id.0,
        codec: epoch.stream.codec.extension().to_owned(),
        profile: epoch.profile.map(|profile| profile_name(profile).to_owned()),
        sample_rate_hz: epoch.stream.timescale.hz(),
        channels: epoch.stream.channels,
        samples_per_frame: epoch.stream.samples_per_frame,
        first_number: epoch.first_number.0,
        discontinuity_sequence: epoch.discontinuity_sequence,
        target_secs,
        rendition,
    }
}

fn codec_named(name: &str) -> Option<Codec> {
    [Codec::Mp3, Codec::Aac].into_iter().find(|codec| codec.extension() == name)
}

pub(crate) fn profile_named(name: &str) -> Option<AacProfile> {
    [AacProfile::Lc, AacProfile::HeV1, AacProfile::HeV2]
        .into_iter()
        .find(|profile| profile_name(*profile) == name)
}

pub(crate) fn profile_name(profile: AacProfile) -> &'static str {
    match profile {
        AacProfile::Lc => "lc",
        AacProfile::HeV1 => "he_v1",
        AacProfile::HeV2 => "he_v2",
    }
}
