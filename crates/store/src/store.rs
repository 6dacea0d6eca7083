//! The bucket as every backend gives it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::Codec;

use crate::directory::Directory;
use crate::error::Error;
use crate::key::{Area, Key};
use crate::s3::S3;
use crate::settings::S3Settings;
use crate::url::StoreUrl;

/// How often a write is tried that the bucket refuses for a reason that is gone
/// when we look: S3 answers 409 while two conditional writes overlap
/// (`ConditionalRequestConflict`), and says that the request may be repeated.
const OVERLAP_TRIES: u32 = 4;
/// Waited before the second try; each later wait is twice as long.
const OVERLAP_WAIT: Duration = Duration::from_millis(50);

/// Most bytes of an object that can be replaced: what is compared is held in
/// memory. A playlist of a day in segments of 2 s has some 5 MB.
const REPLACED_BYTES_MAX: usize = 16 << 20;

/// A bucket. Cheap to clone: all clones share connections and limits.
///
/// Every call ends within the [`Timeouts`](crate::Timeouts) or a small multiple
/// of them, may be dropped at any time, and may be repeated: nothing is ever
/// half-written for a reader.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Arc<Backend>,
    url: Arc<StoreUrl>,
}

/// The buckets of the two areas, which may be the same one.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Where `public/` lies.
    pub public: Store,
    /// Where `private/` lies.
    pub private: Store,
}

#[derive(Debug)]
enum Backend {
    Directory(Directory),
    S3(S3),
}

/// What is told about an object to those who fetch it over HTTP.
///
/// A directory does not keep it: whoever serves one tells by the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// The media type.
    pub content_type: Cow<'static, str>,
    /// The value of `Cache-Control`.
    pub cache_control: Cow<'static, str>,
}

/// What became of a [`Store::create`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// There was none, now there is this.
    New,
    /// There was one already, and it stays.
    Existed {
        /// It has these very bytes: an earlier try of ours landed, or another
        /// node made the same. As good as new.
        same: bool,
    },
}

/// A state of one object, to be handed back to [`Store::replace`].
#[derive(Clone, PartialEq, Eq)]
pub struct Version(State);

#[derive(Clone, PartialEq, Eq)]
enum State {
    /// What S3 calls its `ETag`.
    Tag(String),
    /// A directory compares the contents themselves: inode numbers and times
    /// come back within one tick of the file system's clock.
    Contents(Bytes),
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its contents.
    pub bytes: Bytes,
    /// Its state, for [`Store::replace`].
    pub version: Version,
}

/// An object as a listing shows it: the proof that the bucket has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    key: Key,
    bytes: u64,
}

impl Store {
    /// Opens a bucket.
    ///
    /// A directory is made where there is none, and what a crash left half
    /// written in it is removed. Where its disk is full, read-only or silent,
    /// that waits: it is made when something is stored in it. S3 is not spoken
    /// to yet: [`Store::probe`] is.
    ///
    /// # Errors
    ///
    /// [`Error::BadSettings`]; for a directory also [`Error::Denied`] and
    /// [`Error::Failed`].
    pub async fn open(url: &StoreUrl, settings: &S3Settings) -> Result<Self, Error> {
        let backend = match url {
            StoreUrl::Directory(path) => {
                Backend::Directory(Directory::open(path, settings.timeouts.request).await?)
            }
            StoreUrl::S3 { bucket, prefix } => Backend::S3(S3::open(bucket, prefix, settings)?),
        };
        Ok(Self { backend: Arc::new(backend), url: Arc::new(url.clone()) })
    }

    /// Opens a bucket that is only read from, as another process may be writing
    /// to it: opening makes and removes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::BadSettings`]; for a directory that is not there or cannot be read
    /// [`Error::Unavailable`], [`Error::Denied`] and [`Error::Failed`].
    pub async fn open_to_read(url: &StoreUrl, settings: &S3Settings) -> Result<Self, Error> {
        let StoreUrl::Directory(path) = url else { return Self::open(url, settings).await };
        let directory = Directory::open_to_read(path, settings.timeouts.request).await?;
        Ok(Self { backend: Arc::new(Backend::Directory(directory)), url: Arc::new(url.clone()) })
    }

    /// Its address.
    pub fn url(&self) -> &StoreUrl {
        &self.url
    }

