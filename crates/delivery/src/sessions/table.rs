//! The HLS sessions of one egress, by their reloads. Sans-IO: time is an argument.
//!
//! HLS has no connections. A session is alive while a media playlist is reloaded, of
//! whichever rendition; what it has heard is what became listed between two reloads, in
//! the rendition of the first, so it does not matter from where its segments come. One
//! that pauses is not counted as a listener, and goes on where it comes back within
//! [`RESUME_WITHIN`].
//!
//! Players open streams twice: a session that was asked for once only, while the same
//! client opened another, is that other one's ([`TWIN_WITHIN`]). Some try several
//! renditions before they go on with one: each of these is asked for once.

use std::collections::HashMap;
use std::time::Duration;

use catalogue::Country;
use ledger::{Ending, RESUME_WITHIN, Session};
use media::WallTime;

use super::identity::{Fingerprint, Identity};
use crate::auth::Ticket;
use crate::view::Heard;

/// Within this a client that opens a stream again has opened it twice, chosen.
pub(crate) const TWIN_WITHIN: Duration = Duration::from_secs(10);

/// A session is alive this long after a reload, at the least.
const ALIVE_MIN: Duration = Duration::from_secs(20);

/// The same in target durations.
const ALIVE_TARGETS: u32 = 3;

/// Sessions of an egress, those included that pause; of more, the newest are refused.
/// Chosen: five times the listeners that a process has by default, and 60 MB.
pub(crate) const SESSIONS_MAX: usize = 100_000;

/// A reload of a media playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load<'a> {
    /// By whom.
    pub(crate) identity: Identity,
    /// Who that is apart from the token.
    pub(crate) fingerprint: Fingerprint,
    /// When.
    pub(crate) now: WallTime,
    /// Which of the egress's renditions.
    pub(crate) rendition: usize,
    /// What has become listed by then, of each.
    pub(crate) listed: &'a [Heard],
}

/// What a session is that begins.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) session: Session,
    /// When it is over, where it has a limit.
    pub(crate) until: Option<WallTime>,
    /// Kept until it is over, whether it listens or pauses.
    pub(crate) held: Option<Ticket>,
}

/// What of a session a reload goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When it is over, where it has a limit.
    pub(crate) until: Option<WallTime>,
    /// When it began here.
    pub(crate) started: WallTime,
    /// Where its listener was then.
    pub(crate) country: Option<Country>,
    /// Whether it began with this reload.
    pub(crate) is_new: bool,
}

/// The sessions of one egress. `P` is what one holds for as long as it is alive.
#[derive(Debug)]
pub(crate) struct Table<P> {
    alive_for: Duration,
    sessions: HashMap<Identity, Live<P>>,
    /// The session that a client opened last.
    newest: HashMap<Fingerprint, Identity>,
    /// Sessions of the process before this one, by their client, that are not found
    /// by a token.
    restored: HashMap<Fingerprint, Restored>,
    /// Sessions that began since this was asked last.
    begun: u64,
}

/// A session of the process before, should its player come back without a token.
#[derive(Debug, Clone, Copy)]
struct Restored {
    identity: Identity,
    until: Option<WallTime>,
}

#[derive(Debug)]
struct Live<P> {
    session: Session,
    fingerprint: Fingerprint,
    /// `None` in the first reload after a restart.
    position: Option<Position>,
    /// Whether it has asked again for a rendition that it had.
    goes_on: bool,
    /// Whether it is counted among those that have begun.
    is_counted: bool,
    until: Option<WallTime>,
    /// It is over because someone said so.
    is_killed: bool,
    presence: Option<P>,
    held: Option<Ticket>,
    state: State,
}

/// Which rendition a session heard last, and how much of it had become listed.
#[derive(Debug, Clone, Copy)]
struct Position {
    rendition: usize,
    listed: Heard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It listens, or pauses.
    Open,
    /// Its client has opened another one since: it may never come back.
    Twin,
    /// It is over, and recorded.
    Over,
}

impl<P> Table<P> {
    /// No sessions yet, of a programme with this target duration.
    pub(crate) fn new(target_secs: u64) -> Self {
        let targets = Duration::from_secs(target_secs) * ALIVE_TARGETS;
        Self {
            alive_for: targets.max(ALIVE_MIN),
            sessions: HashMap::new(),
            newest: HashMap::new(),
            restored: HashMap::new(),
            begun: 0,
        }
    }

