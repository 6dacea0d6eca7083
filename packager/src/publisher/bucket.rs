//! What the publisher does with its bucket: everything is tried until it is
//! done, and the feed holds what comes meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use catalogue::Egress;
use feed::Fact;
use media::{RenditionId, Segment, SegmentInfo, SegmentRef};
use playlists::LivePlaylists;
use store::{Append, Area, Attributes, Error, Key, Store, Stores, TimelineLog, Version, keys};
use tracing::{error, warn};

use crate::metrics::EgressMetrics;

/// Between two tries; doubled each time.
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// The longest time between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// The longest playlist that is read back.
const PLAYLIST_BYTES_MAX: usize = 4 << 20;

/// One egress's part of the buckets.
#[derive(Debug)]
pub(crate) struct Bucket {
    egress: String,
    rendition: RenditionId,
    stores: Stores,
    log: Option<TimelineLog>,
    unsaid: Option<Fact>,
    media: Published,
    multivariant: Published,
    max_age: Duration,
    metrics: EgressMetrics,
}

/// A playlist in the bucket, as this process knows it.
#[derive(Debug, Default)]
struct Published {
    text: String,
    version: Option<Version>,
}

impl Bucket {
    pub(crate) fn new(egress: &Egress, stores: Stores, metrics: EgressMetrics) -> Self {
        Self {
            egress: egress.name.as_str().to_owned(),
            rendition: egress.rendition_id(),
            stores,
            log: None,
            unsaid: None,
            media: Published::default(),
            multivariant: Published::default(),
            max_age: (egress.mount.segment / 2).max(Duration::from_secs(1)),
            metrics,
        }
    }

    /// The log as it was read at the start, and the fact that it lacks.
    pub(crate) fn resume(&mut self, log: Option<TimelineLog>, unsaid: Option<Fact>) {
        (self.log, self.unsaid) = (log, unsaid);
    }

    /// Appends a fact; gives its number.
    pub(crate) async fn append(&mut self, fact: Fact) -> u64 {
        let mut pause = PAUSE_MIN;
        loop {
            match self.try_append(fact.clone()).await {
                Ok(Some(n)) => return n,
                Ok(None) => {}
                Err(error) => self.rest("append to the log", error, &mut pause).await,
            }
        }
    }

    /// One try: `None` when it has to be repeated at once.
    async fn try_append(&mut self, fact: Fact) -> Result<Option<u64>, Error> {
        if self.log.is_none() {
            let folder = keys::timeline_log(&self.egress)?;
            let store = self.stores.area(Area::Private).clone();
            self.log = Some(TimelineLog::open(store, folder).await?.0);
        }
        let (now, later) = match self.unsaid.clone() {
            Some(unsaid) => (unsaid, true),
            None => (fact, false),
        };
        let bytes = serde_json::to_vec(&now).map(Bytes::from).unwrap_or_default();
        let Some(log) = &mut self.log else { return Ok(None) };
        match log.append(bytes).await? {
            Append::Stored { .. } if later => {
                self.unsaid = None;
                Ok(None)
            }
            Append::Stored { n } => Ok(Some(n)),
            Append::Lost { newer } => {
                let egress = self.egress.as_str();
                warn!(egress, records = newer.len(), "another packager writes to the log");
                Ok(None)
            }
        }
    }

    /// Stores a segment; `None` when the bucket has something else in its place.
    pub(crate) async fn put(&mut self, segment: Segment, keep: Duration) -> Option<SegmentRef> {
        let mut pause = PAUSE_MIN;
        loop {
            let store = self.stores.area(Area::Public);
            match store.put_segment(&self.egress, &self.rendition, &segment, keep).await {
                Ok(stored) => return Some(stored),
                Err(Error::Differs { entry, .. }) => {
                    // The first one stored counts, titles and all.
                    let info = SegmentInfo { bytes: entry.bytes(), ..segment.info };
                    return Store::adopt_segment(&entry, &self.egress, &self.rendition, info);
                }
                Err(error) => self.rest("store a segment", error, &mut pause).await,
            }
        }
    }