    /// Stores an object under a name that is free.
    ///
    /// Of any number of writers at one name exactly one sees [`Created::New`].
    /// After it the object is on disk, its name included.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], after which the object may be there all the
    /// same; [`Error::Denied`], [`Error::Failed`].
    pub async fn create(
        &self,
        key: &Key,
        bytes: Bytes,
        attributes: &Attributes,
    ) -> Result<Created, Error> {
        for wait in overlap_waits() {
            let new = match &*self.backend {
                Backend::Directory(directory) => directory.create(key, bytes.clone()).await?,
                Backend::S3(s3) => s3.create(key, bytes.clone(), attributes).await?,
            };
            if new {
                return Ok(Created::New);
            }
            match self.get(key, bytes.len()).await {
                Ok(Some(stored)) => return Ok(Created::Existed { same: stored.bytes == bytes }),
                Err(Error::TooLarge { .. }) => return Ok(Created::Existed { same: false }),
                Ok(None) => tokio::time::sleep(wait).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::unavailable("creating", key, "it comes and goes"))
    }

    /// Replaces an object if it is still in the state `expected`; with `None`,
    /// if there is none.
    ///
    /// Succeeds also where the object has exactly `bytes` already, whoever
    /// wrote them, so that a repeated call is never lost to its own first try.
    /// Who counts on being the only one puts something of his own into them.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] where it changed, and nothing is written;
    /// [`Error::TooLarge`] for more than 16 MiB. Otherwise as [`Store::create`].
    pub async fn replace(
        &self,
        key: &Key,
        bytes: Bytes,
        attributes: &Attributes,
        expected: Option<&Version>,
    ) -> Result<Version, Error> {
        if bytes.len() > REPLACED_BYTES_MAX {
            return Err(too_large(key, bytes.len(), REPLACED_BYTES_MAX));
        }
        let Some(expected) = expected else {
            return self.replace_nothing(key, bytes, attributes).await;
        };
        for wait in overlap_waits() {
            let version = match (&*self.backend, &expected.0) {
                (Backend::Directory(directory), State::Contents(contents)) => {
                    directory.replace(key, bytes.clone(), contents.clone()).await?
                }
                (Backend::S3(s3), State::Tag(tag)) => {
                    s3.replace(key, bytes.clone(), attributes, tag).await?
                }
                // A version of another kind of bucket is of no object here.
                _ => None,
            };
            if let Some(version) = version {
                return Ok(version);
            }
            match self.get(key, REPLACED_BYTES_MAX).await {
                Ok(Some(stored)) if stored.bytes == bytes => return Ok(stored.version),
                Ok(Some(stored)) if stored.version == *expected => tokio::time::sleep(wait).await,
                Ok(_) | Err(Error::TooLarge { .. }) => {
                    return Err(Error::Conflict { key: key.clone() });
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::unavailable("replacing", key, "other writers are at it"))
    }

    /// Reads an object, or `None` where there is none.
    ///
    /// Holds at most `bytes_max` bytes in memory.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above `bytes_max`; [`Error::Unavailable`],
    /// [`Error::Denied`], [`Error::Failed`].
    pub async fn get(&self, key: &Key, bytes_max: usize) -> Result<Option<Object>, Error> {
        match &*self.backend {
            Backend::Directory(directory) => directory.get(key, bytes_max).await,
            Backend::S3(s3) => s3.get(key, bytes_max).await,
        }
    }

    /// Lists the objects below a folder, in the order of their names' bytes.
    ///
    /// Objects whose names are no keys were put there by somebody else and are
    /// passed over.
    ///
    /// # Errors
    ///
    /// [`Error::TooMany`] above `entries_max`; [`Error::Unavailable`],
    /// [`Error::Denied`], [`Error::Failed`].
    pub async fn list(&self, folder: &Key, entries_max: usize) -> Result<Vec<Entry>, Error> {
        self.list_after(folder, None, entries_max).await
    }

    /// Lists as [`Store::list`] does, only what stands behind `after`.
    ///
    /// # Errors
    ///
    /// As [`Store::list`].
    pub async fn list_after(
        &self,
        folder: &Key,
        after: Option<&Key>,
        entries_max: usize,
    ) -> Result<Vec<Entry>, Error> {
        match &*self.backend {
            Backend::Directory(directory) => directory.list(folder, after, entries_max).await,
            Backend::S3(s3) => s3.list(folder, after, entries_max).await,
        }
    }

    /// Removes an object; that there is none is no error.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`], [`Error::Denied`], [`Error::Failed`].
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        match &*self.backend {
            Backend::Directory(directory) => directory.delete(key).await,
            Backend::S3(s3) => s3.delete(key).await,
        }
    }

    /// Removes a folder without objects, and those above it that have none
    /// then, but for the area's root. Only directories have such folders.
    pub(crate) async fn prune(&self, folder: &Key) -> Result<(), Error> {
        match &*self.backend {
            Backend::Directory(directory) => directory.prune(folder).await,
            Backend::S3(_) => Ok(()),
        }
    }

    async fn replace_nothing(
        &self,
        key: &Key,
        bytes: Bytes,
        attributes: &Attributes,
    ) -> Result<Version, Error> {
        let conflict = || Error::Conflict { key: key.clone() };
        if self.create(key, bytes.clone(), attributes).await? == (Created::Existed { same: false })
        {
            return Err(conflict());
        }
        // S3 tells the tag with the write, but the object may have been there:
        // reading it says in both cases whether it is still ours.
        let stored = self.get(key, REPLACED_BYTES_MAX).await?;
        stored
            .filter(|stored| stored.bytes == bytes)
            .map(|stored| stored.version)
            .ok_or_else(conflict)
    }
}

impl Stores {
    /// Opens the bucket of both areas, or one for each.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub async fn open(
        url: &StoreUrl,
        private: Option<&StoreUrl>,
        settings: &S3Settings,
    ) -> Result<Self, Error> {
        let public = Store::open(url, settings).await?;
        let private = match private {
            Some(other) if other != url => Store::open(other, settings).await?,
            _ => public.clone(),
        };
        Ok(Self { public, private })
    }

    /// The same, only to be read from.
    ///
    /// # Errors
    ///
    /// As [`Store::open_to_read`].
    pub async fn open_to_read(
        url: &StoreUrl,
        private: Option<&StoreUrl>,
        settings: &S3Settings,
    ) -> Result<Self, Error> {
        let public = Store::open_to_read(url, settings).await?;
        let private = match private {
            Some(other) if other != url => Store::open_to_read(other, settings).await?,
            _ => public.clone(),
        };
        Ok(Self { public, private })
    }

    /// The bucket of an area.
    pub fn area(&self, area: Area) -> &Store {
        match area {
            Area::Public => &self.public,
            Area::Private => &self.private,
        }
    }
}

impl Attributes {
    /// Of a playlist (RFC 8216 §4), which caches keep for `max_age` at most, in
    /// whole seconds.
    pub fn playlist(max_age: Duration) -> Self {
        Self {
            content_type: "application/vnd.apple.mpegurl".into(),
            cache_control: format!("public, max-age={}", max_age.as_secs()).into(),
        }
    }

