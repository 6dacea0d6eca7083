//! URL authentication: Icecast asks a back end whether a listener or a source
//! may come in, and tells it who came and went.
//!
//! After Icecast 2.4.4 (`auth_url.c`): the bodies are its own byte for byte,
//! and the answer counts by its headers. The sending, and its time-out, are the
//! caller's. Not here: what Icecast 2.5 and icecast-kh add (other actions in the
//! answer, redirects, an intro).

use std::net::IpAddr;
use std::time::Duration;

use media::text::NAME_LEN_MAX;

use crate::charset::Charset;
use crate::form::Form;
use crate::head::{digits, is_token_byte};

pub use crate::form::MEDIA_TYPE;

/// The longest body in bytes: Icecast's buffer without its final NUL. A listener
/// who needs more is refused there too.
pub const BODY_LEN_MAX: usize = 4095;

/// The longest time limit; a longer one is cut to it. Chosen: a year.
pub const TIME_LIMIT_MAX: Duration = Duration::from_hours(365 * 24);

/// The body would exceed [`BODY_LEN_MAX`]: the listener or source is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("body of the authentication request exceeds {BODY_LEN_MAX} bytes")]
pub struct TooLong;

/// This server as the back end knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server<'a> {
    /// The host's name, as configured.
    pub host: &'a str,
    /// The public port.
    pub port: u16,
}

/// A listener, at its coming and at its going.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Listener<'a> {
    /// A number that no other listener of the process has.
    pub client: u64,
    /// The target as it was requested: the path with its leading slash and the
    /// query, still encoded. Back ends find tokens in it.
    pub target: &'a str,
    /// Of the listener's `Authorization`, else empty.
    pub user: &'a str,
    /// Of the listener's `Authorization`, else empty.
    pub password: &'a str,
    /// The listener's real address.
    pub ip: IpAddr,
    /// `User-Agent`; without one Icecast says `-`.
    pub agent: Option<&'a [u8]>,
}

/// A source, or one who asks for an admin's page of its mount.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The mount, with its leading slash.
    pub mount: &'a str,
    /// The source's real address.
    pub ip: IpAddr,
    /// As the source says.
    pub user: &'a str,
    /// As the source says.
    pub password: &'a str,
    /// It sends no audio but asks for something else, such as a title's update.
    pub admin: bool,
}

/// What the back end is asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// May the listener come in? With headers of its request, by name.
    ListenerAdd(Listener<'a>, PassedHeaders<'a>),
    /// The listener has left, after this long.
    ListenerRemove(Listener<'a>, Duration),
    /// May the source come in?
    StreamAuth(Source<'a>),
    /// The mount, with its leading slash, is on air.
    MountAdd(&'a str),
    /// The mount, with its leading slash, is off air.
    MountRemove(&'a str),
}

/// Headers of a listener's request that the operator wants passed on. Those that
/// the request lacks are left out.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PassedHeaders<'a> {
    /// What their names begin with in the body.
    pub prefix: &'a str,
    /// Names, as the operator spells them, and values.
    pub headers: &'a [(&'a str, &'a [u8])],
}

/// The header that lets in, unless a back end has another.
pub const ACCEPT_DEFAULT: &str = "icecast-auth-user: 1";

/// The header with the time limit, likewise.
pub const TIME_LIMIT_DEFAULT: &str = "icecast-auth-timelimit";

/// How an answer says yes, as the operator has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    accept: Accept,
    time_limit: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Accept {
    Header { name: String, value: String },
    Status(u16),
}

/// Why [`Rules`] cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Neither `Name: value` nor a status line such as `HTTP/1.1 200 OK`.
    #[error(
        "what accepts is a header such as `icecast-auth-user: 1` or a status such as `HTTP 200`"
    )]
    Accept,
    /// The name of the time limit's header is none.
    #[error("the time limit's header has no name such as `icecast-auth-timelimit`")]
    TimeLimit,
}

/// What the back end says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Come in.
    Allowed {
        /// For so long and no longer, up to [`TIME_LIMIT_MAX`].
        limit: Option<Duration>,
    },
    /// Stay out.
    Denied {
        /// `Icecast-Auth-Message`, clean, at most 255 bytes.
        reason: Option<String>,
    },
}

impl Action<'_> {
    /// The body to send by POST as [`MEDIA_TYPE`].
    ///
    /// # Errors
    ///
    /// [`TooLong`].
    pub fn to_body(&self, server: Server<'_>) -> Result<String, TooLong> {
        let mut form = Form::new(self.name(), BODY_LEN_MAX);
        match self {
            Self::ListenerAdd(listener, passed) => {
                listener.identify(&mut form, server);
                listener.describe(&mut form);
                for (name, value) in passed.headers {
                    form.named(passed.prefix, name, value);
                }
            }
            Self::ListenerRemove(listener, duration) => {
                listener.identify(&mut form, server);
                form.number("duration", duration.as_secs());
                listener.describe(&mut form);
            }
            Self::StreamAuth(source) => {
                form.field("mount", source.mount).field("ip", source.ip.to_string());
                server.describe(&mut form);
                form.field("user", source.user).field("pass", source.password);
                if source.admin {
                    form.number("admin", 1);
                }
            }
            Self::MountAdd(mount) | Self::MountRemove(mount) => {
                server.describe(form.field("mount", mount));
            }
        }
        form.finish().ok_or(TooLong)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ListenerAdd(..) => "listener_add",
            Self::ListenerRemove(..) => "listener_remove",
            Self::StreamAuth(_) => "stream_auth",
            Self::MountAdd(_) => "mount_add",
            Self::MountRemove(_) => "mount_remove",
        }
    }
}

