//! Everybody at once.

use std::net::SocketAddr;
use std::sync::Arc;

use tests::listener::Listener;
use tests::watch::{self, Watch};
use tests::{Program, Scratch, TestNode, frames};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::tls;

const CROWD: usize = 2_000;
const CROWD_TLS: usize = 300;

/// Audio that each has to get: more than a head and a frame.
const HEARD_LEN: usize = 16_000;

/// Audio that begins with a frame.
fn check_audio(audio: &[u8]) {
    assert!(audio.len() >= HEARD_LEN, "{} bytes", audio.len());
    let frames = frames::whole(audio);
    assert!(frames.len() > 20 && audio.starts_with(&frames[0]), "no frame at the beginning");
}

/// Tunes in, and stays until all have heard something.
async fn listen(address: SocketAddr, everyone: Arc<Barrier>) -> Listener {
    let mut listener = Listener::connect(address, "/radio").await;
    assert!(listener.head.starts_with("HTTP/1.0 200"), "{}", listener.head);
    check_audio(&listener.hear(HEARD_LEN).await.audio);
    everyone.wait().await;
    listener
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_at_once_all_hear_and_are_counted_right() {
    let scratch = Scratch::default();
    let program = Program::serve(tests::node::MP3, scratch.path()).await;
    let watch = Watch::start(program.public, 1).await;
    for _ in 0..2 {
        let everyone = Arc::new(Barrier::new(CROWD));
        let mut crowd = JoinSet::new();
        for _ in 0..CROWD {
            crowd.spawn(listen(program.public, Arc::clone(&everyone)));
        }
        let crowd = crowd.join_all().await;
        let all = |egress: &serde_json::Value| egress["icy_listeners"] == CROWD as u64 + 1;
        program.until_egress("all of them", all).await;
        drop(crowd);
        program.until_egress("one of them", |egress| egress["icy_listeners"] == 1).await;
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_at_once_over_tls_all_hear() {
    let folder = Scratch::default();
    let certificate = tls::issue(folder.path());
    let path = |name| folder.path().join(name).display().to_string();
    let node = TestNode::start_tls(tests::node::MP3, &path("chain.pem"), &path("key.pem")).await;
    let address = node.addresses().public_tls.unwrap();
    let watch = Watch::start(node.public(), 1).await;
    drop(watch::tune_in(node.public(), "/radio").await);
    let client = tls::old_client(&certificate, address);
    let everyone = Arc::new(Barrier::new(CROWD_TLS));
    let mut crowd = JoinSet::new();
    for _ in 0..CROWD_TLS {
        let request = client.get(format!("https://localhost:{}/radio", address.port()));
        let everyone = Arc::clone(&everyone);
        crowd.spawn(async move {
            let mut response = request.send().await.unwrap();
            let mut audio = Vec::new();
            while audio.len() < HEARD_LEN {
                audio.extend(response.chunk().await.unwrap().expect("it goes on"));
            }
            check_audio(&audio);
            everyone.wait().await;
        });
    }
    crowd.join_all().await;
    watch.finish().await;
}