    /// Stores the playlists, where they changed.
    pub(crate) async fn list(&mut self, playlists: &LivePlaylists<SegmentRef>) {
        let uri = format!("{}/media.m3u8", self.rendition);
        let (media, multivariant) = (playlists.media(), playlists.multivariant(uri));
        let keys = keys::media_playlist(&self.egress, &self.rendition)
            .and_then(|media| Ok((media, keys::multivariant_playlist(&self.egress)?)));
        match keys {
            Ok((media_key, multivariant_key)) => {
                let mut published = std::mem::take(&mut self.media);
                self.publish(&mut published, &media_key, media).await;
                self.media = published;
                let mut published = std::mem::take(&mut self.multivariant);
                self.publish(&mut published, &multivariant_key, multivariant).await;
                self.multivariant = published;
            }
            Err(error) => error!(egress = self.egress, %error, "no key for the playlists"),
        }
    }

    async fn publish(&mut self, published: &mut Published, key: &Key, text: Option<String>) {
        let Some(text) = text.filter(|text| *text != published.text) else { return };
        let mut pause = PAUSE_MIN;
        loop {
            match self.try_publish(published, key, &text).await {
                Ok(true) => {
                    published.text = text;
                    return;
                }
                Ok(false) => {}
                Err(error) => self.rest("store a playlist", error, &mut pause).await,
            }
        }
    }

    /// One try: `false` when it has to be repeated at once.
    async fn try_publish(
        &self,
        published: &mut Published,
        key: &Key,
        text: &str,
    ) -> Result<bool, Error> {
        let store = self.stores.area(Area::Public);
        let attributes = Attributes::playlist(self.max_age);
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        match store.replace(key, bytes, &attributes, published.version.as_ref()).await {
            Ok(version) => {
                published.version = Some(version);
                Ok(true)
            }
            Err(Error::Conflict { .. }) => {
                let there = store.get(key, PLAYLIST_BYTES_MAX).await?;
                let newer = there.as_ref().is_some_and(|there| is_newer(&there.bytes, text));
                published.version = there.map(|there| there.version);
                // What is there goes further already: it is left alone.
                Ok(newer)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes a segment; says whether it is gone.
    pub(crate) async fn delete(&self, segment: &SegmentRef) -> bool {
        let key = keys::segment(&self.egress, &self.rendition, segment.info());
        let deleted = match key {
            Ok(key) => self.stores.area(Area::Public).delete(&key).await,
            Err(error) => Err(error),
        };
        deleted.inspect_err(|error| self.complain("delete a segment", error)).is_ok()
    }

    /// Deletes the log's records before a number, but for those to be kept.
    pub(crate) async fn trim(&self, before: u64, keep: BTreeSet<u64>) {
        if let Some(log) = &self.log
            && let Err(error) = log.trim(before, &keep).await
        {
            self.complain("trim the log", &error);
        }
    }

    async fn rest(&self, what: &'static str, error: Error, pause: &mut Duration) {
        self.complain(what, &error);
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(PAUSE_MAX);
    }

    fn complain(&self, what: &'static str, error: &Error) {
        self.metrics.failures.inc();
        warn!(egress = self.egress, what, %error, "the bucket failed");
    }
}

/// Whether a stored playlist ends later than ours.
fn is_newer(stored: &[u8], ours: &str) -> bool {
    let stored = String::from_utf8_lossy(stored);
    match (last_number(&stored), last_number(ours)) {
        (Some(stored), Some(ours)) => stored > ours,
        _ => false,
    }
}

/// Number of the last segment that a media playlist lists.
fn last_number(text: &str) -> Option<u64> {
    let tag = "#EXT-X-MEDIA-SEQUENCE:";
    let first: u64 = text.lines().find_map(|line| line.strip_prefix(tag))?.parse().ok()?;
    let segments = text.lines().filter(|line| line.starts_with("#EXTINF:")).count() as u64;
    Some(first + segments)
}

#[cfg(test)]
mod tests;
