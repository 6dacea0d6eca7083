//! The timeline log: the facts of a programme that outlive its processes.
//!
//! Each fact is one small JSON record of `private/{egress}/log/`. Everything
//! else follows from them and from what the bucket lists: [`History`] folds
//! them, and gives the segments again.

mod past;

use std::sync::Arc;

use media::{AacProfile, EpochId, MediaSequence, RenditionId, SegmentInfo, Title, WallTime};
use serde::{Deserialize, Serialize};

use crate::cutter::View;
use crate::form::Form;
use crate::grid::Grid;
use crate::record::{Closed, Epoch, Record, TitleMark};
use crate::timeline::Resume;
pub(crate) use past::{Past, began, epoch_of, profile_name, profile_named};

/// Greatest number of a segment, and of anything else that is counted here.
///
/// Chosen: players count in doubles, which are exact up to 2^53. A name or a
/// fact beyond it is somebody's mistake and counts for nothing, so that one
/// stray file does not leave a programme without a next number.
pub const NUMBER_MAX: u64 = 1 << 53;

/// One fact of the timeline log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fact {
    /// An epoch began.
    EpochBegan {
        /// Its name, as a number.
        epoch: u32,
        /// `mp3` or `aac`.
        codec: String,
        /// `lc`, `he_v1` or `he_v2`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// Sampling rate of the frame headers, in Hz.
        sample_rate_hz: u32,
        /// Channels of the frame headers.
        channels: u8,
        /// Samples per channel in a frame.
        samples_per_frame: u32,
        /// Number of its segment 0.
        first_number: u64,
        /// Discontinuities up to its beginning.
        discontinuity_sequence: u64,
        /// `EXT-X-TARGETDURATION`, in seconds.
        target_secs: u32,
        /// The name of the rendition of the ingest's own bytes, where they lie in the
        /// bucket; logs of before there were several do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rendition: Option<String>,
    },
    /// From a segment on, index 0 of the epoch stands for this moment.
    ClockSet {
        /// The epoch.
        epoch: u32,
        /// The first segment of which it holds.
        number: u64,
        /// Wall-clock time of index 0, in nanoseconds since 1970.
        origin_nanos: u64,
    },
    /// A title holds from a unit on.
    TitleSet {
        /// The epoch that `index` counts in.
        epoch: u32,
        /// Its first unit.
        index: u64,
        /// The whole `StreamTitle`.
        stream_title: String,
        /// `StreamUrl`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        url: String,
    },
    /// An epoch ended.
    EpochEnded {
        /// The epoch.
        epoch: u32,
        /// Its units in all.
        units: u64,
    },
    /// Another packager goes on with an epoch beside the one that began it.
    PackagerJoined {
        /// The epoch.
        epoch: u32,
        /// The first segment that it can make.
        number: u64,
    },
}

/// A segment as a listing of the bucket shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub number: MediaSequence,
    /// Its epoch.
    pub epoch: EpochId,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Fact {
    /// The epoch that it is about.
    pub fn epoch(&self) -> EpochId {
        let (Self::EpochBegan { epoch, .. }
        | Self::ClockSet { epoch, .. }
        | Self::TitleSet { epoch, .. }
        | Self::EpochEnded { epoch, .. }
        | Self::PackagerJoined { epoch, .. }) = self;
        EpochId(*epoch)
    }

    /// The grid of the epoch that began with it.
    pub fn grid(&self) -> Option<Grid> {
        Past::began(self).map(|past| past.grid)
    }
}

/// Tells the facts of a programme feed as they come up.
#[derive(Debug)]
pub struct Chronicler {
    target_secs: u32,
    rendition: Option<String>,
    /// The epoch of which the beginning has been told.
    told: Option<EpochId>,
    origin_nanos: Option<u64>,
    units: u64,
}

impl Chronicler {
    /// A chronicler of segments of `target_secs`.
    pub fn new(target_secs: u32) -> Self {
        Self { target_secs, rendition: None, told: None, origin_nanos: None, units: 0 }
    }

    /// The same, which tells in which rendition the units are.
    #[must_use]
    pub fn with_rendition(self, rendition: &RenditionId) -> Self {
        Self { rendition: Some(rendition.to_string()), ..self }
    }

    /// The facts that a record amounts to. It may begin anywhere in a feed.
    pub fn handle(&mut self, record: &Record) -> Vec<Fact> {
        match record {
            Record::Epoch(epoch) => self.begin(epoch).into_iter().collect(),
            Record::Unit(unit) => {
                self.units = unit.index + 1;
                Vec::new()
            }
            Record::Title(mark) => vec![Fact::TitleSet {
                epoch: mark.epoch.0,
                index: mark.index,
                stream_title: mark.title.stream_title.clone(),
                url: mark.title.url.clone(),
            }],
            Record::Closed(closed) => {
                let began = self.begin(&closed.epoch);
                began.into_iter().chain(self.clock(closed)).collect()
            }
            // Told before anybody has closed the segment, so that two packagers give it
            // one date.
            Record::Clock(mark) => {
                self.origin_nanos = Some(mark.origin.nanos());
                vec![Fact::ClockSet {
                    epoch: mark.epoch.0,
                    number: mark.number.0,
                    origin_nanos: mark.origin.nanos(),
                }]
            }
            Record::Ended(epoch) => {
                vec![Fact::EpochEnded { epoch: epoch.0, units: self.units }]
            }
        }
    }

