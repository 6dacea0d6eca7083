//! An egress's multivariant playlist, to which the publisher of each rendition adds its
//! part. In the bucket nobody sees who asks, so it has what any player can change between.

use std::collections::BTreeMap;
use std::sync::Arc;

use playlists::{Variant, multivariant};
use tokio::sync::{Mutex, MutexGuard};

use super::bucket::Published;

/// The multivariant playlist of an egress. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Multivariant(Arc<Mutex<Text>>);

/// A rendition's part of it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    all: Multivariant,
    /// Its place among the renditions.
    place: usize,
}

/// The playlist as it is, while nobody else changes it.
#[derive(Debug, Default)]
pub(crate) struct Text {
    variants: BTreeMap<usize, Variant>,
    pub(super) published: Published,
}

impl Multivariant {
    /// The part of the rendition at a place.
    pub(crate) fn entry(&self, place: usize) -> Entry {
        Entry { all: self.clone(), place }
    }
}

impl Entry {
    /// Says what the playlist says of the rendition; `None` for nothing. The playlist is
    /// the caller's until it is stored.
    pub(crate) async fn set(&self, variant: Option<Variant>) -> MutexGuard<'_, Text> {
        let mut text = self.all.0.lock().await;
        match variant {
            Some(variant) => text.variants.insert(self.place, variant),
            None => text.variants.remove(&self.place),
        };
        text
    }
}

impl Text {
    /// The text; `None` where it would list nothing.
    pub(super) fn render(&self) -> Option<String> {
        let variants: Vec<Variant> = self.variants.values().cloned().collect();
        let variants = multivariant::without_mp3(variants);
        (!variants.is_empty()).then(|| multivariant::render(&variants))
    }
}
