//! Requests that are too much, or two at once.

use tests::encoder::AUTHORIZATION;
use tests::watch::Watch;
use tests::{TestNode, raw};

use super::source_head;

/// A request that is hidden in the body of another one.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";

/// Headers that leave it open where the body ends.
const AMBIGUOUS: [&str; 14] = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5\r\nContent-Length: 5\r\n",
    "Content-Length: 5, 6\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 0x5\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 5 \r\nContent-Length : 6\r\n",
    "Transfer-Encoding : chunked\r\n",
    " Content-Length: 5\r\nContent-Length: 5\r\n",
    "X: y\r\n Transfer-Encoding: chunked\r\n",
    "X: y\rTransfer-Encoding: chunked\r\n",
    "Content-Length: 99999999999999999999\r\n",
];

fn smuggled(method: &str, headers: &str) -> String {
    format!(
        "{method} /admin/metadata HTTP/1.1\r\nHost: x\r\n{headers}\r\n0\r\n\r\n{HIDDEN}{HIDDEN}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_two_ends_is_refused_and_the_connection_closed() {
    let node = TestNode::start(tests::node::MP3).await;
    for headers in AMBIGUOUS {
        for method in ["GET", "POST", "PUT"] {
            let said = raw::exchange(node.public(), smuggled(method, headers).as_bytes()).await;
            assert!(said.closed, "{method} {headers:?}");
            assert_eq!(said.statuses(), [400], "{method} {headers:?}: {}", said.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_when_it_comes_later_on_a_connection() {
    let node = TestNode::start(tests::node::MP3).await;
    let first = "GET /radio.pls HTTP/1.1\r\nHost: x\r\n\r\n";
    for headers in AMBIGUOUS {
        for method in ["GET", "POST"] {
            let bytes = format!("{first}{}", smuggled(method, headers));
            let said = raw::exchange(node.public(), bytes.as_bytes()).await;
            assert!(said.closed, "{method} {headers:?}");
            assert_eq!(said.statuses(), [200, 400], "{method} {headers:?}: {}", said.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_behind_a_body_is_no_request() {
    let node = TestNode::start(tests::node::MP3).await;
    for headers in ["Content-Length: 0", "Content-Length: 4", "Transfer-Encoding: chunked"] {
        let bytes = format!(
            "POST /radio.pls HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n0\r\n\r\n{HIDDEN}{HIDDEN}"
        );
        let said = raw::exchange(node.public(), bytes.as_bytes()).await;
        assert!(said.closed, "{headers}");
        let statuses = said.statuses();
        assert!(!statuses.contains(&200), "{headers}: {}", said.text());
        assert!(statuses.len() <= 2, "{headers}: {}", said.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_line_of_any_length_has_its_answer() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = Watch::start(node.public(), 1).await;
    let around = "GET / HTTP/1.1".len();
    let limit = icy::head::LINE_LEN_MAX;
    let lengths = [around, 100, 1_000, limit - 1, limit, limit + 1, 2 * limit, 64 << 10, 1 << 20];
    for len in lengths {
        let path = "a".repeat(len - around);
        let request = format!("GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let said = raw::exchange(node.public(), request.as_bytes()).await;
        let status = if len > limit { 414 } else { 404 };
        assert_eq!((said.closed, said.statuses()), (true, vec![status]), "{len}: {}", said.text());
    }
    // Shorter ones are a password, or nothing at all.
    for line in ["\r\n", "G\r\n", "GE\n", "\0\r\n", " \r\n"] {
        let said = raw::exchange(node.public(), line.as_bytes()).await;
        assert!(said.closed && !said.text().contains("200"), "{line:?}: {}", said.text());
    }
    watch.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_any_number_of_fields_has_its_answer() {
    let node = TestNode::start(tests::node::MP3).await;
    let watch = Watch::start(node.public(), 1).await;
    for later in [false, true] {
        for count in [2, 10, 99, 100, 101, 1_000, 10_000] {
            let fields = "x: y\r\n".repeat(count - 2);
            let request =
                format!("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
            let first = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
            let (before, statuses) = if later { (first, vec![404]) } else { ("", vec![]) };
            let bytes = format!("{before}{request}");
            let said = raw::exchange(node.public(), bytes.as_bytes()).await;
            let status = if count > icy::head::HEADERS_MAX { 431 } else { 404 };
            let statuses = [statuses, vec![status]].concat();
            assert_eq!((said.closed, said.statuses()), (true, statuses), "{count} {later}");
        }
    }
    watch.finish().await;
}

/// Credentials that cannot be read, or are not right.
const CREDENTIALS: [&str; 16] = [
    "Basic",
    "Basic ",
    "Basic =",
    "Basic ====",
    "Basic !!!!",
    "Basic c291cmNlOnNlY3JldA",
    "Basic c291cmNlOnNlY3JldA=",
    "Basic c291cmNlOnNlY3JldA===",
    "Basic c291cmNl OnNlY3JldA==",
    "Basic c291cmNl",
    "Basic Og==",
    "Basic \u{FF}\u{FE}",
    "Basic AAAA",
    "Bearer c291cmNlOnNlY3JldA==",
    "Digest username=\"source\"",
    "c291cmNlOnNlY3JldA==",
];

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_cannot_be_read_open_nothing() {
    let node = TestNode::start(tests::node::MP3).await;
    let long = format!("Basic {}", "A".repeat(2_000));
    for credentials in CREDENTIALS.iter().copied().chain([long.as_str()]) {
        for method in ["SOURCE", "PUT"] {
            let head = source_head("/in").replace("SOURCE", method);
            let head = head.replace(AUTHORIZATION, credentials);
            let said = raw::exchange(node.public(), head.as_bytes()).await;
            let status = said.status();
            assert!(said.closed, "{method} {credentials}");
            assert!(matches!(status, 400 | 401), "{method} {credentials}: {}", said.text());
        }
        let title = format!(
            "GET /admin/metadata?mode=updinfo&mount=/in&song=x HTTP/1.0\r\nAuthorization: \
             {credentials}\r\n\r\n"
        );
        let said = raw::exchange(node.public(), title.as_bytes()).await;
        assert!(matches!(said.status(), 400 | 401), "{credentials}: {}", said.text());
    }
    let head = source_head("/in").replace("Authorization", "X");
    assert_eq!(raw::exchange(node.public(), head.as_bytes()).await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_sends_at_once_reads_why_it_is_refused() {
    let node = TestNode::start(tests::node::MP3).await;
    let audio = demo::fixtures::mp3(20, 128, 44_100, 2).concat();
    let head = source_head("/in").replace(AUTHORIZATION, "Basic c291cmNlOndyb25n");
    for method in ["SOURCE", "PUT"] {
        let bytes = [head.replace("SOURCE", method).as_bytes(), &audio].concat();
        let said = raw::exchange(node.public(), &bytes).await;
        assert_eq!((said.closed, said.status()), (true, 401), "{method}: {}", said.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_their_order() {
    let node = TestNode::start(tests::node::MP3).await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let requests = format!(
        "{}{}GET /radio.m3u HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ask("/radio.pls"),
        ask("/nothing")
    );
    let said = raw::exchange(node.public(), requests.as_bytes()).await;
    assert_eq!(said.statuses(), [200, 404, 200], "{}", said.text());
}
