//! Who listens now: one entry for each listener, from its admission to its end.
//!
//! Bounded by the process's listeners, for who is entered has a seat. What a
//! listener says of itself was cleaned and cut when its request was read; it is
//! text all the same, to be escaped by whoever shows it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::Country;
use ledger::{Protocol, Session};
use media::{RenditionId, SessionId, WallTime};
use policy::{Block, Room};

use crate::fanout::{ListenerId, Snapshot};
use crate::sessions::identity::household;

/// Who listens now. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    mounts: Arc<Mutex<Mounts>>,
    households: Arc<Households>,
}

/// Listeners by address; of IPv6 by its first 64 bits.
#[derive(Debug, Default)]
struct Households {
    listeners: Mutex<HashMap<IpAddr, usize>>,
    /// Of one address at most.
    listeners_max: Option<usize>,
}

/// A place among the listeners of an address, for as long as it lives.
#[derive(Debug)]
pub(crate) struct HouseholdPlace {
    households: Arc<Households>,
    address: IpAddr,
}

/// Listeners by mount; none that has no listener.
type Mounts = HashMap<String, BTreeMap<ListenerId, Arc<Visitor>>>;

/// One who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Which listener it is, for as long as the process runs.
    pub id: ListenerId,
    /// Which session it is, everywhere and for ever.
    pub session: SessionId,
    /// The name of the egress that it listens to now.
    pub mount: String,
    /// The rendition of that; `None` over HLS, where each reload may be of another.
    pub rendition: Option<RenditionId>,
    /// The path that it asked for, clean and without its query: at most
    /// [`PATH_LEN_MAX`](crate::PATH_LEN_MAX) bytes.
    pub path: String,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// In which country that is; `None` where nobody knows.
    pub country: Option<Country>,
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
    /// Playlists and segments.
    Hls,
}

/// What there is to say of a mount's listeners, now and in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audience {
    /// Listeners now, HLS sessions included.
    pub listeners: usize,
    /// The most of them at a time since the mount began.
    pub listeners_peak: usize,
    /// Listeners since the mount began, HLS sessions included.
    pub connections_total: u64,
    /// Bytes sent to ICY listeners: heads, audio and metadata.
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
    _household: HouseholdPlace,
}

impl Visitor {
    /// Its session until now, as far as it is known here: nothing of what it heard.
    pub(crate) fn session(&self, now: WallTime) -> Session {
        Session {
            id: self.session,
            egress: self.mount.clone(),
            protocol: match self.over {
                Over::Icy => Protocol::Icy,
                Over::Hls => Protocol::Hls,
            },
            country: self.country,
            address: self.peer.ip().to_canonical(),
            path: self.path.clone(),
            user_agent: self.user_agent.clone(),
            referer: self.referer.clone(),
            user: self.user.clone(),
            started: self.since,
            until: None,
            ended: now,
            media: Duration::ZERO,
            bytes: 0,
            ending: None,
        }
    }
}

impl Roster {
    /// Nobody yet, and at most so many of one address.
    pub(crate) fn with_household_max(listeners_max: Option<usize>) -> Self {
        let households = Households { listeners_max, ..Households::default() };
        Self { households: Arc::new(households), ..Self::default() }
    }

    /// How many listen from an address, and how many may.
    pub(crate) fn household(&self, address: IpAddr) -> Room {
        let listeners = self.households.lock();
        let taken = listeners.get(&household(address)).copied().unwrap_or_default();
        Room { taken, max: self.households.listeners_max }
    }

    /// Takes a place among the listeners of an address.
    ///
    /// # Errors
    ///
    /// [`Block::Address`] where there is none.
    pub(crate) fn reserve(&self, address: IpAddr) -> Result<HouseholdPlace, Block> {
        let address = household(address);
        let mut listeners = self.households.lock();
        let taken = listeners.entry(address).or_default();
        if (Room { taken: *taken, max: self.households.listeners_max }).is_full() {
            return Err(Block::Address);
        }
        *taken += 1;
        drop(listeners);
        Ok(HouseholdPlace { households: Arc::clone(&self.households), address })
    }

    /// Everybody.
    pub(crate) fn all(&self) -> Vec<Arc<Visitor>> {
        self.lock().values().flat_map(BTreeMap::values).cloned().collect()
    }

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
    pub(crate) fn enter(&self, visitor: Visitor, household: HouseholdPlace) -> Entry {
        let visitor = Arc::new(visitor);
        insert(&mut self.lock(), &visitor);
        Entry { roster: self.clone(), visitor, _household: household }
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
            connections_total: snapshot.joins_total + snapshot.hls_sessions_total,
            bytes_sent_total: snapshot.bytes_sent_total,
            slow_listeners_total: snapshot.dropped_slow_total,
            listened_mean: listened.checked_div(count).unwrap_or_default(),
            addresses: addresses.len(),
        }
    }

    // Held for as long as it takes to copy a list of pointers: the fan-out
    // engine waits for it when a listener ends.
    fn lock(&self) -> MutexGuard<'_, Mounts> {
        self.mounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Households {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HouseholdPlace {
    fn drop(&mut self) {
        let mut listeners = self.households.lock();
        if let Some(taken) = listeners.get_mut(&self.address) {
            *taken -= 1;
            if *taken == 0 {
                listeners.remove(&self.address);
            }
        }
    }
}

impl Entry {
    /// Who it is.
    pub(crate) fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// The visitor listens to another egress or rendition from now on.
    pub(crate) fn move_to(&mut self, mount: &str, rendition: Option<&RenditionId>) {
        let (mount, rendition) = (mount.to_owned(), rendition.cloned());
        let moved = Arc::new(Visitor { mount, rendition, ..Visitor::clone(&self.visitor) });
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