impl Server<'_> {
    fn describe(self, form: &mut Form) {
        form.field("server", self.host).number("port", self.port.into());
    }
}

impl Listener<'_> {
    fn identify(&self, form: &mut Form, server: Server<'_>) {
        server.describe(form);
        form.number("client", self.client)
            .field("mount", self.target)
            .field("user", self.user)
            .field("pass", self.password);
    }

    fn describe(&self, form: &mut Form) {
        form.field("ip", self.ip.to_string()).field("agent", self.agent.unwrap_or(b"-"));
    }
}

impl Default for Rules {
    /// [`ACCEPT_DEFAULT`] and [`TIME_LIMIT_DEFAULT`].
    fn default() -> Self {
        Self::new(ACCEPT_DEFAULT, TIME_LIMIT_DEFAULT).expect("the defaults can be read")
    }
}

impl Rules {
    /// Reads what Icecast calls `auth_header` and `timelimit_header`, the latter
    /// with or without its colon.
    ///
    /// # Errors
    ///
    /// [`RulesError`].
    pub fn new(accept: &str, time_limit: &str) -> Result<Self, RulesError> {
        let time_limit = time_limit.trim();
        let time_limit = time_limit.strip_suffix(':').unwrap_or(time_limit);
        if !is_name(time_limit) {
            return Err(RulesError::TimeLimit);
        }
        let accept = Accept::parse(accept.trim()).ok_or(RulesError::Accept)?;
        Ok(Self { accept, time_limit: time_limit.to_owned() })
    }

    /// What an answer says by its status and its headers.
    ///
    /// An answer that does not say yes says no. So does one whose status is a
    /// server's error, for then the back end did not come to its end, and one
    /// with a time limit of nothing. A time limit that begins with no digit is
    /// none, as in Icecast: back ends say `-1`. Of several the least counts.
    pub fn verdict<'a>(
        &self,
        status: u16,
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Verdict {
        let mut is_allowed = self.accept == Accept::Status(status);
        let (mut limit, mut reason) = (None::<Duration>, None);
        for (name, value) in headers {
            is_allowed = is_allowed || self.accept.is_said_by(name, value);
            if name.eq_ignore_ascii_case(&self.time_limit) {
                limit = limit.into_iter().chain(time_limit(value)).min();
            } else if reason.is_none() && name.eq_ignore_ascii_case("icecast-auth-message") {
                reason = Some(Charset::Auto.decode(value, NAME_LEN_MAX));
            }
        }
        if is_allowed && status < 500 && limit != Some(Duration::ZERO) {
            return Verdict::Allowed { limit };
        }
        Verdict::Denied { reason: reason.filter(|reason| !reason.is_empty()) }
    }
}

impl Accept {
    fn parse(text: &str) -> Option<Self> {
        if let Some((name, value)) = text.split_once(':') {
            let (name, value) = (name.trim_end().to_owned(), value.trim().to_owned());
            return is_name(&name).then_some(Self::Header { name, value });
        }
        let mut words = text.split_ascii_whitespace();
        if !words.next()?.get(..4)?.eq_ignore_ascii_case("HTTP") {
            return None;
        }
        let status = words.next()?.parse().ok()?;
        (100..=599).contains(&status).then_some(Self::Status(status))
    }

    /// Whether a header begins as the configured one does, and not in the midst
    /// of a word: `1` is not `10`.
    fn is_said_by(&self, name: &str, value: &[u8]) -> bool {
        let Self::Header { name: accepted, value: begin } = self else { return false };
        let Some((said, rest)) = value.trim_ascii().split_at_checked(begin.len()) else {
            return false;
        };
        name.eq_ignore_ascii_case(accepted)
            && said.eq_ignore_ascii_case(begin.as_bytes())
            && (begin.is_empty() || !rest.first().is_some_and(u8::is_ascii_alphanumeric))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_token_byte)
}

/// The seconds that a value begins with; more of them than can be counted are
/// the most.
fn time_limit(value: &[u8]) -> Option<Duration> {
    let value = value.trim_ascii();
    let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    let number = value.get(..end).filter(|number| !number.is_empty())?;
    let limit = digits(number).map_or(TIME_LIMIT_MAX, Duration::from_secs);
    Some(limit.min(TIME_LIMIT_MAX))
}

impl std::fmt::Debug for Listener<'_> {
    /// Without the query and the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("Listener")
            .field("client", &self.client)
            .field("path", &path)
            .field("ip", &self.ip)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Source<'_> {
    /// Without the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("mount", &self.mount)
            .field("ip", &self.ip)
            .field("user", &self.user)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PassedHeaders<'_> {
    /// Names alone: credentials may be among the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.headers.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests;
