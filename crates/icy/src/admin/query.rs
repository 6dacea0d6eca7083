//! What a request asks of these endpoints, read from its query.

use std::fmt;

use super::icecast::Refusal;
use crate::head::digits;
use crate::mount;
use crate::source::exact;
use crate::update::{Parameters, QUERY_LEN_MAX};

/// The highest number of a SHOUTcast stream.
pub const SID_MAX: u32 = 2_147_483_647;

/// The longest name of a JSONP function, in bytes. jQuery's have about 40.
pub const CALLBACK_LEN_MAX: usize = 64;

/// A query of SHOUTcast's endpoints or of `/status-json.xsl`. Of a parameter
/// that stands twice the last counts. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct StatsQuery {
    /// The mount, without leading slash. It may be none that can exist.
    pub mount: Option<String>,
    /// SHOUTcast's number of the stream; 1 if the query has none.
    pub sid: u32,
    /// What `/admin.cgi` is asked to do.
    pub mode: Option<Mode>,
    /// What `mode=viewxml` and `mode=viewjson` are to show.
    pub page: Page,
    /// In which form the answer is wanted, if the query says so.
    pub format: Option<Format>,
    /// The password, exactly as sent.
    pub password: Option<String>,
}

/// What `/admin.cgi` is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// `viewxml` or `viewjson`: to show a [`Page`]; the format says which.
    View,
    /// `updinfo`: to change the title; [`crate::update::TitleUpdate`] reads it.
    UpdateTitle,
    /// Anything else.
    Other,
}

/// A page of `/admin.cgi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// Summary, listeners and history: no page, or one that is unknown.
    #[default]
    Full,
    /// Page 1, and page 7, by which panels ask for the same.
    Summary,
    /// Page 3.
    Listeners,
    /// Page 4.
    History,
    /// Page 5.
    Metadata,
    /// Page 6.
    Configs,
}

/// The form of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// XML.
    Xml,
    /// JSON.
    Json,
    /// A script that calls the function of this name with JSON.
    Jsonp(Callback),
}

/// The name of a JSONP function: an ASCII identifier of at most
/// [`CALLBACK_LEN_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback(String);

/// Why a query cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The query exceeds [`QUERY_LEN_MAX`].
    #[error("query exceeds {QUERY_LEN_MAX} bytes")]
    TooLong,
    /// `sid` is no number from 1 to [`SID_MAX`]: no stream has it.
    #[error("sid is not a number from 1 to {SID_MAX}")]
    Sid,
    /// `callback` is no identifier, or exceeds [`CALLBACK_LEN_MAX`].
    #[error("callback is not an identifier of at most {CALLBACK_LEN_MAX} bytes")]
    Callback,
}

/// A request of Icecast's `/admin/`. Mounts are without leading slash, and may
/// be none that can exist.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminQuery {
    /// `stats`, of one mount or of all.
    Stats {
        /// The mount.
        mount: Option<String>,
    },
    /// `listmounts`, and `streamlist`, which is the same.
    ListMounts,
    /// `streamlist.txt`.
    StreamList,
    /// `listclients`.
    ListClients {
        /// The mount.
        mount: String,
    },
    /// `killclient`.
    KillClient {
        /// The mount.
        mount: String,
        /// The listener's number; 0, which none has, for what is no number.
        id: u64,
    },
    /// `killsource`.
    KillSource {
        /// The mount.
        mount: String,
    },
    /// `moveclients`.
    MoveClients {
        /// Whence.
        mount: String,
        /// Whither; without it, the question is what is there.
        destination: Option<String>,
    },
    /// `fallbacks`.
    Fallbacks {
        /// The mount.
        mount: String,
        /// Its new fallback.
        fallback: String,
    },
    /// `metadata`; [`crate::update::TitleUpdate`] reads it.
    Metadata,
}

impl StatsQuery {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// [`QueryError`].
    pub fn parse(query: &[u8]) -> Result<Self, QueryError> {
        if query.len() > QUERY_LEN_MAX {
            return Err(QueryError::TooLong);
        }
        let query = Parameters::parse(query);
        Ok(Self {
            mount: mount_of(&query, "mount"),
            sid: sid(query.last("sid"))?,
            mode: query.last("mode").filter(|mode| !mode.is_empty()).map(Mode::parse),
            page: query.last("page").map(Page::parse).unwrap_or_default(),
            format: Format::parse(&query)?,
            password: query.last("pass").map(exact),
        })
    }
}