    /// Notes a reload. A session that is not known begins with it, and one that has
    /// paused comes back, if `admit` has a place for it. Gives back, too, one of the
    /// same identity that was over meanwhile.
    pub(crate) fn load<E: From<TableFull>>(
        &mut self,
        load: &Load<'_>,
        begin: impl FnOnce() -> Begun,
        admit: impl FnOnce(&Session) -> Result<P, E>,
    ) -> Result<(Seen, Option<Session>), E> {
        let &Load { identity, fingerprint, now, .. } = load;
        self.adopt(identity, fingerprint);
        let ended = self.end_if_away(identity, now);
        if !self.sessions.contains_key(&identity) {
            if self.sessions.len() >= SESSIONS_MAX {
                return Err(TableFull.into());
            }
            let Begun { session, until, held } = begin();
            // A player that opens the stream once more has its place already.
            self.fold_twin(identity, fingerprint, now);
            let presence = Some(admit(&session)?);
            let (started, country) = (session.started, session.country);
            let (position, state, is_killed) = (load.position(), State::Open, false);
            let (goes_on, is_counted) = (false, false);
            let live = Live {
                session,
                fingerprint,
                position,
                goes_on,
                is_counted,
                until,
                is_killed,
                presence,
                held,
                state,
            };
            self.sessions.insert(identity, live);
            self.newest.insert(fingerprint, identity);
            return Ok((Seen { until, started, country, is_new: true }, ended));
        }
        let alive_for = self.alive_for;
        let Some(live) = self.sessions.get_mut(&identity) else { return Err(TableFull.into()) };
        if live.state != State::Over && live.presence.is_none() {
            live.presence = Some(admit(&live.session)?);
        }
        live.note(load, alive_for);
        if live.goes_on {
            // It is nobody's twin.
            self.begun += live.count();
        }
        let Session { started, country, .. } = live.session;
        let seen = Seen { until: live.until, started, country, is_new: false };
        let was_twin = live.state == State::Twin;
        if was_twin {
            live.state = State::Open;
            self.fold_twin(identity, fingerprint, now);
        }
        Ok((seen, ended))
    }

    /// Whether a client has just opened the stream: if it does once more, that session
    /// gives its place to the other.
    pub(crate) fn is_here(&self, fingerprint: Fingerprint, now: WallTime) -> bool {
        let newest = self.newest.get(&fingerprint).and_then(|newest| self.sessions.get(newest));
        newest.is_some_and(|live| live.presence.is_some() && live.may_be_twin(now))
    }

    /// Says that a session is over, and gives it back the first time.
    pub(crate) fn end(
        &mut self,
        identity: Identity,
        now: WallTime,
        ending: Ending,
    ) -> Option<Session> {
        let live = self.sessions.get_mut(&identity)?;
        if live.state == State::Over {
            return None;
        }
        self.begun += live.count();
        (live.state, live.presence, live.held) = (State::Over, None, None);
        live.session.ended = live.session.ended.max(now);
        live.session.ending = Some(if live.is_killed { Ending::Killed } else { ending });
        Some(live.session.clone())
    }

    /// Lets go of a session that is over, so that its identity begins another one.
    pub(crate) fn forget(&mut self, identity: Identity) {
        if let Some(live) = self.sessions.remove(&identity)
            && self.newest.get(&live.fingerprint) == Some(&identity)
        {
            self.newest.remove(&live.fingerprint);
        }
    }

    /// Lets the session whose presence is meant be over at `now`; says whether there
    /// is one.
    pub(crate) fn limit(&mut self, now: WallTime, is_meant: impl Fn(&P) -> bool) -> bool {
        let mut all = self.sessions.values_mut();
        let found = all.find(|live| live.presence.as_ref().is_some_and(&is_meant));
        let Some(live) = found else { return false };
        live.until = Some(live.until.map_or(now, |until| until.min(now)));
        live.is_killed = true;
        true
    }

    /// Stops counting sessions that are not reloaded any more, and gives back those
    /// that will not come back.
    pub(crate) fn sweep(&mut self, now: WallTime) -> Vec<Session> {
        let mut ended = Vec::new();
        let alive_for = self.alive_for;
        let gone = self.sessions.iter_mut().filter_map(|(identity, live)| {
            let away = now.since(live.session.ended);
            if away > alive_for {
                live.presence = None;
            }
            (away >= RESUME_WITHIN).then_some(*identity)
        });
        for identity in gone.collect::<Vec<_>>() {
            ended.extend(self.close(identity));
        }
        ended
    }

