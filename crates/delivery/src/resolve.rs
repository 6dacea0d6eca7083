//! Which egress a path belongs to, and what of it is asked.

use std::collections::HashMap;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use playlists::timeshift::{Query, QueryError};
use playlists::tune_in;
use store::SegmentName;

use crate::announcement;
use crate::rendition::Rendition;
use crate::station::Station;

/// SHOUTcast's number of the stream where a request has none.
pub(crate) const FIRST_SID: u32 = 1;

/// The query's parameter with a session's token.
pub(crate) const TOKEN_PARAMETER: &str = "t";

/// The query's parameter with a segment's pass.
const PASS_PARAMETER: &str = "p";

/// The file name of the announcement's playlist.
pub(crate) const ANNOUNCEMENT: &str = "announcement.m3u8";

/// The longest path that is looked up: an alias of three parts, a rendition and
/// a segment's name.
pub const PATH_LEN_MAX: usize = 512;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The ICY stream: `/{mount}`, and `/{mount}/{rendition}`.
    Stream,
    /// The multivariant playlist. `prefix` goes before its URIs, so that they
    /// are right relative to the path asked for.
    Multivariant {
        /// Empty for `/{mount}/playlist.m3u8`, `{mount}/` for `/{mount}.m3u8`.
        prefix: String,
    },
    /// The media playlist: `/{mount}/{rendition}/media.m3u8`.
    Media,
    /// A segment: `/{mount}/{rendition}/{name}`.
    Segment {
        /// Its file name, of the right shape.
        name: String,
    },
    /// The media playlist of what is said to those who are blocked:
    /// `/{mount}/{rendition}/announcement.m3u8`.
    Announcement,
    /// A tune-in file: `/{mount}.pls`, `.m3u`, `.xspf`, and the same of
    /// `/{mount}/{rendition}`.
    TuneIn {
        /// In which form.
        format: tune_in::Format,
        /// The path of the stream, without a leading slash.
        stream: String,
    },
}

/// What a request's path leads to.
#[derive(Debug, Clone)]
pub struct Found {
    /// The egress.
    pub station: Arc<Station>,
    /// Its rendition; the default one where the path names none.
    pub rendition: Arc<Rendition>,
    /// What of it.
    pub wanted: Wanted,
}

/// The egresses of this process, by every path that they have.
#[derive(Debug, Default)]
pub struct Stations {
    by_mount: HashMap<String, Arc<Station>>,
    all: Vec<Arc<Station>>,
}

impl Stations {
    /// Egresses with their names and aliases, which the catalogue keeps unique.
    pub fn new(stations: Vec<Arc<Station>>) -> Self {
        let mut by_mount = HashMap::new();
        for station in &stations {
            for mount in station.settings().paths() {
                by_mount.insert(mount.to_owned(), Arc::clone(station));
            }
        }
        Self { by_mount, all: stations }
    }

    /// All of them, in the manifest's order.
    pub fn all(&self) -> &[Arc<Station>] {
        &self.all
    }

    /// Finds what a request's path, as it was sent, asks for.
    ///
    /// It is decoded once; nothing in it ever names a file.
    pub fn resolve(&self, path: &str) -> Option<Found> {
        let path = path.strip_prefix('/').filter(|path| path.len() <= PATH_LEN_MAX)?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        if let Some(station) = self.by_mount.get(path.as_ref()) {
            return Some(Found::of_default(station, Wanted::Stream));
        }
        let (parent, last) = path.rsplit_once('/').unwrap_or(("", &path));
        self.below(parent, last)
            .or_else(|| self.beside(&path, last))
            .or_else(|| self.stream(sid_of(&path)?))
    }

    /// The stream that has a number of SHOUTcast's.
    pub(crate) fn stream(&self, sid: u32) -> Option<Found> {
        let station = self.all.iter().find(|station| station.settings().sid == sid)?;
        Some(Found::of_default(station, Wanted::Stream))
    }

    /// `{mount}/playlist.m3u8`, the rendition, and what is below it.
    fn below(&self, parent: &str, last: &str) -> Option<Found> {
        if last == "playlist.m3u8" {
            let wanted = Wanted::Multivariant { prefix: String::new() };
            return Some(Found::of_default(self.by_mount.get(parent)?, wanted));
        }
        if let Some(found) = self.at_rendition(parent, last, Wanted::Stream) {
            return Some(found);
        }
        let wanted = match last {
            "media.m3u8" => Wanted::Media,
            ANNOUNCEMENT => Wanted::Announcement,
            name if SegmentName::parse(name).is_some() || announcement::is_name(name) => {
                Wanted::Segment { name: name.to_owned() }
            }
            _ => return None,
        };
        let (mount, rendition) = parent.rsplit_once('/')?;
        self.at_rendition(mount, rendition, wanted)
    }

