//! What is on the paths' feeds when a programme begins: what they brought to a
//! process before.

use feed::merge::Rank;
use feed::{PathEntry, PathItem};
use media::WallTime;
use runtime::tail::{ReadError, Reader};

use crate::programme::BATCH_MAX;

/// Takes all that is there by now, in the order in which it came.
///
/// What a path brings means one thing when another one has brought the same, and
/// something else when that has not been read yet: a new programme, if it is not the
/// line's next frame. That a source is gone stands where its last frame came.
pub(crate) async fn take(feeds: &mut [Reader<PathEntry>]) -> Vec<(Rank, PathEntry)> {
    let mut left = Vec::new();
    for (rank, feed) in (0..).map(Rank).zip(feeds) {
        let mut came = WallTime::default();
        while feed.behind() > 0 {
            let entries = match feed.next_batch(BATCH_MAX).await {
                Ok(entries) => entries,
                Err(ReadError::Lagged { .. }) => continue,
                Err(ReadError::Closed) => break,
            };
            for entry in entries {
                if let PathItem::Unit(unit) = &entry.item {
                    came = came.max(unit.arrival);
                }
                left.push((came, rank, entry));
            }
        }
    }
    left.sort_by_key(|(came, ..)| *came);
    left.into_iter().map(|(_, rank, entry)| (rank, entry)).collect()
}

#[cfg(test)]
mod tests;
