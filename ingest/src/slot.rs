//! One ingest's place: who may send, who does, and what came.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::report::{IngestReport, IngestState};
use catalogue::{Ingest, Mismatch, Setting};
use feed::wire::Item as _;
use feed::{PathEntry, PathItem, SourceInfo};
use icy::charset::Charset;
use journal::Scribe;
use media::framer::Skipped;
use media::{Title, WallTime};
use runtime::tail::{self, Tail, Writer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tracing::{debug, info, warn};

use crate::auth::ASKED_MAX;
use crate::intake::Intake;
use crate::metrics::IngestMetrics;

/// Silence after which anyone with the right password may take a source's place.
pub const TAKE_OVER_AFTER: Duration = Duration::from_secs(2);

/// What a path feed holds for a reader that is late: a minute of 320 kbit/s and
/// more, and titles.
pub const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 8192, weight_max: 4 << 20 };

/// What stands in the journal for what it cannot have: no item is one byte of it.
const NOTHING: u8 = 0;

/// An ingest with its path feed.
#[derive(Debug)]
pub(crate) struct Slot {
    ingest: Ingest,
    feed: Tail<PathEntry>,
    metrics: IngestMetrics,
    /// Turns to ask its back end.
    turns: Semaphore,
    /// Whether the last question to its back end had no answer.
    back_end_failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    writer: Writer<PathEntry>,
    /// Keeps the feed on disk.
    scribe: Option<Scribe>,
    /// The next position, where nothing is kept on disk.
    position: u64,
    /// Where this process's own items begin.
    own_from: u64,
    claims: u64,
    on_air: Option<OnAir>,
    title: Option<String>,
    last_refusal: Option<String>,
    frames_total: u64,
    frame_bytes_total: u64,
    junk_bytes_total: u64,
}

#[derive(Debug)]
struct OnAir {
    /// The number of its claim.
    number: u64,
    caller: Caller,
    since: WallTime,
    heard: WallTime,
    told: Told,
    /// Settings that the log has said it does not follow.
    warned: Vec<Setting>,
    /// Told when it loses the place.
    dismissed: watch::Sender<Option<Dismissal>>,
    /// Its place among the process's sources.
    permit: OwnedSemaphorePermit,
}

/// What a source has shown of itself.
#[derive(Debug, Default)]
struct Told {
    info: Option<SourceInfo>,
    mismatch: Vec<Mismatch>,
    bitrate_bps: Option<u32>,
    skipped: Skipped,
}

/// The right to write to the path feed, until another source has it.
#[derive(Debug)]
pub(crate) struct Claim {
    slot: Arc<Slot>,
    number: u64,
    dismissed: watch::Receiver<Option<Dismissal>>,
}

/// Why a source that sends loses its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dismissal {
    /// Another source has it.
    Replaced,
    /// The administrator has ended it.
    Removed,
}

/// Who wants to send.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) peer: SocketAddr,
    pub(crate) user_agent: Option<String>,
}

/// Why a source whose password is right does not get the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// Another source has it.
    #[error("another source is on the mount")]
    InUse,
    /// The process has as many sources as it takes.
    #[error("too many sources are connected")]
    TooMany,
}

impl Slot {
    pub(crate) fn new(ingest: Ingest, metrics: IngestMetrics) -> Self {
        let (writer, feed) = tail::tail(FEED_LIMITS, PathEntry::weight);
        let state = Mutex::new(State {
            writer,
            scribe: None,
            position: 0,
            own_from: 0,
            claims: 0,
            on_air: None,
            title: None,
            last_refusal: None,
            frames_total: 0,
            frame_bytes_total: 0,
            junk_bytes_total: 0,
        });
        let turns = Semaphore::new(ASKED_MAX);
        Self { ingest, feed, metrics, turns, back_end_failed: AtomicBool::new(false), state }
    }

    /// Puts what a process before has left on the feed, and keeps the feed on disk
    /// from now on. No source is there yet.
    pub(crate) fn resume(&self, scribe: Scribe, entries: Vec<journal::Entry>) {
        let entries = entries.into_iter().filter_map(|entry| {
            let item = PathItem::decode(entry.payload).ok()?;
            Some(PathEntry { position: entry.position, item })
        });
        let entries: Vec<_> = entries.collect();
        let was_there = entries.last().is_some_and(|entry| entry.item != PathItem::Gone);
        let mut state = self.state();
        state.writer.extend(entries);
        state.own_from = scribe.next_position();
        state.scribe = Some(scribe);
        if was_there {
            state.forward(vec![PathItem::Gone]);
        }
    }

    /// Begins the positions of a feed that is not kept on disk. No source is there yet.
    pub(crate) fn begin_at(&self, position: u64) {
        let mut state = self.state();
        (state.position, state.own_from) = (position, position);
    }

    pub(crate) fn ingest(&self) -> &Ingest {
        &self.ingest
    }

    pub(crate) fn metrics(&self) -> &IngestMetrics {
        &self.metrics
    }

    pub(crate) fn turns(&self) -> &Semaphore {
        &self.turns
    }

    /// The ingest's name.
    pub(crate) fn name(&self) -> &str {
        self.ingest.name.as_str()
    }

