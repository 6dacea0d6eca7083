//! What a publisher does where another packager may be at work on its programme.
//!
//! The epoch that the log has is the programme's. Where the feed leaves it, because
//! the paths are gone or bring something else, that may be so for this process
//! alone: before the log says that the epoch is over it is seen whether anybody
//! stores more of it. Listeners of this process wait for none of that.

use std::time::Duration;

use feed::merge::SKEW_MAX;
use feed::{Fact, Record, Resume, STEP_MAX, Snapshot};
use media::{EpochId, MediaSequence, SegmentInfo, SegmentRef, WallTime};
use tracing::{info, warn};

use super::{Listed, Task};
use crate::join;
use crate::recovery::{self, Recovered};

/// How much later than its time a segment may come into the bucket before its
/// packager counts as gone.
const GRACE: Duration = Duration::from_secs(3);

/// How often the bucket is looked at while it is not known who goes on.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long one look may take.
const LOOK_TIME_MAX: Duration = Duration::from_secs(10);

/// How the feed's epoch and the log's stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Standing {
    /// They are one.
    #[default]
    Agreed,
    /// The feed leaves the log's: its records wait until it is known who goes on.
    Doubt,
    /// The feed has one of its own, and nothing of it is stored. `placed` is the last
    /// stored segment that was looked for in it, or behind which it is to go on.
    Astray { placed: Option<MediaSequence> },
}

/// What a publisher knows that its programme has to.
#[derive(Debug)]
pub(crate) enum Word {
    /// Another packager has told a fact.
    Told(Fact),
    /// The programme is where the snapshot is, behind these units.
    Place { snapshot: Box<Snapshot>, units: Vec<bytes::Bytes> },
    /// An epoch begins, whatever is running.
    Begin(Resume),
}

impl Task {
    /// Whether this record is where the feed leaves the log's epoch and nobody has
    /// looked yet whether another packager goes on with it.
    pub(super) fn raises_doubt(&self, record: &Record) -> bool {
        if !self.has_others || self.standing != Standing::Agreed {
            return false;
        }
        let is_open = |epoch: EpochId| self.settled != Some(epoch);
        match record {
            Record::Closed(closed) => self.is_short(closed) && is_open(closed.epoch.id),
            Record::Ended(epoch) => is_open(*epoch),
            Record::Epoch(epoch) => self
                .ledger
                .history()
                .running_epoch()
                .is_some_and(|running| running != epoch.id && is_open(running)),
            Record::Unit(_) | Record::Title(_) | Record::Clock(_) => false,
        }
    }

    /// Whether a fact that a record amounts to is to be told. A step of the clock is not,
    /// unless it is one from what the log has and comes before another packager may have
    /// stored the segment that it is for.
    pub(super) fn is_news(&self, fact: &Fact, record: &Record) -> bool {
        if self.standing != Standing::Agreed || self.ledger.has(fact) {
            return false;
        }
        let Fact::ClockSet { number, origin_nanos, .. } = fact else { return true };
        let (epoch, number) = (fact.epoch(), MediaSequence(*number));
        let known = self.ledger.history().origin(epoch, number).filter(|_| self.has_others);
        let Some(known) = known else { return true };
        let origin = WallTime::from_nanos(*origin_nanos);
        let step = known.since(origin).max(origin.since(known));
        let begins = self.ledger.history().begins(epoch, number, origin);
        let due = self.shelf.egress.hold_back + self.shelf.egress.mount.segment / 2;
        let is_early = begins.is_some_and(|begins| self.shelf.clock.now() < begins.plus(due));
        matches!(record, Record::Clock(_)) && step <= STEP_MAX && is_early
    }

    /// Takes note of a new epoch in the feed. Where it is another packager's, gives what
    /// that one is to be told.
    pub(super) fn enter(&mut self, epoch: EpochId) -> Option<Fact> {
        self.epoch = Some(epoch);
        let running = self.ledger.history().running_epoch();
        if matches!(self.standing, Standing::Astray { .. })
            && running.is_none_or(|running| running == epoch)
        {
            info!(egress = self.name(), %epoch, "programme agreed again");
            self.standing = Standing::Agreed;
            let next =
                self.shelf.playlists.window().last().map_or(0, |last| last.info().number.0 + 1);
            let joined = Fact::PackagerJoined { epoch: epoch.0, number: next };
            return running.is_some().then_some(joined);
        }
        None
    }

    /// Whether the log is to be read before a segment is made. While a bucket that was away
    /// catches up it is read now and then only: what there is to say of segments that old
    /// has been told.
    pub(super) fn wants_to_hear(&self, number: MediaSequence) -> bool {
        let now = self.shelf.clock.now();
        !self.is_late(number) || self.heard.is_none_or(|heard| now.since(heard) >= LOOK_EVERY)
    }

    /// Reads what others have told, and passes it on.
    pub(super) async fn hear(&mut self) {
        self.heard = Some(self.shelf.clock.now());
        let lines = match self.shelf.bucket.hear().await {
            Ok(lines) => lines,
            Err(error) => return warn!(egress = self.name(), %error, "log not read"),
        };
        self.learn(lines);
    }

