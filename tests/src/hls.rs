//! HLS listeners: the playlist, checked, and all that it lists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use playlists::conformance::{self, MediaPlaylist};
use store::SegmentName;

use crate::{frames, http};

/// How often a playlist in the bucket is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A media playlist and its segments, as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The playlist's text.
    pub text: String,
    /// The segments' bodies, as listed.
    pub bodies: Vec<Bytes>,
}

/// The segments that a media playlist lists, in order.
pub fn listed(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#')).collect()
}

/// A multivariant playlist without the session that it begins: its variants alone.
pub fn sessionless(multivariant: &str) -> String {
    let of = |line: &str| {
        let kept = line.find("?t=").or_else(|| line.find("&t="));
        kept.map_or(line, |at| &line[..at]).to_owned()
    };
    multivariant.lines().map(|line| of(line) + "\n").collect()
}

/// Fetches `media.m3u8` beneath a URL, and what it lists.
///
/// # Panics
///
/// The playlist breaks a rule, or something cannot be had.
pub async fn fetch(rendition_url: &str) -> Fetched {
    let answer = http::get(&format!("{rendition_url}/media.m3u8")).await;
    assert_eq!(answer.status, 200, "{rendition_url}");
    let text = answer.text();
    conformance::assert_conforms(&text);
    let mut bodies = Vec::new();
    for name in listed(&text) {
        let segment = http::get(&format!("{rendition_url}/{name}")).await;
        assert_eq!(segment.status, 200, "{name}");
        bodies.push(segment.body);
    }
    Fetched { text, bodies }
}

/// The names of the segments that lie in a folder of the bucket.
pub fn stored(rendition: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(rendition).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| SegmentName::parse(name).is_some()).collect()
}

/// Follows a playlist in the bucket, and gives all it has been once it ends; each has to
/// go on with the one before it.
///
/// # Panics
///
/// One breaks a rule, or does not go on with the one before it.
pub async fn follow(playlist: PathBuf) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        if let Ok(text) = std::fs::read_to_string(&playlist)
            && seen.last() != Some(&text)
        {
            conformance::assert_conforms(&text);
            if let Some(last) = seen.last() {
                conformance::assert_follows(last, &text);
            }
            let ends = text.contains("#EXT-X-ENDLIST");
            seen.push(text);
            if ends {
                return seen;
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

impl Fetched {
    /// What the playlist says.
    pub fn playlist(&self) -> MediaPlaylist {
        conformance::read(self.text.as_bytes()).0
    }

    /// The audio of all segments, their tags taken out.
    pub fn audio(&self) -> Vec<u8> {
        self.bodies.iter().flat_map(|body| frames::audio_of(body)).copied().collect()
    }

    /// The frames of all segments.
    pub fn frames(&self) -> Vec<Bytes> {
        self.bodies.iter().flat_map(|body| frames::of_segment(body)).collect()
    }

    /// Numbers of the segments before which a discontinuity stands.
    pub fn discontinuities(&self) -> Vec<u64> {
        let segments = self.playlist().segments;
        segments.iter().filter(|segment| segment.discontinuity).map(|one| one.number).collect()
    }
}
