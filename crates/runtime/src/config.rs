//! How a process runs: `skywave.toml`, and the environment laid over it.
//!
//! The one place that reads the environment, the configuration's file and the
//! files of its secrets, once, at the start. What comes out is final: defaults
//! are in, relative paths are resolved, every number is in its range.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use settings::{Document, Error, Key, Secret};

use settings::networks::Networks;

mod limits;
mod raw;
mod resolve;

pub use limits::ProcessLimits;

/// What the names of environment variables begin with.
pub const VARIABLE_PREFIX: &str = "SKYWAVE_";

/// The variable that says what is logged, as `RUST_LOG` does; it wins over that.
pub const LOG_FILTER_VARIABLE: &str = "SKYWAVE_LOG";

/// Bytes of a secret's file that are read; more is refused. Chosen: a hundred
/// keys of the greatest length.
const SECRET_FILE_BYTES_MAX: u64 = 32 * 1024;

/// How a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessConfig {
    /// Journal, spool and caches.
    pub data: PathBuf,
    /// The bucket: `file:PATH` with the path resolved, or `s3://bucket/prefix`.
    pub store: String,
    /// The endpoint of an S3-compatible system.
    pub s3_endpoint: Option<String>,
    /// Where `private/` lies, in the form of `store`; the same bucket if `None`.
    pub private_store: Option<String>,
    /// The manifest of resources.
    pub manifest: Option<PathBuf>,
    /// Addresses to listen on.
    pub listen: Listen,
    /// Certificates, by SNI; with none nothing speaks TLS.
    pub tls: Vec<TlsFiles>,
    /// Who and where this process is.
    pub node: Node,
    /// Keys between nodes and of tokens.
    pub secrets: Secrets,
    /// For Icecast's `/admin/` endpoints, which answer 401 without.
    pub admin_password: Option<Secret>,
    /// For relays, which ask for the list of mounts with it and for nothing else.
    pub relay_password: Option<Secret>,
    /// Who may connect to private addresses.
    pub allow_private: AllowPrivate,
    /// YP directories that list the public mounts.
    pub yp_directories: Vec<String>,
    /// The database of countries, in MaxMind's format.
    pub geo_database: Option<PathBuf>,
    /// Whose word on a client's address is believed: PROXY headers,
    /// `X-Forwarded-For` and `Forwarded`.
    pub trusted_proxies: Networks,
    /// How much of anything a process takes.
    pub limits: ProcessLimits,
    /// How a line of the log looks.
    pub log_format: LogFormat,
    /// The file that gets a line for each listener that has gone.
    pub access_log: Option<PathBuf>,
    /// How long sessions are kept.
    pub session_logs: SessionLogs,
    /// What is logged, from [`LOG_FILTER_VARIABLE`] or `RUST_LOG`.
    pub log_filter: Option<String>,
}

/// Addresses to listen on. Port 0 lets the system choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Listeners and encoders.
    pub public: SocketAddr,
    /// SHOUTcast v1 sources.
    pub shoutcast: SocketAddr,
    /// Console and API.
    pub control: SocketAddr,
    /// Node to node.
    pub node: SocketAddr,
    /// `public` under TLS; `None` without certificates.
    pub public_tls: Option<SocketAddr>,
    /// `control` under TLS; `None` without certificates.
    pub control_tls: Option<SocketAddr>,
    /// Where listeners reach the public port, for what names itself: status
    /// documents, directories. Without it the host's name and the port.
    pub public_url: Option<String>,
}

/// What may connect to loopback, link-local and private addresses, of all that
/// connects to where a manifest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AllowPrivate {
    /// Pulled ingests: their URLs are most often a stranger's.
    pub pull: bool,
    /// Webhooks.
    pub webhooks: bool,
    /// URL authentication, whose back end most often is beside the server.
    pub auth: bool,
}

/// A certificate chain and its key, both PEM, resolved paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Who and where a process is. All have the form of a resource's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The node's name; the host's, made to fit, where none is given.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its point of presence; the region where none is given.
    pub pop: String,
    /// What it does, in the order of [`Role::ALL`].
    pub roles: Vec<Role>,
    /// Where other nodes reach it, `host:port`; where none is given that follows
    /// from [`Listen::node`] and the host's name.
    pub address: Option<String>,
    /// The host's name.
    pub host: String,
}

