//! Opening a stream, redirects and all.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use icy::response::Head;
use rustls::RootCertStore;
use tracing::warn;

use crate::connect::{Connector, tls_config};
use crate::error::{Error, Phase};
use crate::get;
use crate::policy::Policy;
use crate::resolve::SystemResolver;
use crate::stream::Stream;
use crate::target::Target;

/// The most redirects that are followed.
pub const REDIRECTS_MAX: usize = 5;

/// How long a connection may take unless the settings say otherwise: three
/// lost packets of TCP's opening, at 1, 2 and 4 s (RFC 6298 §2), are an outage.
pub const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long opening a URL may take unless the settings say otherwise. Chosen:
/// as much as a request head has at our own ports.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// How a client behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Which addresses it may connect to.
    pub policy: Policy,
    /// How long a connection may take: resolution, TCP and TLS together.
    pub connect_time: Duration,
    /// How long [`Client::open`] may take: connections, redirects and heads
    /// together.
    pub head_time: Duration,
}

/// Connects to URLs. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(crate) connector: Arc<Connector>,
    head_time: Duration,
}

/// A URL that was opened.
#[derive(Debug)]
pub struct Opened {
    /// The answer's head; its status is one of 200 to 299.
    pub head: Head,
    /// Where the redirects led.
    pub target: Target,
    /// Whom it is connected to.
    pub address: SocketAddr,
    /// The body as it comes off the wire.
    pub stream: Stream,
}

impl Default for Settings {
    /// Public addresses, [`CONNECT_TIME`], [`HEAD_TIME`].
    fn default() -> Self {
        Self { policy: Policy::default(), connect_time: CONNECT_TIME, head_time: HEAD_TIME }
    }
}

impl Client {
    /// Makes a client that trusts the machine's certificate authorities, or
    /// those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    ///
    /// Reads them from disk, so make one at the start. Without any, `https`
    /// fails, and a line of the log says so.
    pub fn new(settings: Settings) -> Self {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            warn!(errors = ?found.errors, "no certificate authority is trusted: https will fail");
        }
        let connector = Connector {
            check: Box::new(move |address| settings.policy.check(address)),
            resolver: Box::new(SystemResolver),
            tls: tls_config(roots),
            time: settings.connect_time,
        };
        Self::with_connector(connector, settings.head_time)
    }

    /// Opens a URL as a stream's listener does, and follows redirects: at most
    /// [`REDIRECTS_MAX`], each checked as the first URL is, from `https` to
    /// `http` too, since stations' redirects do that.
    ///
    /// `headers` go out as they are written, beside `Host`, `User-Agent`,
    /// `Accept`, `Connection` and, where the URL has a user, `Authorization`.
    /// Credentials do not follow a redirect to another origin.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::Status`] for any answer but 200 to 299.
    pub async fn open(&self, target: &Target, headers: &[(&str, &str)]) -> Result<Opened, Error> {
        let late = |_| Error::Late {
            origin: target.to_string(),
            phase: Phase::Answer,
            time: self.head_time,
        };
        tokio::time::timeout(self.head_time, self.follow(target, headers)).await.map_err(late)?
    }

    pub(crate) fn with_connector(connector: Connector, head_time: Duration) -> Self {
        Self { connector: Arc::new(connector), head_time }
    }

    async fn follow(&self, target: &Target, headers: &[(&str, &str)]) -> Result<Opened, Error> {
        let mut target = target.clone();
        let mut headers = headers.to_vec();
        for _ in 0..=REDIRECTS_MAX {
            let (mut transport, address) = self.connector.connect(&target).await?;
            let (head, said) = get::exchange(&mut transport, &target, &headers).await?;
            let Some(next) = redirect(&head, &target)? else {
                if !(200..300).contains(&head.status) {
                    let (origin, status) = (target.to_string(), head.status);
                    return Err(Error::Status { origin, status });
                }
                return Ok(Opened { head, target, address, stream: Stream::new(said, transport) });
            };
            if !next.has_origin_of(&target) {
                headers.retain(|(name, _)| !is_credential(name));
            }
            target = next;
        }
        Err(Error::TooManyRedirects { origin: target.to_string() })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// Where the answer leads on; `None` if nowhere.
fn redirect(head: &Head, target: &Target) -> Result<Option<Target>, Error> {
    let location = match head.status {
        301 | 302 | 303 | 307 | 308 => head.header("location"),
        _ => None,
    };
    let Some(location) = location else { return Ok(None) };
    let next = target.join(&String::from_utf8_lossy(location));
    next.map(Some).map_err(|source| Error::Redirect { origin: target.to_string(), source })
}

fn is_credential(name: &str) -> bool {
    ["authorization", "cookie"].iter().any(|credential| name.eq_ignore_ascii_case(credential))
}

#[cfg(test)]
mod tests;
