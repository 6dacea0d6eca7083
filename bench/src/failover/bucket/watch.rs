//! The bucket behind the faults, as a CDN sees it: whether its playlist is right at
//! every moment, and in which order segments come to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use store::{Credentials, Key, S3Settings, SegmentName, Store, keys};
use tokio::time::{Instant, sleep};

use crate::failover::hls::Playlists;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Faults of one programme that are told.
const FAULTS_MAX: usize = 5;

/// More than a programme of these cases has.
const SEGMENTS_MAX: usize = 10_000;

/// More than a segment or a playlist has.
const BYTES_MAX: usize = 4 << 20;

/// A rendition in the bucket.
#[derive(Debug, Clone)]
pub(super) struct Rendition {
    store: Store,
    folder: Key,
}

/// What was seen of it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When each segment was there first, by its number.
    arrivals: BTreeMap<u64, Instant>,
    /// Playlists that were different.
    pub(super) playlists: usize,
    /// What was wrong: the first of it.
    pub(super) faults: Vec<String>,
}

/// How the bucket caught up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Return {
    /// Segments that were missing when it was back.
    pub behind: usize,
    /// How long until those of the live window were there, since it was back.
    pub window: Option<Duration>,
    /// How long until all were.
    pub whole: Option<Duration>,
    /// Segments older than the live window that came before the last of it.
    pub early: usize,
}

impl Rendition {
    /// That of an egress at an S3 server, beneath `s3://skywave/x`.
    pub(super) async fn open(endpoint: &str, egress: &str, rendition: &str) -> Result<Self> {
        let settings = S3Settings {
            endpoint: Some(endpoint.to_owned()),
            credentials: Credentials::from_lookup(&|name| {
                let mut variables = super::CREDENTIALS.iter();
                variables.find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            }),
            ..S3Settings::default()
        };
        let store = Store::open(&"s3://skywave/x".parse()?, &settings).await?;
        Ok(Self { store, folder: keys::egress(egress)?.child(rendition)? })
    }

    /// Watches it until a moment.
    pub(super) async fn watch(self, until: Instant) -> Result<Seen> {
        let (mut seen, mut playlists) = (Seen::default(), Playlists::default());
        while Instant::now() < until {
            let playlist = self.store.get(&self.folder.child("media.m3u8")?, BYTES_MAX).await?;
            // What is listed was stored before: the listing is the younger one.
            let names = self.names().await?;
            let now = Instant::now();
            for name in &names {
                if let Some(parsed) = SegmentName::parse(name) {
                    seen.arrivals.entry(parsed.number.0).or_insert(now);
                }
            }
            if let Some(playlist) = playlist
                && let Some(violations) = playlists.next(playlist.bytes.to_vec())
            {
                seen.playlists += 1;
                let missing = playlists.listed().filter(|(_, uri)| !names.contains(uri));
                let missing = missing.map(|(_, uri)| format!("{uri} is listed and not there"));
                let broken = violations.iter().map(|violation| format!("{violation:?}"));
                seen.faults.extend(missing.chain(broken));
                seen.faults.truncate(FAULTS_MAX);
            }
            sleep(PAUSE).await;
        }
        Ok(seen)
    }

    /// Copies all segments to a folder.
    pub(super) async fn copy_to(&self, folder: &Path) -> Result<()> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        for name in self.names().await? {
            if SegmentName::parse(&name).is_some() {
                let object = self.store.get(&self.folder.child(&name)?, BYTES_MAX).await?;
                fs::write(folder.join(&name), object.context(name)?.bytes)?;
            }
        }
        Ok(())
    }

    async fn names(&self) -> Result<BTreeSet<String>> {
        let entries = self.store.list(&self.folder, SEGMENTS_MAX).await?;
        Ok(entries.iter().map(|entry| entry.key().file_name().to_owned()).collect())
    }
}

impl Seen {
    /// How it caught up with `newest`, the number of the newest segment when the bucket
    /// was `back`; the live window has `window` segments.
    pub(super) fn caught_up(&self, back: Instant, newest: u64, window: u64) -> Return {
        let Some(first) = self.arrivals.keys().next().copied() else { return Return::default() };
        let (oldest, newest) = (first, newest);
        let live = newest.saturating_sub(window) + 1;
        let last_of = |from: u64| {
            let arrivals = (from..=newest).map(|number| self.arrivals.get(&number));
            arrivals.collect::<Option<Vec<_>>>()?.into_iter().max().copied()
        };
        let window = last_of(live);
        let came_late = |number: &u64| self.arrivals.get(number).is_none_or(|at| *at >= back);
        let is_early = |number: &u64| {
            self.arrivals.get(number).is_some_and(|at| *at >= back && window.is_none_or(|last| *at < last))
        };
        Return {
            behind: (oldest..=newest).filter(came_late).count(),
            window: window.map(|at| at.saturating_duration_since(back)),
            whole: last_of(oldest).map(|at| at.saturating_duration_since(back)),
            early: (oldest..live).filter(is_early).count(),
        }
    }
}

#[cfg(test)]
mod tests;
