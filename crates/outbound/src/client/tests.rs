use std::net::Ipv4Addr;
use std::process::Command;

use icy::response::ResponseError;
use tokio::io::AsyncReadExt;

use super::*;
use crate::testing::{Authority, Dns, LONG, Script, Server, client, connector_to_localhost};

const AUDIO: &str = "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\naudio";

async fn open(target: &Target) -> Result<Opened, Error> {
    client(Dns::default()).open(target, &[]).await
}

/// Opens a server that answers so.
async fn answered(answer: impl Into<Vec<u8>>) -> Result<Opened, Error> {
    let server = Server::start(Script::new(answer)).await;
    open(&server.target("/live")).await
}

/// Everything behind the head.
async fn body(mut opened: Opened) -> String {
    let mut body = String::new();
    opened.stream.read_to_string(&mut body).await.unwrap();
    body
}

/// Each server redirects to the one before; gives the last.
async fn chain(redirects: usize) -> (Vec<Server>, Target) {
    let mut servers = vec![Server::start(Script::new(AUDIO)).await];
    for number in 0..redirects {
        let next = servers.last().unwrap().address;
        let location = format!("http://{next}/{number}");
        servers.push(Server::start(Script::redirect(&location)).await);
    }
    let target = servers.last().unwrap().target("/live");
    (servers, target)
}

#[tokio::test]
async fn a_stream_is_opened_and_nothing_behind_the_head_is_lost() {
    for start in ["HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\n", "ICY 200 OK\r\n", "icy 206\r\n"] {
        let server = Server::start(Script::new(format!("{start}icy-name:A\r\n\r\naudio"))).await;
        let opened = open(&server.target("/live")).await.unwrap();
        assert_eq!(opened.head.text("icy-name").as_deref(), Some("A"));
        assert_eq!((&opened.target, opened.address), (&server.target("/live"), server.address));
        assert_eq!(body(opened).await, "audio");
    }
}

#[tokio::test]
async fn the_request_is_a_stream_clients() {
    let server = Server::start(Script::new(AUDIO)).await;
    let (port, client) = (server.address.port(), client(Dns::default()));
    let url = format!("http://source:hackme@127.0.0.1:{port}/;a%20b?c#d");
    let headers = [("Icy-MetaData", "1"), ("user-agent", "Caf\u{e9}")];
    client.open(&url.parse().unwrap(), &headers).await.unwrap();
    let expected = format!(
        "GET /;a%20b?c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nConnection: close\r\n\
         Authorization: Basic c291cmNlOmhhY2ttZQ==\r\nIcy-MetaData: 1\r\nuser-agent: Caf\u{e9}\r\n\r\n"
    );
    assert_eq!(server.requests(), [expected]);
}

