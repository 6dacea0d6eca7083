//! Who listens now: one entry for each listener, from its admission to its end.
//!
//! Bounded by the process's listeners, for who is entered has a seat. What a
//! listener says of itself was cleaned and cut when its request was read; it is
//! text all the same, to be escaped by whoever shows it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::WallTime;

use crate::fanout::{ListenerId, Snapshot};

/// Who listens now. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct Roster(Arc<Mutex<Mounts>>);

/// Listeners by mount; none that has no listener.
type Mounts = HashMap<String, BTreeMap<ListenerId, Arc<Visitor>>>;

/// One who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Which listener it is, for as long as the process runs.
    pub id: ListenerId,
    /// The name of the egress that it listens to now.
    pub mount: String,
    /// The path that it asked for, clean and without its query: at most
    /// [`PATH_LEN_MAX`](crate::PATH_LEN_MAX) bytes.
    pub path: String,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Its `User-Agent`, clean: at most 256 bytes, empty where there is none.
    pub user_agent: String,
    /// Its `Referer`, clean: at most 256 bytes, empty where there is none.
    pub referer: String,
    /// By which name it was let in, where it had to say one.
    pub user: Option<String>,
    /// When it was let in.
    pub since: WallTime,
    /// How it listens.
    pub over: Over,
}

/// How a listener listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Over {
    /// A stream without an end, with titles in it.
    Icy,
}

/// What there is to say of a mount's listeners, now and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audience {
    /// Listeners now.
    pub listeners: usize,
    /// The most of them at a time since the mount began.
    pub listeners_peak: usize,
    /// Listeners since the mount began.
    pub connections_total: u64,
    /// Bytes sent to them: heads, audio and metadata.
    pub bytes_sent_total: u64,
    /// Listeners that were dropped because they did not read in time.
    pub slow_listeners_total: u64,
    /// How long those who listen now have listened, on average.
    pub listened_mean: Duration,
    /// Addresses from which somebody listens now.
    pub addresses: usize,
}

/// A visitor's place in the roster, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Entry {
    roster: Roster,
    visitor: Arc<Visitor>,
}

impl Roster {
    /// The listeners of an egress, those first who came first.
    pub fn of(&self, mount: &str) -> Vec<Arc<Visitor>> {
        self.lock().get(mount).map(|all| all.values().cloned().collect()).unwrap_or_default()
    }

    /// How many they are.
    pub fn count(&self, mount: &str) -> usize {
        self.lock().get(mount).map_or(0, BTreeMap::len)
    }

    /// One of them.
    pub fn get(&self, mount: &str, id: ListenerId) -> Option<Arc<Visitor>> {
        self.lock().get(mount)?.get(&id).cloned()
    }

    /// Notes a visitor for as long as the entry lives.
    pub(crate) fn enter(&self, visitor: Visitor) -> Entry {
        let visitor = Arc::new(visitor);
        insert(&mut self.lock(), &visitor);
        Entry { roster: self.clone(), visitor }
    }

    /// What there is to say of an egress's listeners at `now`.
    pub(crate) fn audience(&self, mount: &str, snapshot: &Snapshot, now: WallTime) -> Audience {
        let visitors = self.of(mount);
        let addresses: HashSet<_> =
            visitors.iter().map(|one| one.peer.ip().to_canonical()).collect();
        let listened: Duration = visitors.iter().map(|one| now.since(one.since)).sum();
        let count = u32::try_from(visitors.len()).unwrap_or(u32::MAX);
        Audience {
            listeners: snapshot.listeners,
            listeners_peak: snapshot.listeners_peak,
            connections_total: snapshot.joins_total,
            bytes_sent_total: snapshot.bytes_sent_total,
            slow_listeners_total: snapshot.dropped_slow_total,
            listened_mean: listened.checked_div(count).unwrap_or_default(),
            addresses: addresses.len(),
        }
    }

    // Held for as long as it takes to copy a list of pointers: the fan-out
    // engine waits for it when a listener ends.
    fn lock(&self) -> MutexGuard<'_, Mounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Who it is.
    pub(crate) fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// The visitor listens to another egress from now on.
    pub(crate) fn move_to(&mut self, mount: &str) {
        let moved = Visitor { mount: mount.to_owned(), ..Visitor::clone(&self.visitor) };
        let moved = Arc::new(moved);
        let mut mounts = self.roster.lock();
        remove(&mut mounts, &self.visitor);
        insert(&mut mounts, &moved);
        drop(mounts);
        self.visitor = moved;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        remove(&mut self.roster.lock(), &self.visitor);
    }
}

fn insert(mounts: &mut Mounts, visitor: &Arc<Visitor>) {
    let mount = mounts.entry(visitor.mount.clone()).or_default();
    mount.insert(visitor.id, Arc::clone(visitor));
}

fn remove(mounts: &mut Mounts, visitor: &Visitor) {
    if let Some(mount) = mounts.get_mut(&visitor.mount) {
        mount.remove(&visitor.id);
        if mount.is_empty() {
            mounts.remove(&visitor.mount);
        }
    }
}

#[cfg(test)]
mod tests;
