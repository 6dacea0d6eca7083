//! A listening port and its accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use media::Blame;
use prometheus_client::metrics::gauge::Gauge;
use runtime::shutdown::Shutdown;
use settings::networks::Networks;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, info, warn};

use crate::metrics::{Metrics, PortMetrics, Reason};
use crate::proxy;
use crate::sniff::{self, Doors};
use crate::tls::Identities;
use crate::transport::{Connection, Transport};

/// Connections that the kernel holds until they are accepted: storms of
/// listeners come after a restart. `somaxconn` caps it.
const BACKLOG: i32 = 4096;

/// How long the loop rests when the process has no descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Connections at a time that are told that there are too many; those beyond are
/// closed without a word. Chosen.
const TURNED_AWAY_MAX: usize = 64;

const BUSY: &[u8] = b"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\n\
    Retry-After: 5\r\nConnection: close\r\n\r\ntoo many connections\n";

/// A port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or is not ours.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        Blame::Us
    }

    /// Whether trying again helps: not without a change.
    pub fn is_transient(&self) -> bool {
        false
    }
}

/// How a port treats its connections.
#[derive(Debug, Clone)]
pub struct PortSettings {
    /// Name in logs: `public`, `control`.
    pub name: &'static str,
    /// Time for a whole request head, and for a TLS handshake.
    pub header_time: Duration,
    /// Connections at a time that no door has taken for good.
    pub connections_max: usize,
    /// Bytes the kernel may hold unsent for a connection (`TCP_NOTSENT_LOWAT`);
    /// `None` leaves it alone.
    pub unsent_max: Option<u32>,
    /// Certificates: the port speaks TLS.
    pub tls: Option<Identities>,
    /// Whose PROXY header, `X-Forwarded-For` and `Forwarded` are believed.
    pub trusted_proxies: Networks,
}

/// A port that listens.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    settings: PortSettings,
    metrics: Metrics,
}

/// What all connections of a port have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: PortSettings,
    pub(crate) doors: Doors,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: PortMetrics,
}

/// One of a port's places.
#[derive(Debug)]
pub(crate) struct Slot {
    _permit: OwnedSemaphorePermit,
    open: Gauge,
}

/// Accepts, and keeps what it has accepted.
#[derive(Debug)]
struct Acceptor {
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
    /// For those that are told that there is no slot.
    turned_away: Arc<Semaphore>,
    under_way: JoinSet<()>,
    /// Whether the last connection found no slot, and that is logged.
    is_full: bool,
    /// Whether the system had nothing left for the last one, and that is logged.
    is_exhausted: bool,
}

impl Port {
    /// Opens the port; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`].
    pub fn open(address: SocketAddr, settings: PortSettings) -> Result<Self, Error> {
        let opened = bind(address, settings.unsent_max);
        let listener = opened.map_err(|source| Error::Bind { address, source })?;
        Ok(Self { listener, settings, metrics: Metrics::default() })
    }

    /// The same port, counting where it can be seen.
    #[must_use]
    pub fn counted_in(self, metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), ..self }
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts until the shutdown; then waits for what is under way, but not
    /// longer than the header time.
    pub async fn serve(self, doors: Doors, shutdown: Shutdown) {
        let Self { listener, settings, metrics } = self;
        let metrics = metrics.of(settings.name);
        let shared = Arc::new(Shared { settings, doors, shutdown, metrics });
        let mut acceptor = Acceptor::new(Arc::clone(&shared));
        loop {
            tokio::select! {
                () = shared.shutdown.wait() => break,
                accepted = listener.accept() => acceptor.handle(accepted).await,
                Some(ended) = acceptor.under_way.join_next() => acceptor.bury(ended),
            }
        }
        // Nobody is to wait in the backlog of a port that accepts no more.
        drop(listener);
        let all = async {
            while let Some(ended) = acceptor.under_way.join_next().await {
                acceptor.bury(ended);
            }
        };
        let _ = tokio::time::timeout(shared.settings.header_time, all).await;
    }
}