    /// Sessions that have begun since this was asked last, each once: as soon as it has gone
    /// on, or ended without.
    pub(crate) fn take_begun(&mut self) -> u64 {
        std::mem::take(&mut self.begun)
    }

    /// The sessions that are not over, for a checkpoint.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Session> {
        let open = self.sessions.values().filter(|live| live.state == State::Open);
        open.map(|live| &live.session)
    }

    /// Takes a session over from the process before: it goes on where it comes back,
    /// and is not counted until then.
    pub(crate) fn restore(&mut self, identity: Identity, begun: Begun, fingerprint: Fingerprint) {
        let Begun { session, until, held } = begun;
        let live = Live {
            session,
            fingerprint,
            position: None,
            // By the process before.
            goes_on: true,
            is_counted: true,
            // A token says itself until when.
            until: None,
            is_killed: false,
            presence: None,
            held,
            state: State::Open,
        };
        self.sessions.insert(identity, live);
        self.restored.insert(fingerprint, Restored { identity, until });
    }

    /// A client without a token goes on in the session that it had before a restart.
    fn adopt(&mut self, identity: Identity, fingerprint: Fingerprint) {
        if matches!(identity, Identity::Token(_)) || self.sessions.contains_key(&identity) {
            return;
        }
        let Some(before) = self.restored.remove(&fingerprint) else { return };
        if let Some(live) = self.sessions.remove(&before.identity) {
            self.sessions.insert(identity, Live { until: before.until, ..live });
        }
    }

    fn end_if_away(&mut self, identity: Identity, now: WallTime) -> Option<Session> {
        let live = self.sessions.get(&identity)?;
        let is_away = now.since(live.session.ended) >= RESUME_WITHIN;
        if is_away { self.close(identity) } else { None }
    }

    /// Removes a session; gives it back unless it is recorded or nobody's.
    fn close(&mut self, identity: Identity) -> Option<Session> {
        let live = self.sessions.get_mut(&identity)?;
        let (state, mut session) = (live.state, live.session.clone());
        if state == State::Open {
            self.begun += live.count();
        }
        if self.restored.get(&live.fingerprint).is_some_and(|one| one.identity == identity) {
            self.restored.remove(&live.fingerprint);
        }
        self.forget(identity);
        session.ending = Some(Ending::Idle);
        (state == State::Open).then_some(session)
    }

    /// The other session that the same client has just opened, and asked for once.
    fn fold_twin(&mut self, identity: Identity, fingerprint: Fingerprint, now: WallTime) {
        let Some(other) = self.newest.get(&fingerprint).filter(|other| **other != identity) else {
            return;
        };
        if let Some(twin) = self.sessions.get_mut(other)
            && twin.may_be_twin(now)
        {
            (twin.state, twin.presence) = (State::Twin, None);
        }
    }
}

impl<P> Live<P> {
    /// Whether another session that its client opens now may be the same one.
    fn may_be_twin(&self, now: WallTime) -> bool {
        let is_young = now.since(self.session.started) <= TWIN_WITHIN;
        !self.goes_on && self.state == State::Open && is_young
    }

    /// One more, unless it is counted.
    fn count(&mut self) -> u64 {
        u64::from(!std::mem::replace(&mut self.is_counted, true))
    }

    fn note(&mut self, load: &Load<'_>, alive_for: Duration) {
        self.goes_on |= self.position.is_none_or(|before| before.rendition == load.rendition);
        let session = &mut self.session;
        if let Some(Position { rendition, listed: before }) = self.position
            && let Some(listed) = load.listed.get(rendition)
            && self.state != State::Over
            && load.now.since(session.ended) <= alive_for
        {
            session.media += listed.media.saturating_sub(before.media);
            session.bytes += listed.bytes.saturating_sub(before.bytes);
        }
        self.position = load.position();
        session.ended = session.ended.max(load.now);
    }
}

impl Load<'_> {
    fn position(&self) -> Option<Position> {
        let listed = *self.listed.get(self.rendition)?;
        Some(Position { rendition: self.rendition, listed })
    }
}

/// An egress has [`SESSIONS_MAX`] sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TableFull;

#[cfg(test)]
mod tests;
