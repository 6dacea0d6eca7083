//! From what the file says to what holds: defaults, paths, files of secrets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use settings::{Document, Error, Origin, Secret, Spanned, is_name};

use super::raw::{self, ManifestMode, Place};
use super::{
    AllowPrivate, LOG_FILTER_VARIABLE, Listen, Node, ProcessConfig, Role, SECRET_FILE_BYTES_MAX,
    Secrets, SessionLogs, TlsFiles, read_bounded, variable,
};

const DATA_DEFAULT: &str = "./skywave-data";
const REGION_DEFAULT: &str = "local";
/// Where Linux tells the host's name.
const HOST_NAME_FILE: &str = "/proc/sys/kernel/hostname";
const HOST_NAME_BYTES_MAX: u64 = 1024;
/// The name of a node whose host has none that fits.
const NODE_NAME_DEFAULT: &str = "node";
/// Bytes of a node's name, as of every name.
const NAME_BYTES_MAX: usize = 63;

/// Directories that list the public mounts of a process. Chosen.
pub(super) const YP_DIRECTORIES_MAX: usize = 4;

const NOT_BUILT: &str = "not built yet";

pub(super) struct Resolution<'a> {
    pub document: &'a Document,
    pub folder: &'a Path,
    pub variables: &'a [(String, String)],
}

