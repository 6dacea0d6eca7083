//! Where listeners reach the public port, as the process says it of itself: in
//! status documents, to directories and to back ends.

use axum::http::Uri;
use runtime::config::ProcessConfig;

use crate::ports::Addresses;

/// The public port's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicAddress {
    /// The URL, without a slash at the end.
    pub(crate) url: String,
    /// The host in it.
    pub(crate) host: String,
    /// The port in it, also where that goes without saying.
    pub(crate) port: u16,
}

impl PublicAddress {
    /// As configured, or by the node's name, which is its host's.
    pub(crate) fn new(config: &ProcessConfig, addresses: &Addresses) -> Self {
        let port = addresses.public.port();
        let by_name = || format!("http://{}:{port}", config.node.name);
        let configured = config.listen.public_url.as_deref();
        let url = configured.map_or_else(by_name, |url| url.trim_end_matches('/').to_owned());
        let (own_host, own_port) = host_and_port(&url);
        let host = own_host.unwrap_or_else(|| config.node.name.clone());
        Self { url, host, port: own_port.unwrap_or(port) }
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