impl Acceptor {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(shared.settings.connections_max)),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
            shared,
            under_way: JoinSet::new(),
            is_full: false,
            is_exhausted: false,
        }
    }

    async fn handle(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, peer)) => {
                self.is_exhausted = false;
                self.shared.metrics.accepted.inc();
                self.take(stream, peer);
            }
            // The peer's doing: it left between its SYN and now.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !self.is_exhausted {
                    warn!(port = self.shared.settings.name, %error, "cannot accept");
                }
                self.is_exhausted = true;
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }

    fn take(&mut self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() else {
            return self.turn_away(stream, peer);
        };
        self.is_full = false;
        let slot = Slot::new(permit, &self.shared.metrics.open);
        let shared = Arc::clone(&self.shared);
        self.under_way.spawn(async move {
            if let Some(connection) = begin(stream, peer, &shared).await {
                sniff::serve(connection.with_slot(slot), &shared).await;
            }
        });
    }

    /// Tells a plain connection that there is no place, as far as places for
    /// telling last.
    fn turn_away(&mut self, stream: TcpStream, peer: SocketAddr) {
        let Shared { settings, metrics, .. } = &*self.shared;
        metrics.refused(Reason::Full);
        if !self.is_full {
            info!(port = settings.name, %peer, "connections refused: too many at a time");
        }
        self.is_full = true;
        if settings.tls.is_some() {
            return;
        }
        if let Ok(permit) = Arc::clone(&self.turned_away).try_acquire_owned() {
            let connection = Connection::new(Transport::Plain(stream), peer);
            self.under_way.spawn(async move {
                connection.close_with(BUSY).await;
                drop(permit);
            });
        }
    }

    fn bury(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended.map_err(|error| error.to_string()) {
            error!(port = self.shared.settings.name, error, "a connection's task failed");
        }
    }
}

impl Slot {
    fn new(permit: OwnedSemaphorePermit, open: &Gauge) -> Self {
        open.inc();
        Self { _permit: permit, open: open.clone() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// What comes before the client's first byte: the PROXY header of a trusted
/// proxy, and the TLS handshake.
async fn begin(stream: TcpStream, peer: SocketAddr, port: &Shared) -> Option<Connection> {
    if !port.settings.trusted_proxies.contains(peer.ip()) {
        return Some(Connection::new(shake_hands(stream, peer, port).await?, peer));
    }
    let (stream, taken) = take_header(stream, peer, port).await?;
    let peer = taken.client.unwrap_or(peer);
    if port.settings.tls.is_some() && !taken.said.is_empty() {
        port.metrics.refused(Reason::Tls);
        debug!(port = port.settings.name, %peer, "neither a PROXY header nor TLS");
        return None;
    }
    let transport = shake_hands(stream, peer, port).await?;
    Some(Connection::new(transport, peer).with_said(taken.said))
}

/// The PROXY header, where there is one.
async fn take_header(
    mut stream: TcpStream,
    peer: SocketAddr,
    port: &Shared,
) -> Option<(TcpStream, proxy::Taken)> {
    let taken = tokio::select! {
        biased;
        taken = tokio::time::timeout(port.settings.header_time, proxy::take(&mut stream)) => taken,
        () = port.shutdown.wait() => return None,
    };
    let name = port.settings.name;
    match taken {
        Ok(Ok(taken)) => return Some((stream, taken)),
        Ok(Err(proxy::TakeError::Header(error))) => {
            port.metrics.refused(Reason::Protocol);
            info!(port = name, %peer, %error, "PROXY header refused");
        }
        Ok(Err(proxy::TakeError::Io(error))) => {
            debug!(port = name, %peer, %error, "a trusted proxy has left");
        }
        Err(_) => {
            port.metrics.refused(Reason::Late);
            info!(port = name, %peer, "a trusted proxy said nothing within the header time");
        }
    }
    None
}

/// The TLS handshake, where the port has one.
async fn shake_hands(stream: TcpStream, peer: SocketAddr, port: &Shared) -> Option<Transport> {
    let Some(identities) = &port.settings.tls else { return Some(Transport::Plain(stream)) };
    let handshake = identities.acceptor().accept(stream);
    let shaken = tokio::select! {
        biased;
        shaken = tokio::time::timeout(port.settings.header_time, handshake) => shaken,
        () = port.shutdown.wait() => return None,
    };
    let name = port.settings.name;
    match shaken {
        Ok(Ok(stream)) => return Some(Transport::Tls(Box::new(stream))),
        Ok(Err(error)) => {
            port.metrics.refused(Reason::Tls);
            debug!(port = name, %peer, %error, "TLS handshake failed");
        }
        Err(_) => {
            port.metrics.refused(Reason::Late);
            info!(port = name, %peer, "no TLS handshake within the header time");
        }
    }
    None
}

/// Errors of `accept` that say nothing of the port (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn bind(address: SocketAddr, unsent_max: Option<u32>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted sockets inherit these.
    socket.set_tcp_nodelay(true)?;
    if let Some(unsent_max) = unsent_max {
        socket.set_tcp_notsent_lowat(unsent_max)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(test)]
mod tests;
