//! What listeners can get of one egress now: written by the origin, read by
//! every request.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use catalogue::Geo;
use icy::listener::StationHead;
use media::{MediaSequence, RenditionId, WallTime};
use playlists::multivariant;
use playlists::{Variant, closing};
use policy::SESSION_MAX;

use crate::announcement::Announcement;
use crate::document::Document;
use crate::fanout::{Intro, MountHandle};
use crate::resolve::ANNOUNCEMENT;
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
    /// How long a listener may listen.
    pub session_limit: Option<Duration>,
    /// Whether segments are only for those who were told of them.
    pub protect_segments: bool,
    /// What they hear last whose time is up.
    pub limit_announcement: Option<Announcement>,
    /// What they hear who are where it may not be heard.
    pub geo_announcement: Option<Announcement>,
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
    /// What has become listed since the process began.
    pub heard: Heard,
    /// The media playlists that were shown lately, the newest last: as long as one of
    /// their segments is listed.
    pub shown: Vec<Shown>,
}

impl StationSettings {
    /// When a session is closed whose time is up at `expiry`: at the end of that target
    /// duration.
    pub(crate) fn closes_at(&self, expiry: WallTime) -> WallTime {
        let target = self.target_secs.max(1);
        WallTime::from_nanos((expiry.secs() / target + 1) * target * 1_000_000_000)
    }

    /// Days for which a segment's pass is good behind the one on which it was given: as
    /// long as a session lasts, and its segments can be had.
    pub(crate) fn pass_days(&self) -> u64 {
        let session = self.session_limit.unwrap_or(SESSION_MAX);
        (session + self.segment_max_age).as_secs() / (24 * 60 * 60) + 1
    }
}

/// An amount of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// Its media.
    pub media: Duration,
    /// Its bytes.
    pub bytes: u64,
}

/// A media playlist, as it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Since when.
    pub at: WallTime,
    /// The playlist.
    pub media: Arc<Document>,
    /// Number of its newest segment.
    pub last: MediaSequence,
    /// Where that ends.
    pub wall_end: WallTime,
}

/// A playlist with which a session is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The text.
    pub(crate) text: String,
    /// Where the programme ends in it.
    pub(crate) wall_end: WallTime,
}

/// A closing playlist is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotYet;

/// One egress, as listeners see it.
#[derive(Debug)]
pub struct Station {
    settings: StationSettings,
    head: StationHead,
    mount: MountHandle,
    intro: RwLock<Option<Intro>>,
    hls: RwLock<Arc<HlsView>>,
    timeshift: Option<Arc<Timeshift>>,
    /// Playlists with a pass: of which, with which, and the playlist.
    protected: Mutex<VecDeque<(String, String, Arc<Document>)>>,
}

/// Playlists with a pass that are at hand, of one station; chosen: the listeners of most
/// stations are in fewer countries.
const PROTECTED_MAX: usize = 64;

impl Station {
    /// A station that has nothing yet.
    pub fn new(settings: StationSettings, head: StationHead, mount: MountHandle) -> Self {
        let has_past = !settings.dvr.is_zero();
        let past = has_past.then(|| Arc::new(Timeshift::new(settings.target_secs, settings.dvr)));
        let (intro, hls) = (RwLock::default(), RwLock::default());
        let protected = Mutex::default();
        Self { settings, head, mount, intro, hls, timeshift: past, protected }
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

    /// Whether anybody may have its playlists, as long as it likes.
    pub(crate) fn is_for_all(&self) -> bool {
        let settings = &self.settings;
        settings.geo.is_none() && settings.session_limit.is_none() && !settings.protect_segments
    }

    /// A media playlist with the query of a pass behind each segment's URI: made once
    /// for all who have that pass.
    pub(crate) fn protected(&self, document: &Arc<Document>, query: &str) -> Arc<Document> {
        let mut made = self.protected.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |(of, with, _): &&(String, String, Arc<Document>)| {
            *of == document.etag && with == query
        };
        if let Some((.., protected)) = made.iter().find(known) {
            return Arc::clone(protected);
        }
        let text = std::str::from_utf8(&document.text).unwrap_or_default();
        let text = closing::with_suffix(text, query);
        let protected = Arc::new(Document::new(text, document.modified));
        if made.len() >= PROTECTED_MAX {
            made.pop_front();
        }
        made.push_back((document.etag.clone(), query.to_owned(), Arc::clone(&protected)));
        protected
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
    /// The playlist with which a session is closed whose time was up at `expiry`: what
    /// was shown at the end of that target duration, an announcement, and the end. The
    /// same for all whose time was up within it.
    ///
    /// `Err` while that is still to come; `Ok(None)` once it has left the live window,
    /// and where nothing was shown.
    pub(crate) fn closing(
        &self,
        expiry: WallTime,
        now: WallTime,
        settings: &StationSettings,
    ) -> Result<Option<Closing>, NotYet> {
        let cut = settings.closes_at(expiry);
        if now < cut {
            return Err(NotYet);
        }
        let Some(shown) = self.shown.iter().rev().find(|shown| shown.at <= cut) else {
            return Ok(None);
        };
        let announcement = settings.limit_announcement.as_ref();
        let spots = announcement.map(Announcement::spots).unwrap_or_default();
        // It was text when it was made.
        let text = std::str::from_utf8(&shown.media.text).unwrap_or_default();
        let text = closing::close(text, &spots, shown.wall_end);
        Ok(Some(Closing { text, wall_end: shown.wall_end }))
    }

    /// Notes what is shown now; forgets what has left the live window, whose oldest
    /// segment is `first`.
    pub fn note_shown(&mut self, shown: Shown, first: MediaSequence) {
        self.shown.retain(|one| one.last >= first && one.last < shown.last);
        self.shown.push(shown);
    }

    /// The multivariant playlist, with `prefix` before its URIs and a query behind them.
    pub fn multivariant(&self, prefix: &str, query: &str) -> Option<String> {
        let variant = self.variant.clone()?;
        let uri = format!("{prefix}{}{query}", variant.uri);
        Some(multivariant::render(&[Variant { uri, ..variant }]))
    }

    /// The multivariant playlist of an announcement: beside the programme's.
    pub(crate) fn announcing(&self, prefix: &str, said: &Announcement) -> Option<String> {
        let variant = self.variant.clone()?;
        let folder = variant.uri.rsplit_once('/').map_or("", |(folder, _)| folder);
        let bandwidth_bps = said.bandwidth_bps();
        let uri = format!("{prefix}{folder}/{ANNOUNCEMENT}");
        let average_bandwidth_bps = bandwidth_bps;
        Some(multivariant::render(&[Variant {
            uri,
            bandwidth_bps,
            average_bandwidth_bps,
            ..variant
        }]))
    }
}