    /// How titles are read that are no UTF-8.
    pub(crate) fn charset(&self) -> Charset {
        // Both sides know the names of the same standard.
        self.ingest.charset.as_str().parse().unwrap_or_default()
    }

    /// The position from which on the feed is this process's own.
    pub(crate) fn own_from(&self) -> u64 {
        self.state().own_from
    }

    pub(crate) fn feed(&self) -> Tail<PathEntry> {
        self.feed.clone()
    }

    /// The position of the next item, and the source that is there, as far as its
    /// first frames have come.
    pub(crate) fn standing(&self) -> (u64, Option<SourceInfo>) {
        let state = self.state();
        let next = state.scribe.as_ref().map_or(state.position, Scribe::next_position);
        (next, state.on_air.as_ref().and_then(|on_air| on_air.told.info))
    }

    /// Takes the place for a source whose password is right, and one of
    /// `places` among the process's sources.
    ///
    /// It is free, or its source comes from the same address, or has been
    /// silent for [`TAKE_OVER_AFTER`].
    pub(crate) fn claim(
        self: &Arc<Self>,
        caller: Caller,
        places: &Arc<Semaphore>,
        now: WallTime,
    ) -> Result<Claim, NoPlace> {
        let mut state = self.state();
        if let Some(on_air) = &state.on_air
            && canonical(on_air.caller.peer) != canonical(caller.peer)
            && now.since(on_air.heard) < TAKE_OVER_AFTER
        {
            return Err(NoPlace::InUse);
        }
        let permit = match state.on_air.take() {
            Some(on_air) => {
                on_air.dismissed.send_replace(Some(Dismissal::Replaced));
                state.leave(&self.metrics);
                on_air.permit
            }
            None => Arc::clone(places).try_acquire_owned().map_err(|_| NoPlace::TooMany)?,
        };
        state.claims += 1;
        let number = state.claims;
        let (sender, dismissed) = watch::channel(None);
        state.on_air = Some(OnAir {
            number,
            caller,
            since: now,
            heard: now,
            told: Told::default(),
            warned: Vec::new(),
            dismissed: sender,
            permit,
        });
        self.metrics.connects.inc();
        self.metrics.connected.set(1);
        Ok(Claim { slot: Arc::clone(self), number, dismissed })
    }

    /// Puts a title on the path feed. A title without a source goes nowhere.
    pub(crate) fn title(&self, title: Title) -> bool {
        let mut state = self.state();
        if state.on_air.is_none() {
            return false;
        }
        state.title = Some(title.stream_title.clone());
        state.forward(vec![PathItem::Title(Arc::new(title))]);
        self.metrics.titles.inc();
        true
    }

    /// Whole frames taken since the process began.
    pub(crate) fn frames_total(&self) -> u64 {
        self.state().frames_total
    }

    /// Takes note of whether the back end fails; says whether it did before.
    pub(crate) fn back_end_failed(&self, fails: bool) -> bool {
        self.back_end_failed.swap(fails, Ordering::Relaxed)
    }

    /// Whether a source has the place.
    pub(crate) fn has_source(&self) -> bool {
        self.state().on_air.is_some()
    }

    /// Ends the source that sends; `false` where there is none.
    pub(crate) fn remove_source(&self) -> bool {
        let mut state = self.state();
        let Some(on_air) = state.on_air.take() else { return false };
        on_air.dismissed.send_replace(Some(Dismissal::Removed));
        state.leave(&self.metrics);
        true
    }

    /// Takes note of a source that was turned away, and says why in the log.
    pub(crate) fn refused(&self, reason: String) {
        info!(ingest = self.name(), reason, "source refused");
        self.metrics.refused.inc();
        self.state().last_refusal = Some(reason);
    }

    /// Takes note of a stream that cannot be had.
    pub(crate) fn pull_failed(&self, reason: String) {
        self.metrics.pull_failures.inc();
        self.state().last_refusal = Some(reason);
    }

    pub(crate) fn report(&self, now: WallTime) -> IngestReport {
        let state = self.state();
        let mut report = IngestReport {
            name: self.ingest.name.as_str().to_owned(),
            mount: self.ingest.push().map(|push| push.mount.as_str().to_owned()),
            pulled_from: self.ingest.pull().map(|pull| pull.url.to_string()),
            connects_total: state.claims,
            frames_total: state.frames_total,
            frame_bytes_total: state.frame_bytes_total,
            junk_bytes_total: state.junk_bytes_total,
            last_refusal: state.last_refusal.clone(),
            ..IngestReport::default()
        };
        if let Some(on_air) = &state.on_air {
            report.state = IngestState::Connected;
            report.peer_address = Some(on_air.caller.peer.to_string());
            report.user_agent.clone_from(&on_air.caller.user_agent);
            report.connected_at_unix_secs = Some(on_air.since.secs());
            report.connected_secs = Some(now.since(on_air.since).as_secs());
            let stream = on_air.told.info.map(|info| info.header.stream);
            report.format = on_air.told.info.map(|info| format(&info));
            report.sample_rate_hz = stream.map(|stream| stream.timescale.hz());
            report.channels = stream.map(|stream| stream.channels);
            report.bitrate_bps = on_air.told.bitrate_bps;
            report.mismatch.clone_from(&on_air.told.mismatch);
            report.title.clone_from(&state.title);
        }
        report
    }