/// What a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes encoders in.
    Ingest,
    /// Makes programmes and segments.
    Packager,
    /// Serves listeners beside the packager.
    Origin,
    /// Serves listeners elsewhere.
    Edge,
    /// Console and API.
    Control,
}

/// Keys that processes share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secrets {
    /// Node to node; where there is none and one is needed, it is made.
    pub cluster: Option<Secret>,
    /// Of tokens: the first signs, all verify. Empty: to be generated.
    pub sessions: Vec<Secret>,
}

/// How long what is known of sessions is kept, in whole days since a UTC day began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLogs {
    /// How long addresses are whole; no longer than files are kept.
    pub address_days: u32,
    /// How long files stay on the local disk.
    pub keep_days: u32,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for SessionLogs {
    /// No address is whole for longer than its day (promise S15), and the month before
    /// is there to be reported.
    fn default() -> Self {
        Self { address_days: 1, keep_days: 62 }
    }
}

impl Role {
    /// Every role, in the order of the data's way.
    pub const ALL: [Self; 5] =
        [Self::Ingest, Self::Packager, Self::Origin, Self::Edge, Self::Control];

    /// Its name in configuration and records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Packager => "packager",
            Self::Origin => "origin",
            Self::Edge => "edge",
            Self::Control => "control",
        }
    }
}

impl Node {
    /// Whether it has a role.
    pub fn does(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl ProcessConfig {
    /// Whether the process works with others: it lacks a role that a station needs,
    /// or has been given the secret by which they know each other.
    pub fn is_linked(&self) -> bool {
        let needed = [Role::Ingest, Role::Packager, Role::Origin];
        self.secrets.cluster.is_some() || !needed.into_iter().all(|role| self.node.does(role))
    }
}

impl ProcessConfig {
    /// Reads the file, if there is one, and lays the variables over it. What a
    /// command line sets goes behind the environment, as `SKYWAVE_DATA`; the
    /// last of several wins.
    ///
    /// # Errors
    ///
    /// One line: what is wrong, where, and the nearest right key.
    pub fn load(path: Option<&Path>, variables: &[(String, String)]) -> Result<Self, Error> {
        let Some(path) = path else {
            return Self::parse("", "skywave.toml", Path::new(""), variables);
        };
        let name = path.display().to_string();
        let text = read_bounded(path, settings::TEXT_BYTES_MAX as u64)
            .map_err(|why| Error::new(&name, why))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &name, folder, variables)
    }

    /// Parses a text whose relative paths start at `folder`, those of variables
    /// at the working directory. Reads the files of secrets.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub fn parse(
        text: &str,
        file_name: &str,
        folder: &Path,
        variables: &[(String, String)],
    ) -> Result<Self, Error> {
        let document = Document::new(file_name, text)?.with_overrides::<raw::Config>(
            VARIABLE_PREFIX,
            variables.iter().cloned(),
            &[LOG_FILTER_VARIABLE],
        )?;
        let raw = document.parse(&|name| variable(variables, name))?;
        resolve::Resolution { document: &document, folder, variables }.config(raw)
    }

    /// Every key there is, for the reference.
    pub fn keys() -> Vec<Key> {
        settings::keys::<raw::Config>()
    }
}

/// The process's environment. Variables that are not UTF-8 are left out.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The last variable of this name.
pub fn variable(variables: &[(String, String)], name: &str) -> Option<String> {
    variables.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.clone())
}

/// Reads a file of at most `max` bytes.
fn read_bounded(path: &Path, max: u64) -> Result<String, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|why| format!("cannot be opened: {why}"))?;
    let mut text = String::new();
    file.take(max + 1).read_to_string(&mut text).map_err(|why| format!("cannot be read: {why}"))?;
    if text.len() as u64 > max {
        return Err(format!("longer than {max} bytes"));
    }
    Ok(text)
}

/// A length that a constant gives.
const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[cfg(test)]
mod tests;
