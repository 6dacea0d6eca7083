//! Segments that are not in memory any more, from the bucket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::{Error, SegmentName, Store, keys};
use tokio::sync::Semaphore;

use crate::rendition::Rendition;

/// The longest segment that is fetched from the bucket: ten seconds of
/// 1,500 kbit/s, more than any frame format here can carry.
const SEGMENT_BYTES_MAX: usize = 2 << 20;

/// Fetches at a time, chosen: listeners that are behind share a bucket with the
/// publisher. Others wait for their turn.
pub(crate) const FETCHES_MAX: usize = 64;

/// The bucket behind the stations. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    store: Store,
    turns: Arc<Semaphore>,
}

impl Bucket {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, turns: Arc::new(Semaphore::new(FETCHES_MAX)) }
    }

    /// Fetches a segment; `None` where there is none.
    ///
    /// A name that cannot be one of the rendition's is not asked for: guessed
    /// names cost the bucket nothing.
    ///
    /// # Errors
    ///
    /// The bucket's.
    pub(crate) async fn fetch(
        &self,
        rendition: &Rendition,
        name: &str,
    ) -> Result<Option<Bytes>, Error> {
        if !may_be(rendition, name) {
            return Ok(None);
        }
        let key = keys::rendition(&rendition.egress().name, rendition.id())?.child(name)?;
        // It is never closed.
        let _turn = self.turns.acquire().await;
        let object = self.store.get(&key, SEGMENT_BYTES_MAX).await?;
        Ok(object.map(|object| object.bytes))
    }
}

/// Whether the number is between the oldest that the bucket keeps and the newest,
/// or known to be there: numbers may have leapt since.
fn may_be(rendition: &Rendition, name: &str) -> bool {
    let Some(name) = SegmentName::parse(name) else { return false };
    // Before anything is listed only the bucket knows.
    let Some(newest) = rendition.hls().number else { return true };
    let settings = rendition.egress();
    // Short segments at epochs' ends make the numbers run faster than time.
    let kept = settings.segment_max_age + Duration::from_secs(settings.target_secs);
    let segments = 4 + 2 * kept.as_secs().div_ceil(settings.target_secs.max(1));
    let is_near = name.number <= newest && newest.0 - name.number.0 <= segments;
    is_near || rendition.timeshift().is_some_and(|past| past.contains(name.number, name.epoch))
}

#[cfg(test)]
mod tests;
