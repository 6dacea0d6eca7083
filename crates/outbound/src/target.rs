//! Where to connect to: a URL that can be connected to at all.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The longest URL, in bytes. The usual limit of servers is a request line of
/// 8 KiB; what is longer than 2 KiB is no stream's.
pub const TARGET_LEN_MAX: usize = 2048;

/// A URL of `http` or `https` with a host and a port.
///
/// The host is in its one normal spelling, whichever was given: `0x7f.1` is
/// `127.0.0.1`. `Display` and `Debug` show the origin alone: the user, the path
/// and the query may each be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
}

/// A text is no URL that can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It exceeds [`TARGET_LEN_MAX`].
    #[error("URL exceeds {TARGET_LEN_MAX} bytes")]
    TooLong,
    /// It has control characters.
    #[error("URL has control characters")]
    ControlCharacter,
    /// It is no URL.
    #[error("cannot read URL: {0}")]
    Url(url::ParseError),
    /// Its scheme is neither `http` nor `https`.
    #[error("scheme of the URL is neither http nor https")]
    Scheme,
    /// It names port 0.
    #[error("port of the URL is 0")]
    Port,
}

impl Target {
    /// Whether the last part of the path ends in a dot and this, in any case.
    pub fn has_extension(&self, extension: &str) -> bool {
        let (_, last) = self.url.path().rsplit_once('/').unwrap_or_default();
        last.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
    }

    /// The host, in its normal spelling.
    pub(crate) fn host(&self) -> Host<&str> {
        self.url.host().expect("http and https have a host")
    }

    pub(crate) fn port(&self) -> u16 {
        self.url.port_or_known_default().expect("http and https have a port")
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What stands in the request line: path and query.
    pub(crate) fn path_and_query(&self) -> Cow<'_, str> {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()).into(),
            None => self.url.path().into(),
        }
    }

    /// What stands in `Host`.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// What stands in `Authorization`, where the URL has a user (RFC 7617).
    pub(crate) fn authorization(&self) -> Option<String> {
        let (user, password) = (self.url.username(), self.url.password());
        if user.is_empty() && password.is_none() {
            return None;
        }
        let user: Vec<u8> = percent_decode_str(user).collect();
        let password: Vec<u8> = percent_decode_str(password.unwrap_or_default()).collect();
        Some(basic(&user, &password))
    }

    pub(crate) fn has_origin_of(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }

    /// Where a redirect leads: `location` is a URL or a part of one (RFC 9110
    /// §10.2.2). The user stays with the origin and goes nowhere else.
    ///
    /// # Errors
    ///
    /// [`TargetError`].
    pub(crate) fn join(&self, location: &str) -> Result<Self, TargetError> {
        check_text(location)?;
        let mut next = Self::from_url(self.url.join(location).map_err(TargetError::Url)?)?;
        if next.has_origin_of(self) && next.authorization().is_none() {
            let _ = next.url.set_username(self.url.username());
            let _ = next.url.set_password(self.url.password());
        }
        Ok(next)
    }

    #[cfg(test)]
    pub(crate) fn url_text(&self) -> &str {
        self.url.as_str()
    }

    fn from_url(mut url: Url) -> Result<Self, TargetError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme);
        }
        if url.port() == Some(0) {
            return Err(TargetError::Port);
        }
        url.set_fragment(None);
        if url.as_str().len() > TARGET_LEN_MAX {
            return Err(TargetError::TooLong);
        }
        Ok(Self { url })
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        check_text(text)?;
        Self::from_url(Url::parse(text).map_err(TargetError::Url)?)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.authority())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

/// The value of `Authorization` that says a user and a password.
pub(crate) fn basic(user: &[u8], password: &[u8]) -> String {
    format!("Basic {}", BASE64_STANDARD.encode([user, b":", password].concat()))
}

/// Control characters are refused since URL parsers drop some of them unseen.
fn check_text(text: &str) -> Result<(), TargetError> {
    if text.len() > TARGET_LEN_MAX {
        return Err(TargetError::TooLong);
    }
    if text.contains(char::is_control) {
        return Err(TargetError::ControlCharacter);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
