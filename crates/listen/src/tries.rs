//! Passwords that were wrong, by address, so that none is found by trying.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use media::WallTime;

/// Wrong passwords within a minute after which an address is heard no more.
pub const TRIES_MAX: usize = 5;

/// How long a wrong password counts.
const PERIOD: Duration = Duration::from_mins(1);

/// Addresses that are remembered; for a new one beyond them the one that failed
/// longest ago is forgotten. Chosen.
const ADDRESSES_MAX: usize = 4096;

/// Remembers wrong passwords: at most [`TRIES_MAX`] for each of
/// 4,096 addresses.
///
/// It is the client's address that counts: who comes by a trusted proxy has one
/// of its own, and all who come by another proxy share its five.
#[derive(Debug, Default)]
pub struct Tries {
    addresses: Mutex<HashMap<IpAddr, VecDeque<WallTime>>>,
}

impl Tries {
    /// Begins a try, which counts as a wrong password until it is
    /// [forgiven](Self::forgive): several at a time do not get round the limit.
    /// `false` where the address has had its tries.
    #[must_use]
    pub fn begin(&self, peer: SocketAddr, now: WallTime) -> bool {
        let mut addresses = self.addresses();
        let key = key(peer);
        if let Some(tries) = addresses.get_mut(&key) {
            forget(tries, now);
            if tries.len() >= TRIES_MAX {
                return false;
            }
        }
        note(&mut addresses, key, now);
        true
    }

    /// Takes a try back that was begun at `begun`: the password was right.
    pub fn forgive(&self, peer: SocketAddr, begun: WallTime) {
        let mut addresses = self.addresses();
        let Some(tries) = addresses.get_mut(&key(peer)) else { return };
        if let Some(at) = tries.iter().rposition(|at| *at == begun) {
            tries.remove(at);
        }
        if tries.is_empty() {
            addresses.remove(&key(peer));
        }
    }

    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn addresses(&self) -> MutexGuard<'_, HashMap<IpAddr, VecDeque<WallTime>>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn note(addresses: &mut HashMap<IpAddr, VecDeque<WallTime>>, key: IpAddr, now: WallTime) {
    if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&key) {
        let last = |tries: &VecDeque<WallTime>| tries.back().copied();
        let oldest = addresses.iter().min_by_key(|(_, tries)| last(tries));
        if let Some(oldest) = oldest.map(|(key, _)| *key) {
            addresses.remove(&oldest);
        }
    }
    addresses.entry(key).or_default().push_back(now);
}

fn forget(tries: &mut VecDeque<WallTime>, now: WallTime) {
    tries.retain(|at| now.since(*at) < PERIOD);
}

/// What a try counts for: an IPv4 address, or the /64 that one subscriber has.
fn key(peer: SocketAddr) -> IpAddr {
    match peer.ip().to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests;
