//! A port with doors that say who they are, and peers that speak to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Extension, Request};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use icy::head::Head;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use settings::networks::Networks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::{
    BoxFuture, Connection, Doors, Identities, ListenerDoor, Metrics, Port, PortSettings, Secure,
    SourceDoor,
};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A header time that no test waits for.
pub(crate) const AMPLE: Duration = Duration::from_mins(1);

/// Says who it is and what it was given, and then sends back what comes.
#[derive(Debug)]
struct Echo;

/// A port that serves.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    /// A request for `/slow` is answered when it gets a permit,
    pub(crate) slow: Arc<Semaphore>,
    /// and gives one here when it begins.
    pub(crate) begun: Arc<Semaphore>,
    pub(crate) serving: JoinHandle<()>,
    registry: Registry,
}

/// What a port of a test is like.
pub(crate) struct Wanted {
    pub(crate) header_time: Duration,
    pub(crate) connections_max: usize,
    pub(crate) takes_sources: bool,
    pub(crate) tls: Option<Identities>,
    pub(crate) trusted_proxies: Networks,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            header_time: AMPLE,
            connections_max: 100,
            takes_sources: true,
            tls: None,
            trusted_proxies: Networks::default(),
        }
    }
}

impl Wanted {
    /// A port that believes its peers, which are on this machine.
    pub(crate) fn trusting() -> Self {
        let trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        Self { trusted_proxies: trusted_proxies.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn serve(self) -> Served {
        let settings = PortSettings {
            name: "public",
            header_time: self.header_time,
            connections_max: self.connections_max,
            unsent_max: Some(32_768),
            tls: self.tls,
            trusted_proxies: self.trusted_proxies,
        };
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let port = Port::open((Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap();
        let port = port.counted_in(&metrics);
        let (address, shutdown) = (port.address().unwrap(), Shutdown::default());
        let (slow, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let doors = Doors {
            http: router(Arc::clone(&slow), Arc::clone(&begun)),
            sources: self.takes_sources.then(|| Arc::new(Echo) as Arc<dyn SourceDoor>),
            listeners: Some(Arc::new(Echo)),
        };
        let serving = tokio::spawn(port.serve(doors, shutdown.clone()));
        Served { address, shutdown, slow, begun, serving, registry }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own routes are nobody's to guard")]
fn router(slow: Arc<Semaphore>, begun: Arc<Semaphore>) -> Router {
    let wait = move || async move {
        begun.add_permits(1);
        slow.acquire().await.unwrap().forget();
        "slow\n"
    };
    let who = async |Extension(Secure(secure)): Extension<Secure>, request: Request| {
        format!("{:?} secure={secure}\n", request.version()).into_response()
    };
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    Router::new()
        .route("/", get(who))
        .route("/peer", get(peer))
        .route("/body", post(async |body: Bytes| format!("{} bytes\n", body.len())))
        .route("/slow", get(wait))
        .route("/big", get(|| async { vec![b'x'; BIG_LEN] }))
}

/// More than both kernels' buffers hold.
pub(crate) const BIG_LEN: usize = 64 << 20;

impl Served {
    pub(crate) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends `bytes` on a connection of its own and gives all that is answered.
    pub(crate) async fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }

    /// The value of a metric, with its labels.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
        values.find_map(|value| value.trim().parse().ok())
    }

    pub(crate) fn refused(&self, reason: &str) -> u64 {
        let name = format!("listen_refused_total{{port=\"public\",reason=\"{reason}\"}}");
        self.metric(&name).unwrap_or(0)
    }
}

/// Waits for what happens soon, if at all.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

/// Waits until it is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    soon(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Everything up to the end of the connection, a reset included.
pub(crate) async fn read_all(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let _ = soon(stream.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

/// One answer with a length, head and body.
pub(crate) async fn read_answer(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length.is_some_and(|length| length.parse::<usize>().unwrap() <= body.len()) {
                return text;
            }
        }
        assert_ne!(soon(stream.read_buf(&mut bytes)).await.unwrap(), 0, "after {text:?}");
    }
}

/// Who a request comes from, where it asks for that.
fn peer_of(head: &Head, connection: &Connection) -> String {
    let wanted = head.path().ends_with("/peer");
    if wanted { format!("from {}\n", connection.peer()) } else { String::new() }
}

async fn echo(who: String, mut connection: Connection) {
    connection.settle();
    connection.write_all(who.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(connection);
    let _ = tokio::io::copy(&mut reader, &mut writer).await;
    let _ = writer.shutdown().await;
}

impl SourceDoor for Echo {
    fn source(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()> {
        let peer = peer_of(&head, &connection);
        Box::pin(echo(format!("source {} {}\n{peer}", head.method, head.target), connection))
    }

    fn shoutcast(&self, connection: Connection) -> BoxFuture<'static, ()> {
        Box::pin(echo("shoutcast\n".to_owned(), connection))
    }
}

impl ListenerDoor for Echo {
    fn wants(&self, head: &Head) -> bool {
        head.method == "GET" && head.path().starts_with("/icy")
    }

    fn listen(&self, head: Head, connection: Connection) -> BoxFuture<'static, ()> {
        let peer = peer_of(&head, &connection);
        Box::pin(echo(format!("listener {}\n{peer}", head.target), connection))
    }
}
