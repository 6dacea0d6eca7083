//! Who listens over HLS: the sessions of all egresses, by the reloads of their
//! playlists.
//!
//! A session's token says all that its admission needs, on any node; what is kept here
//! is for counting.

pub(crate) mod identity;
pub(crate) mod passes;
pub(crate) mod table;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{Ending, Session};
use media::{SessionId, WallTime};
use policy::Block;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::fanout::{HlsPlace, JoinRefused, ListenerId, MountHandle};
use crate::records::Records;
use crate::roster::{Entry, Over, Roster, Visitor};
use crate::station::Station;

use identity::{Fingerprint, Identity};
use passes::Passes;
use table::{Begun, Load, Seen, Table, TableFull};

/// The HLS sessions of a process. Clones are handles to the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    tables: Arc<HashMap<String, Egress>>,
    passes: Passes,
    records: Records,
}

/// The sessions of an egress, and where they are counted.
#[derive(Debug)]
struct Egress {
    table: Mutex<Table<Presence>>,
    mount: MountHandle,
}

/// What a session holds while it listens.
#[derive(Debug)]
struct Presence {
    entry: Entry,
    _place: HlsPlace,
}

impl Sessions {
    /// None yet, of these egresses.
    pub(crate) fn new<'a>(stations: impl Iterator<Item = &'a Arc<Station>>) -> Self {
        let table = |station: &Arc<Station>| {
            let settings = station.settings();
            let table = Mutex::new(Table::new(settings.target_secs));
            let mount = station.default_rendition().mount().clone();
            (settings.name.clone(), Egress { table, mount })
        };
        Self {
            tables: Arc::new(stations.map(table).collect()),
            passes: Passes::default(),
            records: Records::default(),
        }
    }

    /// Tells these of sessions that end.
    pub(crate) fn with_records(self, records: Records) -> Self {
        Self { records, ..self }
    }

    /// Those whom a back end has let in, and who have not begun.
    pub(crate) fn passes(&self) -> &Passes {
        &self.passes
    }

    /// Notes a reload; a session that begins or comes back takes a place.
    pub(crate) fn load(
        &self,
        station: &Station,
        roster: &Roster,
        load: &Load<'_>,
        begin: impl FnOnce() -> Begun,
    ) -> Result<Seen, Block> {
        let Some(mut table) = self.table(&station.settings().name) else {
            return Err(Block::Egress);
        };
        let mount = station.default_rendition().mount();
        let admit = |session: &Session| {
            let place = mount.hls_place().map_err(|refused| match refused {
                JoinRefused::ProcessFull => Block::Node,
                _ => Block::Egress,
            })?;
            let household = roster.reserve(session.address)?;
            let entry = roster.enter(visitor(session), household);
            Ok::<_, Block>(Presence { entry, _place: place })
        };
        let (seen, ended) = table.load(load, begin, admit)?;
        mount.count_hls_sessions(table.take_begun());
        drop(table);
        self.record(ended);
        Ok(seen)
    }

    /// Whether a player has just opened the stream.
    pub(crate) fn is_here(&self, egress: &str, fingerprint: Fingerprint, now: WallTime) -> bool {
        self.table(egress).is_some_and(|table| table.is_here(fingerprint, now))
    }

    /// Says that a session is over.
    pub(crate) fn end(&self, egress: &str, identity: Identity, now: WallTime, ending: Ending) {
        let ended = self.table(egress).and_then(|mut table| table.end(identity, now, ending));
        self.record(ended);
    }

    /// Lets go of one that is over, so that its identity begins another one.
    pub(crate) fn forget(&self, egress: &str, identity: Identity) {
        if let Some(mut table) = self.table(egress) {
            table.forget(identity);
        }
    }

    /// Lets a listener's session be over at `now`: its next reload is its last.
    pub(crate) fn kill(&self, egress: &str, id: ListenerId, now: WallTime) -> bool {
        let is_meant = |presence: &Presence| presence.entry.visitor().id == id;
        self.table(egress).is_some_and(|mut table| table.limit(now, is_meant))
    }

    /// Ends what will not come back; to be called every second.
    pub(crate) fn sweep(&self, now: WallTime) {
        self.passes.sweep(now);
        for Egress { table, mount } in self.tables.values() {
            let mut table = lock(table);
            let ended = table.sweep(now);
            mount.count_hls_sessions(table.take_begun());
            drop(table);
            self.record(ended);
        }
    }

    /// All that are not over, for a checkpoint.
    pub(crate) fn open(&self) -> Vec<Session> {
        let mut open = Vec::new();
        for egress in self.tables.values() {
            open.extend(lock(&egress.table).open().cloned());
        }
        open
    }

    /// Takes over what a process before had open.
    pub(crate) fn restore(&self, session: Session) {
        let fingerprint =
            Fingerprint::of_client(&session.egress, session.address, session.user_agent.as_bytes());
        let identity = Identity::Token(session.id);
        if let Some(mut table) = self.table(&session.egress) {
            let until = session.until;
            table.restore(identity, Begun { session, until, held: None }, fingerprint);
        }
    }

    fn table(&self, egress: &str) -> Option<MutexGuard<'_, Table<Presence>>> {
        self.tables.get(egress).map(|egress| lock(&egress.table))
    }

    fn record(&self, ended: impl IntoIterator<Item = Session>) {
        for session in ended {
            let Session { id, egress, address, user_agent: agent, .. } = &session;
            let (secs, bytes) = (session.length().as_secs(), session.bytes);
            let reason = session.ending.map_or("open", Ending::name);
            tracing::info!(%id, mount = egress, peer = %address, agent, secs, bytes, reason, "session over");
            self.records.ended(&session);
        }
    }
}

impl From<TableFull> for Block {
    fn from(_: TableFull) -> Self {
        Self::Egress
    }
}

/// An id that nobody has had.
pub(crate) fn fresh_id() -> SessionId {
    let mut bytes = [0; 16];
    // A system without random numbers has none for TLS and keys either.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        let halves = [runtime::backoff::random(), runtime::backoff::random()];
        bytes = (u128::from(halves[0]) << 64 | u128::from(halves[1])).to_be_bytes();
    }
    SessionId::new(bytes)
}

fn visitor(session: &Session) -> Visitor {
    Visitor {
        id: ListenerId::fresh(),
        session: session.id,
        mount: session.egress.clone(),
        rendition: None,
        path: session.path.clone(),
        peer: (session.address, 0).into(),
        country: session.country,
        user_agent: session.user_agent.clone(),
        referer: session.referer.clone(),
        user: session.user.clone(),
        since: session.started,
        over: Over::Hls,
    }
}

fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