impl fmt::Debug for StatsQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatsQuery")
            .field("mount", &self.mount)
            .field("sid", &self.sid)
            .field("mode", &self.mode)
            .field("page", &self.page)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl AdminQuery {
    /// Reads a request: the path behind `/admin/`, and the query. Of a parameter
    /// that stands twice the last counts, as in Icecast.
    ///
    /// # Errors
    ///
    /// [`Refusal`]; [`Refusal::NoMount`] also for a query that exceeds
    /// [`QUERY_LEN_MAX`].
    pub fn parse(command: &str, query: &[u8]) -> Result<Self, Refusal> {
        if query.len() > QUERY_LEN_MAX {
            return Err(Refusal::NoMount);
        }
        let query = Parameters::parse(query);
        let mount = mount_of(&query, "mount");
        let of_mount = mount.clone().ok_or(Refusal::NoMount);
        match command {
            "stats" => Ok(Self::Stats { mount }),
            "listmounts" | "streamlist" => Ok(Self::ListMounts),
            "streamlist.txt" => Ok(Self::StreamList),
            "metadata" => Ok(Self::Metadata),
            "listclients" => Ok(Self::ListClients { mount: of_mount? }),
            "killsource" => Ok(Self::KillSource { mount: of_mount? }),
            "killclient" => {
                let (mount, id) = (of_mount?, query.last("id").ok_or(Refusal::MissingParameter)?);
                Ok(Self::KillClient { mount, id: digits(id).unwrap_or_default() })
            }
            "moveclients" => {
                let (mount, destination) = (of_mount?, mount_of(&query, "destination"));
                if destination.as_ref() == Some(&mount) {
                    return Err(Refusal::SameMount);
                }
                Ok(Self::MoveClients { mount, destination })
            }
            "fallbacks" => {
                let (mount, fallback) = (of_mount?, mount_of(&query, "fallback"));
                Ok(Self::Fallbacks { mount, fallback: fallback.ok_or(Refusal::MissingParameter)? })
            }
            _ => Err(Refusal::UnknownCommand),
        }
    }
}

impl Callback {
    /// Takes a name that is an identifier.
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
        let is_identifier = name.first().is_some_and(is_letter)
            && name.iter().all(|byte| is_letter(byte) || byte.is_ascii_digit());
        if !is_identifier || name.len() > CALLBACK_LEN_MAX {
            return None;
        }
        String::from_utf8(name.to_vec()).ok().map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Mode {
    fn parse(mode: &[u8]) -> Self {
        match mode.to_ascii_lowercase().as_slice() {
            b"viewxml" | b"viewjson" => Self::View,
            b"updinfo" => Self::UpdateTitle,
            _ => Self::Other,
        }
    }
}

impl Page {
    fn parse(page: &[u8]) -> Self {
        match page {
            b"1" | b"7" => Self::Summary,
            b"3" => Self::Listeners,
            b"4" => Self::History,
            b"5" => Self::Metadata,
            b"6" => Self::Configs,
            _ => Self::Full,
        }
    }
}

impl Format {
    /// `json=1`, `type=json` or `mode=viewjson`; `type=xml` or `mode=viewxml`.
    fn parse(query: &Parameters) -> Result<Option<Self>, QueryError> {
        let says = |name, value: &str| {
            query.last(name).is_some_and(|given| given.eq_ignore_ascii_case(value.as_bytes()))
        };
        if says("json", "1") || says("type", "json") || says("mode", "viewjson") {
            return match query.last("callback").filter(|name| !name.is_empty()) {
                None => Ok(Some(Self::Json)),
                Some(name) => Callback::parse(name)
                    .map(|name| Some(Self::Jsonp(name)))
                    .ok_or(QueryError::Callback),
            };
        }
        let is_xml = says("type", "xml") || says("mode", "viewxml");
        Ok(is_xml.then_some(Self::Xml))
    }
}

fn sid(value: Option<&[u8]>) -> Result<u32, QueryError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(1) };
    let sid = digits(value).and_then(|sid| u32::try_from(sid).ok());
    sid.filter(|sid| (1..=SID_MAX).contains(sid)).ok_or(QueryError::Sid)
}

/// A mount to look up. What can be none stays as it was sent, so that nothing
/// is found rather than everything shown.
fn mount_of(query: &Parameters, name: &str) -> Option<String> {
    let value = query.last(name).filter(|value| !value.is_empty())?;
    Some(mount::from_name(value).unwrap_or_else(|_| exact(value)))
}

#[cfg(test)]
mod tests;
