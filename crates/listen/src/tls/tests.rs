use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::UnixTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::testing::{Served, Wanted, read_all, read_answer, soon};

/// Certificate files in a folder of their own.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("listen-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    fn files(&self, name: &str) -> IdentityFiles {
        IdentityFiles {
            certificate: self.path.join(format!("{name}.pem")),
            key: self.path.join(format!("{name}.key")),
        }
    }

    /// Writes a fresh certificate for `hosts`; gives what it is known by.
    fn issue(&self, name: &str, hosts: &[&str]) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let certificate = CertificateParams::new(hosts).unwrap().self_signed(&key).unwrap();
        let files = self.files(name);
        std::fs::write(files.certificate, certificate.pem()).unwrap();
        std::fs::write(files.key, key.serialize_pem()).unwrap();
        certificate.der().to_vec()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Takes any certificate: the tests look at which one it is.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn serve(identities: &Identities) -> Served {
    Wanted { tls: Some(identities.clone()), ..Wanted::default() }.serve()
}

fn config(alpn: &[&[u8]]) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

async fn connect(served: &Served, name: &str, alpn: &[&[u8]]) -> TlsStream<TcpStream> {
    shake_hands(served.connect().await, name, config(alpn)).await
}

async fn shake_hands(stream: TcpStream, name: &str, config: ClientConfig) -> TlsStream<TcpStream> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    soon(connector.connect(name, stream)).await.unwrap()
}

#[tokio::test]
async fn a_proxy_header_comes_before_the_handshake() {
    let folder = Folder::new("proxied");
    folder.issue("a", &["a.example"]);
    let identities = Identities::load(vec![folder.files("a")]).unwrap();
    let served = Wanted { tls: Some(identities), ..Wanted::trusting() }.serve();
    let get = b"GET /peer HTTP/1.0\r\n\r\n";
    for (header, client) in
        [("PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\n", "192.0.2.1:4711"), ("", "127.0.0.1:")]
    {
        let mut stream = served.connect().await;
        stream.write_all(header.as_bytes()).await.unwrap();
        let mut stream = shake_hands(stream, "a.example", config(&[])).await;
        stream.write_all(get).await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.split_once("\r\n\r\n").unwrap().1.starts_with(client), "{answer}");
    }
    let mut stream = served.connect().await;
    stream.write_all(b"PROXY TCP4 ").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
    assert_eq!(served.refused("Tls"), 1);
}

fn certificate_of(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn the_name_that_is_asked_for_chooses_the_certificate() {
    let folder = Folder::new("names");
    let first = folder.issue("first", &["radio.example", "www.radio.example"]);
    let second = folder.issue("second", &["*.acme.example"]);
    let files = vec![folder.files("first"), folder.files("second")];
    let served = serve(&Identities::load(files).unwrap());
    for (name, expected) in [
        ("radio.example", &first),
        ("www.radio.example", &first),
        ("live.acme.example", &second),
        // A wildcard is for one label (RFC 9525 §6.3).
        ("a.live.acme.example", &first),
        ("acme.example", &first),
        ("unknown.example", &first),
        // No name is sent for an address.
        ("127.0.0.1", &first),
    ] {
        let stream = connect(&served, name, &[]).await;
        assert!(certificate_of(&stream) == *expected, "{name}");
    }
}

#[tokio::test]
async fn both_versions_of_http_and_all_that_is_older_are_spoken() {
    let folder = Folder::new("alpn");
    folder.issue("one", &["radio.example"]);
    let served = serve(&Identities::load(vec![folder.files("one")]).unwrap());
    for (alpn, chosen) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], Some(&b"h2"[..])),
        (&[b"http/1.1"], Some(b"http/1.1")),
        (&[], None),
    ] {
        let stream = connect(&served, "radio.example", alpn).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
    }
    let mut stream = connect(&served, "radio.example", &[]).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.ends_with("HTTP/1.1 secure=true\n"), "{answer}");
    for (request, expected) in [
        ("SOURCE /live HTTP/1.0\r\n\r\naudio", "source SOURCE /live\naudio"),
        ("GET /icy HTTP/1.0\r\n\r\n", "listener /icy\n"),
        ("password\r\n", "shoutcast\npassword\r\n"),
    ] {
        let mut stream = connect(&served, "radio.example", &[]).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; expected.len()];
        soon(stream.read_exact(&mut answer)).await.unwrap();
        assert_eq!(answer, expected.as_bytes());
    }
}

