//! Addresses of buckets, as the configuration has them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;
use crate::key::part_fault;

/// Most bytes of an S3 prefix, so that prefix and key fit in the 1,024 of S3.
const PREFIX_BYTES_MAX: usize = 256;

/// Where a bucket is: `file:PATH` or `s3://BUCKET[/PREFIX]`.
///
/// A relative path counts from the working directory. A bucket's name has 3 to
/// 63 of `a-z 0-9 . -`; a prefix at most 256 bytes, its parts as in a
/// [`Key`](crate::Key).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StoreUrl {
    /// A directory of this machine.
    Directory(PathBuf),
    /// S3, or a system that speaks its protocol.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What stands before every key, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = if let Some(path) = text.strip_prefix("file:") {
            directory(path)
        } else if let Some(rest) = text.strip_prefix("s3://") {
            s3(rest)
        } else {
            Err("begins with neither file: nor s3://")
        };
        parsed.map_err(|reason| Error::BadUrl { url: text.chars().take(1024).collect(), reason })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "file:{}", path.display()),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

fn directory(path: &str) -> Result<StoreUrl, &'static str> {
    let path = match path.strip_prefix("//") {
        // `file:///abs`, the long form with an empty host (RFC 8089 §2).
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => return Err("a directory of another host: write file:PATH or file:///PATH"),
        None => path,
    };
    if path.is_empty() {
        return Err("has no path");
    }
    if path.contains('\0') {
        return Err("has a NUL in its path");
    }
    Ok(StoreUrl::Directory(PathBuf::from(path)))
}

fn s3(rest: &str) -> Result<StoreUrl, &'static str> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.strip_suffix('/').filter(|cut| !cut.is_empty()).unwrap_or(prefix);
    if !is_bucket_name(bucket) {
        return Err(
            "a bucket's name has 3 to 63 of a-z 0-9 . - and begins and ends with one of a-z 0-9",
        );
    }
    if prefix.len() > PREFIX_BYTES_MAX {
        return Err("the prefix is longer than 256 bytes");
    }
    if !prefix.is_empty() && prefix.split('/').any(|part| part_fault(part).is_some()) {
        return Err(
            "each part of the prefix has 1 to 128 of A-Z a-z 0-9 . _ ~ - and begins with a letter, a digit or _",
        );
    }
    Ok(StoreUrl::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

/// The general rules of S3's user guide, «Bucket naming rules».
fn is_bucket_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| plain(b) || matches!(b, b'.' | b'-'))
        && name.bytes().next().is_some_and(plain)
        && name.bytes().next_back().is_some_and(plain)
        && !name.contains("..")
}

#[cfg(test)]
mod tests;