#[tokio::test]
async fn a_header_that_would_become_two_is_not_sent() {
    let server = Server::start(Script::new(AUDIO)).await;
    for header in
        [("a", "1\r\nb: 2"), ("a\r\nb", "1"), ("a", "1\n"), ("a b", "1"), ("", "1"), ("a:", "1")]
    {
        let outcome = client(Dns::default()).open(&server.target("/"), &[header]).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::Header { .. }), "{header:?}: {error}");
        assert_eq!((error.blame(), error.is_transient()), (media::Blame::Us, false));
        assert!(!error.to_string().contains(char::is_control));
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn other_answers_than_success_are_errors() {
    for (line, expected, transient) in [
        ("HTTP/1.0 401 Unauthorized", 401, false),
        ("HTTP/1.0 404 Not Found", 404, true),
        ("ICY 503 Server Full", 503, true),
        ("HTTP/1.1 301 Moved", 301, false),
        ("HTTP/1.1 304 Not Modified\r\nLocation: /x", 304, false),
        ("HTTP/1.1 101 Switching Protocols", 101, false),
    ] {
        let error = answered(format!("{line}\r\n\r\n")).await.unwrap_err();
        assert!(matches!(error, Error::Status { status, .. } if status == expected), "{error}");
        assert_eq!((error.is_transient(), error.blame()), (transient, media::Blame::Upstream));
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    for (answer, expected) in [
        ("<html>".to_owned(), ResponseError::StatusLine),
        (format!("ICY 200 OK\r\n{}", "a: 1\r\n".repeat(101)), ResponseError::TooManyHeaders),
        (format!("ICY 200 OK\r\na: {}", "x".repeat(10_000_000)), ResponseError::LineTooLong),
        (
            format!("ICY 200 OK\r\n{}", format!("a: {}\r\n", "x".repeat(500)).repeat(90)),
            ResponseError::TooLong,
        ),
    ] {
        let error = answered(answer).await.unwrap_err();
        assert!(matches!(error, Error::Head { source, .. } if source == expected), "{error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn an_answer_that_ends_within_its_head_is_broken() {
    for answer in ["", "ICY 200 OK\r\nicy-name:A\r\n"] {
        let error = answered(answer).await.unwrap_err();
        assert!(matches!(error, Error::Broken { .. }) && error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn an_answer_has_the_head_time() {
    for answer in ["", "ICY 200 OK\r\nicy-name:A\r\n"] {
        let server = Server::start(Script { stays: true, ..Script::new(answer) }).await;
        let time = Duration::from_millis(50);
        let client = Client::with_connector(connector_to_localhost(Dns::default()), time);
        let error = client.open(&server.target("/"), &[]).await.unwrap_err();
        let expected = format!("http://{} took longer than 50ms to answer", server.address);
        assert_eq!(error.to_string(), expected);
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_stream_stays_open_behind_the_head_time() {
    let server = Server::start(Script { stays: true, ..Script::new(AUDIO) }).await;
    let mut opened = open(&server.target("/")).await.unwrap();
    let mut start = [0; 5];
    opened.stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"audio");
}

#[tokio::test]
async fn up_to_five_redirects_are_followed() {
    let (servers, target) = chain(REDIRECTS_MAX).await;
    let opened = open(&target).await.unwrap();
    assert_eq!(opened.target, servers[0].target("/0"));
    assert_eq!(body(opened).await, "audio");

    let (servers, target) = chain(REDIRECTS_MAX + 1).await;
    let error = open(&target).await.unwrap_err();
    assert!(matches!(error, Error::TooManyRedirects { .. }), "{error}");
    assert_eq!(servers[0].connections(), 0);
}

#[tokio::test]
async fn a_loop_of_redirects_ends() {
    for location in ["/", "?", "//localhost/.."] {
        let dns = Dns::default().with("localhost", &[&["127.0.0.1"]]);
        let server = Server::start_with(|own| {
            let location = location.replace("localhost", &own.to_string());
            vec![Script::redirect(&location)]
        })
        .await;
        let error = client(dns).open(&server.target("/"), &[]).await.unwrap_err();
        assert!(matches!(error, Error::TooManyRedirects { .. }), "{error}");
        assert_eq!(server.connections(), REDIRECTS_MAX + 1);
    }
}

#[tokio::test]
async fn each_kind_of_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!("HTTP/1.0 {status}\nLocation: ../b?c\n\n");
        let scripts = vec![Script::new(redirect), Script::new(AUDIO)];
        let server = Server::start_with(|_| scripts).await;
        let opened = open(&server.target("/a/live")).await.unwrap();
        assert_eq!(opened.target, server.target("/b?c"), "{status}");
    }
}

#[tokio::test]
async fn a_redirect_to_where_nobody_may_connect_is_refused() {
    let (public, private) = Server::start_pair(Script::new(AUDIO), Script::new(AUDIO)).await;
    let port = public.address.port();
    for host in [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f.2",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "inside.example",
        "localhost",
        "0",
    ] {
        let location = format!("http://{host}:{port}/");
        let server = Server::start(Script::redirect(&location)).await;
        let dns = Dns::default()
            .with("inside.example", &[&["127.0.0.2"]])
            .with("localhost", &[&["127.0.0.2", "::1"]]);
        let error = client(dns).open(&server.target("/"), &[]).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{host}: {error}");
    }
    for location in ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://a:0/"]
    {
        let server = Server::start(Script::redirect(location)).await;
        let error = open(&server.target("/")).await.unwrap_err();
        assert!(matches!(error, Error::Redirect { .. }), "{location}: {error}");
    }
    assert_eq!((public.connections(), private.connections()), (0, 0));
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let other = Server::start(Script::new(AUDIO)).await;
    let server = Server::start_with(|own| {
        let elsewhere = format!("http://{}/c", other.address);
        vec![Script::redirect(&format!("http://{own}/b")), Script::redirect(&elsewhere)]
    })
    .await;
    let url = format!("http://source:hackme@{}/a", server.address);
    let headers = [("Cookie", "secret"), ("Icy-MetaData", "1")];
    client(Dns::default()).open(&url.parse().unwrap(), &headers).await.unwrap();
    let given = |requests: &[String], text: &str| -> Vec<bool> {
        requests.iter().map(|request| request.contains(text)).collect()
    };
    for text in ["Authorization: Basic c291cmNlOmhhY2ttZQ==", "Cookie: secret"] {
        assert_eq!(given(&server.requests(), text), [true, true], "{text}");
        assert_eq!(given(&other.requests(), text), [false], "{text}");
    }
    assert_eq!(given(&other.requests(), "Icy-MetaData: 1"), [true]);
}

#[tokio::test]
async fn a_redirect_may_leave_and_enter_tls() {
    let authority = Authority::new();
    let tls = Some(authority.acceptor(&["radio.example"]));
    let plain = Server::start(Script::new(AUDIO)).await;
    let redirect = Script::redirect(plain.target("/b").url_text());
    let secure = Server::start(Script { tls, ..redirect }).await;
    let location = secure.target_as("https", "radio.example");
    let first = Server::start(Script::redirect(location.url_text())).await;
    let dns = Dns::default().with("radio.example", &[&["127.0.0.1"]]);
    let connector = Connector { tls: tls_config(authority.roots()), ..connector_to_localhost(dns) };
    let client = Client::with_connector(connector, LONG);
    let opened = client.open(&first.target("/"), &[]).await.unwrap();
    assert_eq!(opened.target, plain.target("/b"));
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    for answer in
        ["", "HTTP/1.0 404\r\n\r\n", "HTTP/1.0 302\r\nLocation: file:///s3cret\r\n\r\n", "x"]
    {
        let server = Server::start(Script::new(answer)).await;
        let url = format!("http://u:s3cret@{}/s3cret?s3cret", server.address);
        let error = open(&url.parse().unwrap()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

/// How the child process is told where the server is.
const SERVER: &str = "OUTBOUND_TEST_SERVER";

/// The test runs itself once more, since the environment is a process's.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test is about the environment")]
async fn an_operators_own_authority_is_trusted_by_ssl_cert_file() {
    let policy = Policy { allow_private: true };
    if let Ok(url) = std::env::var(SERVER) {
        let client = Client::new(Settings { policy, ..Settings::default() });
        let opened = client.open(&url.parse().unwrap(), &[]).await.unwrap();
        assert_eq!(body(opened).await, "audio");
        return;
    }
    let authority = Authority::new();
    let file = std::env::temp_dir().join(format!("outbound-{}.pem", std::process::id()));
    std::fs::write(&file, authority.pem()).unwrap();
    let tls = Some(authority.acceptor(&["127.0.0.1"]));
    let server = Server::start(Script { tls, ..Script::new(AUDIO) }).await;
    let url = server.target_as("https", &Ipv4Addr::LOCALHOST.to_string());
    for (variable, expected) in [("SSL_CERT_FILE", true), ("OTHER", false)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let name = "client::tests::an_operators_own_authority_is_trusted_by_ssl_cert_file";
        child.args([name, "--exact"]).env(SERVER, url.url_text()).env(variable, &file);
        let run = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        assert_eq!(run.status.success(), expected, "{}", String::from_utf8_lossy(&run.stdout));
    }
    std::fs::remove_file(file).unwrap();
}
