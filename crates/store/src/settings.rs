//! How a bucket is reached.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

/// What is needed beside the address to reach a bucket.
#[derive(Debug, Clone, Default)]
pub struct S3Settings {
    /// `http://` or `https://` address of an S3-compatible system; `None` for
    /// the one that the credentials name, or else Amazon's. Unused for a directory.
    pub endpoint: Option<String>,
    /// Who we are. Unused for a directory.
    pub credentials: Credentials,
    /// How long anything may take; for a directory too.
    pub timeouts: Timeouts,
}

/// How long a bucket may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open a connection.
    pub connect: Duration,
    /// From the request to the last byte of its answer.
    pub request: Duration,
}

/// Credentials and region, as the AWS SDKs find them in the environment.
///
/// In their order: a key with its secret (and session token), a web identity's
/// token file with a role, a container's credentials, and where nothing is set
/// the machine's metadata service. Profiles in `~/.aws` are not read.
#[derive(Clone, Default)]
pub struct Credentials {
    values: BTreeMap<&'static str, String>,
}

/// The variables that are looked up: the SDKs' names. A later one of two with
/// the same meaning holds.
const NAMES: [(&str, AmazonS3ConfigKey); 14] = [
    ("AWS_ACCESS_KEY_ID", AmazonS3ConfigKey::AccessKeyId),
    ("AWS_SECRET_ACCESS_KEY", AmazonS3ConfigKey::SecretAccessKey),
    ("AWS_SESSION_TOKEN", AmazonS3ConfigKey::Token),
    ("AWS_DEFAULT_REGION", AmazonS3ConfigKey::DefaultRegion),
    ("AWS_REGION", AmazonS3ConfigKey::Region),
    ("AWS_ENDPOINT_URL", AmazonS3ConfigKey::Endpoint),
    ("AWS_ENDPOINT_URL_S3", AmazonS3ConfigKey::S3Endpoint),
    ("AWS_ENDPOINT_URL_STS", AmazonS3ConfigKey::StsEndpoint),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", AmazonS3ConfigKey::WebIdentityTokenFile),
    ("AWS_ROLE_ARN", AmazonS3ConfigKey::RoleArn),
    ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", AmazonS3ConfigKey::ContainerCredentialsRelativeUri),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", AmazonS3ConfigKey::ContainerCredentialsFullUri),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", AmazonS3ConfigKey::ContainerAuthorizationTokenFile),
];

impl Credentials {
    /// Takes what `lookup` knows of the SDKs' variables; empty values count as
    /// not set.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let set =
            |name: &'static str| Some((name, lookup(name).filter(|value| !value.is_empty())?));
        Self { values: NAMES.iter().filter_map(|(name, _)| set(name)).collect() }
    }

    /// A key with its secret, and nothing else.
    pub fn from_key(access_key_id: &str, secret_access_key: &str) -> Self {
        Self::from_lookup(&|name| match name {
            "AWS_ACCESS_KEY_ID" => Some(access_key_id.to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some(secret_access_key.to_owned()),
            _ => None,
        })
    }

    /// The endpoint that they name, if they do.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        let named = self.values.get("AWS_ENDPOINT_URL_S3");
        named.or_else(|| self.values.get("AWS_ENDPOINT_URL")).map(String::as_str)
    }

    /// What is wrong with them, before a request is made.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let has = |name| self.values.contains_key(name);
        match (has("AWS_ACCESS_KEY_ID"), has("AWS_SECRET_ACCESS_KEY")) {
            (true, false) => Some("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY"),
            (false, true) => Some("AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"),
            _ => None,
        }
    }

    pub(crate) fn configure(&self, builder: AmazonS3Builder) -> AmazonS3Builder {
        NAMES.iter().fold(builder, |builder, (name, key)| match self.values.get(name) {
            Some(value) => builder.with_config(*key, value),
            None => builder,
        })
    }
}

impl Default for Timeouts {
    /// 2 s and 10 s: chosen so that a dead bucket is known within two segments.
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), request: Duration::from_secs(10) }
    }
}

impl fmt::Debug for Credentials {
    /// The names of what is set, never the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
