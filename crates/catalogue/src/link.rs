//! Addresses that Skywave itself asks: `http` and `https` URLs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use url::Url;

use crate::limits::LINK_BYTES_MAX;

/// An absolute `http` or `https` URL of at most 2,048 bytes, with a host.
///
/// It may carry a user and a password (RFC 3986 §3.2.1), and a query with a
/// key: `Debug` and `Display` leave them out, [`Link::expose`] has them.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(Url);

/// What is wrong with a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Longer than 2,048 bytes.
    #[error("a URL has at most 2048 bytes")]
    TooLong,
    /// Not an absolute URL (WHATWG URL).
    #[error("is no URL such as `https://example.org/path`")]
    Malformed,
    /// Another scheme.
    #[error("is neither `http://` nor `https://`")]
    Scheme,
}

impl Link {
    /// The whole URL, with its user and password.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.len() > LINK_BYTES_MAX {
            return Err(LinkError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| LinkError::Malformed)?;
        // Escaping makes it longer.
        if url.as_str().len() > LINK_BYTES_MAX {
            return Err(LinkError::TooLong);
        }
        if url.port() == Some(0) || text.chars().any(char::is_control) {
            return Err(LinkError::Malformed);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(LinkError::Scheme);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        // Both fail for URLs without a host alone, which these are not.
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.set_query(None);
        shown.set_fragment(None);
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text may hold a password: it is not quoted.
        text.parse().map_err(|error: LinkError| serde::de::Error::custom(error))
    }
}

#[cfg(test)]
mod tests;
