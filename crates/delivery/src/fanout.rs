//! ICY fan-out: the audio of a mount to each of its listeners, as Icecast does
//! it, for as little as the operating system lets it cost.
//!
//! One thread owns everything: a byte ring for each mount and the listeners,
//! who are visited once an interval in slots of a wheel. There are no locks, no
//! polling of sockets, no wake-ups, and for one listener and frame neither an
//! allocation nor a copy: a visit is one `writev` out of the ring. Measured, the
//! interval matters far more than anything else; the burst that a listener gets
//! at its start covers it.
//!
//! The engine paces nothing: bytes go out when they are there. It does not parse
//! requests or audio, makes no heads and no metadata blocks, and knows nothing
//! of who may listen.
//!
//! ```text
//! reader task ── MountWriter ──▶ ┌────────┐ ──▶ sockets
//! admission ──── MountHandle ──▶ │ engine │ ──▶ pipes (TLS, HTTP/2, keep-alive)
//!                                └────────┘
//! ```

mod cursor;
mod engine;
mod handle;
mod intro;
mod listener;
mod mount;
mod ring;
mod seat;
mod sink;
mod wheel;

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use media::RenditionId;
use runtime::clock::Clock;

pub use handle::{MountHandle, MountWriter, NotJoined, PushError, Seat};
pub use intro::Intro;
pub use listener::{End, ListenerId, Observer, Why};
pub use seat::{HlsPlace, JoinRefused, Snapshot};
pub use sink::prepare_listening_socket;

use engine::{Command, Engine};
use seat::{Crowd, Place, Process, Shared};
use sink::Sink;

/// Commands that wait for the engine at most, of all mounts together: room for
/// ten thousand who join at once, at 64 bytes each.
const COMMANDS_MAX: usize = 16_384;

/// The engine. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Fanout {
    commands: SyncSender<Command>,
    process: Arc<Process>,
    next_mount: Arc<AtomicU64>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// How the engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FanoutSettings {
    /// Time between two visits to one listener, at least 1 ms.
    pub interval: Duration,
    /// Parts of the interval, 1 to 1,000: with 100, and 18,000 listeners, one
    /// takes about a millisecond.
    pub slots: usize,
    /// Listeners in the process at most.
    pub listeners_max: usize,
    /// A listener that takes no byte for this long while some wait is dropped;
    /// counted in whole intervals.
    pub stalled_after: Duration,
    /// What listeners have to take what is left when the engine stops.
    pub stop_grace: Duration,
}

/// How one mount is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountSettings {
    /// The mount's name: its egress's.
    pub name: String,
    /// Which of the egress's renditions it has, for whoever hears that a listener has
    /// moved.
    pub rendition: Option<RenditionId>,
    /// Media time that a new listener gets at once.
    pub burst: Duration,
    /// Media time held in memory, counted as twice the burst where it is less.
    /// A listener that is more than three quarters of it behind is skipped
    /// ahead, the first time, and dropped the second.
    pub ring: Duration,
    /// Bytes held in memory at most, whatever the bit rate; taken as they are needed.
    pub ring_bytes_max: usize,
    /// Listeners at most: of this mount, of those beside it, and over HLS.
    pub listeners_max: Option<usize>,
}

/// One whole coded frame and how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedFrame {
    /// The frame's bytes, header and payload.
    pub data: Bytes,
    /// Its length in media time.
    pub duration: Duration,
}

/// What a listener gets, apart from the audio.
pub struct NewListener {
    /// Which one it is.
    pub id: ListenerId,
    /// The response head, sent before anything else; may be empty.
    pub head: Bytes,
    /// Audio bytes between two metadata blocks, as the head says it in
    /// `icy-metaint`; `None` for a listener that did not ask for metadata.
    pub metaint: Option<NonZeroU32>,
    /// What it hears before the mount's audio. Its place in that is taken when
    /// the intro is through, with as much of a burst as the intro leaves to give.
    pub intro: Option<Intro>,
    /// When the listener's session ends; it ends after a whole frame.
    pub until: Option<Instant>,
    /// Hears what becomes of it.
    pub observer: Option<Box<dyn Observer>>,
}

/// Which of a mount's listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(ListenerId),
    /// All that there are.
    All,
}

/// Which mount a command is for. Never used twice.
type MountId = u64;

/// A listener on its way to the engine.
#[derive(Debug)]
struct Joining {
    id: ListenerId,
    way: Way,
    head: Bytes,
    metaint: Option<NonZeroU32>,
    intro: Option<Intro>,
    until: Option<Instant>,
    farewell: listener::Farewell,
    place: Place,
}

#[derive(Debug)]
enum Way {
    Socket(TcpStream),
    Pipe(Sink),
}

