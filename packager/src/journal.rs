//! What the merge gives out, on local disk before any reader hears of it: so that
//! another process goes on with the programme, in the midst of a segment.
//!
//! The timeline is a function of it: a [`Snapshot`] at a segment's beginning and
//! what followed give the same records again.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use feed::merge::{Merger, Output, Rank};
use feed::wire::Item as _;
use feed::{PathItem, PathUnit, Snapshot};
use journal::{Desk, Journal, Limits, POSITION_STEP, Scribe};
use media::{AacProfile, RenditionId, Title, WallTime};
use serde::{Deserialize, Serialize};
use tracing::warn;

/// What a programme's journal may take on disk: a quarter of an hour of 128 kbit/s,
/// in which the bucket may be away.
pub(crate) const JOURNAL_LIMITS: Limits = Limits { bytes_max: 16 << 20, file_bytes_max: 1 << 20 };

/// How long the disk may take before a segment's end is told: listeners do not wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often it is noted where the paths are.
const PLACES_EVERY: Duration = Duration::from_secs(1);

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// Another process goes on behind the entry of this position.
    Resumed(u64),
    /// The timeline, before what follows.
    Snapshot(Box<Snapshot>),
    /// A line begins.
    Begin(Option<AacProfile>),
    /// A title holds from the next unit on.
    Title(Arc<Title>),
    /// The next unit.
    Unit(PathUnit),
    /// A line ends.
    End,
    /// Where the paths are.
    Places(Vec<PathPlace>),
}

/// Where a path is: the unit at a position of its feed has a place in the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathPlace {
    pub(crate) ingest: String,
    pub(crate) position: u64,
    /// So many units before the next one that comes out.
    pub(crate) before_end: u64,
}

const RESUMED: u8 = b'R';
const SNAPSHOT: u8 = b'S';
const BEGIN: u8 = b'B';
const ITEM: u8 = b'I';
const END: u8 = b'E';
const PLACES: u8 = b'P';

impl Entry {
    fn encode(&self) -> Option<Vec<u8>> {
        let json = |kind, bytes: serde_json::Result<Vec<u8>>| {
            let mut entry = vec![kind];
            entry.extend(bytes.ok()?);
            Some(entry)
        };
        let item = |item: &PathItem| {
            let mut entry = vec![ITEM];
            item.encode(&mut entry).ok()?;
            Some(entry)
        };
        match self {
            Self::Resumed(after) => json(RESUMED, serde_json::to_vec(after)),
            Self::Snapshot(snapshot) => json(SNAPSHOT, serde_json::to_vec(snapshot)),
            Self::Begin(profile) => Some(vec![BEGIN, profile_byte(*profile)]),
            Self::Title(title) => item(&PathItem::Title(Arc::clone(title))),
            Self::Unit(unit) => item(&PathItem::Unit(unit.clone())),
            Self::End => Some(vec![END]),
            Self::Places(places) => json(PLACES, serde_json::to_vec(places)),
        }
    }

    fn decode(mut bytes: Bytes) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let [kind] = *bytes.split_to(1) else { return None };
        match kind {
            RESUMED => serde_json::from_slice(&bytes).ok().map(Self::Resumed),
            SNAPSHOT => serde_json::from_slice(&bytes).ok().map(Self::Snapshot),
            BEGIN => begin(&bytes),
            END => Some(Self::End),
            PLACES => serde_json::from_slice(&bytes).ok().map(Self::Places),
            ITEM => match PathItem::decode(bytes).ok()? {
                PathItem::Title(title) => Some(Self::Title(title)),
                PathItem::Unit(unit) => Some(Self::Unit(unit)),
                PathItem::Connected(_) | PathItem::Gone => None,
            },
            _ => None,
        }
    }
}

fn profile_byte(profile: Option<AacProfile>) -> u8 {
    match profile {
        None => 0,
        Some(AacProfile::Lc) => 1,
        Some(AacProfile::HeV1) => 2,
        Some(AacProfile::HeV2) => 3,
    }
}

fn begin(bytes: &[u8]) -> Option<Entry> {
    let profile = match bytes {
        [0] => None,
        [1] => Some(AacProfile::Lc),
        [2] => Some(AacProfile::HeV1),
        [3] => Some(AacProfile::HeV2),
        _ => return None,
    };
    Some(Entry::Begin(profile))
}

/// Opens a programme's journal; gives what a process before has left, as far as it
/// is without a hole. What other renditions of the egress have left goes.
pub(crate) fn open(
    desk: &Desk,
    folder: &Path,
    (egress, rendition): (&str, &RenditionId),
    now: WallTime,
) -> Option<(Keeper, Vec<Entry>)> {
    let floor = now.secs().saturating_mul(POSITION_STEP);
    forget_others(folder, rendition);
    match Journal::open(&folder.join(rendition.as_str()), JOURNAL_LIMITS, floor) {
        Ok((journal, entries)) => {
            let (last, left) = without_hole(entries);
            let mut keeper = Keeper::new(desk.scribe(egress, journal));
            keeper.push(&Entry::Resumed(last));
            Some((keeper, left))
        }
        Err(error) => {
            warn!(egress, %error, "programme without a journal");
            None
        }
    }
}

