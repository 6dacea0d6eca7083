//! The operator's resources as types, and their validation. Sans-IO.
//!
//! A manifest becomes a [`Catalogue`] by [`manifest::parse`], or it is refused
//! with one line. A catalogue that exists is valid: names and paths are unique,
//! references lead somewhere, numbers are in the ranges of [`limits`].
//! Secrets stay in [`settings::Secret`]; nothing here prints them.

mod encoding;
mod geo;
pub mod limits;
mod link;
mod loudness;
pub mod manifest;
mod name;
mod paths;
mod rendition;
pub mod report;
mod resources;

pub use encoding::{Encoding, EncodingCodec, EncodingError, Mismatch, RateControl, Setting};
pub use geo::{Countries, Country, CountryError, Geo};
pub use link::{Link, LinkError};
pub use loudness::Loudness;
pub use name::{MountPath, Name, NameError};
pub use paths::{RESERVED_FIRST_SEGMENTS, TUNE_IN_SUFFIXES};
pub use rendition::{Made, Rendition, RenditionError, Renditions};
pub use resources::{
    AudioFile, Catalogue, Charset, Delivery, Egress, Header, Ingest, MountConfig, OnMismatch,
    Publisher, Pull, Push, UrlAuth, Webhook, WebhookEvent,
};
