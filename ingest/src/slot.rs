//! One ingest's place: who may send, who does, and what came.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use catalogue::report::{IngestReport, IngestState};
use catalogue::{Ingest, Mismatch};
use feed::{PathItem, SourceInfo};
use media::framer::Skipped;
use media::{Title, WallTime};
use runtime::tail::{self, Tail, Writer};
use tokio::sync::watch;

use crate::intake::Intake;
use crate::metrics::IngestMetrics;

/// Silence after which anyone with the right password may take a source's place.
pub const TAKE_OVER_AFTER: Duration = Duration::from_secs(2);

/// What a path feed holds for a reader that is late: a minute of 320 kbit/s and
/// more, and titles.
const FEED_LIMITS: tail::Limits = tail::Limits { items_max: 8192, weight_max: 4 << 20 };

/// An ingest with its path feed.
#[derive(Debug)]
pub(crate) struct Slot {
    ingest: Ingest,
    feed: Tail<PathItem>,
    metrics: IngestMetrics,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    writer: Writer<PathItem>,
    claims: u64,
    on_air: Option<OnAir>,
    title: Option<String>,
    last_refusal: Option<String>,
    frames_total: u64,
    junk_bytes_total: u64,
}

#[derive(Debug)]
struct OnAir {
    claim: u64,
    peer: SocketAddr,
    user_agent: Option<String>,
    since: WallTime,
    heard: WallTime,
    told: Told,
    /// Told when another source takes the place.
    replaced: watch::Sender<bool>,
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
    claim: u64,
    replaced: watch::Receiver<bool>,
}

/// Another source has the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another source is on the mount")]
pub(crate) struct InUse;

impl Slot {
    pub(crate) fn new(ingest: Ingest, metrics: IngestMetrics) -> Self {
        let (writer, feed) = tail::tail(FEED_LIMITS, PathItem::weight);
        let state = Mutex::new(State {
            writer,
            claims: 0,
            on_air: None,
            title: None,
            last_refusal: None,
            frames_total: 0,
            junk_bytes_total: 0,
        });
        Self { ingest, feed, metrics, state }
    }

    pub(crate) fn ingest(&self) -> &Ingest {
        &self.ingest
    }

    pub(crate) fn feed(&self) -> Tail<PathItem> {
        self.feed.clone()
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.state().on_air.is_some()
    }

    /// Takes the place for a source whose password is right.
    ///
    /// It is free, or its source comes from the same address, or has been
    /// silent for [`TAKE_OVER_AFTER`].
    pub(crate) fn claim(
        self: &Arc<Self>,
        peer: SocketAddr,
        user_agent: Option<String>,
        now: WallTime,
    ) -> Result<Claim, InUse> {
        let mut state = self.state();
        if let Some(on_air) = &state.on_air {
            let same = canonical(on_air.peer) == canonical(peer);
            if !same && now.since(on_air.heard) < TAKE_OVER_AFTER {
                return Err(InUse);
            }
        }
        if let Some(on_air) = state.on_air.take() {
            on_air.replaced.send_replace(true);
            state.writer.push(PathItem::Gone);
        }
        state.claims += 1;
        let claim = state.claims;
        let (sender, replaced) = watch::channel(false);
        state.on_air = Some(OnAir {
            claim,
            peer,
            user_agent,
            since: now,
            heard: now,
            told: Told::default(),
            replaced: sender,
        });
        self.metrics.connects.inc();
        self.metrics.connected.set(1);
        Ok(Claim { slot: Arc::clone(self), claim, replaced })
    }

    /// Puts a title on the path feed. A title without a source goes nowhere.
    pub(crate) fn title(&self, title: Title) -> bool {
        let mut state = self.state();
        if state.on_air.is_none() {
            return false;
        }
        state.title = Some(title.stream_title.clone());
        state.writer.push(PathItem::Title(Arc::new(title)));
        self.metrics.titles.inc();
        true
    }

    /// Takes note of a source that was turned away.
    pub(crate) fn refused(&self, reason: String) {
        self.metrics.refused.inc();
        self.state().last_refusal = Some(reason);
    }

    pub(crate) fn report(&self, now: WallTime) -> IngestReport {
        let state = self.state();
        let mut report = IngestReport {
            name: self.ingest.name.as_str().to_owned(),
            mount: self.ingest.push.mount.as_str().to_owned(),
            frames_total: state.frames_total,
            junk_bytes_total: state.junk_bytes_total,
            last_refusal: state.last_refusal.clone(),
            ..IngestReport::default()
        };
        if let Some(on_air) = &state.on_air {
            report.state = IngestState::Connected;
            report.peer_address = Some(on_air.peer.to_string());
            report.user_agent.clone_from(&on_air.user_agent);
            report.connected_secs = Some(now.since(on_air.since).as_secs());
            report.format = on_air.told.info.map(|info| format(&info));
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
    pub(crate) fn append(&self, items: Vec<PathItem>, intake: &Intake, now: WallTime) {
        let mut state = self.slot.state();
        let State { writer, on_air, frames_total, junk_bytes_total, .. } = &mut *state;
        let Some(on_air) = on_air.as_mut().filter(|on_air| on_air.claim == self.claim) else {
            return;
        };
        let units = items.iter().filter(|item| matches!(item, PathItem::Unit(_))).count() as u64;
        if units > 0 {
            on_air.heard = now;
        }
        let skipped = intake.skipped();
        let junk = skipped.junk_bytes - on_air.told.skipped.junk_bytes;
        *frames_total += units;
        *junk_bytes_total += junk;
        let metrics = &self.slot.metrics;
        metrics.frames.inc_by(units);
        metrics.junk_bytes.inc_by(junk);
        metrics.tag_bytes.inc_by(skipped.id3_bytes - on_air.told.skipped.id3_bytes);
        let mismatch = intake.mismatch();
        metrics.mismatch.set(i64::from(!mismatch.is_empty()));
        on_air.told = Told {
            info: intake.info().copied(),
            mismatch,
            bitrate_bps: intake.bitrate_bps(),
            skipped,
        };
        writer.extend(items);
    }

    /// Waits until another source takes the place.
    pub(crate) async fn replaced(&mut self) {
        // The sender lives as long as this claim is the one on air.
        let _ = self.replaced.wait_for(|replaced| *replaced).await;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = self.slot.state();
        if state.on_air.as_ref().is_some_and(|on_air| on_air.claim == self.claim) {
            state.on_air = None;
            state.title = None;
            state.writer.push(PathItem::Gone);
            self.slot.metrics.connected.set(0);
            self.slot.metrics.mismatch.set(0);
        }
    }
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
    let bitrate = info.header.bitrate_bps.map_or(String::new(), |bps| {
        format!(" {} kbit/s,", bps / 1000)
    });
    format!("{name}{bitrate} {hz} Hz, {channels}")
}

#[cfg(test)]
mod tests;
