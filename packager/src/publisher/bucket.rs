//! What the publisher of a rendition does with its bucket: everything is tried until it is
//! done, and the feed holds what comes meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use archive::{Line, line};
use bytes::Bytes;
use catalogue::Egress;
use feed::Fact;
use media::{MediaSequence, RenditionId, Segment, SegmentInfo, SegmentRef, WallTime};
use playlists::{LivePlaylists, Variant};
use runtime::clock::Steady;
use store::{Append, Area, Attributes, Error, Key, Store, Stores, TimelineLog, Version, keys};
use tracing::{error, warn};

use super::multivariant::Entry;
use crate::metrics::EgressMetrics;
use crate::retention::{Leaving, Retention};

/// Segments deleted before the feed is looked at again: after days without the
/// process thousands are due at once, and each takes tens of milliseconds. Chosen.
pub(crate) const DELETED_AT_ONCE_MAX: usize = 32;

/// Between two tries; doubled each time.
const PAUSE_MIN: Duration = Duration::from_millis(250);

/// The longest time between two tries; a segment, where that is shorter.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// How long until a deletion that failed is tried again.
pub(crate) const DELETE_PAUSE: Duration = Duration::from_secs(30);

/// Segments that may be newer than one that is looked for: a window of the shortest.
const NEWER_MAX: usize = 1_000;

/// The longest playlist that is read back.
const PLAYLIST_BYTES_MAX: usize = 4 << 20;

/// One rendition's part of the buckets, and its egress's log.
#[derive(Debug)]
pub(crate) struct Bucket {
    egress: String,
    rendition: RenditionId,
    stores: Stores,
    log: Option<TimelineLog>,
    /// Records of the log that the ledger does not have yet.
    unread: Vec<Line>,
    media: Published,
    /// Its part of the multivariant playlist; `None` where listeners do not get it.
    multivariant: Option<Entry>,
    retention: Retention,
    /// Whether everyone may read the playlists.
    is_open: bool,
    /// Whether what is due goes also while something cannot be stored.
    makes_room: bool,
    max_age: Duration,
    pause_max: Duration,
    clock: Steady,
    metrics: EgressMetrics,
}

/// Whether the multivariant playlist lists a rendition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// It does.
    Listed,
    /// It does not: the rendition does not keep up.
    Withdrawn,
}

/// A playlist in the bucket, as this process knows it.
#[derive(Debug, Default)]
pub(super) struct Published {
    text: String,
    version: Option<Version>,
}

impl Bucket {
    pub(crate) fn new(
        egress: &Egress,
        (rendition, multivariant): (RenditionId, Option<Entry>),
        stores: Stores,
        clock: Steady,
        metrics: EgressMetrics,
    ) -> Self {
        Self {
            egress: egress.name.as_str().to_owned(),
            rendition,
            stores,
            log: None,
            unread: Vec::new(),
            media: Published::default(),
            multivariant,
            retention: Retention::default(),
            is_open: egress.is_open(),
            makes_room: false,
            max_age: (egress.mount.segment / 2).max(Duration::from_secs(1)),
            pause_max: PAUSE_MAX.min(egress.mount.segment),
            clock,
            metrics,
        }
    }

    /// The log as it was read at the start; `None` where it was out of reach.
    pub(crate) fn resume(&mut self, log: Option<TimelineLog>) {
        self.log = log;
    }

    /// Appends a fact, unless another node has, or has begun an epoch in the place of
    /// ours; gives all records that are new in the log, this one among them.
    pub(crate) async fn append(&mut self, fact: Fact) -> Vec<Line> {
        let mut pause = PAUSE_MIN;
        loop {
            match self.try_append(&fact).await {
                Ok(true) => return std::mem::take(&mut self.unread),
                Ok(false) => {}
                Err(error) => self.rest("append to the log", error, &mut pause).await,
            }
        }
    }

