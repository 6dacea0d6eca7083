//! Many listeners, of whom most are no good.

use std::net::SocketAddr;

use tests::listener::Listener;
use tests::program::Setup;
use tests::watch::Watch;
use tests::{Program, Scratch, TestNode, memory, metrics};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

const STALLED: usize = 2_000;
const HEALTHY: usize = 100;

/// What the kernel may hold for a listener that reads nothing, both ends of the
/// connection together: they are on one machine here.
const KERNEL_MAX: u64 = 100 << 10;

/// A listener that asks and then reads nothing, with as narrow a buffer of its
/// own as the kernel allows.
async fn stall(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream.write_all(b"GET /radio HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n").await.unwrap();
    stream
}

async fn listening(program: &Program, listeners: usize) {
    program.until_egress("listeners", |egress| egress["icy_listeners"] == listeners as u64).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_that_stall_are_dropped_and_a_hundred_beside_them_miss_nothing() {
    let scratch = Scratch::default();
    // Longer than it takes to let them all in.
    let setup = Setup { lines: "[limits]\nlistener_timeout = \"8s\"", ..Setup::default() };
    let program = Program::serve_as(tests::node::MP3, scratch.path(), setup).await;
    let watch = Watch::start(program.public, HEALTHY).await;
    listening(&program, HEALTHY).await;
    let before = memory::tcp();
    let mut stalled = JoinSet::new();
    for _ in 0..STALLED {
        stalled.spawn(stall(program.public));
    }
    let stalled = stalled.join_all().await;
    listening(&program, HEALTHY + STALLED).await;
    // As long as they are there the kernel holds what it ever will.
    let mut held = 0;
    while metrics::value(program.control, DROPPED).await == 0 {
        held = held.max(memory::tcp().saturating_sub(before));
    }
    let each = held / STALLED as u64;
    assert!(each <= KERNEL_MAX, "{each} bytes each");
    listening(&program, HEALTHY).await;
    assert_eq!(metrics::value(program.control, DROPPED).await, STALLED as u64);
    drop(stalled);
    watch.finish().await;
}

const DROPPED: &str = "skywave_delivery_icy_dropped_slow_total{mount=\"radio\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_that_come_and_go_leave_nothing_behind() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = Watch::start(node.public(), 1).await;
    let address = node.public();
    for batch in 0..10 {
        let mut some = JoinSet::new();
        for nth in 0..100 {
            some.spawn(async move {
                let mut listener = Listener::connect(address, "/radio").await;
                assert!(listener.head.starts_with("HTTP/1.0 200"), "{}", listener.head);
                // Some leave at once, some in the middle of the burst or after it.
                listener.hear((batch * nth * 100) % 70_000).await;
            });
        }
        some.join_all().await;
    }
    node.until("all gone", |report| report.egress("radio").unwrap().icy_listeners == 1).await;
    let joins = "skywave_delivery_icy_joins_total{mount=\"radio\"}";
    let joined = metrics::value(node.addresses().control, joins).await;
    assert!(joined >= 1_001, "{joined}");
    watch.finish().await;
    node.until("the last gone", |report| report.egress("radio").unwrap().icy_listeners == 0).await;
}