impl Resolution<'_> {
    pub(super) fn config(&self, raw: raw::Config) -> Result<ProcessConfig, Error> {
        self.refuse_unbuilt(&raw)?;
        let data = match &raw.data {
            Some(data) => self.path(data),
            None => self.folder.join(DATA_DEFAULT),
        };
        let store = match &raw.store {
            Some(store) => self.store(store)?,
            None => format!("file:{}", data.join("bucket").display()),
        };
        let raw::Admin { password, password_file, relay_password, relay_password_file } = raw.admin;
        Ok(ProcessConfig {
            store,
            s3_endpoint: raw.s3_endpoint.map(|url| self.endpoint(url)).transpose()?,
            private_store: raw.private_store.as_ref().map(|url| self.store(url)).transpose()?,
            manifest: raw.manifest.as_ref().map(|path| self.path(path)),
            listen: self.listen(&raw.listen, !raw.tls.is_empty())?,
            tls: raw.tls.iter().map(|files| self.tls(files)).collect(),
            node: self.node(raw.node)?,
            secrets: self.secrets(raw.secrets)?,
            admin_password: self.secret(password, password_file.as_ref())?,
            relay_password: self.secret(relay_password, relay_password_file.as_ref())?,
            allow_private: AllowPrivate {
                pull: raw.pull.allow_private,
                webhooks: raw.webhooks.allow_private,
                auth: raw.auth.allow_private.unwrap_or(true),
            },
            yp_directories: self.directories(raw.yp.directories, &raw.listen)?,
            geo_database: raw.geo.database.as_ref().map(|path| self.path(path)),
            trusted_proxies: self.document.networks(&raw.geo.trusted_proxies)?,
            limits: raw.limits.into(),
            log_format: raw.log.format,
            access_log: raw.log.access.as_ref().map(|path| self.path(path)),
            session_logs: self.session_logs(&raw.log)?,
            log_filter: variable(self.variables, LOG_FILTER_VARIABLE)
                .or_else(|| variable(self.variables, "RUST_LOG"))
                .filter(|filter| !filter.is_empty()),
            data,
        })
    }

    fn refuse_unbuilt(&self, raw: &raw::Config) -> Result<(), Error> {
        let is_enforce = |mode: &&Spanned<_>| *mode.get_ref() == ManifestMode::Enforce;
        if let Some(mode) = raw.manifest_mode.as_ref().filter(is_enforce) {
            return Err(self.document.error(mode.span(), format!("`enforce` is {NOT_BUILT}")));
        }
        Ok(())
    }

    fn listen(&self, raw: &raw::Listen, has_tls: bool) -> Result<Listen, Error> {
        let given = |address: &Option<Spanned<SocketAddr>>, ip: [u8; 4], port| {
            address.as_ref().map_or(SocketAddr::from((ip, port)), |address| *address.get_ref())
        };
        let public = given(&raw.public, [0; 4], 8000);
        let shoutcast = match &raw.shoutcast {
            Some(address) => *address.get_ref(),
            None => self.beside(public, raw.public.as_ref())?,
        };
        let tls = |address: &Option<Spanned<SocketAddr>>, port| match address {
            Some(given) if !has_tls => {
                Err(self.document.error(given.span(), "without a [[tls]] there is no certificate"))
            }
            Some(given) => Ok(Some(*given.get_ref())),
            None => Ok(has_tls.then_some(SocketAddr::from(([0; 4], port)))),
        };
        let listen = Listen {
            public_url: raw.public_url.clone().map(|url| self.endpoint(url)).transpose()?,
            public,
            shoutcast,
            control: given(&raw.control, Ipv4Addr::LOCALHOST.octets(), 8080),
            node: given(&raw.node, Ipv4Addr::LOCALHOST.octets(), 8090),
            public_tls: tls(&raw.public_tls, 8443)?,
            control_tls: tls(&raw.control_tls, 8444)?,
        };
        self.refuse_shared_ports(raw, &listen)?;
        Ok(listen)
    }

    /// The port after the public one, as SHOUTcast has it.
    fn beside(
        &self,
        public: SocketAddr,
        raw: Option<&Spanned<SocketAddr>>,
    ) -> Result<SocketAddr, Error> {
        let port = if public.port() == 0 { Some(0) } else { public.port().checked_add(1) };
        let none = || {
            let span = raw.map(Spanned::span).unwrap_or_default();
            self.document.error(span, "no port follows 65535: give `listen.shoutcast` too")
        };
        Ok(SocketAddr::new(public.ip(), port.ok_or_else(none)?))
    }

    /// Refuses two listeners at one address, or at one port with one of them
    /// everywhere.
    fn refuse_shared_ports(&self, raw: &raw::Listen, listen: &Listen) -> Result<(), Error> {
        let shoutcast = if raw.shoutcast.is_some() { &raw.shoutcast } else { &raw.public };
        let all = [
            ("public", Some(listen.public), &raw.public),
            // Its default follows from the public one, which is then to blame.
            ("shoutcast", Some(listen.shoutcast), shoutcast),
            ("control", Some(listen.control), &raw.control),
            ("node", Some(listen.node), &raw.node),
            ("public_tls", listen.public_tls, &raw.public_tls),
            ("control_tls", listen.control_tls, &raw.control_tls),
        ];
        for (index, (name, address, raw)) in all.iter().enumerate() {
            let others = all.get(..index).unwrap_or_default().iter();
            let meets = |other: &&(&str, Option<SocketAddr>, &Option<Spanned<SocketAddr>>)| {
                other.1.zip(*address).is_some_and(|(a, b)| do_meet(a, b))
            };
            if let Some((other, _, other_raw)) = others.rev().find(meets) {
                let span = raw.as_ref().or(other_raw.as_ref()).map(Spanned::span);
                let what = format!("`listen.{other}` and `listen.{name}` want the same port");
                return Err(self.document.error(span.unwrap_or_default(), what));
            }
        }
        Ok(())
    }

    fn node(&self, raw: raw::Node) -> Result<Node, Error> {
        let name = |given: Option<Spanned<String>>| match given {
            Some(name) if !is_name(name.get_ref()) => {
                let what = format!(
                    "`{}` is no name: 1 to 63 of a-z, 0-9 and `-`, beginning with a letter or a digit",
                    name.get_ref()
                );
                Err(self.document.error(name.span(), what))
            }
            name => Ok(name.map(Spanned::into_inner)),
        };
        let region = name(raw.region)?.unwrap_or_else(|| REGION_DEFAULT.to_owned());
        let host = self.host_name().trim().to_owned();
        Ok(Node {
            name: name(raw.name)?.unwrap_or_else(|| fitting_name(&host)),
            pop: name(raw.pop)?.unwrap_or_else(|| region.clone()),
            region,
            roles: self.roles(raw.roles.as_ref())?,
            address: raw.address.map(|address| self.address(address)).transpose()?,
            host,
        })
    }

    fn roles(&self, raw: Option<&Spanned<Vec<Role>>>) -> Result<Vec<Role>, Error> {
        let Some(given) = raw else { return Ok(Role::ALL.to_vec()) };
        let has = |role: &Role| given.get_ref().contains(role);
        let roles: Vec<Role> = Role::ALL.into_iter().filter(has).collect();
        let what = if roles.is_empty() {
            "a process has a role: `ingest`, `packager`, `origin`, `control`".to_owned()
        } else if has(&Role::Packager) && !has(&Role::Origin) {
            format!("`packager` goes with `origin`: without it that is {NOT_BUILT}")
        } else if has(&Role::Edge) && roles.len() < Role::ALL.len() {
            format!("`edge` is {NOT_BUILT}")
        } else {
            return Ok(roles);
        };
        Err(self.document.error(given.span(), what))
    }

    /// What others connect to: a host and a port.
    fn address(&self, raw: Spanned<String>) -> Result<String, Error> {
        let parts = raw.get_ref().rsplit_once(':');
        let is_host = |host: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
            let is_bare_ipv6 = host.contains(':') && !host.starts_with('[');
            !host.is_empty() && host.chars().all(fits) && !is_bare_ipv6
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port != 0);
        if parts.is_some_and(|(host, port)| is_host(host) && is_port(port)) {
            return Ok(raw.into_inner());
        }
        let what = "others reach it at `HOST:PORT`, such as `fra-1.example:8090` or `[::1]:8090`";
        Err(self.document.error(raw.span(), what))
    }

    fn host_name(&self) -> String {
        read_bounded(Path::new(HOST_NAME_FILE), HOST_NAME_BYTES_MAX)
            .ok()
            .or_else(|| variable(self.variables, "HOSTNAME"))
            .unwrap_or_default()
    }

    fn secrets(&self, raw: raw::Secrets) -> Result<Secrets, Error> {
        let cluster = self.secret(raw.cluster, raw.cluster_file.as_ref())?;
        let sessions = match (raw.sessions, raw.sessions_file) {
            (Some(_), Some(file)) => return Err(self.both(&file)),
            (Some(sessions), None) => sessions,
            (None, Some(file)) => self.secrets_in(&file)?,
            (None, None) => Vec::new(),
        };
        Ok(Secrets { cluster, sessions })
    }

    fn secret(&self, given: Option<Secret>, file: Option<&Place>) -> Result<Option<Secret>, Error> {
        let (Some(file), None) = (file, &given) else {
            return match file {
                Some(file) => Err(self.both(file)),
                None => Ok(given),
            };
        };
        let mut secrets = self.secrets_in(file)?;
        if secrets.len() > 1 {
            return Err(self
                .document
                .error(file.span(), "more than one line in the secret's file"));
        }
        Ok(secrets.pop())
    }

    /// The secrets of a file, one a line.
    fn secrets_in(&self, file: &Place) -> Result<Vec<Secret>, Error> {
        let path = self.path(file);
        let refuse =
            |why: &str| self.document.error(file.span(), format!("{} {why}", path.display()));
        let text = read_bounded(&path, SECRET_FILE_BYTES_MAX).map_err(|why| refuse(&why))?;
        let secrets =
            text.lines().map(|line| Secret::new(line).map_err(|why| refuse(&format!(": {why}"))));
        let secrets: Vec<Secret> = secrets.collect::<Result<_, _>>()?;
        if secrets.is_empty() { Err(refuse("is empty")) } else { Ok(secrets) }
    }

    fn both(&self, file: &Place) -> Error {
        self.document.error(file.span(), "the secret is given itself and as a file: keep one")
    }

    /// A bucket's address: what is behind `file:` is a path like others.
    fn store(&self, raw: &Spanned<String>) -> Result<String, Error> {
        let text = raw.get_ref();
        if let Some(path) = text.strip_prefix("file:") {
            if path.is_empty() {
                return Err(self.document.error(raw.span(), "`file:` lacks its path"));
            }
            // `file:///path` is the long form of an absolute path (RFC 8089 §2).
            if path.starts_with("//") {
                return Ok(text.clone());
            }
            let path = self.path(&Spanned::new(raw.span(), PathBuf::from(path)));
            return Ok(format!("file:{}", path.display()));
        }
        if text.starts_with("s3://") {
            return Ok(text.clone());
        }
        let what = "a bucket is `file:PATH` or `s3://BUCKET/PREFIX`";
        Err(self.document.error(raw.span(), what))
    }

    fn endpoint(&self, url: Spanned<String>) -> Result<String, Error> {
        let is_http =
            ["http://", "https://"].iter().any(|scheme| url.get_ref().starts_with(scheme));
        if is_http {
            return Ok(url.into_inner());
        }
        Err(self.document.error(url.span(), "a URL begins with `http://` or `https://`"))
    }

    fn directories(
        &self,
        urls: Vec<Spanned<String>>,
        listen: &raw::Listen,
    ) -> Result<Vec<String>, Error> {
        if let Some(first) = urls.first().filter(|_| listen.public_url.is_none()) {
            let what = "a directory has to be told where listeners connect: give \
                        `listen.public_url`";
            return Err(self.document.error(first.span(), what));
        }
        if let Some(more) = urls.get(YP_DIRECTORIES_MAX) {
            let what = format!("at most {YP_DIRECTORIES_MAX} directories");
            return Err(self.document.error(more.span(), what));
        }
        urls.into_iter().map(|url| self.endpoint(url)).collect()
    }

    fn session_logs(&self, raw: &raw::Log) -> Result<SessionLogs, Error> {
        let default = SessionLogs::default();
        let keep_days =
            raw.keep_days.as_ref().map_or(default.keep_days, |days| days.get_ref().to_u32());
        let Some(given) = &raw.address_days else {
            return Ok(SessionLogs { keep_days, ..default });
        };
        let address_days = given.get_ref().to_u32();
        if address_days > keep_days {
            let what = format!(
                "addresses are shortened in files that are there: at most the {keep_days} of \
                 `log.keep_days`"
            );
            return Err(self.document.error(given.span(), what));
        }
        Ok(SessionLogs { address_days, keep_days })
    }

    fn tls(&self, raw: &raw::Tls) -> TlsFiles {
        TlsFiles { certificate: self.path(&raw.certificate), key: self.path(&raw.key) }
    }

    /// A path of the file starts at the file's folder, a variable's where the
    /// process does.
    fn path(&self, raw: &Place) -> PathBuf {
        match self.document.origin(&raw.span()) {
            Origin::Text => self.folder.join(raw.get_ref()),
            Origin::Variable => raw.get_ref().clone(),
        }
    }
}

fn do_meet(a: SocketAddr, b: SocketAddr) -> bool {
    let is_any = |ip: IpAddr| ip.is_unspecified();
    a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || is_any(a.ip()) || is_any(b.ip()))
}

/// The host's name with everything that no name has made a dash.
pub(super) fn fitting_name(host: &str) -> String {
    let host = host.trim().to_ascii_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let name: String = host
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .skip_while(|c| *c == '-')
        .take(NAME_BYTES_MAX)
        .collect();
    let name = name.trim_end_matches('-');
    if name.is_empty() { NODE_NAME_DEFAULT.to_owned() } else { name.to_owned() }
}
