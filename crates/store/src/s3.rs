//! A bucket in S3, or in a system that speaks its protocol.
//!
//! Conditional writes are sent once: a second sending would be refused because
//! of the first, which landed although its answer was lost.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    Attribute, BackoffConfig, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, RetryConfig, UpdateVersion,
};

use crate::error::Error;
use crate::key::Key;
use crate::settings::S3Settings;
use crate::store::{Attributes, Entry, Object, Version};
use crate::url::StoreUrl;

/// How often a reading request is sent again. The client's own 10 times in
/// 180 s are far too long for a live programme.
const READ_RETRIES: usize = 2;
/// After this no reading request is sent again.
const READ_RETRY_TIME: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(crate) struct S3 {
    /// Sends each request once.
    writer: AmazonS3,
    /// Sends again what changes nothing when it is done twice.
    reader: AmazonS3,
    /// Empty, or with a slash at its end.
    prefix: String,
}

impl S3 {
    pub(crate) fn open(bucket: &str, prefix: &str, settings: &S3Settings) -> Result<Self, Error> {
        // The HTTP client asks for the process's provider. It is the same one
        // if somebody has installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = |retries| {
            client(bucket, settings, retries).map_err(|reason| {
                let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
                Error::BadSettings { url: StoreUrl::S3 { bucket, prefix }.to_string(), reason }
            })
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { writer: client(0)?, reader: client(READ_RETRIES)?, prefix })
    }

    /// Whether the object is new.
    pub(crate) async fn create(
        &self,
        key: &Key,
        bytes: Bytes,
        attributes: &Attributes,
    ) -> Result<bool, Error> {
        let options = put_options(attributes, PutMode::Create);
        match self.writer.put_opts(&self.path(key)?, bytes.into(), options).await {
            Ok(_) => Ok(true),
            // 412, or 409 for one that is being written at this moment.
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(Error::from_s3("creating", key, error)),
        }
    }

    /// The new version, or `None` where the object's `ETag` is not `tag`.
    pub(crate) async fn replace(
        &self,
        key: &Key,
        bytes: Bytes,
        attributes: &Attributes,
        tag: &str,
    ) -> Result<Option<Version>, Error> {
        let expected = UpdateVersion { e_tag: Some(tag.to_owned()), version: None };
        let options = put_options(attributes, PutMode::Update(expected));
        match self.writer.put_opts(&self.path(key)?, bytes.into(), options).await {
            Ok(put) => Ok(Some(version("replacing", key, put.e_tag)?)),
            // 412, or 409 while another writes.
            Err(
                object_store::Error::Precondition { .. }
                | object_store::Error::AlreadyExists { .. },
            ) => Ok(None),
            Err(error) => Err(Error::from_s3("replacing", key, error)),
        }
    }

    pub(crate) async fn get(&self, key: &Key, bytes_max: usize) -> Result<Option<Object>, Error> {
        let failed = |error| Error::from_s3("reading", key, error);
        let got = match self.reader.get(&self.path(key)?).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let bytes = got.meta.size;
        if bytes > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
            return Err(Error::TooLarge { key: key.clone(), bytes, bytes_max });
        }
        let version = version("reading", key, got.meta.e_tag.clone())?;
        let bytes = got.bytes().await.map_err(failed)?;
        Ok(Some(Object { bytes, version }))
    }

    pub(crate) async fn list(
        &self,
        folder: &Key,
        after: Option<&Key>,
        entries_max: usize,
    ) -> Result<Vec<Entry>, Error> {
        let path = self.path(folder)?;
        let mut listed = match after {
            Some(after) => self.reader.list_with_offset(Some(&path), &self.path(after)?),
            None => self.reader.list(Some(&path)),
        };
        let mut found = Vec::new();
        let failed = |error| Error::from_s3("listing", folder, error);
        while let Some(meta) = listed.try_next().await.map_err(failed)? {
            found.extend(self.entry(&meta));
            if found.len() > entries_max {
                return Err(Error::TooMany { folder: folder.clone(), entries_max });
            }
        }
        // S3 sorts, and what is like it does not always.
        found.sort();
        Ok(found)
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<(), Error> {
        match self.reader.delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::from_s3("deleting", key, error)),
        }
    }

    fn path(&self, key: &Key) -> Result<Path, Error> {
        let path = Path::parse(format!("{}{key}", self.prefix));
        path.map_err(|error| Error::failed("naming", key, error))
    }

    /// Nothing for a name that is no key.
    fn entry(&self, meta: &ObjectMeta) -> Option<Entry> {
        let name = meta.location.as_ref().strip_prefix(&self.prefix)?;
        Some(Entry::new(Key::new(name).ok()?, meta.size))
    }
}

fn client(bucket: &str, settings: &S3Settings, retries: usize) -> Result<AmazonS3, String> {
    let credentials = &settings.credentials;
    if let Some(fault) = credentials.fault() {
        return Err(fault.to_owned());
    }
    let endpoint = settings.endpoint.as_deref().or(credentials.endpoint());
    let http = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    if let Some(other) = endpoint
        && !(http || other.starts_with("https://"))
    {
        return Err(format!("the endpoint {other:?} begins with neither http:// nor https://"));
    }
    let options = ClientOptions::new()
        .with_allow_http(http)
        .with_connect_timeout(settings.timeouts.connect)
        .with_timeout(settings.timeouts.request);
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: retries,
        retry_timeout: READ_RETRY_TIME,
    };
    let mut builder = credentials
        .configure(AmazonS3Builder::new())
        .with_bucket_name(bucket)
        .with_client_options(options)
        .with_retry(retry)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // One DELETE each: not every compatible system has the bulk request.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = endpoint {
        let key = object_store::aws::AmazonS3ConfigKey::S3Endpoint;
        builder = builder.with_config(key, endpoint);
    }
    builder.build().map_err(|error| error.to_string())
}

fn put_options(attributes: &Attributes, mode: PutMode) -> PutOptions {
    let mut sent = object_store::Attributes::new();
    sent.insert(Attribute::ContentType, attributes.content_type.clone().into_owned().into());
    sent.insert(Attribute::CacheControl, attributes.cache_control.clone().into_owned().into());
    PutOptions { mode, attributes: sent, ..PutOptions::default() }
}

fn version(doing: &str, key: &Key, tag: Option<String>) -> Result<Version, Error> {
    let tag = tag.ok_or_else(|| Error::failed(doing, key, "the answer has no ETag"))?;
    Ok(Version::tag(tag))
}

#[cfg(test)]
mod tests;
