//! What back ends of URL authentication know this process as, and how it gets
//! to them.

use axum::http::Uri;
use delivery::BackEndSetup;
use ingest::{Passwords, StreamAuth};
use outbound::Client;
use runtime::clock::Steady;
use runtime::config::ProcessConfig;

use crate::doors::public_url;
use crate::ports::Addresses;

/// The way to back ends.
#[derive(Debug, Clone)]
pub(crate) struct UrlAuth {
    client: Client,
    host: String,
    port: u16,
}

impl UrlAuth {
    /// This process is known by its public URL.
    pub(crate) fn new(client: Client, config: &ProcessConfig, addresses: &Addresses) -> Self {
        let (host, port) = host_and_port(&public_url(config, addresses));
        let (host, port) = (host.unwrap_or_else(|| config.node.name.clone()), port);
        Self { client, host, port: port.unwrap_or(addresses.public.port()) }
    }

    /// What the ingest role compares passwords with: its back ends know further
    /// ones.
    pub(crate) fn passwords(&self, config: &ProcessConfig) -> Passwords {
        let Self { client, host, port } = self.clone();
        Passwords {
            admin: config.admin_password.clone(),
            stream_auth: Some(StreamAuth { client, host, port }),
            ..Passwords::default()
        }
    }

    /// For those who serve listeners.
    pub(crate) fn for_listeners(&self, clock: &Steady) -> BackEndSetup {
        let Self { client, host, port } = self.clone();
        BackEndSetup { client, host, port, clock: clock.clone() }
    }
}

/// What a URL names, a port that goes without saying too.
fn host_and_port(url: &str) -> (Option<String>, Option<u16>) {
    let Ok(uri) = url.parse::<Uri>() else { return (None, None) };
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    (uri.host().map(str::to_owned), Some(uri.port_u16().unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::host_and_port;

    #[track_caller]
    fn check(url: &str, host: &str, port: u16) {
        assert_eq!(host_and_port(url), (Some(host.to_owned()), Some(port)));
    }

    #[test]
    fn a_back_end_knows_the_host_and_the_port_of_the_public_url() {
        check("http://fra-1:8000", "fra-1", 8000);
        check("https://radio.example", "radio.example", 443);
        check("http://radio.example/fm", "radio.example", 80);
        check("http://[2001:db8::1]:8000", "[2001:db8::1]", 8000);
        assert_eq!(host_and_port("no url at all"), (None, None));
    }
}
