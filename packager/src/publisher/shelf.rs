//! What the bucket has of one rendition: what is listed, and what has left the list and
//! waits for its end.

use std::time::Duration;

use archive::Adopted;
use catalogue::{Egress, Made, Rendition};
use media::{AacProfile, MediaSequence, Segment, SegmentInfo, SegmentRef, WallTime};
use playlists::{Error, LivePlaylists, Removed, TitleRange};
use runtime::clock::Steady;
use store::{Key, Stores};
use tracing::warn;

use super::bucket::{Bucket, Listing};
use crate::renditions::AGAIN_MAX;
use crate::retention::Leaving;
use crate::{recovery, segment_keep};

/// One rendition's segments and playlists.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) egress: Egress,
    pub(crate) rendition: Rendition,
    pub(crate) bucket: Bucket,
    pub(crate) playlists: LivePlaylists<SegmentRef>,
    pub(crate) stores: Stores,
    pub(crate) clock: Steady,
    /// Segments that have left the window, and are listed in the bucket until the next
    /// playlist.
    leaving: Vec<Removed<SegmentRef>>,
    /// What the bucket has below this number is not known yet.
    pub(crate) before: Option<MediaSequence>,
}

/// What has become of a segment that was to be stored late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Stored,
    /// Its time is over.
    TooOld,
    /// The bucket never takes it.
    Refused,
}

impl Shelf {
    pub(crate) fn new(
        egress: &Egress,
        rendition: Rendition,
        bucket: Bucket,
        (stores, clock): (Stores, Steady),
    ) -> Self {
        let playlists = Self::nothing_listed(egress);
        let egress = egress.clone();
        Self {
            egress,
            rendition,
            bucket,
            playlists,
            stores,
            clock,
            leaving: Vec::new(),
            before: None,
        }
    }

    fn nothing_listed(egress: &Egress) -> LivePlaylists<SegmentRef> {
        LivePlaylists::new(egress.target_secs().into(), egress.mount.window)
    }

    /// The egress's name.
    pub(crate) fn name(&self) -> &str {
        self.egress.name.as_str()
    }

    /// How long a segment can be had after it left the window.
    pub(crate) fn keep(&self) -> Duration {
        segment_keep(&self.egress)
    }

    /// When a segment may go that is not listed any more, if that is not known better.
    fn kept_until(&self, info: &SegmentInfo) -> WallTime {
        info.wall_end().plus(self.egress.mount.window + self.keep())
    }

    /// Stores a segment that has left the window, unless it would be deleted at once.
    pub(crate) async fn put_late(&mut self, segment: Segment) -> Put {
        let due = self.kept_until(&segment.info);
        if due <= self.clock.now() {
            return Put::TooOld;
        }
        let Some(stored) = self.bucket.put(segment, self.keep()).await else {
            return Put::Refused;
        };
        self.bucket.put_between(stored, due);
        Put::Stored
    }

    /// What the loudness of renditions follows from stays, however long nothing is on air;
    /// `newest` is there.
    fn hold(&mut self, newest: MediaSequence) {
        if self.egress.loudness.is_some() && self.rendition.made == Made::Outside {
            let kept = transcode::recalled(self.egress.target_secs()) + AGAIN_MAX;
            self.bucket.hold_from(MediaSequence(newest.0.saturating_sub(kept)));
        }
    }

    /// Lists what the bucket has from before, as far as it is of the live window, and tells
    /// of each; the rest waits for its end.
    pub(crate) fn list_past(
        &mut self,
        titles: &[TitleRange],
        profile: Option<AacProfile>,
        stored: Vec<SegmentRef>,
        mut tell: impl FnMut(&SegmentInfo),
    ) {
        let ended = stored.last().map(|last| last.info().wall_end());
        for range in titles {
            // The date of a later one is not settled yet.
            if ended.is_none_or(|ended| range.start < ended) {
                self.playlists.push_title(range.clone());
            }
        }
        self.playlists.set_profile(profile);
        if let Some(newest) = stored.last() {
            self.hold(newest.info().number);
        }
        let listed_from = recovery::listed_from(&stored, &self.egress, self.clock.now());
        for (index, segment) in stored.into_iter().enumerate() {
            // When it left the window is not known any more: as late as can be.
            let left = segment.info().wall_end().plus(self.egress.mount.window);
            if index < listed_from {
                self.bucket.retire(Leaving::Segment(segment), left.plus(self.keep()));
                continue;
            }
            let info = segment.info().clone();
            match self.playlists.append(segment) {
                Ok(removed) => {
                    tell(&info);
                    self.retire(removed, left);
                }
                Err(fault) => warn!(egress = self.name(), %fault, "stored segment not listed"),
            }
        }
    }

    /// The same, in the place of all that is listed.
    pub(crate) fn list_anew(
        &mut self,
        titles: &[TitleRange],
        profile: Option<AacProfile>,
        stored: Vec<SegmentRef>,
        tell: impl FnMut(&SegmentInfo),
    ) {
        self.playlists = Self::nothing_listed(&self.egress);
        self.list_past(titles, profile, stored, tell);
    }

    /// Segments that no playlist can list: one of the process before may have listed them
    /// until now.
    pub(crate) fn retire_strays(&mut self, strays: Vec<Key>) {
        let due = self.clock.now().plus(self.egress.mount.window + self.keep());
        for stray in strays {
            self.bucket.retire(Leaving::Stray(stray), due);
        }
    }

    /// Lists the next segment, from the next [`Self::publish`] on.
    ///
    /// # Errors
    ///
    /// As [`LivePlaylists::append`]; nothing is changed.
    pub(crate) fn append(&mut self, segment: SegmentRef) -> Result<(), Error> {
        let number = segment.info().number;
        let removed = self.playlists.append(segment)?;
        self.hold(number);
        self.leaving.extend(removed);
        Ok(())
    }

    /// Stores the playlists.
    pub(crate) async fn publish(&mut self, listing: Listing) {
        self.bucket.list(&self.playlists, listing).await;
        // Not before: until now the bucket's playlist has named them.
        let removed = std::mem::take(&mut self.leaving);
        self.retire(removed, self.clock.now());
    }

    /// Whether what the bucket has from before is not wholly known.
    pub(crate) fn is_reading(&self) -> bool {
        self.before.is_some()
    }

    /// Older segments were found: they leave the bucket in their time.
    pub(crate) fn put_before(&mut self, older: Adopted) {
        self.before = None;
        let leaving = older.segments.into_iter().map(|segment| {
            let due = self.kept_until(segment.info());
            (Leaving::Segment(segment), due)
        });
        let leaving = leaving.collect();
        self.bucket.put_before(leaving);
        self.retire_strays(older.strays);
    }

    /// What the bucket has from before what is known; where all is known there is nothing
    /// to wait for.
    pub(crate) fn older(&self) -> impl Future<Output = Adopted> + use<> {
        let (stores, clock) = (self.stores.clone(), self.clock.clone());
        let (egress, rendition, before) =
            (self.egress.clone(), self.rendition.clone(), self.before);
        async move {
            match before {
                Some(before) => {
                    recovery::read_older(&stores, &egress, &rendition, before, &clock).await
                }
                None => std::future::pending().await,
            }
        }
    }

    /// Segments left the window at `now`.
    fn retire(&mut self, removed: Vec<Removed<SegmentRef>>, now: WallTime) {
        for one in removed {
            let due = one.keep_until(now).plus(self.egress.dvr);
            self.bucket.retire(Leaving::Segment(one.segment), due);
        }
    }
}
