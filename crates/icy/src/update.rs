//! Title updates: Icecast's `/admin/metadata` and SHOUTcast's `/admin.cgi`.

use std::fmt;

use media::Title;
use media::text::TITLE_LEN_MAX;
use percent_encoding::percent_decode;

use crate::charset::Charset;
use crate::head::{LINE_LEN_MAX, digits};
use crate::mount::{self, MountError};
use crate::source::exact;

/// The longest query that is read, in bytes: a request line's.
pub const QUERY_LEN_MAX: usize = LINE_LEN_MAX;

/// The most parameters that are read; those behind do not count.
pub const PARAMETERS_MAX: usize = 32;

/// The media type of [`Outcome::to_xml`].
pub const XML_MEDIA_TYPE: &str = "text/xml; charset=utf-8";

/// The media type of [`Outcome::to_html`].
pub const HTML_MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// A request to change the title. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct TitleUpdate {
    /// The mount, without leading slash; SHOUTcast names none.
    pub mount: Option<String>,
    /// The new title, clean. Empty takes the old one away.
    pub title: Title,
    /// The password in the query, exactly as sent; Icecast's encoders send
    /// theirs in `Authorization`.
    pub password: Option<String>,
    /// SHOUTcast 2's number of the stream.
    pub sid: Option<u32>,
}

/// Why an update cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The query exceeds [`QUERY_LEN_MAX`].
    #[error("query of the title update exceeds {QUERY_LEN_MAX} bytes")]
    TooLong,
    /// `mode` is not `updinfo`.
    #[error("mode is not updinfo")]
    Mode,
    /// None of `song`, `title` and `artist` is there.
    #[error("title update has no title")]
    NoTitle,
    /// `mount` names none.
    #[error("title update names no mount")]
    Mount(#[from] MountError),
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The title is taken.
    Updated,
    /// The request cannot be read, or has no title.
    Rejected,
    /// No source is on the mount.
    NoSource,
}

impl TitleUpdate {
    /// Reads an update from a query or from the body of a form.
    ///
    /// `charset` is the ingest's; the request's own comes before it, if it is
    /// known. Of a parameter that stands twice the first counts.
    ///
    /// # Errors
    ///
    /// [`UpdateError`].
    pub fn parse(query: &[u8], charset: Charset) -> Result<Self, UpdateError> {
        if query.len() > QUERY_LEN_MAX {
            return Err(UpdateError::TooLong);
        }
        let query = Parameters::parse(query);
        if !query.get("mode").is_some_and(|mode| mode.eq_ignore_ascii_case(b"updinfo")) {
            return Err(UpdateError::Mode);
        }
        let mount = query.get("mount").filter(|mount| !mount.is_empty());
        let charset = query
            .get("charset")
            .and_then(|name| std::str::from_utf8(name).ok())
            .and_then(|name| name.parse().ok())
            .unwrap_or(charset);
        Ok(Self {
            mount: mount.map(mount::from_name).transpose()?,
            title: title(&query, charset)?,
            password: query.get("pass").map(exact),
            sid: query.get("sid").and_then(digits).and_then(|sid| sid.try_into().ok()),
        })
    }
}

impl fmt::Debug for TitleUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TitleUpdate")
            .field("mount", &self.mount)
            .field("title", &self.title)
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}

impl Outcome {
    /// Icecast's answer. Its status is 200 whatever became of the update.
    pub fn to_xml(self) -> String {
        let (text, done) = match self {
            Self::Updated => ("Metadata update successful", 1),
            Self::Rejected => ("Mountpoint will not accept this URL update", 1),
            Self::NoSource => ("Source does not exist", 0),
        };
        format!(
            "<?xml version=\"1.0\"?>\n<iceresponse><message>{text}</message><return>{done}</return></iceresponse>\n"
        )
    }

    /// SHOUTcast's answer, as Icecast words it for SHOUTcast's encoders.
    pub fn to_html(self) -> String {
        let (title, text) = match self {
            Self::Updated => ("Admin request successful", "Metadata update successful"),
            Self::Rejected => ("Admin request failed", "Metadata update rejected"),
            Self::NoSource => ("Admin request failed", "Source does not exist"),
        };
        format!("<html><head><title>{title}</title></head><body><p>{text}</p></body></html>\n")
    }
}

/// The title: `song` alone if it is there, else `artist` and `title`.
fn title(query: &Parameters, charset: Charset) -> Result<Title, UpdateError> {
    let text = |name| query.get(name).map(|value| charset.decode(value, TITLE_LEN_MAX));
    let url = text("url").unwrap_or_default();
    if let Some(song) = text("song") {
        return Ok(Title::new(song, url));
    }
    let (artist, title) = match (text("artist"), text("title")) {
        (None, None) => return Err(UpdateError::NoTitle),
        (artist, title) => (artist.unwrap_or_default(), title.unwrap_or_default()),
    };
    let whole = match (artist.is_empty(), title.is_empty()) {
        (false, false) => format!("{artist} - {title}"),
        (false, true) => artist.clone(),
        (true, _) => title.clone(),
    };
    let stream_title = Charset::UTF_8.decode(whole.as_bytes(), TITLE_LEN_MAX);
    Ok(Title { stream_title, artist, title, url })
}

/// A query's parameters, decoded to bytes.
pub(crate) struct Parameters(Vec<(Vec<u8>, Vec<u8>)>);

impl Parameters {
    /// Splits `application/x-www-form-urlencoded`. A `%` that begins no
    /// encoding stays: old encoders encode nothing but spaces.
    pub(crate) fn parse(query: &[u8]) -> Self {
        let decode = |text: &[u8]| {
            let spaced: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
            percent_decode(&spaced).collect::<Vec<u8>>()
        };
        let pairs = query.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let pairs = pairs.take(PARAMETERS_MAX).map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(decode);
            (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
        });
        Self(pairs.collect())
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }

    /// The last of that name, where [`Parameters::get`] gives the first.
    pub(crate) fn last(&self, name: &str) -> Option<&[u8]> {
        let found = self.0.iter().rfind(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }
}

#[cfg(test)]
mod tests;
