//! What listeners can get of one egress now: written by the origin, read by
//! every request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use catalogue::Geo;
use icy::listener::StationHead;
use media::{MediaSequence, RenditionId, WallTime};
use playlists::Variant;
use playlists::multivariant;
use playlists::timeshift::Query;

use crate::document::Document;
use crate::fanout::{Intro, MountHandle};
use crate::timeshift::Timeshift;

/// What does not change while the process runs.
#[derive(Debug, Clone)]
pub struct StationSettings {
    /// The egress's name, its first mount.
    pub name: String,
    /// Its other mounts.
    pub aliases: Vec<String>,
    /// SHOUTcast's number of the stream, from 1.
    pub sid: u32,
    /// The station's name for people.
    pub title: String,
    /// The rendition's name.
    pub rendition: RenditionId,
    /// `EXT-X-TARGETDURATION`, in seconds.
    pub target_secs: u64,
    /// How long the playlists stay up without a new segment.
    pub hold: Duration,
    /// How far back listeners may go; zero for not at all.
    pub dvr: Duration,
    /// How long a segment can be had after it left the window, at least: what
    /// caches are told.
    pub segment_max_age: Duration,
    /// Where it may be heard.
    pub geo: Option<Geo>,
}

/// The playlists and segments of one moment.
#[derive(Debug, Clone, Default)]
pub struct HlsView {
    /// The media playlist; `None` until three segments are listed.
    pub media: Option<Arc<Document>>,
    /// What the multivariant playlist says, without a prefix.
    pub variant: Option<Variant>,
    /// Number of the newest segment listed.
    pub number: Option<MediaSequence>,
    /// Segments listed.
    pub listed: usize,
    /// Segments in memory, by file name.
    pub segments: HashMap<String, Bytes>,
}

/// One egress, as listeners see it.
#[derive(Debug)]
pub struct Station {
    settings: StationSettings,
    head: StationHead,
    mount: MountHandle,
    intro: RwLock<Option<Intro>>,
    hls: RwLock<Arc<HlsView>>,
    timeshift: Option<Arc<Timeshift>>,
}

impl Station {
    /// A station that has nothing yet.
    pub fn new(settings: StationSettings, head: StationHead, mount: MountHandle) -> Self {
        let has_past = !settings.dvr.is_zero();
        let past = has_past.then(|| Arc::new(Timeshift::new(settings.target_secs, settings.dvr)));
        let (intro, hls) = (RwLock::default(), RwLock::default());
        Self { settings, head, mount, intro, hls, timeshift: past }
    }

    /// What the heads of its ICY answers say.
    pub fn head(&self) -> &StationHead {
        &self.head
    }

    /// Its ICY listeners.
    pub fn mount(&self) -> &MountHandle {
        &self.mount
    }

    /// What a new ICY listener hears before the programme.
    pub fn intro(&self) -> Option<Intro> {
        self.intro.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets new ICY listeners hear this first, or nothing. It must have the
    /// codec and the parameters of the programme.
    pub fn set_intro(&self, intro: Option<Intro>) {
        *self.intro.write().unwrap_or_else(PoisonError::into_inner) = intro;
    }

    /// What does not change.
    pub fn settings(&self) -> &StationSettings {
        &self.settings
    }

    /// Every path of it: the name, then the aliases.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let aliases = self.settings.aliases.iter().map(String::as_str);
        std::iter::once(self.settings.name.as_str()).chain(aliases)
    }

    /// The rendition's name.
    pub fn rendition(&self) -> &RenditionId {
        &self.settings.rendition
    }

    /// The playlists and segments of now.
    pub fn hls(&self) -> Arc<HlsView> {
        Arc::clone(&self.hls.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in their place, at once for all.
    pub fn set_hls(&self, view: HlsView) {
        *self.hls.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    /// What is kept of its past; `None` without `dvr`.
    pub fn timeshift(&self) -> Option<&Arc<Timeshift>> {
        self.timeshift.as_ref()
    }

    /// Whether the playlists are too old to be sent: a player that gets an
    /// error looks elsewhere, one that gets an old window waits for ever.
    pub fn is_stale(&self, document: &Document, now: WallTime) -> bool {
        self.is_silent(document.modified, now)
    }

    /// The same, where the last segment came at `newest`.
    pub(crate) fn is_silent(&self, newest: WallTime, now: WallTime) -> bool {
        let targets = Duration::from_secs(3 * self.settings.target_secs);
        now.since(newest) > targets.max(self.settings.hold)
    }
}

impl HlsView {
    /// The multivariant playlist, with `prefix` before its URIs and a query for
    /// a time of the past behind them.
    pub fn multivariant(&self, prefix: &str, query: Option<&Query>) -> Option<Document> {
        let variant = self.variant.clone()?;
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let uri = format!("{prefix}{}{query}", variant.uri);
        let text = multivariant::render(&[Variant { uri, ..variant }]);
        let modified = self.media.as_ref().map_or(WallTime::default(), |media| media.modified);
        Some(Document::new(text, modified))
    }
}
