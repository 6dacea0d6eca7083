//! The shape of `skywave.toml`, key by key.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use settings::{Int, Secret, Spanned};

use super::{LogFormat, Role, limits};

/// A path with its place, which says where a relative one starts.
pub(super) type Place = Spanned<PathBuf>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    pub data: Option<Place>,
    pub store: Option<Spanned<String>>,
    pub s3_endpoint: Option<Spanned<String>>,
    pub private_store: Option<Spanned<String>>,
    pub manifest: Option<Place>,
    pub manifest_mode: Option<Spanned<ManifestMode>>,
    pub listen: Listen,
    pub tls: Vec<Tls>,
    pub node: Node,
    pub secrets: Secrets,
    pub admin: Admin,
    pub geo: Geo,
    pub limits: limits::Raw,
    pub pull: Pull,
    pub webhooks: Webhooks,
    pub auth: Auth,
    pub yp: Yp,
    pub log: Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ManifestMode {
    Create,
    Enforce,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Listen {
    pub public: Option<Spanned<SocketAddr>>,
    pub shoutcast: Option<Spanned<SocketAddr>>,
    pub control: Option<Spanned<SocketAddr>>,
    pub node: Option<Spanned<SocketAddr>>,
    pub public_tls: Option<Spanned<SocketAddr>>,
    pub control_tls: Option<Spanned<SocketAddr>>,
    pub public_url: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub certificate: Place,
    pub key: Place,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Node {
    pub name: Option<Spanned<String>>,
    pub region: Option<Spanned<String>>,
    pub pop: Option<Spanned<String>>,
    pub roles: Option<Spanned<Vec<Role>>>,
    pub address: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Secrets {
    pub cluster: Option<Secret>,
    pub cluster_file: Option<Place>,
    pub sessions: Option<Vec<Secret>>,
    pub sessions_file: Option<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Admin {
    pub password: Option<Secret>,
    pub password_file: Option<Place>,
    pub relay_password: Option<Secret>,
    pub relay_password_file: Option<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Geo {
    pub database: Option<Place>,
    pub trusted_proxies: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pull {
    pub allow_private: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Webhooks {
    pub allow_private: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Auth {
    pub allow_private: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Yp {
    pub directories: Vec<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub format: LogFormat,
    pub access: Option<Place>,
    pub address_days: Option<Spanned<Int<{ ADDRESS_DAYS.0 }, { ADDRESS_DAYS.1 }>>>,
    pub keep_days: Option<Spanned<Int<{ KEEP_DAYS.0 }, { KEEP_DAYS.1 }>>>,
}

// Least and greatest values. Chosen: ten years are as long as anyone may want.
const ADDRESS_DAYS: (u64, u64) = (0, 3_650);
const KEEP_DAYS: (u64, u64) = (1, 3_650);
