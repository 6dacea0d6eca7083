//! Sets of IP networks, as an operator lists them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use toml::Spanned;

use crate::{Document, Error};

/// A network in CIDR notation, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// Networks; an address is in the set if it is in one of them. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks(Arc<[Network]>);

/// What is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither an address nor an address, a slash and a length.
    #[error("`{0}` is no network: it is written like `10.0.0.0/8`, `fd00::/8` or `192.0.2.1`")]
    Form(String),
    /// The address has bits behind the length.
    #[error("`{given}` has bits behind its length: the network is `{network}`")]
    HostBits {
        /// As written.
        given: String,
        /// The network that holds it.
        network: Network,
    },
}

impl FromStr for Network {
    type Err = NetworkError;

    /// IPv4-mapped networks (`::ffff:10.0.0.0/104`) are the IPv4 networks that
    /// they map.
    ///
    /// # Errors
    ///
    /// [`NetworkError`].
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let given = read(text).ok_or_else(|| NetworkError::Form(text.to_owned()))?;
        let network = Self(canonical(given.trunc()));
        if given.addr() != given.network() {
            return Err(NetworkError::HostBits { given: text.to_owned(), network });
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Networks {
    /// Whether the address is in one of them; an IPv4-mapped one is IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.0.contains(&address))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl Document {
    /// Networks as a key lists them.
    ///
    /// # Errors
    ///
    /// The first that is none, with its line and key.
    pub fn networks(&self, raw: &[Spanned<String>]) -> Result<Networks, Error> {
        let network = |text: &Spanned<String>| {
            let parsed = text.get_ref().parse::<Network>();
            parsed.map_err(|why| self.error(text.span(), why.to_string()))
        };
        raw.iter().map(network).collect()
    }
}

/// By the standard library's reader of addresses: `010.0.0.0` is none.
fn read(text: &str) -> Option<IpNet> {
    let Some((address, len)) = text.split_once('/') else {
        return text.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let is_number = len.bytes().all(|byte| byte.is_ascii_digit());
    let len = is_number.then(|| len.parse().ok()).flatten()?;
    IpNet::new(address.parse().ok()?, len).ok()
}

/// Bits before the IPv4 address in an IPv4-mapped one.
const MAPPED_LEN: u8 = 96;

fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(network) => {
            network.addr().to_ipv4_mapped().zip(network.prefix_len().checked_sub(MAPPED_LEN))
        }
        IpNet::V4(_) => None,
    };
    let mapped = mapped.and_then(|(address, len)| Ipv4Net::new(address, len).ok());
    mapped.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests;
