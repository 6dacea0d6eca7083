//! How a programme goes on where another process was: from its journal.

use std::collections::VecDeque;

use bytes::Bytes;
use feed::merge::{Continuation, LINE_UNITS_MAX, Rank, STASH_UNITS_MAX};
use feed::{Record, Snapshot, Timeline};
use media::{FrameHeader, MediaSequence, WallTime};
use tracing::info;

use crate::journal::{Entry, PathPlace};
use crate::recovery::Recovered;

/// A programme that goes on.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) timeline: Timeline,
    /// What the segment under way, and those that the bucket has not, are made of.
    pub(crate) records: Vec<Record>,
    pub(crate) merge: Continuation,
    /// By rank: from which position on the path's items count, where that is known.
    pub(crate) from: Vec<Option<u64>>,
    /// Units that came before do not count.
    pub(crate) since: Option<WallTime>,
}

/// What has to be so for a programme to go on.
#[derive(Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) egress: &'a str,
    pub(crate) target_secs: u32,
    pub(crate) ingests: &'a [String],
    pub(crate) recovered: &'a Recovered,
    /// The last number that listeners may have seen.
    pub(crate) noted: Option<MediaSequence>,
    /// What came last came after this.
    pub(crate) since: WallTime,
}

/// What a replay has come to.
#[derive(Debug)]
struct Replay {
    timeline: Timeline,
    records: Vec<Record>,
    header: Option<FrameHeader>,
    profile: Option<media::AacProfile>,
    last: WallTime,
    /// Units of the line, the last ones.
    units: VecDeque<Bytes>,
    /// Units of the line in all.
    count: u64,
    places: Places,
}

/// Where the paths were, at one moment, and how many units of the line there were by
/// then.
///
/// What is told later counts only if it tells of all of them: another process may not
/// have found a path again when it noted where the others were, or that was still ahead
/// of what had come out. What they brought since is on their feeds, and has to be read
/// from the same moment on.
#[derive(Debug, Default)]
struct Places {
    told: Vec<PathPlace>,
    count: u64,
}

/// Plays the journal again. `None` where the programme cannot go on: nothing is
/// left of it, it ended, it is too long ago, or the log or the note of numbers knows
/// more than the journal does.
pub(crate) fn resume(entries: &[Entry], terms: &Terms<'_>) -> Option<Resumed> {
    let replay = replay(entries, terms)?;
    let epoch = *replay.timeline.epoch()?;
    let under_way = replay.timeline.segment()?;
    let is_told = terms.noted.is_none_or(|noted| noted < under_way);
    if replay.last < terms.since || !is_told || !terms.recovered.goes_on_with(&epoch) {
        return None;
    }
    info!(egress = terms.egress, epoch = %epoch.id, number = under_way.0, "programme goes on");
    let header = replay.header?;
    let units: Vec<Bytes> = replay.units.into();
    let mut from = vec![None; terms.ingests.len()];
    let mut paths = Vec::new();
    let behind = replay.count - replay.places.count;
    for place in replay.places.told {
        let nth = terms.ingests.iter().position(|ingest| *ingest == place.ingest);
        let before_end = usize::try_from(place.before_end + behind).ok();
        let known = before_end.filter(|before_end| *before_end <= units.len());
        if let (Some(nth), Some(before_end)) = (nth, known)
            && let Some(from) = from.get_mut(nth)
        {
            *from = Some(place.position);
            paths.push((Rank(u8::try_from(nth).unwrap_or(u8::MAX)), before_end));
        }
    }
    let merge = Continuation { header, profile: replay.profile, units, paths };
    Some(Resumed { timeline: replay.timeline, records: replay.records, merge, from, since: None })
}

fn replay(entries: &[Entry], terms: &Terms<'_>) -> Option<Replay> {
    let (begin, snapshot) = beginning(entries, terms)?;
    let mut replay = Replay {
        timeline: Timeline::restore(terms.target_secs, snapshot)?,
        records: Vec::new(),
        header: None,
        profile: None,
        last: WallTime::default(),
        units: VecDeque::new(),
        count: 0,
        places: Places::default(),
    };
    replay.profile = replay.timeline.epoch().and_then(|epoch| epoch.profile);
    // What was on air before tells where the paths are.
    let (before, after) = entries.split_at(begin);
    for entry in before {
        replay.follow(entry);
    }
    for entry in after {
        replay.follow(entry);
        replay.number(entry);
    }
    Some(replay)
}

/// Where to begin: at the last snapshot of which the bucket has the segment that was
/// complete by then.
fn beginning(entries: &[Entry], terms: &Terms<'_>) -> Option<(usize, Snapshot)> {
    let stored = terms.recovered.stored.last().map(|segment| segment.info().number);
    let snapshots = || {
        entries.iter().enumerate().filter_map(|(nth, entry)| match entry {
            Entry::Snapshot(snapshot) => Some((nth, snapshot.as_ref())),
            _ => None,
        })
    };
    let has = |snapshot: &Snapshot| stored.is_some_and(|stored| snapshot.number() <= stored);
    let mut known = snapshots().filter(|(_, snapshot)| has(snapshot));
    let found = known.next_back().or_else(|| snapshots().next());
    found.map(|(nth, snapshot)| (nth, snapshot.clone()))
}

impl Replay {
    /// Keeps what tells of the line.
    fn follow(&mut self, entry: &Entry) {
        match entry {
            Entry::Begin(profile) => {
                (self.profile, self.count) = (*profile, 0);
                self.units.clear();
                self.places = Places::default();
            }
            Entry::Unit(unit) => {
                self.units.push_back(unit.data.clone());
                if self.units.len() > LINE_UNITS_MAX {
                    self.units.pop_front();
                }
                self.count += 1;
                self.last = self.last.max(unit.arrival);
                self.header = Some(unit.header);
            }
            Entry::Places(places) => self.places.note(places, self.count),
            Entry::Resumed(_) | Entry::Snapshot(_) | Entry::Title(_) | Entry::End => {}
        }
    }

    fn number(&mut self, entry: &Entry) {
        match entry {
            Entry::Begin(profile) => self.timeline.handle_begin(*profile),
            Entry::Title(title) => self.timeline.handle_title(title.clone()),
            Entry::Unit(unit) => self.timeline.handle_unit(unit),
            Entry::End => self.timeline.handle_end(),
            Entry::Snapshot(snapshot) => self.timeline.follow(snapshot),
            Entry::Resumed(_) | Entry::Places(_) => {}
        }
        self.records.extend(std::iter::from_fn(|| self.timeline.next_record()));
    }
}

impl Places {
    /// Takes what is told when the line has so many units.
    fn note(&mut self, told: &[PathPlace], count: u64) {
        let behind = count - self.count;
        // Further behind than paths may be apart, one is of no use.
        let is_near = |known: &PathPlace| known.before_end + behind <= STASH_UNITS_MAX as u64;
        let is_told = |known: &PathPlace| told.iter().any(|place| place.ingest == known.ingest);
        if self.told.iter().all(|known| is_told(known) || !is_near(known)) {
            *self = Self { told: told.to_vec(), count };
        }
    }
}

#[cfg(test)]
mod tests;
