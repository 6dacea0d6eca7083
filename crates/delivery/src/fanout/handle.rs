//! The handles: a mount's writer for its reader task, and the way in for
//! admission. None of them blocks.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::engine::Command;
use super::listener::{Farewell, ListenerId};
use super::seat::{Air, Crowd, HlsPlace, JoinRefused, Place, Shared, Snapshot};
use super::sink::Sink;
use super::{Joining, MountId, NewListener, TimedFrame, Way, Which};

/// Batches of frames of one mount that wait for the engine at most, chosen: a
/// second and a half when each frame is pushed alone.
pub(super) const BATCHES_MAX: usize = 64;

/// Longest metadata block: the length byte and 255 times 16 bytes.
const BLOCK_MAX: usize = 1 + 255 * 16;

/// Puts audio on a mount. Dropping it closes the mount.
#[derive(Debug)]
pub struct MountWriter(MountHandle);

/// A mount as admission and metrics see it.
#[derive(Debug, Clone)]
pub struct MountHandle {
    id: MountId,
    commands: SyncSender<Command>,
    shared: Arc<Shared>,
}

/// A place among a mount's listeners that is taken, for the time it takes to
/// answer. Dropping it gives the place back.
#[derive(Debug)]
pub struct Seat {
    mount: MountHandle,
    place: Place,
}

/// Why something was not taken by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// Too much waits for the engine already: try again.
    #[error("the fan-out engine's queue is full")]
    Full,
    /// The engine has stopped.
    #[error("the fan-out engine has stopped")]
    Closed,
    /// The block's length is not what its first byte says, or it is empty.
    #[error("a metadata block of {len} bytes is malformed")]
    MalformedBlock {
        /// Bytes of the block, length byte included.
        len: usize,
    },
}

/// A connection that did not get to the engine, given back.
#[derive(Debug, thiserror::Error)]
#[error("the listener could not join: {error}")]
pub struct NotJoined {
    /// [`PushError::Full`] or [`PushError::Closed`].
    pub error: PushError,
    /// The connection as it was.
    pub socket: Option<TcpStream>,
}

impl MountWriter {
    pub(super) fn new(handle: MountHandle) -> Self {
        Self(handle)
    }

    /// A handle for admission and metrics.
    pub fn handle(&self) -> MountHandle {
        self.0.clone()
    }

    /// Appends frames, and empties `frames`. A mount off the air is on again.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] and [`PushError::Closed`]; `frames` is as it was.
    pub fn push(&self, frames: &mut Vec<TimedFrame>) -> Result<(), PushError> {
        if frames.is_empty() {
            return Ok(());
        }
        let shared = &self.0.shared;
        if shared.queued.fetch_add(1, Ordering::AcqRel) >= BATCHES_MAX {
            shared.queued.fetch_sub(1, Ordering::AcqRel);
            return Err(PushError::Full);
        }
        let command = Command::Push(self.0.id, std::mem::take(frames));
        self.0.send(command).map_err(|(error, command)| {
            shared.queued.fetch_sub(1, Ordering::AcqRel);
            if let Command::Push(_, batch) = command {
                *frames = batch;
            }
            error
        })
    }

    /// Sets the title from the next pushed frame on: a metadata block with
    /// its length byte, padded with zeros. Until then it is the empty title.
    ///
    /// # Errors
    ///
    /// [`PushError::MalformedBlock`], [`PushError::Full`] and
    /// [`PushError::Closed`]; the title stays.
    pub fn title(&self, block: Bytes) -> Result<(), PushError> {
        let said = block.first().map_or(0, |&length| 1 + usize::from(length) * 16);
        if block.len() != said || !(2..=BLOCK_MAX).contains(&said) {
            return Err(PushError::MalformedBlock { len: block.len() });
        }
        self.0.send(Command::Title(self.0.id, block)).map_err(|(error, _)| error)
    }

    /// Lets no new listener's burst reach back before the next frame.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] and [`PushError::Closed`].
    pub fn cut(&self) -> Result<(), PushError> {
        self.0.send(Command::Cut(self.0.id)).map_err(|(error, _)| error)
    }

    /// Says that the source is silent. Should no frame be pushed for `hold`,
    /// listeners are ended after a whole frame, and refused until one is. With
    /// no time at all they are refused from this call on.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] and [`PushError::Closed`].
    pub fn off_air(&self, hold: Duration) -> Result<(), PushError> {
        if hold.is_zero() {
            self.0.shared.set_air(Air::Off);
        }
        self.0.send(Command::OffAir(self.0.id, hold)).map_err(|(error, _)| error)
    }

    /// Ends the mount: listeners get what was pushed, and are ended after it.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for MountWriter {
    fn drop(&mut self) {
        if self.0.send(Command::Close(self.0.id)).is_err() {
            // Seen at the wheel's next step, ahead of what is still queued.
            self.0.shared.abandoned.store(true, Ordering::Release);
        }
    }
}

