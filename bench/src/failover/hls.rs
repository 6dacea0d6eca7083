//! An HLS listener as a player is one: it follows the playlist, and has each new
//! segment.

use std::net::SocketAddr;
use std::time::Duration;

use playlists::conformance::{self, Violation};
use tokio::time::{Instant, sleep};

use crate::failover::http;

/// Between two looks at the playlist: half a segment.
const PAUSE: Duration = Duration::from_secs(1);

/// Faults of one listener that are told.
const FAULTS_MAX: usize = 5;

/// What came.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    /// The segments' bodies, one behind the other.
    pub audio: Vec<u8>,
    /// How many they are.
    pub segments: usize,
    /// The longest time in which the playlist had nothing new.
    pub wait: Duration,
    /// What was wrong: the first of it.
    pub faults: Vec<String>,
}

/// Playlists of one programme, each held against the one before it.
#[derive(Debug, Default)]
pub(super) struct Playlists {
    last: Vec<u8>,
}

/// Follows a rendition, `/{egress}/{rendition}`, until a moment, from when there is a
/// playlist of it.
pub async fn follow(server: SocketAddr, rendition: String, until: Instant) -> Followed {
    let (mut followed, mut playlists) = (Followed::default(), Playlists::default());
    let (mut last, mut news) = (0, None::<Instant>);
    while Instant::now() < until {
        let text = http::get(server, &format!("{rendition}/media.m3u8")).await;
        if text.is_none() && followed.segments > 0 {
            let left = until.saturating_duration_since(Instant::now());
            followed.fault(format!("{left:.0?} before the end the playlist is not to be had"));
        }
        let changed = text.and_then(|text| playlists.next(text));
        for violation in changed.iter().flatten() {
            followed.fault(format!("{violation:?}"));
        }
        for (number, uri) in playlists.listed() {
            if number <= last {
                continue;
            }
            let Some(body) = http::get(server, &format!("{rendition}/{uri}")).await else {
                followed.fault(format!("{uri} is listed and not to be had"));
                continue;
            };
            followed.audio.extend(body);
            followed.segments += 1;
            last = number;
            let before = news.replace(Instant::now());
            let wait = before.map_or(Duration::ZERO, |before| before.elapsed());
            followed.wait = followed.wait.max(wait);
        }
        sleep(PAUSE).await;
    }
    followed
}

impl Followed {
    fn fault(&mut self, fault: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

impl Playlists {
    /// Takes one; gives what it breaks where it is another one than the last.
    pub(super) fn next(&mut self, text: Vec<u8>) -> Option<Vec<Violation>> {
        if text == self.last {
            return None;
        }
        let mut violations = conformance::check(&text);
        if !self.last.is_empty() {
            violations.extend(conformance::check_pair(&self.last, &text));
        }
        self.last = text;
        Some(violations)
    }

    /// What the last one lists: numbers and names.
    pub(super) fn listed(&self) -> impl Iterator<Item = (u64, String)> + use<> {
        let segments = conformance::read(&self.last).0.segments;
        segments.into_iter().map(|segment| (segment.number, segment.uri))
    }
}