    /// Of a segment that stays for `keep`, in whole seconds.
    ///
    /// It never changes under its name, so that caches need not ask again
    /// before it goes (RFC 8216 §6.2.2).
    pub fn segment(codec: Codec, keep: Duration) -> Self {
        Self {
            content_type: codec.media_type().into(),
            cache_control: format!("public, max-age={}, immutable", keep.as_secs()).into(),
        }
    }

    /// Of what nodes tell each other; no cache may keep it.
    pub const fn record() -> Self {
        Self {
            content_type: Cow::Borrowed("application/octet-stream"),
            cache_control: Cow::Borrowed("private, no-store"),
        }
    }
}

impl Version {
    pub(crate) fn tag(tag: String) -> Self {
        Self(State::Tag(tag))
    }

    pub(crate) fn contents(bytes: Bytes) -> Self {
        Self(State::Contents(bytes))
    }
}

impl Entry {
    pub(crate) fn new(key: Key, bytes: u64) -> Self {
        Self { key, bytes }
    }

    /// Its name.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Tag(tag) => write!(f, "Version({tag})"),
            State::Contents(bytes) => write!(f, "Version({} bytes)", bytes.len()),
        }
    }
}

/// What is said of bytes that are more than the bound.
pub(crate) fn too_large(key: &Key, bytes: usize, bytes_max: usize) -> Error {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    Error::TooLarge { key: key.clone(), bytes, bytes_max }
}

/// The waits after each try of a write that overlaps others.
fn overlap_waits() -> impl Iterator<Item = Duration> {
    (0..OVERLAP_TRIES).map(|nth| OVERLAP_WAIT * 2_u32.pow(nth))
}

#[cfg(test)]
mod tests;
