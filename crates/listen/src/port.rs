//! A listening port and its accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use media::Blame;
use runtime::shutdown::Shutdown;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::sniff::{self, Doors};
use crate::tls::Identities;
use crate::transport::{Connection, Transport};

/// Connections that the kernel holds until they are accepted: storms of
/// listeners come after a restart. `somaxconn` caps it.
const BACKLOG: i32 = 4096;

/// How long the loop rests when the process has no descriptors left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

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
}

/// A port that listens.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    settings: PortSettings,
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
        Ok(Self { listener, settings })
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
        let slots = Arc::new(Semaphore::new(self.settings.connections_max));
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.wait() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        self.take(stream, peer, &slots, &doors, &shutdown, &mut under_way);
                    }
                    Err(error) => self.rest(&error).await,
                },
                Some(_) = under_way.join_next(), if !under_way.is_empty() => {}
            }
        }
        let all = async { while under_way.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(self.settings.header_time, all).await;
    }

    fn take(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        slots: &Arc<Semaphore>,
        doors: &Doors,
        shutdown: &Shutdown,
        under_way: &mut JoinSet<()>,
    ) {
        let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
            info!(port = self.settings.name, %peer, "connection refused: too many at a time");
            refuse(&stream);
            return;
        };
        let (settings, doors, shutdown) = (self.settings.clone(), doors.clone(), shutdown.clone());
        under_way.spawn(connect(stream, peer, settings, doors, shutdown, slot));
    }

    async fn rest(&self, error: &io::Error) {
        warn!(port = self.settings.name, %error, "cannot accept");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}

async fn connect(
    stream: TcpStream,
    peer: SocketAddr,
    settings: PortSettings,
    doors: Doors,
    shutdown: Shutdown,
    _slot: OwnedSemaphorePermit,
) {
    let transport = match &settings.tls {
        None => Transport::Plain(stream),
        Some(identities) => {
            let handshake = identities.acceptor().accept(stream);
            match tokio::time::timeout(settings.header_time, handshake).await {
                Ok(Ok(stream)) => Transport::Tls(Box::new(stream)),
                Ok(Err(error)) => return debug!(%peer, %error, "TLS handshake failed"),
                Err(_) => return debug!(%peer, "TLS handshake took too long"),
            }
        }
    };
    sniff::serve(Connection::new(transport, peer), doors, settings.header_time, shutdown).await;
}

/// One line, as far as the socket's buffer takes it at once.
fn refuse(stream: &TcpStream) {
    const BUSY: &[u8] = b"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\n\
        Retry-After: 5\r\nConnection: close\r\n\r\ntoo many connections\n";
    let _ = stream.try_write(BUSY);
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
