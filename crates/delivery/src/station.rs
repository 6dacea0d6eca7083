//! What listeners can get of one egress now: what holds for all of it, and its
//! renditions.

use std::sync::Arc;
use std::time::Duration;

use catalogue::Geo;
use media::{RenditionId, WallTime};
use policy::SESSION_MAX;

use crate::fanout::Snapshot;
use crate::rendition::{Rendition, RenditionSettings};

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
    /// The rendition that is heard at the mounts themselves; each is heard below them.
    pub default_rendition: RenditionId,
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
}

/// One egress, as listeners see it.
#[derive(Debug)]
pub struct Station {
    settings: Arc<StationSettings>,
    /// In the order of the multivariant playlist.
    renditions: Vec<Arc<Rendition>>,
    /// One of them.
    default: Arc<Rendition>,
}

impl StationSettings {
    /// Every path of it: the name, then the aliases.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(String::as_str);
        std::iter::once(self.name.as_str()).chain(aliases)
    }

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

    /// Whether anybody may have its playlists, as long as it likes.
    pub(crate) fn is_for_all(&self) -> bool {
        self.geo.is_none() && self.session_limit.is_none() && !self.protect_segments
    }
}

impl Station {
    /// A station that has nothing yet, with renditions in the order of the multivariant
    /// playlist, each once; `None` where the default one is not among them.
    pub fn new(settings: StationSettings, renditions: Vec<RenditionSettings>) -> Option<Self> {
        let settings = Arc::new(settings);
        let made = renditions.into_iter().map(|one| Arc::new(Rendition::new(one, &settings)));
        let renditions: Vec<_> = made.collect();
        let default = renditions.iter().find(|one| *one.id() == settings.default_rendition)?;
        Some(Self { default: Arc::clone(default), settings, renditions })
    }

    /// What does not change.
    pub fn settings(&self) -> &StationSettings {
        &self.settings
    }

    /// Its renditions, in the order of the multivariant playlist: at least one.
    pub fn renditions(&self) -> &[Arc<Rendition>] {
        &self.renditions
    }

    /// The rendition of this name.
    pub fn rendition(&self, id: &str) -> Option<&Arc<Rendition>> {
        self.renditions.iter().find(|one| one.id().as_str() == id)
    }

    /// The rendition that is heard at the mounts themselves.
    pub fn default_rendition(&self) -> &Arc<Rendition> {
        &self.default
    }

    /// The numbers of its listeners, whichever rendition they hear.
    pub fn snapshot(&self) -> Snapshot {
        self.default.mount().snapshot()
    }
}