    fn begin(&mut self, epoch: &Epoch) -> Option<Fact> {
        if self.told == Some(epoch.id) {
            return None;
        }
        (self.told, self.origin_nanos, self.units) = (Some(epoch.id), None, 0);
        Some(began(epoch, self.target_secs, self.rendition.clone()))
    }

    fn clock(&mut self, closed: &Closed) -> Option<Fact> {
        self.units = closed.end_index;
        let grid = Grid::new(&closed.epoch.stream, self.target_secs);
        let origin_nanos = closed.origin(&grid).nanos();
        let known = self.origin_nanos.replace(origin_nanos);
        (known != Some(origin_nanos)).then_some(Fact::ClockSet {
            epoch: closed.epoch.id.0,
            number: closed.number.0,
            origin_nanos,
        })
    }
}

/// What the facts of a programme amount to.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In the order of their first numbers.
    epochs: Vec<Past>,
    titles: Vec<TitleMark>,
    title: Option<Arc<Title>>,
}

impl History {
    /// Takes the next fact of the log; what makes no sense changes nothing.
    pub fn apply(&mut self, fact: Fact) {
        match fact {
            Fact::EpochBegan { .. } => self.epochs.extend(Past::began(&fact)),
            Fact::ClockSet { epoch, number, origin_nanos } => {
                if let Some(past) = self.find_mut(EpochId(epoch)) {
                    // Of two that were told the first counts.
                    past.origins.entry(number).or_insert(origin_nanos);
                }
            }
            Fact::TitleSet { epoch, index, stream_title, url } => {
                let title = Arc::new(Title::new(stream_title, url));
                self.title = Some(Arc::clone(&title));
                let epoch = EpochId(epoch);
                self.titles.push(TitleMark { epoch, index, source_index: index, title });
            }
            Fact::PackagerJoined { .. } => {}
            Fact::EpochEnded { epoch, units: 0 } => self.forget(EpochId(epoch)),
            Fact::EpochEnded { epoch, units } => {
                if let Some(past) = self.find_mut(EpochId(epoch)) {
                    past.units = Some(units);
                }
            }
        }
    }

    /// The same, with the segments of a rendition that is made of the programme.
    #[must_use]
    pub fn in_form(mut self, form: Form) -> Self {
        for past in &mut self.epochs {
            past.epoch = form.epoch(&past.epoch);
            past.grid = form.grid(past.target_secs);
            past.form = Some(form);
        }
        self
    }

    /// The fact that is missing when a process was killed: the end of an epoch
    /// that nobody ended, after the last segment that the bucket has.
    pub fn missing_end(&self, stored: &[Stored]) -> Option<Fact> {
        let past = self.epochs.last().filter(|past| past.units.is_none())?;
        let last = numbers(stored.iter().filter(|one| one.epoch == past.epoch.id)).max();
        let segments = last.map_or(0, |last| (last + 1).saturating_sub(past.epoch.first_number.0));
        let units = past.source.first_index(segments);
        Some(Fact::EpochEnded { epoch: past.epoch.id.0, units })
    }

    /// Where the programme goes on. `fallback` is the number for a programme of
    /// which nothing is known: whole seconds since 1970.
    pub fn resume(&self, stored: &[Stored], fallback: MediaSequence) -> Resume {
        let used = numbers(stored).map(|number| number + 1).max();
        let logged = self.epochs.iter().map(Past::next_number).max();
        let next_number = used.max(logged).map_or(fallback, MediaSequence);
        let next_discontinuity =
            self.epochs.last().map_or(0, |past| past.epoch.discontinuity_sequence + 1);
        let not_before = self.segments(stored).last().map(SegmentInfo::wall_end);
        Resume {
            next_number,
            next_discontinuity,
            not_before: not_before.unwrap_or_default(),
            title: self.title.clone(),
        }
    }

    /// The segments that the bucket has and that the log tells of, oldest first.
    /// Numbers may be missing between them.
    pub fn every_segment(&self, stored: &[Stored]) -> Vec<SegmentInfo> {
        let mut infos: Vec<SegmentInfo> =
            stored.iter().filter_map(|one| self.find(one.epoch)?.info(one)).collect();
        infos.sort_by_key(|info| info.number);
        infos
    }

    /// The same, from the last hole on.
    pub fn segments(&self, stored: &[Stored]) -> Vec<SegmentInfo> {
        let mut infos = self.every_segment(stored);
        let hole = infos.windows(2).rposition(|pair| match pair {
            [one, next] => one.number.0 + 1 != next.number.0,
            _ => false,
        });
        infos.split_off(hole.map_or(0, |hole| hole + 1))
    }

