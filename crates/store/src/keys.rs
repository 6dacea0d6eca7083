//! The names of everything that lies in the bucket.
//!
//! They are a contract: the same paths are served over HTTP, and tests,
//! scripts and operators rely on them.

use media::{RenditionId, SegmentInfo};

use crate::error::Error;
use crate::key::{Area, Key};

/// `public/{egress}`, the folder of what an egress publishes.
///
/// # Errors
///
/// [`Error::BadKey`] where the name cannot stand in a key; so for all below.
pub fn egress(egress: &str) -> Result<Key, Error> {
    Area::Public.root().child(egress)
}

/// `public/{egress}/playlist.m3u8`, the multivariant playlist.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn multivariant_playlist(egress: &str) -> Result<Key, Error> {
    self::egress(egress)?.child("playlist.m3u8")
}

/// `public/{egress}/{rendition}`, the folder of one rendition's segments.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn rendition(egress: &str, rendition: &RenditionId) -> Result<Key, Error> {
    self::egress(egress)?.child(rendition.as_str())
}

/// `public/{egress}/{rendition}/media.m3u8`, a rendition's media playlist.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn media_playlist(egress: &str, rendition: &RenditionId) -> Result<Key, Error> {
    self::rendition(egress, rendition)?.child("media.m3u8")
}

/// `public/{egress}/{rendition}/{msn}-{epoch}.{ext}`, one segment.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn segment(egress: &str, rendition: &RenditionId, info: &SegmentInfo) -> Result<Key, Error> {
    self::rendition(egress, rendition)?.child(&info.file_name())
}

/// `private/{egress}/log`, the folder of a programme's timeline log.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn timeline_log(egress: &str) -> Result<Key, Error> {
    Area::Private.root().child(egress)?.child("log")
}

/// `private/nodes`, the folder of what nodes tell of themselves.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn nodes() -> Result<Key, Error> {
    Area::Private.root().child("nodes")
}

/// `private/nodes/{name}`, a node's record.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn node(name: &str) -> Result<Key, Error> {
    nodes()?.child(name)
}

/// `private/logs/{day}`, the folder of the logs of a day's sessions, such as
/// `private/logs/2026-11-22`.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn session_logs(day: &str) -> Result<Key, Error> {
    Area::Private.root().child("logs")?.child(day)
}

/// `private/logs/{day}/{node}`, the folder of a node's logs of a day's sessions.
///
/// # Errors
///
/// [`Error::BadKey`].
pub fn node_session_logs(day: &str, node: &str) -> Result<Key, Error> {
    session_logs(day)?.child(node)
}

/// `{folder}/{n}`, a log's record.
///
/// Twenty digits, the most that a `u64` has, so that records list in order.
///
/// # Errors
///
/// [`Error::BadKey`] where the folder's name leaves no room.
pub fn record(folder: &Key, n: u64) -> Result<Key, Error> {
    folder.child(&format!("{n:020}"))
}

/// The number of a record that [`record`] named, or `None` for another name.
pub fn record_number(key: &Key) -> Option<u64> {
    let name = key.file_name();
    if name.len() != 20 || !name.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

#[cfg(test)]
mod tests;