    /// `{mount}.m3u8`, and the tune-in files of a mount or a rendition.
    fn beside(&self, path: &str, last: &str) -> Option<Found> {
        let (stream, extension) = path.rsplit_once('.')?;
        let station = self.by_mount.get(stream);
        if extension == "m3u8" {
            let (name, _) = last.rsplit_once('.')?;
            let wanted = Wanted::Multivariant { prefix: format!("{name}/") };
            return Some(Found::of_default(station?, wanted));
        }
        let format = tune_in::Format::from_extension(extension)?;
        if let Some(station) = station {
            let stream = station.settings().name.clone();
            return Some(Found::of_default(station, Wanted::TuneIn { format, stream }));
        }
        let (mount, rendition) = stream.rsplit_once('/')?;
        let name = &self.by_mount.get(mount)?.settings().name;
        let stream = format!("{name}/{rendition}");
        self.at_rendition(mount, rendition, Wanted::TuneIn { format, stream })
    }

    /// What is wanted of a rendition, if the mount has it.
    fn at_rendition(&self, mount: &str, rendition: &str, wanted: Wanted) -> Option<Found> {
        let station = self.by_mount.get(mount)?;
        let rendition = Arc::clone(station.rendition(rendition)?);
        Some(Found { station: Arc::clone(station), rendition, wanted })
    }
}

impl Found {
    /// What is wanted of an egress as a whole, or of its default rendition.
    fn of_default(station: &Arc<Station>, wanted: Wanted) -> Self {
        let rendition = Arc::clone(station.default_rendition());
        Self { station: Arc::clone(station), rendition, wanted }
    }

    /// The renditions that an operator means by this mount, this one first: all of an
    /// egress whose own mount it is.
    pub(crate) fn meant(&self) -> impl Iterator<Item = &Arc<Rendition>> {
        let is_own = Arc::ptr_eq(&self.rendition, self.station.default_rendition());
        let others = self.station.renditions().iter();
        let others = others.filter(move |one| is_own && !Arc::ptr_eq(one, &self.rendition));
        std::iter::once(&self.rendition).chain(others)
    }
}

/// The number of the stream at a path as SHOUTcast has them: `;`, `;stream.mp3`,
/// `stream`, `stream/2` and `stream/2/`. What is behind a semicolon is there to
/// make players take the path for a file's.
fn sid_of(path: &str) -> Option<u32> {
    if path.starts_with(';') {
        return Some(FIRST_SID);
    }
    let sid = match path.strip_prefix("stream")? {
        "" | "/" => return Some(FIRST_SID),
        rest => rest.strip_prefix('/')?,
    };
    let (sid, behind) = sid.split_once('/').unwrap_or((sid, ""));
    let is_number = sid.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = behind.is_empty() || behind.starts_with(';');
    sid.parse().ok().filter(|_| is_number && is_whole)
}

/// The text of a session's token in a query, if there is one. It has no character that
/// would have to be encoded.
pub(crate) fn token(query: Option<&str>) -> Option<&str> {
    parameter(query, TOKEN_PARAMETER)
}

/// The text of a segment's pass, likewise.
pub(crate) fn pass(query: Option<&str>) -> Option<&str> {
    parameter(query, PASS_PARAMETER)
}

/// What stands behind the URI of a segment that needs a pass.
pub(crate) fn pass_query(pass: &str) -> String {
    format!("?{PASS_PARAMETER}={pass}")
}

fn parameter<'q>(query: Option<&'q str>, name: &str) -> Option<&'q str> {
    let mut parameters = query?.split('&');
    parameters.find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
}

/// The mount's own path of that of a media playlist, both as they were sent.
pub(crate) fn mount_of(path: &str) -> &str {
    let parent = |path: &'_ str| path.rfind('/').map(|at| path.split_at(at).0.len());
    let above = parent(path).and_then(|len| parent(path.get(..len)?));
    above.and_then(|len| path.get(..len)).unwrap_or(path)
}

/// The time of the past that a query asks for, if it does.
pub(crate) fn moments(query: Option<&str>) -> Result<Option<Query>, QueryError> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    let parameters = query.unwrap_or_default().split('&');
    let parameters = parameters.map(|one| one.split_once('=').unwrap_or((one, "")));
    // A token is long, and nothing of it is a time.
    let parameters = parameters.filter(|(name, _)| *name != TOKEN_PARAMETER);
    let parameters = parameters.map(|(name, value)| (decoded(name), decoded(value)));
    let parameters: Vec<_> = parameters.collect();
    Query::read(parameters.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))
}

#[cfg(test)]
mod tests;
