//! Servers and a DNS for the tests.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::client::Client;
use crate::connect::{Connector, tls_config};
use crate::policy::Policy;
use crate::resolve::{Resolve, Resolved};
use crate::target::Target;

/// Longer than any test waits for what does happen.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Answers each connection with what its script says, once a request has come.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

/// What a server does with a connection.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) answer: Vec<u8>,
    /// The connection stays open behind the answer.
    pub(crate) stays: bool,
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Script {
    pub(crate) fn new(answer: impl Into<Vec<u8>>) -> Self {
        Self { answer: answer.into(), stays: false, tls: None }
    }

    pub(crate) fn redirect(location: &str) -> Self {
        Self::new(format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n"))
    }
}

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) async fn start(script: Script) -> Self {
        Self::start_with(|_| vec![script]).await
    }

    /// Each connection has a script of its own, and the last one holds. They
    /// may name the server's own address.
    pub(crate) async fn start_with(scripts: impl FnOnce(SocketAddr) -> Vec<Script>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let scripts = scripts(listener.local_addr().unwrap());
        Self::serve(listener, scripts)
    }

    /// Two servers at one port: one at 127.0.0.1, one at 127.0.0.2.
    pub(crate) async fn start_pair(first: Script, second: Script) -> (Self, Self) {
        loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            // Somebody else may have the port there.
            if let Ok(other) = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).await {
                return (Self::serve(listener, vec![first]), Self::serve(other, vec![second]));
            }
        }
    }

    fn serve(listener: TcpListener, scripts: Vec<Script>) -> Self {
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (kept, count) = (Arc::clone(&requests), Arc::clone(&connections));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let index = count.fetch_add(1, Ordering::SeqCst);
                let script = scripts.get(index).or(scripts.last()).unwrap().clone();
                served.spawn(connection(stream, script, Arc::clone(&kept)));
            }
        });
        Self { address, requests, connections, _tasks: tasks }
    }

    pub(crate) fn target(&self, path: &str) -> Target {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// The same under another host.
    pub(crate) fn target_as(&self, scheme: &str, host: &str) -> Target {
        format!("{scheme}://{host}:{}/", self.address.port()).parse().unwrap()
    }

    /// What has been asked, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn connection(stream: TcpStream, script: Script, requests: Arc<Mutex<Vec<String>>>) {
    match script.tls.clone() {
        None => exchange(stream, script, requests).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                exchange(stream, script, requests).await;
            }
        }
    }
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: Script,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    // The client may have had enough.
    let _ = stream.write_all(&script.answer).await;
    let _ = stream.flush().await;
    if script.stays {
        while stream.read(&mut [0; 64]).await.is_ok_and(|len| len > 0) {}
    }
    let _ = stream.shutdown().await;
}

/// Whether head and body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

/// A DNS whose answers to a name change with each question; the last one holds.
#[derive(Debug, Default)]
pub(crate) struct Dns {
    answers: HashMap<String, Vec<Vec<IpAddr>>>,
    questions: Arc<AtomicUsize>,
}

impl Dns {
    pub(crate) fn with(mut self, name: &str, answers: &[&[&str]]) -> Self {
        let answers =
            answers.iter().map(|all| all.iter().map(|one| one.parse().unwrap()).collect());
        self.answers.insert(name.to_owned(), answers.collect());
        self
    }

    pub(crate) fn questions(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.questions)
    }
}

impl Resolve for Dns {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolved<'a> {
        let asked = self.questions.fetch_add(1, Ordering::SeqCst);
        let answers = self.answers.get(host);
        let answer = answers.and_then(|answers| answers.get(asked).or(answers.last()));
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "no such name");
        let answer = answer.cloned().ok_or_else(unknown);
        Box::pin(std::future::ready(answer))
    }
}

/// A connector to public addresses, as in production, but for the DNS.
pub(crate) fn connector(dns: Dns) -> Connector {
    Connector {
        check: Box::new(|address| Policy::default().check(address)),
        resolver: Box::new(dns),
        tls: tls_config(RootCertStore::empty()),
        time: LONG,
    }
}

/// The same, to which 127.0.0.1 alone of this machine is public.
pub(crate) fn connector_to_localhost(dns: Dns) -> Connector {
    let check = |address| {
        let is_localhost = address == IpAddr::V4(Ipv4Addr::LOCALHOST);
        if is_localhost { Ok(()) } else { Policy::default().check(address) }
    };
    Connector { check: Box::new(check), ..connector(dns) }
}

/// A client to which 127.0.0.1 alone of this machine is public.
pub(crate) fn client(dns: Dns) -> Client {
    Client::with_connector(connector_to_localhost(dns), LONG)
}

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// What accepts TLS with a certificate for these hosts.
    pub(crate) fn acceptor(&self, hosts: &[&str]) -> TlsAcceptor {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(hosts).unwrap().signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
