use proptest::prelude::*;

use super::*;
use crate::testing::{Dns, LONG, Script, Server, client};

const SHORT: Duration = Duration::from_millis(50);

fn form(body: &'static str) -> Post<'static> {
    let content_type = "application/x-www-form-urlencoded";
    Post { content_type, body: Bytes::from_static(body.as_bytes()), headers: &[] }
}

/// Posts to a server with this script.
async fn post(script: Script, time: Duration) -> Result<Answer, Error> {
    let server = Server::start(script).await;
    client(Dns::default()).post(&server.target("/hook"), form("a=b"), time).await
}

async fn answered(answer: impl Into<Vec<u8>>) -> Result<Answer, Error> {
    post(Script::new(answer), LONG).await
}

/// The script's answer is an error, by whose nature it may be tried again.
#[track_caller]
fn check_error(outcome: Result<Answer, Error>, transient: bool) {
    let error = outcome.unwrap_err();
    assert!(matches!(error, Error::Answer { .. }), "{error}");
    assert_eq!(
        (error.is_transient(), error.blame()),
        (transient, media::Blame::Upstream),
        "{error}"
    );
}

#[tokio::test]
async fn a_post_has_its_whole_answer() {
    let text = "HTTP/1.1 200 OK\r\nicecast-auth-user: 1\r\nContent-Length: 4\r\n\r\ntext";
    let server = Server::start(Script { stays: true, ..Script::new(text) }).await;
    let url = format!("http://u:p@{}/hook?x=1", server.address);
    let headers = [("X-Signature", "sha256=00"), ("User-Agent", "Icecast 2.4.4")];
    let post = Post { headers: &headers, ..form("action=listener_add") };
    let answer = client(Dns::default()).post(&url.parse().unwrap(), post, LONG).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"text"[..]));
    assert_eq!(answer.header("Icecast-Auth-User"), Some(&b"1"[..]));
    assert_eq!(answer.header("absent"), None);

    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /hook?x=1 HTTP/1.1");
    lines.sort_unstable();
    let host = format!("Host: {}", server.address);
    let expected = [
        "Authorization: Basic dTpw",
        "Connection: close",
        "Content-Length: 19",
        "Content-Type: application/x-www-form-urlencoded",
        &host,
        "User-Agent: Icecast 2.4.4",
        "X-Signature: sha256=00",
    ];
    assert_eq!((&lines[..], body), (&expected[..], "action=listener_add"));
}

#[tokio::test]
async fn answers_as_scripts_write_them_are_read() {
    for answer in [
        "HTTP/1.0 200 OK\r\nYPResponse: 1\r\n\r\ntext",
        "HTTP/1.0 200\nYPResponse: 1\n\ntext",
        "HTTP/1.1 200 OK\r\nYPResponse : 1\r\nno header\r\n\r\ntext",
        "HTTP/1.1 200 OK\r\nYPResponse:\r\n 1\r\nContent-Length: 4\r\n\r\ntext and more",
        "HTTP/1.1 200 OK\r\nypresponse:1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nYPResponse: 1\r\n\r\ntext",
    ] {
        let read = answered(answer).await.unwrap_or_else(|error| panic!("{answer}: {error}"));
        assert_eq!(read.header("ypresponse"), Some(&b"1"[..]), "{answer}");
        assert_eq!((read.status, &read.body[..]), (200, &b"text"[..]), "{answer}");
    }
}

#[tokio::test]
async fn any_status_is_an_answer_and_no_redirect_is_followed() {
    let other = Server::start(Script::new("HTTP/1.1 200 OK\r\n\r\n")).await;
    let location = format!("http://{}/", other.address);
    let answer = post(Script::redirect(&location), LONG).await.unwrap();
    assert_eq!((answer.status, other.connections()), (302, 0));
    for status in [204, 401, 404, 500] {
        let answer = answered(format!("HTTP/1.1 {status} x\r\n\r\n")).await.unwrap();
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_body_is_cut_at_64_kib() {
    for len in [ANSWER_LEN_MAX - 1, ANSWER_LEN_MAX, ANSWER_LEN_MAX + 1, 10_000_000] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
        for head in [&*head, "HTTP/1.0 200 OK\r\n\r\n"] {
            let answer = answered(format!("{head}{}", "x".repeat(len))).await.unwrap();
            assert_eq!(answer.body.len(), len.min(ANSWER_LEN_MAX), "{len} bytes of {head:?}");
        }
    }
}

#[tokio::test]
async fn a_head_has_its_limits() {
    let head = |lines: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: 1\r\n".repeat(lines));
    assert_eq!(answered(head(100)).await.unwrap().status, 200);
    check_error(answered(head(101)).await, false);
    let head = |len: usize| format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(len));
    assert_eq!(answered(head(HEAD_LEN_MAX - 100)).await.unwrap().status, 200);
    check_error(answered(head(HEAD_LEN_MAX)).await, false);
    check_error(answered(head(10_000_000)).await, false);
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    for answer in ["<html>hello</html>\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n"] {
        check_error(answered(answer).await, false);
    }
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntext"] {
        check_error(answered(answer).await, true);
    }
}

#[tokio::test]
async fn an_answer_has_the_callers_time() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ntext"] {
        let script = Script { stays: true, ..Script::new(answer) };
        let error = post(script, SHORT).await.unwrap_err();
        assert!(matches!(error, Error::Late { time: SHORT, .. }), "{error}");
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_post_goes_only_where_one_may_connect() {
    let (_, private) = Server::start_pair(Script::new(""), Script::new("")).await;
    let error =
        client(Dns::default()).post(&private.target("/"), form(""), LONG).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
    let bad = Post { headers: &[("a", "1\r\nb: 2")], ..form("") };
    let error = client(Dns::default()).post(&private.target("/"), bad, LONG).await.unwrap_err();
    assert!(matches!(error, Error::Header { .. }), "{error}");
    assert_eq!(private.connections(), 0);
}

#[test]
fn debug_shows_neither_bodies_nor_values() {
    let answer =
        Answer { status: 200, body: Bytes::from_static(b"s3cret"), headers: HeaderMap::new() };
    assert_eq!(format!("{answer:?}"), "Answer { status: 200, body_len: 6, .. }");
    let post = Post { headers: &[("X-Key", "s3cret")], ..form("s3cret") };
    assert!(!format!("{post:?}").contains("s3cret"));
}

proptest! {
    #[test]
    fn any_url_can_be_asked_for_as_it_is(rest in "[/?#@%]{0,3}\\PC{0,40}") {
        if let Ok(target) = format!("http://a.example/{rest}").parse::<Target>() {
            let request = request(&target, form("")).unwrap();
            prop_assert_eq!(request.uri().to_string(), target.path_and_query());
        }
    }
}