    /// The segment of this number, if the log tells of it, and its epoch. The bucket may not
    /// have it, and its size is 0 here.
    pub fn segment(&self, number: MediaSequence) -> Option<(SegmentInfo, Epoch)> {
        let past = self.epochs.iter().rev().find(|past| past.epoch.first_number <= number)?;
        let info = past.info(&Stored { number, epoch: past.epoch.id, bytes: 0 })?;
        Some((info, past.epoch))
    }

    /// The titles with their moments, in order.
    pub fn titles(&self) -> Vec<View> {
        let placed = self.titles.iter().filter_map(|mark| {
            let past = self.find(mark.epoch)?;
            let segment = past.source.segment_of(mark.source_index);
            let number = past.epoch.first_number.0.saturating_add(segment);
            let origin = WallTime::from_nanos(past.origin(number)?);
            Some(mark.view(origin.plus(past.source.since_start(mark.source_index))))
        });
        placed.collect()
    }

    /// The epoch that began last, while nothing tells of its end.
    pub fn running_epoch(&self) -> Option<EpochId> {
        self.running().map(|past| past.epoch.id)
    }

    /// The rendition in which the ingest's own bytes of an epoch are stored; `None` where
    /// the log does not tell.
    pub fn rendition(&self, epoch: EpochId) -> Option<&str> {
        self.find(epoch)?.rendition.as_deref()
    }

    /// What index 0 of an epoch stands for in a segment.
    pub fn origin(&self, epoch: EpochId, number: MediaSequence) -> Option<WallTime> {
        self.find(epoch)?.origin(number.0).map(WallTime::from_nanos)
    }

    /// When a segment of an epoch begins, where index 0 stands for `origin`.
    pub fn begins(
        &self,
        epoch: EpochId,
        number: MediaSequence,
        origin: WallTime,
    ) -> Option<WallTime> {
        let past = self.find(epoch)?;
        let segment = number.0.checked_sub(past.epoch.first_number.0)?;
        Some(origin.plus(past.grid.since_start(past.grid.first_index(segment))))
    }

    /// When a segment of an epoch begins.
    pub fn wall_start(&self, epoch: EpochId, number: MediaSequence) -> Option<WallTime> {
        self.begins(epoch, number, self.origin(epoch, number)?)
    }

    /// The titles that begin in a segment, with their moments.
    pub fn titles_in(&self, closed: &Closed, target_secs: u32) -> Vec<View> {
        let grid = Grid::new(&closed.epoch.stream, target_secs);
        let origin = self.origin(closed.epoch.id, closed.number);
        let origin = origin.unwrap_or_else(|| closed.origin(&grid));
        let is_within = |mark: &&TitleMark| {
            mark.epoch == closed.epoch.id
                && (closed.first_index..closed.end_index).contains(&mark.index)
        };
        let marks = self.titles.iter().filter(is_within);
        marks.map(|mark| mark.view(origin.plus(grid.since_start(mark.index)))).collect()
    }

    /// The last epoch, if nothing tells of its end.
    pub(crate) fn running(&self) -> Option<&Past> {
        self.epochs.last().filter(|past| past.units.is_none())
    }

    /// Where titles begin in an epoch.
    pub(crate) fn marks(&self, epoch: EpochId) -> impl Iterator<Item = u64> {
        self.titles.iter().filter(move |mark| mark.epoch == epoch).map(|mark| mark.index)
    }

    /// The title that holds right before a unit of the last epoch.
    pub(crate) fn title_before(&self, last: EpochId, index: u64) -> Option<Arc<Title>> {
        let is_before = |mark: &&TitleMark| mark.epoch != last || mark.index < index;
        self.titles.iter().rfind(is_before).map(|mark| Arc::clone(&mark.title))
    }

    /// Which AAC tools the last epoch used.
    pub fn profile(&self) -> Option<AacProfile> {
        self.epochs.last().and_then(|past| past.epoch.profile)
    }

    /// An epoch of which no segment was ever stored: nobody saw its
    /// discontinuity, and the next one takes its number.
    fn forget(&mut self, epoch: EpochId) {
        if let Some(place) = self.epochs.iter().rposition(|past| past.epoch.id == epoch) {
            self.epochs.remove(place);
            self.titles.retain(|mark| mark.epoch != epoch);
        }
    }

    fn find(&self, epoch: EpochId) -> Option<&Past> {
        self.epochs.iter().rev().find(|past| past.epoch.id == epoch)
    }

    fn find_mut(&mut self, epoch: EpochId) -> Option<&mut Past> {
        self.epochs.iter_mut().rev().find(|past| past.epoch.id == epoch)
    }
}

/// The numbers of segments, those that can be one.
fn numbers<'a>(stored: impl IntoIterator<Item = &'a Stored>) -> impl Iterator<Item = u64> {
    stored.into_iter().map(|one| one.number.0).filter(|number| *number < NUMBER_MAX)
}

#[cfg(test)]
mod tests;
