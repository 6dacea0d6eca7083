//! Segments in the bucket, and the statement that they are there.

use std::time::Duration;

use media::{Codec, EpochId, MediaSequence, RenditionId, Segment, SegmentInfo, SegmentRef};

use crate::error::Error;
use crate::keys;
use crate::store::{Attributes, Created, Entry, Store, too_large};

/// Most bytes of a segment: 60 s at 1 Mbit/s, and its tag.
pub const SEGMENT_BYTES_MAX: usize = 8 << 20;

/// What a segment's file name tells: `{msn}-{epoch}.{ext}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentName {
    /// Its place in the playlist.
    pub number: MediaSequence,
    /// The epoch it belongs to.
    pub epoch: EpochId,
    /// How its frames are coded.
    pub codec: Codec,
}

impl Store {
    /// Stores a segment, so that a playlist may name it.
    ///
    /// `keep` is how long it stays in the bucket (RFC 8216 §6.2.2: its own and
    /// the longest playlist's duration at least). Caches are told as much: a
    /// segment never changes, so they need not ask again, and one that is gone
    /// here should not be found there for long.
    ///
    /// Repeating the call is safe; another node's equal segment counts as ours.
    ///
    /// # Errors
    ///
    /// [`Error::Differs`] where the bucket has other bytes under its name: the
    /// caller reads them and goes on with [`Store::adopt_segment`].
    /// [`Error::TooLarge`] above 8 MiB; otherwise as [`Store::create`].
    pub async fn put_segment(
        &self,
        egress: &str,
        rendition: &RenditionId,
        segment: &Segment,
        keep: Duration,
    ) -> Result<SegmentRef, Error> {
        let key = keys::segment(egress, rendition, &segment.info)?;
        if segment.body.len() > SEGMENT_BYTES_MAX {
            return Err(too_large(&key, segment.body.len(), SEGMENT_BYTES_MAX));
        }
        let attributes = Attributes::segment(segment.info.codec, keep);
        match self.create(&key, segment.body.clone(), &attributes).await? {
            Created::New | Created::Existed { same: true } => {
                Ok(SegmentRef::stored(segment.info.clone()))
            }
            Created::Existed { same: false } => {
                let stored = self.get(&key, SEGMENT_BYTES_MAX).await?;
                let stored =
                    stored.ok_or_else(|| Error::unavailable("reading", &key, "it is gone"))?.bytes;
                let bytes = u64::try_from(stored.len()).unwrap_or(u64::MAX);
                Err(Error::Differs { entry: Entry::new(key, bytes), stored })
            }
        }
    }

    /// Takes over a segment that the bucket has: after a restart from a
    /// listing, after [`Error::Differs`] from there.
    ///
    /// `None` where the entry is of another segment or of another size than
    /// `info` says.
    pub fn adopt_segment(
        entry: &Entry,
        egress: &str,
        rendition: &RenditionId,
        info: SegmentInfo,
    ) -> Option<SegmentRef> {
        let key = keys::segment(egress, rendition, &info).ok()?;
        (key == *entry.key() && info.bytes == entry.bytes()).then(|| SegmentRef::stored(info))
    }
}

impl SegmentName {
    /// Reads a file name exactly as [`SegmentInfo::file_name`] writes it, or
    /// `None` for any other: playlists lie in the same folder.
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.split_once('.')?;
        let (number, epoch) = stem.split_once('-')?;
        let codec = [Codec::Mp3, Codec::Aac].into_iter().find(|c| c.extension() == extension)?;
        let number = MediaSequence(number.parse().ok()?);
        let epoch = EpochId(u32::from_str_radix(epoch, 16).ok()?);
        // Only the one way to write it: no sign, no leading zero, no capital.
        (format!("{number}-{epoch}.{}", codec.extension()) == name).then_some(Self {
            number,
            epoch,
            codec,
        })
    }
}

#[cfg(test)]
mod tests;
