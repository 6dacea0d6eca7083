//! What is known of a programme when a process begins: its log and its bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archive::{Adopted, Line, Reach};
use catalogue::{Egress, Rendition};
use feed::{Epoch, Fact, Resume, Snapshot, Stored};
use media::{AacProfile, EpochId, MediaSequence, SegmentRef, WallTime};
use playlists::TitleRange;
use runtime::clock::Steady;
use store::{Area, Error, Key, SegmentName, Stores, TimelineLog, keys};
use tracing::{info, warn};

use crate::Past;

/// How long to wait for a bucket that does not answer before going on air
/// without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same once that was in vain: the station has other programmes to begin.
const PATIENCE_WORN: Duration = Duration::from_millis(250);

/// How long a bucket that answers may take to be read.
const READ_TIME_MAX: Duration = Duration::from_secs(30);

/// The longest multivariant playlist that is read back.
const PLAYLIST_BYTES_MAX: usize = 1 << 20;

/// The longest record of the log.
const RECORD_BYTES_MAX: usize = 64 << 10;

/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// What a process begins with.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Where the programme goes on.
    pub(crate) resume: Resume,
    /// The log, ready to be appended to; `None` while the bucket is away.
    pub(crate) log: Option<TimelineLog>,
    /// The fact that a killed process left unsaid.
    pub(crate) missing: Option<Fact>,
    /// The epoch that nobody has ended, where what the bucket has of it ends: another
    /// packager may go on with it.
    pub(crate) running: Option<Snapshot>,
    /// The segments that the bucket has, oldest first, from the last window on at
    /// the least. Numbers may be missing.
    pub(crate) stored: Vec<SegmentRef>,
    /// Segments that the bucket has and that no playlist can list.
    pub(crate) strays: Vec<Key>,
    /// Every record of the log.
    pub(crate) lines: Vec<Line>,
    /// Which AAC tools the last epoch used.
    pub(crate) profile: Option<AacProfile>,
    /// The bucket may have more segments, all below this number.
    pub(crate) before: Option<MediaSequence>,
    pub(crate) titles: Vec<TitleRange>,
}

/// How long the programmes of a process wait for the bucket. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patience(Arc<AtomicBool>);

impl Patience {
    fn left(&self) -> Duration {
        if self.0.load(Ordering::Relaxed) { PATIENCE_WORN } else { PATIENCE }
    }