    /// No code panics while it holds the lock, so a poisoned one is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Appends to the path feed, unless another source has the place by now.
    ///
    /// Where there are frames among `items` the source counts as heard until
    /// `heard`.
    pub(crate) fn append(&self, items: Vec<PathItem>, intake: &Intake, heard: WallTime) {
        let mut state = self.slot.state();
        let state = &mut *state;
        let Some(on_air) = state.on_air.as_mut().filter(|on_air| on_air.number == self.number)
        else {
            return;
        };
        let metrics = &self.slot.metrics;
        for item in &items {
            match item {
                PathItem::Unit(unit) => {
                    on_air.heard = heard;
                    state.frames_total += 1;
                    state.frame_bytes_total += unit.data.len() as u64;
                    metrics.frames.inc();
                }
                PathItem::Title(new) => {
                    state.title = Some(new.stream_title.clone());
                    metrics.titles.inc();
                }
                PathItem::Connected(_) | PathItem::Gone => {}
            }
        }
        let (skipped, before) = (intake.skipped(), on_air.told.skipped);
        let junk = skipped.junk_bytes - before.junk_bytes;
        state.junk_bytes_total += junk;
        metrics.junk_bytes.inc_by(junk);
        metrics.tag_bytes.inc_by(skipped.id3_bytes - before.id3_bytes);
        metrics.info_frames.inc_by(skipped.info_frames - before.info_frames);
        on_air.told = Told {
            info: intake.info().copied(),
            mismatch: intake.mismatch(),
            bitrate_bps: intake.bitrate_bps(),
            skipped,
        };
        metrics.mismatch.set(i64::from(!on_air.told.mismatch.is_empty()));
        on_air.warn(self.slot.ingest.name.as_str());
        state.forward(items);
    }

    /// Waits until the place is lost.
    pub(crate) async fn dismissed(&mut self) -> Dismissal {
        // The sender lives as long as this claim is the one on air.
        let told = self.dismissed.wait_for(Option::is_some).await;
        told.ok().and_then(|told| *told).unwrap_or(Dismissal::Replaced)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.slot.state();
        if state.on_air.as_ref().is_some_and(|on_air| on_air.number == self.number) {
            state.on_air = None;
            state.leave(&self.slot.metrics);
        }
    }
}

impl State {
    /// Puts items on the feed, and has them written to disk.
    ///
    /// What cannot be written in a form that can be read again is not: its
    /// position stays empty.
    fn forward(&mut self, items: Vec<PathItem>) {
        let first = match &self.scribe {
            Some(scribe) => scribe.write(items.iter().map(encode).collect()),
            None => self.position,
        };
        self.position = first + items.len() as u64;
        let entries = (first..).zip(items).map(|(position, item)| PathEntry { position, item });
        self.writer.extend(entries);
    }

    /// The source on air is there no more.
    fn leave(&mut self, metrics: &IngestMetrics) {
        self.title = None;
        self.forward(vec![PathItem::Gone]);
        metrics.connected.set(0);
        metrics.mismatch.set(0);
    }
}

impl OnAir {
    /// Says once for each setting that the source does not follow it.
    fn warn(&mut self, ingest: &str) {
        for mismatch in &self.told.mismatch {
            if !self.warned.contains(&mismatch.setting) {
                self.warned.push(mismatch.setting);
                let Mismatch { setting, wanted, got, .. } = mismatch;
                warn!(ingest, %setting, wanted, got, "the source does not follow its settings");
            }
        }
    }
}

/// An item as the journal has it; one byte where it has no such form.
fn encode(item: &PathItem) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = item.encode(&mut bytes) {
        debug!(%error, "item not journalled");
        bytes = vec![NOTHING];
    }
    bytes
}

/// An IPv4 address is the same however the socket spells it.
fn canonical(peer: SocketAddr) -> IpAddr {
    peer.ip().to_canonical()
}

/// What comes, for people.
fn format(info: &SourceInfo) -> String {
    let stream = info.header.stream;
    let name = match (stream.codec, info.profile) {
        (media::Codec::Mp3, _) => "MP3",
        (_, Some(media::AacProfile::HeV1)) => "HE-AAC",
        (_, Some(media::AacProfile::HeV2)) => "HE-AAC v2",
        _ => "AAC-LC",
    };
    let doubled = matches!(info.profile, Some(media::AacProfile::HeV1 | media::AacProfile::HeV2));
    let hz = stream.timescale.hz() * if doubled { 2 } else { 1 };
    let parametric = info.profile == Some(media::AacProfile::HeV2);
    let channels = if stream.channels == 1 && !parametric { "mono" } else { "stereo" };
    let bitrate =
        info.header.bitrate_bps.map_or(String::new(), |bps| format!(" {} kbit/s,", bps / 1000));
    format!("{name}{bitrate} {hz} Hz, {channels}")
}

#[cfg(test)]
mod tests;
