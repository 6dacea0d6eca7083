//! One rendition of an egress, as listeners get it: written by the origin, read by
//! every request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use icy::listener::StationHead;
use media::{RenditionId, WallTime};
use playlists::{Variant, closing};

use crate::announcement::Announcement;
use crate::document::Document;
use crate::fanout::{Intro, MountHandle};
use crate::resolve::ANNOUNCEMENT;
use crate::station::StationSettings;
use crate::timeshift::Timeshift;
use crate::view::HlsView;

/// What does not change of a rendition while the process runs.
#[derive(Debug, Clone)]
pub struct RenditionSettings {
    /// Its name.
    pub id: RenditionId,
    /// What the heads of its ICY answers say.
    pub head: StationHead,
    /// Its ICY listeners. The mounts of one egress stand beside each other in the engine.
    pub mount: MountHandle,
    /// What they hear last whose time is up, in its own format.
    pub limit_announcement: Option<Announcement>,
    /// What they hear who are where it may not be heard, likewise.
    pub geo_announcement: Option<Announcement>,
}

/// One rendition of an egress.
///
/// All renditions of an egress are on one timeline: a segment of a number is the same
/// stretch of the programme in each.
#[derive(Debug)]
pub struct Rendition {
    settings: RenditionSettings,
    egress: Arc<StationSettings>,
    intro: RwLock<Option<Intro>>,
    hls: RwLock<Arc<HlsView>>,
    timeshift: Option<Arc<Timeshift>>,
    /// Playlists with a pass: of which, with which, and the playlist.
    protected: Mutex<VecDeque<(String, String, Arc<Document>)>>,
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

/// Playlists with a pass that are at hand, of one rendition; chosen: the listeners of
/// most stations are in fewer countries.
const PROTECTED_MAX: usize = 64;

impl Rendition {
    /// A rendition that has nothing yet.
    pub(crate) fn new(settings: RenditionSettings, egress: &Arc<StationSettings>) -> Self {
        let has_past = !egress.dvr.is_zero();
        let past = has_past.then(|| Arc::new(Timeshift::new(egress.target_secs, egress.dvr)));
        Self {
            settings,
            egress: Arc::clone(egress),
            intro: RwLock::default(),
            hls: RwLock::default(),
            timeshift: past,
            protected: Mutex::default(),
        }
    }

    /// Its name.
    pub fn id(&self) -> &RenditionId {
        &self.settings.id
    }

    /// What does not change.
    pub fn settings(&self) -> &RenditionSettings {
        &self.settings
    }

    /// What does not change of its egress.
    pub fn egress(&self) -> &StationSettings {
        &self.egress
    }

    /// What the heads of its ICY answers say.
    pub fn head(&self) -> &StationHead {
        &self.settings.head
    }

    /// Its ICY listeners.
    pub fn mount(&self) -> &MountHandle {
        &self.settings.mount
    }

    /// What a new ICY listener hears before the programme.
    pub fn intro(&self) -> Option<Intro> {
        self.intro.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets new ICY listeners hear this first, or nothing. It must have the
    /// codec and the parameters of the rendition.
    pub fn set_intro(&self, intro: Option<Intro>) {
        *self.intro.write().unwrap_or_else(PoisonError::into_inner) = intro;
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
        let targets = Duration::from_secs(3 * self.egress.target_secs);
        now.since(newest) > targets.max(self.egress.hold)
    }

    /// What the multivariant playlist says of it, with `prefix` before its URI and a
    /// query behind it.
    pub(crate) fn variant(&self, prefix: &str, query: &str) -> Option<Variant> {
        let variant = self.hls().variant.clone()?;
        let uri = format!("{prefix}{}{query}", variant.uri);
        Some(Variant { uri, ..variant })
    }

    /// What a multivariant playlist says of the announcement to those who are blocked,
    /// which lies beside the programme.
    pub(crate) fn announcing(&self, prefix: &str) -> Option<Variant> {
        let said = self.settings.geo_announcement.as_ref()?;
        let variant = self.hls().variant.clone()?;
        let folder = variant.uri.rsplit_once('/').map_or("", |(folder, _)| folder);
        let bandwidth_bps = said.bandwidth_bps();
        let uri = format!("{prefix}{folder}/{ANNOUNCEMENT}");
        Some(Variant { uri, bandwidth_bps, average_bandwidth_bps: bandwidth_bps, ..variant })
    }

    /// The playlist with which a session is closed whose time was up at `expiry`, out of
    /// a view of this rendition: what was shown at the end of that target duration, an
    /// announcement, and the end. The same for all whose time was up within it.
    ///
    /// `Err` while that is still to come; `Ok(None)` once it has left the live window,
    /// and where nothing was shown.
    pub(crate) fn closing(
        &self,
        view: &HlsView,
        expiry: WallTime,
        now: WallTime,
    ) -> Result<Option<Closing>, NotYet> {
        let cut = self.egress.closes_at(expiry);
        if now < cut {
            return Err(NotYet);
        }
        let Some(shown) = view.shown_at(cut) else { return Ok(None) };
        let announcement = self.settings.limit_announcement.as_ref();
        let spots = announcement.map(Announcement::spots).unwrap_or_default();
        // It was text when it was made.
        let text = std::str::from_utf8(&shown.media.text).unwrap_or_default();
        let text = closing::close(text, &spots, shown.wall_end);
        Ok(Some(Closing { text, wall_end: shown.wall_end }))
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
}