    fn lose(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads log and bucket. A bucket that stays away for [`PATIENCE`] does not keep
/// the station off the air: it begins with numbers that are higher than any that
/// can have been used.
pub(crate) async fn recover(
    stores: &Stores,
    egress: &Egress,
    clock: &Steady,
    patience: &Patience,
) -> Recovered {
    let began = clock.now();
    loop {
        let left = patience.left().saturating_sub(clock.now().since(began));
        match try_read(stores, egress, clock, left).await {
            Some(Ok(recovered)) => return recovered,
            Some(Err(error)) => warn!(egress = egress.name.as_str(), %error, "bucket not readable"),
            None => warn!(egress = egress.name.as_str(), "bucket does not answer"),
        }
        if clock.now().plus(PAUSE).since(began) >= patience.left() {
            patience.lose();
            return blind(egress, clock);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One try: `None` when it took too long. Whether the bucket answers shows
/// within `patience`; what it has may take longer to read.
async fn try_read(
    stores: &Stores,
    egress: &Egress,
    clock: &Steady,
    patience: Duration,
) -> Option<Result<Recovered, Error>> {
    match tokio::time::timeout(patience, answers(stores, egress)).await.ok()? {
        Ok(()) => tokio::time::timeout(READ_TIME_MAX, read(stores, egress, clock)).await.ok(),
        Err(error) => Some(Err(error)),
    }
}

/// The smallest question to each bucket.
async fn answers(stores: &Stores, egress: &Egress) -> Result<(), Error> {
    let name = egress.name.as_str();
    let playlist = keys::multivariant_playlist(name)?;
    stores.area(Area::Public).get(&playlist, PLAYLIST_BYTES_MAX).await?;
    let record = keys::record(&keys::timeline_log(name)?, 0)?;
    stores.area(Area::Private).get(&record, RECORD_BYTES_MAX).await?;
    Ok(())
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
        running: None,
        stored: Vec::new(),
        strays: Vec::new(),
        lines: Vec::new(),
        profile: None,
        before: Some(MediaSequence(now.secs())),
        titles: Vec::new(),
    }
}

/// Reads both, in one try.
pub(crate) async fn read(
    stores: &Stores,
    egress: &Egress,
    clock: &Steady,
) -> Result<Recovered, Error> {
    let (name, rendition) = (egress.name.as_str(), egress.source_rendition());
    let mut past = archive::Past::read(stores, name, Reach::Recent(&rendition.id)).await?;
    let every = past.stored();
    let Adopted { segments: stored, strays } = past.adopt(name, &rendition)?;
    // Another rendition's segments do not tell where this one's are.
    let of_rendition: Vec<Stored> = stored.iter().map(listing).collect();
    let running = past.history.snapshot(&of_rendition, egress.target_secs());
    let missing = past.history.missing_end(&every);
    if let Some(fact) = missing.clone() {
        past.history.apply(fact);
    }
    let resume = past.history.resume(&every, MediaSequence(clock.now().secs()));
    info!(
        egress = name,
        records = past.lines.len(),
        segments = stored.len(),
        strays = strays.len(),
        next = resume.next_number.0,
        "programme resumed"
    );
    let (titles, profile) = (past.titles(), past.history.profile());
    let archive::Past { log, lines, is_whole, .. } = past;
    let before = match stored.first() {
        _ if is_whole => None,
        Some(first) => Some(first.info().number),
        None => Some(resume.next_number),
    };
    Ok(Recovered {
        resume,
        log: Some(log),
        missing,
        running,
        stored,
        strays,
        lines,
        profile,
        before,
        titles,
    })
}

fn listing(segment: &SegmentRef) -> Stored {
    let info = segment.info();
    Stored { number: info.number, epoch: info.epoch, bytes: info.bytes }
}

/// Reads what the bucket has from before a number, however long that takes.
pub(crate) async fn read_older(
    stores: &Stores,
    egress: &Egress,
    rendition: &Rendition,
    before: MediaSequence,
    clock: &Steady,
) -> Adopted {
    let egress = egress.name.as_str();
    let (mut adopted, _) = archive::read_patiently(stores, egress, rendition, clock).await;
    adopted.segments.retain(|segment| segment.info().number < before);
    let is_before =
        |key: &Key| SegmentName::parse(key.file_name()).is_some_and(|name| name.number < before);
    adopted.strays.retain(is_before);
    let (segments, strays) = (adopted.segments.len(), adopted.strays.len());
    info!(egress, segments, strays, "older segments found");
    adopted
}

impl Recovered {
    /// Whether the log knows of nothing that came behind this epoch, which another
    /// process has left running.
    pub(crate) fn goes_on_with(&self, epoch: &Epoch) -> bool {
        if self.log.is_none() {
            return true;
        }
        let mut facts = self.lines.iter().rev().filter_map(|(_, fact)| fact.as_ref());
        let ended = |fact: &Fact| matches!(fact, Fact::EpochEnded { .. });
        match facts.find(|fact| ended(fact) || matches!(fact, Fact::EpochBegan { .. })) {
            Some(fact) if fact.epoch() == epoch.id => !ended(fact),
            // It had not been told yet.
            Some(fact) => ended(fact) && epoch.first_number >= self.resume.next_number,
            None => true,
        }
    }

    /// What the live window lists of it, for the origins.
    pub(crate) fn past(&self, egress: &Egress, now: WallTime) -> Past {
        let listed = self.stored.get(listed_from(&self.stored, egress, now)..).unwrap_or_default();
        Past {
            profile: self.profile,
            segments: listed.iter().map(|segment| segment.info().clone()).collect(),
            titles: self.titles.clone(),
        }
    }

    /// Whether another packager has joined the epoch that runs.
    pub(crate) fn is_shared(&self) -> bool {
        let facts = self.lines.iter().filter_map(|(_, fact)| fact.as_ref());
        let mut joined = facts.filter(|fact| matches!(fact, Fact::PackagerJoined { .. }));
        joined.any(|fact| self.is_running(fact.epoch()))
    }

    /// Whether the bucket has this segment, or a later one.
    pub(crate) fn is_ahead_of(&self, number: Option<MediaSequence>) -> bool {
        let stored = self.stored.last().map(|last| last.info().number);
        stored >= number && number.is_some()
    }

    /// Whether an epoch runs that another packager may go on with: nothing of it is
    /// stored yet, or something that ended after this.
    pub(crate) fn is_recent(&self, since: WallTime) -> bool {
        let ended = self.stored.last().map(|last| last.info().wall_end());
        match &self.running {
            Some(_) => ended.is_some_and(|ended| ended >= since),
            None => self.open().is_some(),
        }
    }

    /// The epoch that nobody has ended, whether the bucket has anything of it or not.
    pub(crate) fn open(&self) -> Option<EpochId> {
        self.missing.as_ref().map(Fact::epoch)
    }

    /// Whether an epoch runs in the bucket.
    pub(crate) fn is_running(&self, epoch: EpochId) -> bool {
        self.running.as_ref().and_then(Snapshot::epoch).is_some_and(|one| one.id == epoch)
    }
}

/// The first of the stored segments that the live window lists.
///
/// A window that ended longer ago than it lasts is over: a player that comes now
/// would begin with what was on air then.
pub(crate) fn listed_from(stored: &[SegmentRef], egress: &Egress, now: WallTime) -> usize {
    let window = egress.mount.window;
    let ended = stored.last().map(|last| last.info().wall_end());
    if ended.is_none_or(|ended| now.since(ended) > window) {
        return stored.len();
    }
    let mut left = window;
    let newest = stored.iter().rev().take_while(|segment| {
        let wanted = !left.is_zero();
        let info = segment.info();
        left = left.saturating_sub(info.duration.to_std(info.timescale));
        wanted
    });
    stored.len() - newest.count()
}