    /// Lines that are new in the log, and none of ours.
    pub(super) fn learn(&mut self, lines: Vec<archive::Line>) {
        self.has_others |= !lines.is_empty();
        for fact in lines.iter().filter_map(|(_, fact)| fact.as_ref()) {
            // A programme that is busy hears the next ones.
            let _ = self.words.try_send(Word::Told(fact.clone()));
        }
        self.ledger.extend(lines);
        let strays = self.epoch.is_some() && self.ledger.history().running_epoch() != self.epoch;
        if strays && self.standing == Standing::Agreed && self.has_others {
            self.stray();
        }
    }

    /// The log has another epoch than the feed.
    pub(super) fn stray(&mut self) {
        let egress = self.name();
        warn!(egress, "another packager goes on with the programme: its epoch is sought");
        self.standing = Standing::Astray { placed: None };
    }

    /// Looks who goes on, where that is not known.
    pub(super) async fn look(&mut self) {
        if self.standing == Standing::Agreed {
            return;
        }
        self.hear().await;
        let reading = recovery::read(&self.shelf.stores, &self.shelf.egress, &self.shelf.clock);
        let Ok(Ok(found)) = tokio::time::timeout(LOOK_TIME_MAX, reading).await else { return };
        match self.standing {
            Standing::Agreed => {}
            Standing::Doubt => self.decide(found).await,
            Standing::Astray { placed } => self.seek(placed, found).await,
        }
    }

    /// In doubt: goes on with what the feed says unless another packager has stored
    /// more of the epoch that it leaves.
    async fn decide(&mut self, found: Recovered) {
        let Some(running) = self.ledger.history().running_epoch() else { return self.settle(None) };
        let stored = found.stored.last().map(|last| last.info().number);
        let listed = self.shelf.playlists.window().last().map(|last| last.info().number);
        if stored > listed && found.is_running(running) {
            return self.stray();
        }
        if self.is_alive(&found) {
            return;
        }
        let is_told = self.leaves(running);
        if let Some(end) = found.missing.filter(|_| !is_told) {
            self.say(end).await;
        }
        self.settle(Some(running));
    }

    /// Whether the records that wait tell how an epoch ended.
    fn leaves(&self, epoch: EpochId) -> bool {
        let ends = |record: &Record| match record {
            Record::Ended(ended) => *ended == epoch,
            Record::Closed(closed) => closed.epoch.id == epoch,
            _ => false,
        };
        self.waiting.front().is_some_and(ends)
    }

    fn settle(&mut self, epoch: Option<EpochId>) {
        (self.standing, self.settled) = (Standing::Agreed, epoch);
    }

    /// Astray: tells the programme where it is in the log's epoch, as long as that goes
    /// on; ends it once it does not.
    async fn seek(&mut self, placed: Option<MediaSequence>, found: Recovered) {
        let next = Some(found.resume.next_number);
        if self.ledger.history().running_epoch().is_none() {
            if placed < next {
                self.tell_programme(Word::Begin(found.resume));
                self.standing = Standing::Astray { placed: next };
            }
            return;
        }
        if !self.is_alive(&found) {
            if let Some(end) = found.missing {
                self.say(end).await;
            }
            return;
        }
        let (Some(snapshot), Some(last)) = (found.running, found.stored.last()) else { return };
        let number = Some(last.info().number);
        if placed >= number {
            return;
        }
        match join::segment_frames(&self.shelf.stores, &self.shelf.egress, last.info()).await {
            Ok(units) => {
                let snapshot = Box::new(snapshot);
                self.tell_programme(Word::Place { snapshot, units });
                self.standing = Standing::Astray { placed: number };
            }
            Err(error) => {
                warn!(egress = self.name(), %error, "stored frames not readable");
            }
        }
    }

    /// Whether somebody may still store more of the epoch that is running: the newest
    /// segment has not been the newest for long, and is not old by its date.
    fn is_alive(&mut self, found: &Recovered) -> bool {
        let Some(open) = found.open() else { return false };
        let now = self.shelf.clock.now();
        let last = found.running.as_ref().and(found.stored.last()).map(SegmentRef::info);
        let newest = (open, last.map(|last| last.number));
        let seen = match self.seen {
            Some((seen, since)) if seen == newest => since,
            _ => self.seen.insert((newest, now)).1,
        };
        // A programme may be as late as its paths may be apart.
        let since = last.map_or(seen, |last| last.wall_end().plus(SKEW_MAX).min(seen));
        now < since.plus(self.shelf.egress.mount.segment + self.shelf.egress.hold_back + GRACE)
    }

    fn tell_programme(&self, word: Word) {
        if self.words.try_send(word).is_err() {
            warn!(egress = self.name(), "the programme does not listen");
        }
    }

    /// Lists what another packager has stored, where something is missing before a
    /// segment.
    pub(super) async fn fill_before(&mut self, number: MediaSequence) {
        let last = self.shelf.playlists.window().last().map(|last| last.info().number.0);
        if !self.has_others || last.is_some_and(|last| last + 1 >= number.0) {
            return;
        }
        let reading = recovery::read(&self.shelf.stores, &self.shelf.egress, &self.shelf.clock);
        let Ok(Ok(found)) = tokio::time::timeout(LOOK_TIME_MAX, reading).await else { return };
        let listed = &mut self.listed;
        let tell = |info: &SegmentInfo| listed.push(Listed::past(info));
        self.shelf.list_anew(&found.titles, found.profile, found.stored, tell);
    }
}
