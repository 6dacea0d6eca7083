//! Where a listener's bytes go: a plain socket, or a pipe to a task of an HTTP
//! or TLS library.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use socket2::SockRef;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Least `TCP_NOTSENT_LOWAT`: two seconds at 128 kbit/s. With it a stalled
/// listener was measured to hold 52 kB of the kernel's memory, against 1.3 MB
/// without.
pub(super) const NOT_SENT_MIN: usize = 32 * 1024;

/// Most of it, whatever the bit rate and the interval, chosen.
pub(super) const NOT_SENT_MAX: usize = 256 * 1024;

/// Receive buffer of a listener, which has nothing to say: what a peer that
/// sends all the same can make the kernel hold.
const RECEIVE_BUFFER: usize = 4 * 1024;

/// Chunks a pipe holds.
pub(super) const PIPE_CHUNKS_MAX: usize = 4;

/// Bytes of a pipe's chunk; four of them hold a second at 512 kbit/s.
pub(super) const PIPE_CHUNK_MAX: usize = 16 * 1024;

/// Reads of what a listener says, at most, each time it is looked at.
const DRAINS_MAX: usize = 4;

/// The way to one listener.
#[derive(Debug)]
pub(super) enum Sink {
    Socket(TcpStream),
    Pipe(mpsc::Sender<Bytes>),
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// So many bytes were taken, at least one.
    Took(usize),
    /// Nothing was: the peer does not read as fast.
    Full,
    /// The peer is gone.
    Gone,
}

/// Bounds what the kernel holds for the connections accepted on `socket`,
/// which inherit it: `TCP_NODELAY` and `TCP_NOTSENT_LOWAT`.
///
/// Without it the kernel takes megabytes for a listener that reads nothing.
/// It does not narrow what a fast peer gets.
///
/// # Errors
///
/// What the operating system says of the socket options.
#[cfg(target_os = "linux")]
pub fn prepare_listening_socket<'s>(socket: impl Into<SockRef<'s>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_notsent_lowat(u32::try_from(NOT_SENT_MIN).unwrap_or(u32::MAX))
}

/// As on Linux, as far as the system has it.
///
/// # Errors
///
/// What the operating system says of the socket options.
#[cfg(not(target_os = "linux"))]
pub fn prepare_listening_socket<'s>(socket: impl Into<SockRef<'s>>) -> io::Result<()> {
    socket.into().set_tcp_nodelay(true)
}

impl Sink {
    /// Takes over an accepted connection: non-blocking, and with bounded
    /// memory in the kernel, `not_sent` bytes ahead of the network.
    pub(super) fn socket(stream: TcpStream, not_sent: usize) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_notsent_lowat(u32::try_from(not_sent).unwrap_or(u32::MAX))?;
        #[cfg(not(target_os = "linux"))]
        socket.set_send_buffer_size(not_sent)?;
        Ok(Self::Socket(stream))
    }

    /// A pipe and its far end.
    pub(super) fn pipe() -> (Self, mpsc::Receiver<Bytes>) {
        let (sender, receiver) = mpsc::channel(PIPE_CHUNKS_MAX);
        (Self::Pipe(sender), receiver)
    }

    /// Writes what is taken at once of `slices`, which are not all empty.
    pub(super) fn write(&self, slices: &[IoSlice<'_>]) -> Written {
        match self {
            Self::Socket(stream) => loop {
                match (&mut &*stream).write_vectored(slices) {
                    Ok(0) => return Written::Gone,
                    Ok(taken) => return Written::Took(taken),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Written::Full,
                    Err(_) => return Written::Gone,
                }
            },
            Self::Pipe(sender) => match sender.try_reserve() {
                Ok(permit) => {
                    let chunk = copy(slices, PIPE_CHUNK_MAX);
                    let taken = chunk.len();
                    permit.send(chunk);
                    Written::Took(taken)
                }
                Err(TrySendError::Full(())) => Written::Full,
                Err(TrySendError::Closed(())) => Written::Gone,
            },
        }
    }

    /// A write that took less than it was given says that no more will be
    /// taken, so that the next one can be saved.
    pub(super) const fn is_full_when_short(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    /// Whether the peer has closed, for one to whom nothing is being written.
    ///
    /// What it says is read and ignored.
    pub(super) fn is_gone(&self) -> bool {
        let stream = match self {
            Self::Socket(stream) => stream,
            Self::Pipe(sender) => return sender.is_closed(),
        };
        let mut said = [0; 1024];
        for _ in 0..DRAINS_MAX {
            match (&mut &*stream).read(&mut said) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
        false
    }

    /// Closes so that the peer gets all that was written.
    pub(super) fn close(self) {
        // Unread bytes would turn the close into a reset.
        let _ = self.is_gone();
    }

    /// Closes at once and frees what the kernel holds: a plain close keeps it
    /// for as long as the peer does not read.
    pub(super) fn cut_off(self) {
        if let Self::Socket(stream) = &self {
            // Where it fails the plain close follows, which is all there is.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
    }
}

/// The first `len_max` bytes of `slices`, in one.
fn copy(slices: &[IoSlice<'_>], len_max: usize) -> Bytes {
    let len: usize = slices.iter().map(|slice| slice.len()).sum();
    let mut chunk = Vec::with_capacity(len.min(len_max));
    for slice in slices {
        let room = len_max - chunk.len();
        chunk.extend_from_slice(slice.get(..room).unwrap_or(slice));
    }
    chunk.into()
}

#[cfg(test)]
mod tests;
