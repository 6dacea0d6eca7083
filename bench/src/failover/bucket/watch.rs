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

/// Between two looks: more would be a load on the S3 server of the lab.
const PAUSE: Duration = Duration::from_millis(500);

/// How long all is listed at every look once the bucket is back.
const CATCHING_UP: Duration = Duration::from_secs(90);

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
    /// Segments that were older than the live window when it was back, and came before
    /// the last of it.
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

    /// Watches it until a moment, in earnest for so long from `back` on.
    pub(super) async fn watch(self, back: Instant, until: Instant) -> Result<Seen> {
        let (mut seen, mut playlists) = (Seen::default(), Playlists::default());
        while Instant::now() < until {
            let playlist = self.store.get(&self.folder.child("media.m3u8")?, BYTES_MAX).await?;
            let text = playlist.map(|playlist| playlist.bytes.to_vec());
            let changed = text.and_then(|text| playlists.next(text));
            let is_back = (back..back + CATCHING_UP).contains(&Instant::now());
            if changed.is_some() || is_back {
                // What is listed was stored before: this listing is the younger one.
                let names = self.names().await?;
                seen.note(&names, Instant::now());
                let missing = playlists.listed().filter(|(_, uri)| !names.contains(uri));
                let missing = missing.map(|(_, uri)| format!("{uri} is listed and not there"));
                seen.faults.extend(missing);
            }
            if let Some(violations) = changed {
                seen.faults.extend(violations.iter().map(|violation| format!("{violation:?}")));
                seen.playlists += 1;
            }
            seen.faults.truncate(FAULTS_MAX);
            sleep(PAUSE).await;
        }
        seen.note(&self.names().await?, Instant::now());
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
    fn note(&mut self, names: &BTreeSet<String>, now: Instant) {
        for parsed in names.iter().filter_map(|name| SegmentName::parse(name)) {
            self.arrivals.entry(parsed.number.0).or_insert(now);
        }
    }

    /// How it caught up with `newest`, the number of the newest segment when the bucket
    /// was `back`; the live window has `window` segments, and goes on meanwhile.
    pub(super) fn caught_up(&self, back: Instant, newest: u64, window: u64) -> Return {
        let Some(oldest) = self.arrivals.keys().next().copied() else { return Return::default() };
        let came_late = |number: &u64| self.arrivals.get(number).is_none_or(|at| *at >= back);
        let since = |at: Instant| at.saturating_duration_since(back);
        let live = self.live_at(back, newest, window);
        let is_early = |number: &u64| {
            let at = self.arrivals.get(number).filter(|at| **at >= back);
            at.is_some_and(|at| live.is_none_or(|live| *at < live))
        };
        // What has left the window since was right to go with it.
        let first_live = (newest + 1).saturating_sub(window);
        Return {
            behind: (oldest..=newest).filter(came_late).count(),
            window: live.map(since),
            whole: self.last_of(oldest, newest).map(since),
            early: (oldest..first_live).filter(is_early).count(),
        }
    }

    /// When a window was there first that ends no earlier than with `newest`.
    fn live_at(&self, back: Instant, newest: u64, window: u64) -> Option<Instant> {
        let moments: BTreeSet<_> = self.arrivals.values().filter(|at| **at >= back).collect();
        moments.into_iter().find_map(|moment| {
            let there = self.arrivals.iter().filter(|(_, at)| *at <= moment);
            let last = there.map(|(number, _)| *number).max()?;
            let whole = self.last_of((last + 1).saturating_sub(window), last)?;
            (last >= newest && whole <= *moment).then_some(*moment)
        })
    }

    /// When the last of these came.
    fn last_of(&self, from: u64, to: u64) -> Option<Instant> {
        let arrivals = (from..=to).map(|number| self.arrivals.get(&number));
        arrivals.collect::<Option<Vec<_>>>()?.into_iter().max().copied()
    }
}

#[cfg(test)]
mod tests;
