//! Who is counted: the listeners of an egress and of the process, and what became of
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use media::RenditionId;

use super::MountSettings;

/// What is counted over all mounts.
#[derive(Debug, Default)]
pub(super) struct Process {
    pub(super) listeners: AtomicUsize,
    pub(super) listeners_max: usize,
    pub(super) stopping: AtomicBool,
    lateness_micros: AtomicU64,
}

/// What is counted over the mounts of one egress: its listeners have one limit,
/// whichever mount they hear, and over HLS too.
#[derive(Debug)]
pub(super) struct Crowd {
    pub(super) listeners_max: Option<usize>,
    pub(super) process: Arc<Process>,
    listeners: AtomicUsize,
    hls_sessions: AtomicUsize,
    listeners_peak: AtomicUsize,
    pub(super) counts: Counts,
}

/// What a mount's writer, its handles and the engine share: names and numbers alone.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) rendition: Option<RenditionId>,
    pub(super) crowd: Arc<Crowd>,
    pub(super) queued: AtomicUsize,
    pub(super) abandoned: AtomicBool,
    air: AtomicU8,
}

/// The counters of one egress; but for HLS sessions only the engine adds.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) joined: AtomicU64,
    pub(super) hls_sessions: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) left: AtomicU64,
    pub(super) ended: AtomicU64,
    pub(super) killed: AtomicU64,
    pub(super) moved: AtomicU64,
    pub(super) frames_refused: AtomicU64,
}

/// Whether a mount takes listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Air {
    Open,
    Off,
    Closed,
}

/// The numbers of an egress at one moment, of all its mounts together.
///
/// When the engine has nothing in its queue, `joins_total` is the sum of
/// `listeners` without the HLS sessions, `left_total`, `dropped_slow_total`, `ended_total`,
/// `killed_total` and `moved_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Places taken: listeners and those about to be, HLS sessions included.
    pub listeners: usize,
    /// HLS sessions among them.
    pub hls_sessions: usize,
    /// The most of them at a time since the mounts began.
    pub listeners_peak: usize,
    /// Listeners that joined since the mounts began, those included that came
    /// from another mount.
    pub joins_total: u64,
    /// HLS sessions since the mounts began.
    pub hls_sessions_total: u64,
    /// Bytes written to listeners: heads, audio and metadata.
    pub bytes_sent_total: u64,
    /// Listeners dropped because they did not read as fast as the audio comes.
    pub dropped_slow_total: u64,
    /// Listeners skipped ahead, each once at most.
    pub skipped_total: u64,
    /// Listeners that closed the connection.
    pub left_total: u64,
    /// Listeners that were ended: the mount went off the air, or their time was up.
    pub ended_total: u64,
    /// Listeners that were ended one by one, on someone's word.
    pub killed_total: u64,
    /// Listeners that went on at another mount.
    pub moved_total: u64,
    /// Frames too long for the ring, which nobody got.
    pub frames_refused_total: u64,
}

/// Why a listener was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinRefused {
    /// The egress has as many listeners as it may.
    #[error("the mount is full")]
    MountFull,
    /// The process has as many listeners as it may.
    #[error("the process is full")]
    ProcessFull,
    /// Nothing is on the air; it may come back.
    #[error("the mount is off the air")]
    OffAir,
    /// The mount or the engine is closed for good.
    #[error("the mount is closed")]
    Closed,
}

/// A place among the listeners, counted for as long as it lives.
#[derive(Debug)]
pub(super) struct Place(Arc<Crowd>);

/// A place of an HLS session, counted among the egress's listeners for as long as it
/// lives.
#[derive(Debug)]
pub struct HlsPlace(Place);

impl Process {
    /// No listeners yet, and at most `listeners_max`.
    pub(super) fn new(listeners_max: usize) -> Self {
        Self { listeners_max, ..Self::default() }
    }

    /// Notes how late the wheel was.
    pub(super) fn note_lateness(&self, late: Duration) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.lateness_micros.fetch_max(micros, Ordering::Relaxed);
    }

    /// The greatest lateness since this was asked last.
    pub(super) fn take_lateness(&self) -> Duration {
        Duration::from_micros(self.lateness_micros.swap(0, Ordering::Relaxed))
    }
}

impl Crowd {
    /// No listeners yet, and at most `listeners_max`.
    pub(super) fn new(listeners_max: Option<usize>, process: Arc<Process>) -> Self {
        Self {
            listeners_max,
            process,
            listeners: AtomicUsize::new(0),
            hls_sessions: AtomicUsize::new(0),
            listeners_peak: AtomicUsize::new(0),
            counts: Counts::default(),
        }
    }