#[tokio::test]
async fn http_2_is_served_over_tls() {
    let folder = Folder::new("h2");
    folder.issue("one", &["radio.example"]);
    let served = serve(&Identities::load(vec![folder.files("one")]).unwrap());
    let stream = connect(&served, "radio.example", &[b"h2"]).await;
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let request = axum::http::Request::get("https://radio.example/");
    let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
    let answer = soon(sender.send_request(request)).await.unwrap();
    let body = soon(http_body_util::BodyExt::collect(answer.into_body())).await.unwrap();
    assert_eq!(body.to_bytes(), "HTTP/2.0 secure=true\n");
}

#[tokio::test]
async fn a_reload_changes_the_certificate_and_drops_no_connection() {
    let folder = Folder::new("reload");
    let old = folder.issue("one", &["radio.example"]);
    let identities = Identities::load(vec![folder.files("one")]).unwrap();
    let served = serve(&identities);
    let mut before = connect(&served, "radio.example", &[]).await;
    assert!(certificate_of(&before) == old);
    let new = folder.issue("one", &["radio.example"]);
    identities.reload().unwrap();
    assert!(certificate_of(&connect(&served, "radio.example", &[]).await) == new);
    before.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut before).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_reload_of_broken_files_keeps_what_is_in_use() {
    let folder = Folder::new("broken");
    let (one, two) = (folder.issue("one", &["one.example"]), folder.issue("two", &["two.example"]));
    let files = vec![folder.files("one"), folder.files("two")];
    let identities = Identities::load(files.clone()).unwrap();
    let served = serve(&identities);
    folder.issue("one", &["one.example"]);
    for broken in ["", "-----BEGIN CERTIFICATE-----\nAAAA", "junk"] {
        std::fs::write(&files[1].certificate, broken).unwrap();
        identities.reload().unwrap_err();
        for (name, expected) in [("one.example", &one), ("two.example", &two)] {
            assert!(certificate_of(&connect(&served, name, &[]).await) == *expected, "{name}");
        }
    }
}

/// The error begins with `expected`, a folder's path left out.
#[track_caller]
fn check_refused(folder: &Folder, certificate: &Path, key: &Path, expected: &str) {
    let (certificate, key) = (folder.path.join(certificate), folder.path.join(key));
    let error = Identities::load(vec![IdentityFiles { certificate, key }]).unwrap_err();
    let text = error.to_string().replace(&format!("{}/", folder.path.display()), "");
    assert!(text.starts_with(expected), "{text}");
    assert!(!error.is_transient() && error.blame() == Blame::Us);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new("errors");
    folder.issue("one", &["one.example"]);
    folder.issue("two", &["two.example"]);
    std::fs::write(folder.path.join("empty.pem"), "").unwrap();
    let check = |certificate: &str, key: &str, expected: &str| {
        check_refused(&folder, Path::new(certificate), Path::new(key), expected);
    };
    check("none.pem", "one.key", "cannot read none.pem: ");
    check("one.pem", "none.key", "cannot read none.key: ");
    check("empty.pem", "one.key", "cannot read empty.pem: no certificate in it");
    check("one.key", "one.key", "cannot read one.key: no certificate in it");
    check("one.pem", "one.pem", "cannot read one.pem: ");
    check("one.pem", "two.key", "cannot use one.pem with its key: ");
    assert_eq!(
        Identities::load(Vec::new()).unwrap_err().to_string(),
        "no certificate is configured"
    );
}

#[tokio::test]
async fn a_peer_without_tls_is_closed_and_others_notice_nothing() {
    let folder = Folder::new("plain");
    folder.issue("one", &["radio.example"]);
    let served = serve(&Identities::load(vec![folder.files("one")]).unwrap());
    let mut stream = served.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(stream.read_to_end(&mut answer)).await;
    assert!(!answer.starts_with(b"HTTP"));
    assert_eq!(served.refused("Tls"), 1);
    let mut stream = connect(&served, "radio.example", &[]).await;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.contains("secure=true"));
}

#[tokio::test]
async fn a_handshake_has_the_header_time() {
    let folder = Folder::new("late");
    folder.issue("one", &["radio.example"]);
    let identities = Identities::load(vec![folder.files("one")]).unwrap();
    let header_time = std::time::Duration::from_millis(100);
    let served = Wanted { tls: Some(identities), header_time, ..Wanted::default() }.serve();
    assert_eq!(served.ask(b"\x16\x03\x01").await, "");
    assert_eq!(served.refused("Late"), 1);
}
