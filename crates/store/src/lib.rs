//! The bucket: keys, put, get and list, create-if-absent, replace-if-unchanged,
//! and the log of facts.
//!
//! A bucket is a directory on one machine, or S3 and what speaks its protocol
//! when there are many. Nodes share nothing else. Everything they agree on
//! rests on two operations, which [`conformance`] holds every backend to and
//! which [`Store::probe`] tries on the bucket at hand before it is used:
//!
//! - *create if absent* ([`Store::create`]): of any number of writers one wins;
//! - *replace if unchanged* ([`Store::replace`]): a late writer takes nothing back.
//!
//! Only this crate says that a segment lies in the bucket
//! ([`media::SegmentRef::stored`]). It refuses to retry conditional writes:
//! that is the caller's decision, and every call may be repeated safely.

pub mod conformance;
pub mod keys;

mod directory;
mod error;
mod key;
mod log;
mod probe;
mod races;
mod s3;
mod segments;
mod settings;
mod store;
mod url;

pub use error::Error;
pub use key::{Area, Key};
pub use log::{Append, Record, TimelineLog};
pub use segments::{SEGMENT_BYTES_MAX, SegmentName};
pub use settings::{Credentials, S3Settings, Timeouts};
pub use store::{Attributes, Created, Entry, Object, Store, Stores, Version};
pub use url::StoreUrl;

#[cfg(test)]
mod testing;