    /// Places taken.
    pub(super) fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Acquire)
    }

    /// Counts one more, if there is a place left.
    fn take_place(&self) -> bool {
        take_below(&self.listeners, self.listeners_max.unwrap_or(usize::MAX))
    }

    /// Notes how many there are.
    fn note_peak(&self) {
        self.listeners_peak.fetch_max(self.listeners(), Ordering::AcqRel);
    }

    /// All numbers.
    pub(super) fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            listeners: self.listeners(),
            hls_sessions: self.hls_sessions.load(Ordering::Acquire),
            listeners_peak: self.listeners_peak.load(Ordering::Acquire),
            joins_total: read(&self.counts.joined),
            hls_sessions_total: read(&self.counts.hls_sessions),
            bytes_sent_total: read(&self.counts.bytes),
            dropped_slow_total: read(&self.counts.slow),
            skipped_total: read(&self.counts.skipped),
            left_total: read(&self.counts.left),
            ended_total: read(&self.counts.ended),
            killed_total: read(&self.counts.killed),
            moved_total: read(&self.counts.moved),
            frames_refused_total: read(&self.counts.frames_refused),
        }
    }
}

impl Shared {
    /// An open mount of this crowd's egress.
    pub(super) fn new(settings: &MountSettings, crowd: Arc<Crowd>) -> Self {
        Self {
            name: settings.name.clone(),
            rendition: settings.rendition.clone(),
            crowd,
            queued: AtomicUsize::new(0),
            abandoned: AtomicBool::new(false),
            air: AtomicU8::new(0),
        }
    }

    /// Whether the mount takes listeners.
    pub(super) fn air(&self) -> Air {
        match self.air.load(Ordering::Acquire) {
            0 => Air::Open,
            1 => Air::Off,
            _ => Air::Closed,
        }
    }

    /// Opens or closes the mount to listeners.
    pub(super) fn set_air(&self, air: Air) {
        let number = match air {
            Air::Open => 0,
            Air::Off => 1,
            Air::Closed => 2,
        };
        self.air.store(number, Ordering::Release);
    }
}

impl Snapshot {
    /// ICY listeners, those included that are about to be.
    pub fn icy_listeners(&self) -> usize {
        // Both are counted, one after the other.
        self.listeners.saturating_sub(self.hls_sessions)
    }
}

impl Place {
    /// Takes a place at a mount, if its egress and the process have one left.
    pub(super) fn take(shared: &Shared) -> Result<Self, JoinRefused> {
        match shared.air() {
            Air::Open => {}
            Air::Off => return Err(JoinRefused::OffAir),
            Air::Closed => return Err(JoinRefused::Closed),
        }
        Self::take_any(&shared.crowd)
    }

    /// The same whether or not a mount is on the air.
    fn take_any(crowd: &Arc<Crowd>) -> Result<Self, JoinRefused> {
        if !crowd.take_place() {
            return Err(JoinRefused::MountFull);
        }
        if !take_below(&crowd.process.listeners, crowd.process.listeners_max) {
            crowd.listeners.fetch_sub(1, Ordering::AcqRel);
            return Err(JoinRefused::ProcessFull);
        }
        crowd.note_peak();
        Ok(Self(Arc::clone(crowd)))
    }

    /// Is a place of another egress from now on, if that has one left. At another
    /// mount of its own it is the same place.
    pub(super) fn move_to(&mut self, to: &Arc<Crowd>) -> bool {
        if Arc::ptr_eq(&self.0, to) {
            return true;
        }
        if !to.take_place() {
            return false;
        }
        to.note_peak();
        self.0.listeners.fetch_sub(1, Ordering::AcqRel);
        self.0 = Arc::clone(to);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.process.listeners.fetch_sub(1, Ordering::AcqRel);
        self.0.listeners.fetch_sub(1, Ordering::AcqRel);
    }
}

impl HlsPlace {
    /// Takes a place, if the egress and the process have one left.
    pub(super) fn take(crowd: &Arc<Crowd>) -> Result<Self, JoinRefused> {
        let place = Place::take_any(crowd)?;
        crowd.hls_sessions.fetch_add(1, Ordering::AcqRel);
        Ok(Self(place))
    }
}

impl Drop for HlsPlace {
    fn drop(&mut self) {
        self.0.0.hls_sessions.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Counts one more, unless there are `max` already.
fn take_below(count: &AtomicUsize, max: usize) -> bool {
    let more = |now: usize| (now < max).then_some(now + 1);
    count.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
}
