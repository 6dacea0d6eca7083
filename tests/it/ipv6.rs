//! IPv6: encoders and listeners come over it as over IPv4, to the same port.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tests::encoder::Source;
use tests::listener::Listener;
use tests::{TestNode, frames, http, node};

/// Sends a programme from one address and hears it at others.
async fn check(listen: &str, encoder: SocketAddr, listeners: &[SocketAddr]) {
    let node = TestNode::start_listening(node::MP3, listen).await;
    let at = |address: SocketAddr| SocketAddr::new(address.ip(), node.public().port());
    let sent = demo::fixtures::mp3(30, 128, 44_100, 2);
    let mut source = Source::connect(at(encoder), "audio/mpeg").await;
    source.send(&sent).await;
    node.until("three segments", |report| report.egress("radio").unwrap().window_segments >= 3)
        .await;
    for &address in listeners {
        let address = at(address);
        let mut listener = Listener::connect(address, "/radio").await;
        let heard = frames::whole(&listener.hear(30_000).await.audio);
        frames::position(&sent, &heard);
        let playlist = http::get(&format!("http://{address}/radio/playlist.m3u8")).await;
        assert_eq!(playlist.status, 200, "{address}");
        let tune_in = http::get(&format!("http://{address}/radio.m3u")).await;
        assert_eq!(tune_in.text().trim(), format!("http://{address}/radio"));
    }
}

fn v6() -> SocketAddr {
    (Ipv6Addr::LOCALHOST, 0).into()
}

fn v4() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_on_all_addresses_takes_both() {
    check("[::]:0", v6(), &[v6(), v4()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_over_ipv4_is_heard_over_ipv6() {
    check("[::]:0", v4(), &[v6()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_on_one_address_takes_that() {
    check("[::1]:0", v6(), &[v6()]).await;
}