    /// One try: `false` when it has to be repeated at once.
    async fn try_append(&mut self, fact: &Fact) -> Result<bool, Error> {
        if self.log.is_none() {
            let folder = keys::timeline_log(&self.egress)?;
            let store = self.stores.area(Area::Private).clone();
            let (log, records) = TimelineLog::open(store, folder).await?;
            self.unread.extend(records.iter().map(|record| line(&self.egress, record)));
            self.log = Some(log);
        }
        let bytes = serde_json::to_vec(fact).map(Bytes::from).unwrap_or_default();
        let Some(log) = &mut self.log else { return Ok(false) };
        match log.append(bytes).await? {
            Append::Stored { n } => {
                self.unread.push((n, Some(fact.clone())));
                Ok(true)
            }
            Append::Lost { newer } => {
                let egress = self.egress.as_str();
                warn!(egress, records = newer.len(), "another packager writes to the log");
                let newer: Vec<Line> = newer.iter().map(|record| line(egress, record)).collect();
                let begins = |fact: &Fact| matches!(fact, Fact::EpochBegan { .. });
                let is_over = |said: &Fact| fact.is_said_by(said) || (begins(fact) && begins(said));
                let is_said = newer.iter().any(|(_, said)| said.as_ref().is_some_and(is_over));
                self.unread.extend(newer);
                Ok(is_said)
            }
        }
    }

