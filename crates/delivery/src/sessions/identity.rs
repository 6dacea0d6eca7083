//! Whose request it is, best first: the token's, CMCD's `sid` (CTA-5004 §3),
//! `X-Playback-Session-Id`, by which Apple's players name each asset that they play,
//! or else the address, the `User-Agent` and the mount.

use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue};
use media::SessionId;
use percent_encoding::percent_decode_str;
use policy::cmcd::{self, ID_LEN_MAX};

/// By what a session is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// The token in its playlist's URL, in its nth term: without a limit it is
    /// admitted afresh every day.
    Token(SessionId),
    /// Whoever asks without one.
    Player(Fingerprint),
}

/// A player as it is known without a token: the same for all its requests. Hashed with
/// a seed of the process's own, so that nobody can make two alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

/// The seed of all hashes of the process.
static SEED: LazyLock<std::hash::RandomState> = LazyLock::new(Default::default);

impl Fingerprint {
    /// Of a request for a playlist of `egress`.
    pub(crate) fn of(
        egress: &str,
        address: IpAddr,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Self {
        if let Some(sid) = cmcd_sid(headers, query) {
            return Self::hash(&("cmcd", egress, sid.as_str()));
        }
        let playback = headers.get("x-playback-session-id").map(HeaderValue::as_bytes);
        if let Some(id) = playback.filter(|id| (1..=ID_LEN_MAX).contains(&id.len())) {
            return Self::hash(&("apple", egress, id));
        }
        let agent = headers.get("user-agent").map(HeaderValue::as_bytes).unwrap_or_default();
        Self::of_client(egress, address, agent)
    }

    /// Of a client that says nothing of itself but its `User-Agent`.
    pub(crate) fn of_client(egress: &str, address: IpAddr, user_agent: &[u8]) -> Self {
        Self::hash(&("client", egress, household(address), user_agent))
    }

    fn hash(what: &impl std::hash::Hash) -> Self {
        Self(SEED.hash_one(what))
    }
}

/// What of an address is one household's: of IPv6 the first 64 bits.
pub(crate) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// CMCD's session id: in `CMCD-Session`, or in the query's `CMCD`.
fn cmcd_sid(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let header = headers.get("cmcd-session").and_then(|value| value.to_str().ok());
    if let Some(payload) = header {
        return cmcd::session_id(payload).map(str::to_owned);
    }
    let mut parameters = query?.split('&');
    let payload = parameters.find_map(|parameter| parameter.strip_prefix("CMCD="))?;
    let payload = percent_decode_str(payload).decode_utf8().ok()?;
    cmcd::session_id(&payload).map(str::to_owned)
}

#[cfg(test)]
mod tests;
