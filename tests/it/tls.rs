//! TLS on both ports: HTTP/2 and HTTP/1.1, HLS and ICY, and new certificates
//! without a drop.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use playlists::conformance;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client, Version};
use tests::encoder::Source;
use tests::{Scratch, TestNode, frames, hls, wait};

/// Writes a new pair into the folder; gives the certificate.
pub(crate) fn issue(folder: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".into()]).unwrap();
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("chain.pem"), cert.pem()).unwrap();
    cert.pem()
}

/// A client that trusts one certificate and no other.
pub(crate) fn client(certificate: &str, address: SocketAddr) -> Client {
    let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
    let builder = Client::builder().tls_certs_only([certificate]).resolve("localhost", address);
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

/// The same, of HTTP/1.1.
pub(crate) fn old_client(certificate: &str, address: SocketAddr) -> Client {
    let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
    let builder = Client::builder().tls_certs_only([certificate]).resolve("localhost", address);
    builder.http1_only().timeout(Duration::from_secs(20)).build().unwrap()
}

/// A node with a certificate, on air.
struct Secure {
    node: TestNode,
    folder: Scratch,
    certificate: String,
    _source: Source,
    sent: Vec<bytes::Bytes>,
}

impl Secure {
    async fn start() -> Self {
        let folder = Scratch::default();
        let certificate = issue(folder.path());
        let path = |name| folder.path().join(name).display().to_string();
        let node =
            TestNode::start_tls(tests::node::MP3, &path("chain.pem"), &path("key.pem")).await;
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        let sent = demo::fixtures::mp3(40, 128, 44_100, 2);
        source.send(&sent).await;
        node.until_listed("radio", 6).await;
        Self { node, folder, certificate, _source: source, sent }
    }

    fn public(&self) -> SocketAddr {
        self.node.addresses().public_tls.unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.public().port())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_is_had_over_http_2() {
    let secure = Secure::start().await;
    let client = client(&secure.certificate, secure.public());
    let get = async |path: &str| {
        let answer = client.get(secure.url(path)).send().await.unwrap();
        assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, 200), "{path}");
        answer.bytes().await.unwrap()
    };
    assert!(get("/radio/playlist.m3u8").await.starts_with(b"#EXTM3U"));
    let text = String::from_utf8(get("/radio/mp3-128/media.m3u8").await.to_vec()).unwrap();
    conformance::assert_conforms(&text);
    let mut heard = Vec::new();
    for name in hls::listed(&text) {
        heard.extend(frames::of_segment(&get(&format!("/radio/mp3-128/{name}")).await));
    }
    assert_eq!(frames::position(&secure.sent, &heard), 0);
}

/// Listens to ICY over TLS.
async fn check_icy(client: &Client, secure: &Secure, version: Version) {
    let request = client.get(secure.url("/radio")).header("Icy-MetaData", "1");
    let mut answer = request.send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (version, 200));
    assert_eq!(answer.headers()["icy-metaint"], "16000");
    assert_eq!(answer.headers()["content-type"], "audio/mpeg");
    let mut heard = Vec::new();
    while heard.len() < 10_000 {
        heard.extend_from_slice(&answer.chunk().await.unwrap().unwrap());
    }
    frames::position(&secure.sent, &frames::whole(&heard[..10_000]));
}

#[tokio::test(flavor = "multi_thread")]
async fn icy_is_had_over_http_1() {
    let secure = Secure::start().await;
    check_icy(&old_client(&secure.certificate, secure.public()), &secure, Version::HTTP_11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn icy_is_had_over_http_2() {
    let secure = Secure::start().await;
    check_icy(&client(&secure.certificate, secure.public()), &secure, Version::HTTP_2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_port_speaks_it_too() {
    let secure = Secure::start().await;
    let address = secure.node.addresses().control_tls.unwrap();
    let client = client(&secure.certificate, address);
    for path in ["/healthz", "/readyz", "/api/v1/status", "/metrics", "/"] {
        let url = format!("https://localhost:{}{path}", address.port());
        assert_eq!(client.get(url).send().await.unwrap().status().as_u16(), 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_and_a_title_come_over_tls() {
    let folder = Scratch::default();
    let certificate = issue(folder.path());
    let path = |name| folder.path().join(name).display().to_string();
    let node = TestNode::start_tls(tests::node::MP3, &path("chain.pem"), &path("key.pem")).await;
    let address = node.addresses().public_tls.unwrap();
    let client = old_client(&certificate, address);
    let body = demo::fixtures::mp3(30, 128, 44_100, 2).concat();
    let url = format!("https://localhost:{}/in", address.port());
    let put = client.put(url).basic_auth("source", Some("secret"));
    let answer = put.header("Content-Type", "audio/mpeg").body(body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    node.until_listed("radio", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_taken_up_and_nobody_is_dropped() {
    let secure = Secure::start().await;
    let before = client(&secure.certificate, secure.public());
    let mut listening = before.get(secure.url("/radio")).send().await.unwrap();
    let renewed = issue(secure.folder.path());
    wait::until("the new certificate", || async {
        let after = client(&renewed, secure.public());
        after.get(secure.url("/radio/playlist.m3u8")).send().await.ok()
    })
    .await;
    let refused = client(&secure.certificate, secure.public());
    assert!(refused.get(secure.url("/radio")).send().await.is_err(), "the old one is out of use");
    let mut heard = 0;
    while heard < 40_000 {
        heard += listening.chunk().await.unwrap().expect("it goes on").len();
    }
}