    /// Reads what others have appended, in one try.
    pub(crate) async fn hear(&mut self) -> Result<Vec<Line>, Error> {
        let Some(log) = &mut self.log else { return Ok(Vec::new()) };
        let records = log.refresh().await?;
        Ok(records.iter().map(|record| line(&self.egress, record)).collect())
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
                // No try makes it smaller. Anything else an operator can mend.
                Err(error @ (Error::TooLarge { .. } | Error::BadKey { .. })) => {
                    self.complain("store a segment", &error);
                    return None;
                }
                Err(error) => self.rest("store a segment", error, &mut pause).await,
            }
        }
    }

    /// A segment that somebody else has stored, of any size, if it is there; one try.
    pub(crate) async fn find(&self, info: SegmentInfo) -> Option<SegmentRef> {
        let folder = keys::rendition(&self.egress, &self.rendition).ok()?;
        // The number alone sorts before every name that begins with it.
        let after = folder.child(&info.number.to_string()).ok()?;
        let store = self.stores.area(Area::Public);
        let entries = store.list_after(&folder, Some(&after), NEWER_MAX).await;
        let entries = entries.inspect_err(|error| self.complain("look for a segment", error));
        entries.ok()?.iter().find_map(|entry| {
            let info = SegmentInfo { bytes: entry.bytes(), ..info.clone() };
            Store::adopt_segment(entry, &self.egress, &self.rendition, info)
        })
    }

    /// Removes the playlists that a process before may have left, where not
    /// everyone may read them any more.
    pub(crate) async fn unlist(&mut self) {
        if self.is_open {
            return;
        }
        let keys = [
            keys::multivariant_playlist(&self.egress),
            keys::media_playlist(&self.egress, &self.rendition),
        ];
        for key in keys.into_iter().flatten() {
            let mut pause = PAUSE_MIN;
            while let Err(error) = self.stores.area(Area::Public).delete(&key).await {
                self.rest("delete a playlist", error, &mut pause).await;
            }
        }
    }

    /// Notes what the multivariant playlist says of the rendition, until the playlists are
    /// stored the next time.
    pub(crate) async fn note(&self, playlists: &LivePlaylists<SegmentRef>) {
        if let Some(entry) = &self.multivariant {
            drop(entry.set(playlists.variant(self.uri())).await);
        }
    }

    /// Takes the rendition out of the multivariant playlist.
    pub(crate) async fn withdraw(&mut self) {
        self.publish_multivariant(None).await;
    }

    /// The media playlist, from where the multivariant one lies.
    fn uri(&self) -> String {
        format!("{}/media.m3u8", self.rendition)
    }

    /// Stores the media playlist, where it changed and everyone may read it, and the
    /// multivariant one as long as the rendition is `Listing::Listed`.
    pub(crate) async fn list(&mut self, playlists: &LivePlaylists<SegmentRef>, listing: Listing) {
        if !self.is_open {
            return;
        }
        let mut published = std::mem::take(&mut self.media);
        match keys::media_playlist(&self.egress, &self.rendition) {
            Ok(key) => self.publish(&mut published, &key, playlists.media()).await,
            Err(error) => error!(egress = self.egress, %error, "no key for a playlist"),
        }
        self.media = published;
        let variant = playlists.variant(self.uri()).filter(|_| listing == Listing::Listed);
        self.publish_multivariant(variant).await;
    }

    async fn publish_multivariant(&mut self, variant: Option<Variant>) {
        let Some(entry) = self.multivariant.clone().filter(|_| self.is_open) else { return };
        let mut text = entry.set(variant).await;
        let rendered = text.render();
        match keys::multivariant_playlist(&self.egress) {
            Ok(key) => self.publish(&mut text.published, &key, rendered).await,
            Err(error) => error!(egress = self.egress, %error, "no key for a playlist"),
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
                // What is there goes further already: it is left alone, and
                // compared again with our next text.
                published.version = there.map(|there| there.version).filter(|_| !newer);
                Ok(newer)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes a segment once it is `due`. No playlist in the bucket names it
    /// any more.
    pub(crate) fn retire(&mut self, leaving: Leaving, due: WallTime) {
        self.retention.push(leaving, due);
    }

    /// What left the window before all that waits, oldest first.
    pub(crate) fn put_before(&mut self, older: Vec<(Leaving, WallTime)>) {
        self.retention.put_before(older);
    }

    /// One that was stored late, behind those before it and before those behind it.
    pub(crate) fn put_between(&mut self, segment: SegmentRef, due: WallTime) {
        self.retention.put_between(segment, due);
    }

    /// Segments from this one on stay, whatever the time.
    pub(crate) fn hold_from(&mut self, number: MediaSequence) {
        self.retention.hold_from(number);
    }

    /// From now on what is due goes also while something else is tried again
    /// and again: where the bucket is full, nothing else makes room in it.
    pub(crate) fn make_room(&mut self) {
        self.makes_room = true;
    }

    /// When there is something to delete again.
    pub(crate) fn next_due(&self) -> Option<WallTime> {
        self.retention.next_due()
    }

    /// The oldest of those that wait for their end.
    pub(crate) fn oldest(&self) -> Option<&SegmentInfo> {
        self.retention.oldest()
    }

    /// Deletes what is due, [`DELETED_AT_ONCE_MAX`] at most; says whether
    /// anything went.
    pub(crate) async fn delete_due(&mut self) -> bool {
        let (now, mut deleted) = (self.clock.now(), false);
        for _ in 0..DELETED_AT_ONCE_MAX {
            let Some(leaving) = self.retention.pop_due(now) else { break };
            if !self.delete(&leaving).await {
                self.retention.push_back(leaving, now, DELETE_PAUSE);
                break;
            }
            deleted = true;
        }
        deleted
    }

    /// Deletes a segment; says whether it is gone.
    async fn delete(&self, leaving: &Leaving) -> bool {
        let key = match leaving {
            Leaving::Segment(segment) => {
                keys::segment(&self.egress, &self.rendition, segment.info())
            }
            Leaving::Stray(key) => Ok(key.clone()),
        };
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

    async fn rest(&mut self, what: &'static str, error: Error, pause: &mut Duration) {
        self.complain(what, &error);
        if self.makes_room {
            self.delete_due().await;
        }
        tokio::time::sleep(*pause).await;
        *pause = (*pause * 2).min(self.pause_max);
    }

    fn complain(&self, what: &'static str, error: &Error) {
        self.metrics.failures.inc();
        warn!(egress = self.egress, what, %error, "the bucket failed");
    }
}

/// Whether a stored playlist, which is not the one that we know, ends where ours does
/// or later.
fn is_newer(stored: &[u8], ours: &str) -> bool {
    let stored = String::from_utf8_lossy(stored);
    match (last_number(&stored), last_number(ours)) {
        (Some(stored), Some(ours)) => stored >= ours,
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
