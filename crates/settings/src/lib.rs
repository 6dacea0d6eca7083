//! Strict TOML: errors that name file, line, key and the nearest right key. Sans-IO.
//!
//! A text becomes a [`Document`], the document becomes final types by serde,
//! and what serde cannot check is checked afterwards on [`Spanned`] values, so
//! that every complaint of either kind is one line of the same form:
//!
//! ```text
//! stations.toml:12: ingest.encoding.bitrate: unknown key; did you mean `bitrate_kbps`?
//! ```
//!
//! Nothing here opens files or reads the environment: both come as arguments.

mod bounded;
mod document;
mod duration;
mod error;
mod expand;
mod keys;
mod name;
mod nearest;
pub mod networks;
pub mod reference;
mod secret;

pub use bounded::{Int, Level, Text, has_unsafe_text};
pub use document::{Document, Env, Origin, TEXT_BYTES_MAX};
pub use duration::{Duration, DurationError, format_duration, parse_duration};
pub use error::Error;
pub use keys::{Key, Kind, keys};
pub use name::is_name;
pub use nearest::nearest;
pub use secret::{SECRET_BYTES_MAX, Secret};
pub use toml::Spanned;

use serde::de::DeserializeOwned;

/// Parses a text into final types, where no semantic validation follows.
///
/// # Errors
///
/// Whatever is wrong first, as one line with file, line and key; see
/// [`Document::parse`].
pub fn from_toml<T: DeserializeOwned>(
    text: &str,
    file_name: &str,
    env: Env<'_>,
) -> Result<T, Error> {
    Document::new(file_name, text)?.parse(env)
}