impl MountHandle {
    pub(super) fn new(id: MountId, commands: SyncSender<Command>, shared: Arc<Shared>) -> Self {
        Self { id, commands, shared }
    }

    /// Among whom its listeners are counted.
    pub(super) fn crowd(&self) -> &Arc<Crowd> {
        &self.shared.crowd
    }

    /// The mount's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Listeners of the egress, at all its mounts and over HLS: those included whose
    /// seat is taken but who are not in yet.
    pub fn listeners(&self) -> usize {
        self.shared.crowd.listeners()
    }

    /// All the numbers of the egress.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.crowd.snapshot()
    }

    /// Whether listeners are taken now, if there is room.
    pub fn is_open(&self) -> bool {
        self.shared.air() == Air::Open
    }

    /// Takes a seat, before anything is answered to the one who asks.
    ///
    /// # Errors
    ///
    /// [`JoinRefused`], and nothing is counted.
    pub fn seat(&self) -> Result<Seat, JoinRefused> {
        if self.shared.crowd.process.stopping.load(Ordering::Acquire) {
            return Err(JoinRefused::Closed);
        }
        Place::take(&self.shared).map(|place| Seat { mount: self.clone(), place })
    }

    /// Takes a place for an HLS session, which needs nothing of the engine.
    ///
    /// # Errors
    ///
    /// [`JoinRefused::MountFull`] and [`JoinRefused::ProcessFull`], and nothing is counted.
    pub fn hls_place(&self) -> Result<HlsPlace, JoinRefused> {
        HlsPlace::take(&self.shared.crowd)
    }

    /// Counts HLS sessions that have begun.
    pub fn count_hls_sessions(&self, begun: u64) {
        self.shared.crowd.counts.hls_sessions.fetch_add(begun, Ordering::Relaxed);
    }

    /// Listeners of the egress at most.
    pub fn listeners_max(&self) -> Option<usize> {
        self.shared.crowd.listeners_max
    }

    /// Listeners of the process, and how many they may be.
    pub fn process(&self) -> (usize, usize) {
        let process = &self.shared.crowd.process;
        (process.listeners.load(Ordering::Acquire), process.listeners_max)
    }

    /// Ends a listener after a whole frame, within an interval; also when it
    /// has gone to another mount meanwhile. One that is not there is none.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] and [`PushError::Closed`].
    pub fn end(&self, id: ListenerId) -> Result<(), PushError> {
        self.send(Command::End(id)).map_err(|(error, _)| error)
    }

    /// Lets listeners go on at another mount of the same engine and of the same
    /// codec, which is not looked at: after the frame that has begun, from a
    /// frame's beginning, as far behind the newest as they were, with no burst,
    /// and with the metadata blocks where they were due.
    ///
    /// Whoever is ending stays, and so do those for whom the other mount has no
    /// place, or all when it is off the air.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] and [`PushError::Closed`].
    pub fn move_to(&self, to: &Self, which: Which) -> Result<(), PushError> {
        let command = Command::Move { from: self.id, to: to.id, which };
        self.send(command).map_err(|(error, _)| error)
    }

    fn send(&self, command: Command) -> Result<(), (PushError, Command)> {
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(command) => (PushError::Full, command),
            TrySendError::Disconnected(command) => (PushError::Closed, command),
        })
    }
}

impl Seat {
    /// Hands a connection over: the engine writes the head and all that follows.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] with the connection; the seat is given back and
    /// `listener.observer` has heard of the end.
    pub fn join(self, socket: TcpStream, listener: NewListener) -> Result<(), NotJoined> {
        self.send(Way::Socket(socket), listener)
    }

    /// Gives the bytes in chunks instead of writing them, for a listener that is
    /// no plain socket. A receiver that is not read is a stalled listener, and a
    /// dropped one has left; the channel ends when the listener is ended.
    ///
    /// # Errors
    ///
    /// [`NotJoined`] without a connection; the seat is given back.
    pub fn join_pipe(self, listener: NewListener) -> Result<mpsc::Receiver<Bytes>, NotJoined> {
        let (sink, receiver) = Sink::pipe();
        self.send(Way::Pipe(sink), listener).map(|()| receiver)
    }

    fn send(self, way: Way, listener: NewListener) -> Result<(), NotJoined> {
        let NewListener { id, head, metaint, intro, until, observer } = listener;
        let farewell = Farewell::new(observer);
        let Self { mount, place } = self;
        let joining = Joining { id, way, head, metaint, intro, until, farewell, place };
        mount.send(Command::Join(mount.id, Box::new(joining))).map_err(|(error, command)| {
            let socket = match command {
                Command::Join(_, joining) => match joining.way {
                    Way::Socket(socket) => Some(socket),
                    Way::Pipe(_) => None,
                },
                _ => None,
            };
            NotJoined { error, socket }
        })
    }
}

#[cfg(test)]
mod tests;
