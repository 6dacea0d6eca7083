//! What is on the paths' feeds when a programme begins: what they brought to a
//! process before.

use feed::merge::Rank;
use feed::{PathEntry, PathItem};
use media::WallTime;
use runtime::tail::{ReadError, Reader};

use crate::programme::BATCH_MAX;

/// What was there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// In the order in which it came.
    pub(crate) entries: Vec<(Rank, PathEntry)>,
    /// Paths whose source is gone by now, and where that stands.
    pub(crate) gone: Vec<(Rank, PathEntry)>,
}

/// Takes all that is there by now.
///
/// What a path brings means one thing when another one has brought the same, and
/// something else when that has not been read yet: a new programme, if it is not the
/// line's next frame. For the same reason nobody is gone before all is read: it was the
/// process that ended, and with it all sources at once.
pub(crate) async fn take(feeds: &mut [Reader<PathEntry>]) -> Left {
    let (mut all, mut gone) = (Vec::new(), Vec::new());
    for (rank, feed) in (0..).map(Rank).zip(feeds) {
        let (mut came, mut last_gone) = (WallTime::default(), None);
        while feed.behind() > 0 {
            let entries = match feed.next_batch(BATCH_MAX).await {
                Ok(entries) => entries,
                Err(ReadError::Lagged { .. }) => continue,
                Err(ReadError::Closed) => break,
            };
            for entry in entries {
                match &entry.item {
                    PathItem::Gone => {
                        last_gone = Some((rank, entry));
                        continue;
                    }
                    PathItem::Unit(unit) => came = came.max(unit.arrival),
                    PathItem::Connected(_) | PathItem::Title(_) => {}
                }
                last_gone = None;
                all.push((came, rank, entry));
            }
        }
        gone.extend(last_gone);
    }
    all.sort_by_key(|(came, ..)| *came);
    Left { entries: all.into_iter().map(|(_, rank, entry)| (rank, entry)).collect(), gone }
}

#[cfg(test)]
mod tests;