fn forget_others(folder: &Path, rendition: &RenditionId) {
    let Ok(found) = std::fs::read_dir(folder) else { return };
    let others = found.flatten().filter(|one| one.file_name() != *rendition.as_str());
    for other in others {
        if let Err(error) = std::fs::remove_dir_all(other.path()) {
            warn!(%error, "the journal of a former rendition stays");
        }
    }
}

/// The last position, and the entries behind the last hole.
fn without_hole(entries: Vec<journal::Entry>) -> (u64, Vec<Entry>) {
    let (mut last, mut left) = (0, Vec::new());
    for entry in entries {
        let Some(decoded) = Entry::decode(entry.payload) else {
            (last, left) = (entry.position, Vec::new());
            continue;
        };
        let follows = match decoded {
            Entry::Resumed(after) => after == last,
            _ => entry.position == last + 1,
        };
        if !follows {
            left.clear();
        }
        last = entry.position;
        left.push(decoded);
    }
    (last, left)
}

/// Has a programme written to its journal.
#[derive(Debug)]
pub(crate) struct Keeper {
    scribe: Scribe,
    batch: Vec<Vec<u8>>,
    noted: WallTime,
    /// By rank: the places and positions of the path's last units, from the last
    /// one on that came out.
    recent: Vec<VecDeque<(u64, u64)>>,
}

impl Keeper {
    fn new(scribe: Scribe) -> Self {
        Self { scribe, batch: Vec::new(), noted: WallTime::default(), recent: Vec::new() }
    }

    fn push(&mut self, entry: &Entry) {
        // One that has no form is a hole: who reads it begins behind that.
        self.batch.push(entry.encode().unwrap_or_else(|| vec![0]));
    }

    /// Takes note of the timeline, before what follows.
    pub(crate) fn snapshot(&mut self, snapshot: Snapshot) {
        self.push(&Entry::Snapshot(Box::new(snapshot)));
    }

    /// Takes note that what follows does not continue what was before.
    pub(crate) fn begin(&mut self, profile: Option<AacProfile>) {
        self.recent.clear();
        self.push(&Entry::Begin(profile));
    }

    /// Takes note of what the merge gives out.
    pub(crate) fn output(&mut self, output: &Output) {
        let entry = match output {
            Output::Begins(begin) => {
                self.recent.clear();
                Entry::Begin(begin.profile)
            }
            Output::Title(title) => Entry::Title(Arc::clone(title)),
            Output::Unit(unit) => Entry::Unit(unit.clone()),
            Output::Ends => Entry::End,
        };
        self.push(&entry);
    }

    /// The unit at a position of a path's feed has been given to the merge.
    pub(crate) fn unit(&mut self, rank: Rank, position: u64, merger: &Merger) {
        let nth = usize::from(rank.0);
        if self.recent.len() <= nth {
            self.recent.resize(nth + 1, VecDeque::new());
        }
        let Some(recent) = self.recent.get_mut(nth) else { return };
        let place = merger.next_place(rank).and_then(|next| next.checked_sub(1));
        let Some(place) = place else { return recent.clear() };
        if recent.back().is_some_and(|(last, _)| *last + 1 != place) {
            recent.clear();
        }
        recent.push_back((place, position));
        let released = merger.released().unwrap_or(0);
        while recent.get(1).is_some_and(|(place, _)| *place <= released) {
            recent.pop_front();
        }
    }

    /// Has written what was noted; waits for the disk a little where `waits`.
    ///
    /// What was not written in time shows at the next start: the note of the last
    /// number is ahead of it.
    pub(crate) async fn write(&mut self, places: Vec<PathPlace>, waits: bool) {
        if !places.is_empty() {
            self.push(&Entry::Places(places));
        }
        let batch = std::mem::take(&mut self.batch);
        if waits {
            self.scribe.write_and_wait(batch, PATIENCE).await;
        } else if !batch.is_empty() {
            self.scribe.write(batch);
        }
    }

    /// Where the paths are, once in a while.
    pub(crate) fn places(
        &mut self,
        ingests: &[String],
        merger: &Merger,
        now: WallTime,
    ) -> Vec<PathPlace> {
        let Some(released) = merger.released() else { return Vec::new() };
        if now.since(self.noted) < PLACES_EVERY {
            return Vec::new();
        }
        self.noted = now;
        let places = ingests.iter().zip(&self.recent).filter_map(|(ingest, recent)| {
            let (place, position) = *recent.front()?;
            let before_end = released.checked_sub(place)?;
            Some(PathPlace { ingest: ingest.clone(), position, before_end })
        });
        places.collect()
    }
}

#[cfg(test)]
mod tests;
