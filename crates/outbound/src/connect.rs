//! A connection to a URL's origin: resolve, check, connect, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::Host;

use crate::error::{Error, Phase};
use crate::policy::Forbidden;
use crate::resolve::Resolve;
use crate::stream::Transport;
use crate::target::Target;

/// How long an address has before the next one is tried beside it: the
/// Connection Attempt Delay of RFC 8305 §5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The most addresses of a host that are tried. Chosen: more than a second of
/// attempts reaches.
const ADDRESSES_MAX: usize = 8;

/// Says which addresses may be connected to.
pub(crate) type Check = Box<dyn Fn(IpAddr) -> Result<(), Forbidden> + Send + Sync>;

/// Makes connections.
pub(crate) struct Connector {
    pub(crate) check: Check,
    pub(crate) resolver: Box<dyn Resolve>,
    pub(crate) tls: Arc<ClientConfig>,
    /// For resolution, TCP and TLS together.
    pub(crate) time: Duration,
}

impl Connector {
    /// Connects to one of the addresses that the host has now and that may be
    /// connected to.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`], [`Error::Resolve`], [`Error::Connect`],
    /// [`Error::Tls`], [`Error::Late`].
    pub(crate) async fn connect(&self, target: &Target) -> Result<(Transport, SocketAddr), Error> {
        let late =
            |_| Error::Late { origin: target.to_string(), phase: Phase::Connect, time: self.time };
        tokio::time::timeout(self.time, self.attempt(target)).await.map_err(late)?
    }

    async fn attempt(&self, target: &Target) -> Result<(Transport, SocketAddr), Error> {
        let failed = |source| Error::Connect { origin: target.to_string(), source };
        let addresses = self.addresses(target).await?;
        let stream = first_of(addresses).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let address = stream.peer_addr().map_err(failed)?;
        if !target.is_secure() {
            return Ok((Transport::Left(stream), address));
        }
        let untrusted = |source| Error::Tls { origin: target.to_string(), source };
        let name = server_name(&target.host()).map_err(untrusted)?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(untrusted)?;
        Ok((Transport::Right(Box::new(stream)), address))
    }

    /// What the host resolves to and may be connected to, in the order to try.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Error> {
        let unresolved = |source| Error::Resolve { origin: target.to_string(), source };
        let found = self.resolve(target.host()).await.map_err(unresolved)?;
        let check = |address| (self.check)(address).map(|()| address);
        let checked: Vec<Result<IpAddr, Forbidden>> = found.into_iter().map(check).collect();
        let allowed: Vec<IpAddr> = checked.iter().copied().filter_map(Result::ok).collect();
        if let Some(&Err(refused)) = checked.first()
            && allowed.is_empty()
        {
            return Err(Error::Forbidden { origin: target.to_string(), refused });
        }
        let order = interleaved(&allowed).into_iter().take(ADDRESSES_MAX);
        Ok(order.map(|address| SocketAddr::new(address, target.port())).collect())
    }

    /// All addresses of the host, at least one.
    async fn resolve(&self, host: Host<&str>) -> io::Result<Vec<IpAddr>> {
        let found = match host {
            Host::Ipv4(address) => vec![address.into()],
            Host::Ipv6(address) => vec![address.into()],
            Host::Domain(name) => self.resolver.resolve(name).await?,
        };
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
        }
        Ok(found)
    }
}

/// What TLS asks of the machine: its roots, TLS 1.2 and 1.3, HTTP/1.
pub(crate) fn tls_config(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// The first address of each family in turn (RFC 8305 §4), the family of the
/// first one first.
fn interleaved(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first_is_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == first_is_v4);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut order = Vec::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(first.next());
        order.extend(second.next());
    }
    order
}

/// Connects to whichever answers first. Each begins when the one before it has
/// failed, or has been silent for [`ATTEMPT_DELAY`].
async fn first_of(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        tokio::select! {
            attempt = attempts.join_next() => match attempt {
                Some(Ok(Ok(stream))) => return Ok(stream),
                Some(Ok(Err(error))) => failure = error,
                Some(Err(error)) => failure = error.into(),
                None => return Err(failure),
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if waiting.len() > 0 => {}
        }
    }
}

/// Whom the certificate has to be for, and what SNI says: the URL's host.
fn server_name(host: &Host<&str>) -> io::Result<ServerName<'static>> {
    match host {
        Host::Ipv4(address) => Ok(ServerName::from(IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(IpAddr::from(*address))),
        Host::Domain(name) => ServerName::try_from((*name).to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
    }
}

#[cfg(test)]
mod tests;
