//! A TCP proxy between two nodes, which can be cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Forwards connections, as long as it is not cut.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    target: Arc<watch::Sender<Option<SocketAddr>>>,
    is_cut: Arc<watch::Sender<bool>>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Listens on a port of the system's choice; connections wait for a target.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (target, is_cut) =
            (Arc::new(watch::Sender::new(None)), Arc::new(watch::Sender::new(false)));
        let mut accepting = JoinSet::new();
        let (towards, cut) = (Arc::clone(&target), Arc::clone(&is_cut));
        accepting.spawn(async move {
            let mut under_way = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                under_way.spawn(forward(stream, towards.subscribe(), cut.subscribe()));
            }
        });
        Self { address, target, is_cut, _accepting: accepting }
    }

    /// Says where connections lead.
    pub fn lead_to(&self, target: SocketAddr) {
        self.target.send_replace(Some(target));
    }

    /// From now on no byte goes either way, as when a line is unplugged: nobody is
    /// told.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// New connections go through again; those that were cut stay dead.
    pub fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn forward(
    mut stream: TcpStream,
    mut target: watch::Receiver<Option<SocketAddr>>,
    mut is_cut: watch::Receiver<bool>,
) {
    let Ok(target) = target.wait_for(Option::is_some).await.map(|target| *target) else { return };
    let mut onwards = None;
    tokio::select! {
        _ = is_cut.wait_for(|is_cut| *is_cut) => {}
        () = async {
            let Ok(other) = TcpStream::connect(target.unwrap()).await else { return };
            let _ = copy_bidirectional(&mut stream, onwards.insert(other)).await;
        } => return,
    }
    std::future::pending::<()>().await;
}
