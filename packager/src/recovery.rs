//! What is known of a programme when a process begins: its log and its bucket.

use std::time::Duration;

use catalogue::Egress;
use feed::{Fact, History, Resume, Stored, View};
use media::{AacProfile, MediaSequence, SegmentInfo, SegmentRef, WallTime};
use playlists::TitleRange;
use runtime::clock::Steady;
use store::{Area, Entry, Error, SegmentName, Store, Stores, TimelineLog, keys};
use tracing::{info, warn};

use crate::Past;

/// How long to wait for a bucket before going on air without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Segments of one rendition in the bucket that are looked at: three weeks of
/// `dvr` at six seconds each.
const ENTRIES_MAX: usize = 300_000;

/// What a process begins with.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Where the programme goes on.
    pub(crate) resume: Resume,
    /// The log, ready to be appended to; `None` while the bucket is away.
    pub(crate) log: Option<TimelineLog>,
    /// The fact that a killed process left unsaid.
    pub(crate) missing: Option<Fact>,
    /// Every segment that the bucket has, oldest first.
    pub(crate) stored: Vec<SegmentRef>,
    /// Every fact of the log, with its number.
    pub(crate) facts: Vec<(u64, Fact)>,
    /// Which AAC tools the last epoch used.
    pub(crate) profile: Option<AacProfile>,
    titles: Vec<TitleRange>,
}

/// Reads log and bucket. A bucket that stays away for [`PATIENCE`] does not keep
/// the station off the air: it begins with numbers that are higher than any that
/// can have been used.
pub(crate) async fn recover(stores: &Stores, egress: &Egress, clock: &Steady) -> Recovered {
    let reading = async {
        loop {
            match read(stores, egress, clock).await {
                Ok(recovered) => return recovered,
                Err(error) => {
                    warn!(egress = egress.name.as_str(), %error, "bucket not readable");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(recovered) => recovered,
        Err(_) => blind(egress, clock),
    }
}

fn blind(egress: &Egress, clock: &Steady) -> Recovered {
    warn!(egress = egress.name.as_str(), "going on air without the bucket");
    let now = clock.now();
    Recovered {
        resume: Resume {
            next_number: MediaSequence(now.secs()),
            // Higher than any that can have been used, like the number.
            next_discontinuity: now.secs(),
            not_before: now,
            title: None,
        },
        log: None,
        missing: None,
        stored: Vec::new(),
        facts: Vec::new(),
        profile: None,
        titles: Vec::new(),
    }
}

async fn read(stores: &Stores, egress: &Egress, clock: &Steady) -> Result<Recovered, Error> {
    let name = egress.name.as_str();
    let folder = keys::timeline_log(name)?;
    let (log, records) = TimelineLog::open(stores.area(Area::Private).clone(), folder).await?;
    let (mut history, mut facts) = (History::default(), Vec::new());
    for record in &records {
        match serde_json::from_slice::<Fact>(&record.bytes) {
            Ok(fact) => {
                history.apply(fact.clone());
                facts.push((record.n, fact));
            }
            Err(error) => warn!(egress = name, n = record.n, %error, "log record not understood"),
        }
    }
    let entries = list(stores.area(Area::Public), egress).await?;
    let listing: Vec<Stored> = entries.iter().map(|(stored, _)| *stored).collect();
    let missing = history.missing_end(&listing);
    if let Some(fact) = missing.clone() {
        history.apply(fact);
    }
    let resume = history.resume(&listing, MediaSequence(clock.now().secs()));
    let stored = adopt(egress, &entries, history.segments(&listing));
    info!(
        egress = name,
        facts = facts.len(),
        segments = stored.len(),
        next = resume.next_number.0,
        "programme resumed"
    );
    let titles = history.titles().into_iter().filter_map(title_range).collect();
    let profile = history.profile();
    Ok(Recovered { resume, log: Some(log), missing, stored, facts, profile, titles })
}

async fn list(store: &Store, egress: &Egress) -> Result<Vec<(Stored, Entry)>, Error> {
    let folder = keys::rendition(egress.name.as_str(), &egress.rendition_id())?;
    let entries = store.list(&folder, ENTRIES_MAX).await?;
    let named = entries.into_iter().filter_map(|entry| {
        let name = SegmentName::parse(entry.key().file_name())?;
        let stored = Stored { number: name.number, epoch: name.epoch, bytes: entry.bytes() };
        Some((stored, entry))
    });
    Ok(named.collect())
}

fn adopt(egress: &Egress, entries: &[(Stored, Entry)], infos: Vec<SegmentInfo>) -> Vec<SegmentRef> {
    let rendition = egress.rendition_id();
    let adopted = infos.into_iter().filter_map(|info| {
        let (_, entry) = entries.iter().find(|(stored, _)| {
            stored.number == info.number && stored.epoch == info.epoch
        })?;
        Store::adopt_segment(entry, egress.name.as_str(), &rendition, info)
    });
    adopted.collect()
}

/// A title of the programme, as playlists have it.
pub(crate) fn title_range(view: View) -> Option<TitleRange> {
    match view {
        View::Title { id, start, title } => {
            Some(TitleRange { id, start, title: title.as_ref().clone() })
        }
        View::Segment(_) => None,
    }
}

impl Recovered {
    /// What the live window lists of it, for the origins.
    pub(crate) fn past(&self, egress: &Egress, now: WallTime) -> Past {
        let listed = self.stored.get(self.listed_from(egress, now)..).unwrap_or_default();
        Past {
            profile: self.profile,
            segments: listed.iter().map(|segment| segment.info().clone()).collect(),
            titles: self.titles.clone(),
        }
    }

    /// The first of the stored segments that the live window lists.
    ///
    /// A window that ended longer ago than it lasts is over: a player that
    /// comes now would begin with what was on air then.
    pub(crate) fn listed_from(&self, egress: &Egress, now: WallTime) -> usize {
        let window = egress.mount.window;
        let ended = self.stored.last().map(|last| last.info().wall_end());
        if ended.is_none_or(|ended| now.since(ended) > window) {
            return self.stored.len();
        }
        let mut left = window;
        let newest = self.stored.iter().rev().take_while(|segment| {
            let wanted = !left.is_zero();
            let info = segment.info();
            left = left.saturating_sub(info.duration.to_std(info.timescale));
            wanted
        });
        self.stored.len() - newest.count()
    }

    /// The titles of the programme so far.
    pub(crate) fn titles(&self) -> &[TitleRange] {
        &self.titles
    }
}