impl Fanout {
    /// Starts the engine's thread.
    ///
    /// # Errors
    ///
    /// When the operating system gives no thread.
    pub fn start(settings: FanoutSettings, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let settings = FanoutSettings {
            interval: settings.interval.max(Duration::from_millis(1)),
            slots: settings.slots.clamp(1, 1_000),
            ..settings
        };
        let (commands, receiver) = sync_channel(COMMANDS_MAX);
        let process = Arc::new(Process::new(settings.listeners_max));
        let engine = Engine::new(settings, Arc::clone(&process), clock);
        let thread = std::thread::Builder::new()
            .name("fanout".to_owned())
            .spawn(move || engine.run(&receiver))?;
        Ok(Self {
            commands,
            process,
            next_mount: Arc::default(),
            thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// Opens a mount. It takes listeners at once, who wait for its first frame;
    /// [`MountWriter::off_air`] bounds that wait.
    ///
    /// # Errors
    ///
    /// [`PushError::Full`] when the engine has too much to do, to be tried
    /// again; [`PushError::Closed`] when it has stopped.
    pub fn add_mount(&self, settings: MountSettings) -> Result<MountWriter, PushError> {
        let crowd = Crowd::new(settings.listeners_max, Arc::clone(&self.process));
        self.open_mount(settings, Arc::new(crowd))
    }

    /// Opens a mount of another rendition of the egress that `beside` is one of: their
    /// listeners are counted together, and limited as those of the first.
    ///
    /// # Errors
    ///
    /// As [`Self::add_mount`].
    pub fn add_mount_beside(
        &self,
        beside: &MountHandle,
        settings: MountSettings,
    ) -> Result<MountWriter, PushError> {
        self.open_mount(settings, Arc::clone(beside.crowd()))
    }

    fn open_mount(
        &self,
        settings: MountSettings,
        crowd: Arc<Crowd>,
    ) -> Result<MountWriter, PushError> {
        if self.process.stopping.load(Ordering::Acquire) {
            return Err(PushError::Closed);
        }
        let id = self.next_mount.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::new(&settings, crowd));
        let command = Command::AddMount(id, Arc::clone(&shared), Box::new(settings));
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => PushError::Full,
            TrySendError::Disconnected(_) => PushError::Closed,
        })?;
        Ok(MountWriter::new(MountHandle::new(id, self.commands.clone(), shared)))
    }

    /// Listeners of all mounts.
    pub fn listeners(&self) -> usize {
        self.process.listeners.load(Ordering::Acquire)
    }

    /// How late the wheel was at worst since this was asked last: what a
    /// listener's wait was longer than the interval.
    pub fn take_lateness(&self) -> Duration {
        self.process.take_lateness()
    }

    /// Closes all mounts: listeners get what there is, within the grace, and
    /// the thread ends. Returns at once.
    pub fn stop(&self) {
        self.process.stopping.store(true, Ordering::Release);
    }

    /// Waits for the thread to end, after [`Self::stop`]. Blocks: not for an
    /// async task.
    ///
    /// # Errors
    ///
    /// When the thread panicked.
    pub fn wait(&self) -> io::Result<()> {
        let thread = self.thread.lock().map(|mut thread| thread.take()).unwrap_or_default();
        match thread.map(JoinHandle::join) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(_)) => Err(io::Error::other("the fan-out thread panicked")),
        }
    }
}

impl Default for FanoutSettings {
    /// A second, in 100 slots; 10,000 listeners.
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            slots: 100,
            listeners_max: 10_000,
            stalled_after: Duration::from_secs(20),
            stop_grace: Duration::from_secs(2),
        }
    }
}

impl MountSettings {
    /// A burst of 10 s out of a ring of 30 s and at most 4 MiB, which is 30 s
    /// at a megabit a second.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            rendition: None,
            burst: Duration::from_secs(10),
            ring: Duration::from_secs(30),
            ring_bytes_max: 4 * 1024 * 1024,
            listeners_max: None,
        }
    }
}

impl Which {
    /// Whether the listener is one of them.
    fn includes(self, id: ListenerId) -> bool {
        self == Self::All || self == Self::One(id)
    }
}

impl Default for NewListener {
    /// One that nobody was before, with the audio and nothing else.
    fn default() -> Self {
        Self {
            id: ListenerId::fresh(),
            head: Bytes::new(),
            metaint: None,
            intro: None,
            until: None,
            observer: None,
        }
    }
}

impl fmt::Debug for NewListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewListener")
            .field("id", &self.id)
            .field("head", &self.head)
            .field("metaint", &self.metaint)
            .field("intro", &self.intro)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
