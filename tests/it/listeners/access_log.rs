//! The access log, as royalty reports read it.

use std::fmt::Write as _;

use tests::encoder::Source;
use tests::listener::Listener;
use tests::{Scratch, TestNode, node, wait};

#[tokio::test(flavor = "multi_thread")]
async fn each_listener_that_has_gone_is_one_line_whatever_it_says() {
    let scratch = Scratch::default();
    let file = scratch.path().join("access.log");
    let lines = format!("log.access = {:?}\n", file.display().to_string());
    let node = TestNode::start_configured(node::MP3, &lines).await;
    let mut source = Source::connect(node.public(), "audio/mpeg").await;
    source.send(&demo::fixtures::mp3(10, 128, 44_100, 2)).await;
    node.until("it is on air", |report| report.egress("radio").unwrap().on_air).await;
    let hostile = "x\" 200 1 \"y\\";
    for path in ["/radio", "/radio.mp3", "/live/radio"] {
        let mut head = format!("GET {path}?pass=hush HTTP/1.1\r\nHost: a\r\n");
        write!(head, "User-Agent: {hostile}\r\nReferer: {hostile}\r\n\r\n").unwrap();
        Listener::request(node.public(), &head).await.hear(30_000).await;
    }
    let written = || async {
        let text = std::fs::read_to_string(&file).unwrap();
        (text.lines().count() >= 3).then_some(text)
    };
    let text = wait::until("three lines", written).await;
    // In the order in which the engine comes to them.
    for path in ["/radio", "/radio.mp3", "/live/radio"] {
        let get = format!("\"GET {path} HTTP/1.0\" 200 ");
        let line = text.lines().find(|line| line.contains(&get)).expect(path);
        assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
        assert!(line.contains(r#""x\x22 200 1 \x22y\x5C""#), "{line}");
        assert_eq!(line.matches('"').count(), 6, "{line}");
        assert!(!line.contains("hush"), "{line}");
    }
    assert_eq!(text.lines().count(), 3);
}
