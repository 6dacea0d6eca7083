use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use catalogue::report::IngestReport;
use listen::{Doors, Port, PortSettings};
use prometheus_client::registry::Registry;
use runtime::clock::{ManualClock, Steady};
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;
use settings::networks::Networks;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};

use super::*;
use crate::testing::{Log, aac, all, catalogue, kinds, metric, mp3, router, units};
use crate::{Limits, TAKE_OVER_AFTER};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// The role behind two ports, as in a process.
struct Station {
    ingest: Ingest,
    clock: Arc<ManualClock>,
    shutdown: Shutdown,
    registry: Registry,
    addresses: [SocketAddr; 2],
}

fn station() -> Station {
    station_with(10, PATIENCE)
}

fn station_with(sources_max: usize, header_time: Duration) -> Station {
    let clock = Arc::new(ManualClock::default());
    let shutdown = Shutdown::default();
    let mut registry = Registry::default();
    let limits = Limits { header_time, source_timeout: Duration::from_secs(10), sources_max };
    let steady = Steady::new(Arc::clone(&clock) as Arc<dyn runtime::clock::Clock>);
    let ingest = Ingest::new(
        catalogue(),
        limits,
        (steady, shutdown.clone(), Pool::inline()),
        crate::Passwords::default(),
        &mut registry,
    );
    let nothing_else: crate::OtherPages = Arc::new(|_| unreachable!("only titles are sent"));
    let doors = Doors {
        http: router(&ingest, nothing_else),
        sources: Some(Arc::new(ingest.clone())),
        listeners: None,
    };
    let addresses = ["public", "shoutcast"].map(|name| {
        let settings = PortSettings {
            name,
            header_time: PATIENCE,
            connections_max: 100,
            unsent_max: None,
            tls: None,
            trusted_proxies: Networks::default(),
        };
        let port = Port::open((Ipv4Addr::LOCALHOST, 0).into(), settings).unwrap();
        let address = port.address().unwrap();
        tokio::spawn(port.serve(doors.clone(), shutdown.clone()));
        address
    });
    Station { ingest, clock, shutdown, registry, addresses }
}

impl Station {
    async fn connect(&self) -> TcpStream {
        self.connect_from(Ipv4Addr::LOCALHOST).await
    }

    /// Any address of 127.0.0.0/8 is the machine's own.
    async fn connect_from(&self, address: Ipv4Addr) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        socket.connect(self.addresses[0]).await.unwrap()
    }

    fn report(&self, ingest: &str) -> IngestReport {
        self.ingest.report().into_iter().find(|report| report.name == ingest).unwrap()
    }

    /// Waits until so many frames are on the ingest's feed.
    async fn frames(&self, ingest: &str, frames: u64) {
        self.until(ingest, |report| report.frames_total == frames).await;
    }

    async fn until(&self, ingest: &str, is_so: impl Fn(&IngestReport) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !is_so(&self.report(ingest)) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{:?}", self.report(ingest)));
    }

    /// Sends a request without more and gives all that is answered.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }

    fn metric(&self, name: &str) -> u64 {
        metric(&self.registry, name)
    }
}

/// Everything up to the end of the connection, a reset included.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// What is answered, as long as what is wanted.
async fn expect(stream: &mut TcpStream, wanted: &str) {
    let mut bytes = vec![0; wanted.len()];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), wanted);
}

fn basic(user: &str, password: &str) -> String {
    let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("Authorization: Basic {encoded}\r\n")
}

/// A PUT's or SOURCE's head for the ingest `live`.
fn head(line: &str, more: &str) -> String {
    format!("{line}\r\n{}{more}\r\n", basic("dj", "s3cret"))
}

const PUT: &str = "PUT /live HTTP/1.1";
const MPEG: &str = "Content-Type: audio/mpeg\r\n";

#[track_caller]
fn check_answer(answer: &str, status: &str, body: &str) {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    assert!(head.starts_with(&format!("HTTP/1.0 {status}\r\n")), "{answer}");
    assert_eq!(text, format!("{body}\r\n"));
}

/// Sends a head and frames, waits for the frames, and closes; the answers.
async fn check_taken(station: &Station, ingest: &str, head: &str, first: &str) -> String {
    let before = station.report(ingest).frames_total;
    let frames = if ingest == "aac" { aac(0..20) } else { mp3(0..20) };
    let mut stream = station.connect().await;
    stream.write_all(head.as_bytes()).await.unwrap();
    expect(&mut stream, first).await;
    stream.write_all(&frames.concat()).await.unwrap();
    stream.shutdown().await.unwrap();
    station.frames(ingest, before + 20).await;
    let items = all(&station.ingest.feed(ingest).unwrap()).await;
    let got: Vec<_> = units(&items).iter().rev().take(20).map(|unit| unit.data.to_vec()).collect();
    assert!(got.into_iter().rev().eq(frames), "the frames are what was sent");
    rest(&mut stream).await
}

const SOURCE_OK: &str = "HTTP/1.0 200 OK\r\nServer: Skywave\r\nAllow: GET, HEAD, OPTIONS, PUT, SOURCE\r\n\
    Accept-Encoding: identity\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn icecasts_encoders_are_taken() {
    let station = station();
    for (line, more, first) in [
        (PUT, "", ""),
        (PUT, MPEG, ""),
        (PUT, "Content-Type: application/octet-stream\r\n", ""),
        (
            PUT,
            "Expect: 100-continue\r\nContent-Type: audio/mpeg\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ),
        (PUT, "Transfer-Encoding: identity\r\n", ""),
        ("SOURCE /live HTTP/1.0", MPEG, SOURCE_OK),
        ("SOURCE /live HTTP/1.0", "", SOURCE_OK),
        ("SOURCE /live ICE/1.0", "ice-name: x\r\nice-bitrate: 128\r\n", SOURCE_OK),
        ("SOURCE /live HTTP/1.0", "Content-Length: 0\r\n", SOURCE_OK),
    ] {
        let last = check_taken(&station, "live", &head(line, more), first).await;
        let expected = if line == PUT { "HTTP/1.1 200 OK\r\n" } else { "" };
        assert!(last.starts_with(expected) && last.is_empty() == expected.is_empty(), "{last}");
    }
    let aac = format!(
        "PUT /aac HTTP/1.1\r\n{}Content-Type: audio/aacp\r\n\r\n",
        basic("source", "aac:pass")
    );
    check_taken(&station, "aac", &aac, "").await;
}

#[tokio::test]
async fn a_put_that_says_where_it_ends_is_answered_there() {
    let station = station();
    let frames = mp3(0..20).concat();
    let length = head(PUT, &format!("{MPEG}Content-Length: {}\r\n", frames.len()));
    let chunked = head(PUT, &format!("{MPEG}Transfer-Encoding: chunked\r\n"));
    let chunk = [format!("{:x}\r\n", frames.len()).as_bytes(), &frames, b"\r\n0\r\n\r\n"].concat();
    for (number, (head, body)) in [(length, frames), (chunked, chunk)].into_iter().enumerate() {
        let mut stream = station.connect().await;
        // All in one packet, and more behind it.
        stream
            .write_all(&[head.as_bytes(), &body, b"GET / HTTP/1.1\r\n\r\n"].concat())
            .await
            .unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/").count(), 1);
        assert_eq!(station.report("live").frames_total, 20 * (number as u64 + 1));
    }
}

#[tokio::test]
async fn nobody_without_the_password_learns_anything() {
    let heads = [
        format!("{PUT}\r\n{MPEG}\r\n"),
        format!("{PUT}\r\n{}\r\n", basic("dj", "wrong")),
        format!("{PUT}\r\n{}\r\n", basic("source", "s3cret")),
        format!("{PUT}\r\n{}\r\n", basic("dj", "")),
        format!("PUT /nothing HTTP/1.1\r\n{}\r\n", basic("dj", "s3cret")),
        format!("SOURCE /nothing HTTP/1.0\r\n{}\r\n", basic("dj", "s3cret")),
        // Its egress has the name, but no source may use it.
        format!("PUT /acme HTTP/1.1\r\n{}\r\n", basic("dj", "s3cret")),
    ];
    let mut answers: Vec<_> = Vec::new();
    let mut strangers = 0;
    // An address has five tries, and a station of its own begins anew.
    for heads in heads.chunks(4) {
        let station = station_with(10, PATIENCE);
        for head in heads {
            answers.push(station.ask(head).await);
        }
        strangers += station.metric("ingest_strangers_total");
        assert_eq!(station.metric("ingest_refused_total{ingest=\"live\"}"), 0);
    }
    check_answer(&answers[0], "401 Unauthorized", "You need to authenticate");
    assert!(answers[0].contains("\r\nWWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n"));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // Who gives no password is no stranger yet: libshout begins so each time.
    assert_eq!(strangers, heads.len() as u64 - 1);
}

#[tokio::test]
async fn what_names_no_mount_or_cannot_be_read_is_malformed() {
    let station = station();
    for head in [
        head("PUT / HTTP/1.1", ""),
        head("PUT /../live HTTP/1.1", ""),
        head("PUT /a%00b HTTP/1.1", ""),
        format!("{PUT}\r\nAuthorization: Basic !\r\n\r\n"),
        head(PUT, "icy-metaint: 0\r\n"),
    ] {
        check_answer(&station.ask(&head).await, "400 Bad Request", "Malformed source request");
    }
}

#[tokio::test]
async fn another_content_type_is_refused_by_name() {
    let station = station();
    let longest = format!("audio/{}", "a".repeat(QUOTED_LEN_MAX - 6));
    for (sent, named) in [
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("application/ogg", "application/ogg"),
        ("audio/aac", "audio/aac"),
        (&longest, &longest),
        (&format!("{longest}a"), "something else"),
        ("<script>", "something else"),
    ] {
        let head = head(PUT, &format!("Content-Type: {sent}\r\n"));
        let reason = format!("content type is {named}, the ingest takes audio/mpeg");
        let body = format!("Content-type not supported: {reason}");
        check_answer(&station.ask(&head).await, "403 Content-type not supported", &body);
        assert_eq!(station.report("live").last_refusal, Some(reason));
    }
    assert_eq!(station.metric("ingest_refused_total{ingest=\"live\"}"), 6);
}

#[tokio::test]
async fn a_put_whose_stream_is_refused_is_told_what_was_seen() {
    let station = station();
    for (bytes, reason) in [
        (
            &b"<html><body>Not found</body></html>"[..],
            "this is a web page or XML, no audio; check the source's address",
        ),
        (&aac(0..5).concat(), "encoding is not the ingest's: codec: wanted mp3, got aac"),
        (&vec![0; 99_999], "no MP3 or AAC frame in the first 65536 bytes"),
    ] {
        let mut stream = station.connect().await;
        stream.write_all(head(PUT, "Expect: 100-continue\r\n").as_bytes()).await.unwrap();
        expect(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
        stream.write_all(bytes).await.unwrap();
        let body = format!("Content-type not supported: {reason}");
        check_answer(&rest(&mut stream).await, "403 Content-type not supported", &body);
        assert_eq!(station.report("live").last_refusal.as_deref(), Some(reason));
    }
    assert_eq!(station.metric("ingest_refused_total{ingest=\"live\"}"), 3);
    // SOURCE has had its answer.
    let mut stream = station.connect().await;
    stream.write_all(head("SOURCE /live HTTP/1.0", "").as_bytes()).await.unwrap();
    expect(&mut stream, SOURCE_OK).await;
    stream.write_all(b"<html><body>Not found</body></html>").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(station.metric("ingest_refused_total{ingest=\"live\"}"), 4);
}

#[tokio::test]
async fn a_put_with_broken_chunks_is_told_so() {
    let station = station();
    let head = head(PUT, "Transfer-Encoding: chunked\r\n");
    let answer = station.ask(&format!("{head}zz\r\n")).await;
    let body = "Malformed source request: chunk size is not a hexadecimal number";
    check_answer(&answer, "400 Bad Request", body);
    assert_eq!(station.metric("ingest_refused_total{ingest=\"live\"}"), 1);
}

/// A source on the mount, with frames sent.
async fn on_air(station: &Station, address: Ipv4Addr) -> TcpStream {
    let before = station.report("live").frames_total;
    let mut stream = station.connect_from(address).await;
    stream.write_all(head(PUT, MPEG).as_bytes()).await.unwrap();
    stream.write_all(&mp3(0..10).concat()).await.unwrap();
    station.frames("live", before + 9).await;
    stream
}

#[tokio::test]
async fn another_source_is_refused_until_the_first_is_silent() {
    let station = station();
    let mut first = on_air(&station, Ipv4Addr::LOCALHOST).await;
    let other = Ipv4Addr::new(127, 0, 0, 2);
    let millisecond = Duration::from_millis(1);
    station.clock.advance(TAKE_OVER_AFTER.saturating_sub(millisecond));
    let mut second = station.connect_from(other).await;
    second.write_all(head(PUT, MPEG).as_bytes()).await.unwrap();
    check_answer(&rest(&mut second).await, "403 Mountpoint in use", "Mountpoint in use");
    let reason = "another source is on the mount";
    assert_eq!(station.report("live").last_refusal.as_deref(), Some(reason));
    station.clock.advance(millisecond);
    let _third = on_air(&station, other).await;
    assert_eq!(rest(&mut first).await, "");
    assert!(station.report("live").peer_address.unwrap().starts_with("127.0.0.2:"));
}

#[tokio::test]
async fn a_source_from_the_same_address_takes_its_place_and_the_socket_is_closed() {
    let station = station();
    let mut first = on_air(&station, Ipv4Addr::LOCALHOST).await;
    let mut second = on_air(&station, Ipv4Addr::LOCALHOST).await;
    assert_eq!(rest(&mut first).await, "");
    second.shutdown().await.unwrap();
    assert!(rest(&mut second).await.starts_with("HTTP/1.1 200 "));
    let items = all(&station.ingest.feed("live").unwrap()).await;
    assert_eq!(kinds(&items), "C 9 G C 10 G");
}

#[tokio::test]
async fn a_process_takes_so_many_sources() {
    let station = station_with(1, PATIENCE);
    let first = on_air(&station, Ipv4Addr::LOCALHOST).await;
    let aac = format!("SOURCE /aac HTTP/1.0\r\n{}\r\n", basic("source", "aac:pass"));
    let answer = station.ask(&aac).await;
    check_answer(&answer, "403 too many sources connected", "too many sources connected");
    assert_eq!(
        station.report("aac").last_refusal.as_deref(),
        Some("too many sources are connected")
    );
    drop(first);
    station.until("live", |report| report.peer_address.is_none()).await;
    check_taken(&station, "aac", &aac, SOURCE_OK).await;
}

#[tokio::test]
async fn nobody_is_taken_at_the_end_of_the_process() {
    let station = station();
    let mut stream = on_air(&station, Ipv4Addr::LOCALHOST).await;
    station.shutdown.trigger();
    assert_eq!(rest(&mut stream).await, "");
    let request = SourceRequest::from_head(&parsed(&head(PUT, MPEG))).unwrap();
    let refused = admit(&station.ingest.shared, &request, "192.0.2.1:1".parse().unwrap()).await;
    assert_eq!(refused.unwrap_err().refusal, Refusal::Unavailable);
}

fn parsed(text: &str) -> Head {
    match icy::head::parse(text.as_bytes()).unwrap() {
        icy::head::Parsed::Complete { head, .. } => head,
        icy::head::Parsed::Partial => panic!("half a head"),
    }
}

#[tokio::test]
async fn who_tries_passwords_is_heard_no_more_for_a_minute() {
    let station = station();
    let shared = &station.ingest.shared;
    let peer = "192.0.2.1:1".parse().unwrap();
    let request = |password| {
        let text = format!("{PUT}\r\n{}\r\n", basic("dj", password));
        SourceRequest::from_head(&parsed(&text)).unwrap()
    };
    let refusal =
        async |password| admit(shared, &request(password), peer).await.unwrap_err().refusal;
    for _ in 0..listen::TRIES_MAX {
        assert_eq!(refusal("wrong").await, Refusal::Unauthorized);
    }
    assert_eq!(refusal("s3cret").await, Refusal::TooManyTries);
    let login = Login::parse(b"s3cret").unwrap();
    assert!(log_in(shared, &login, peer).await.is_none());
    station.clock.advance(Duration::from_mins(1));
    assert!(log_in(shared, &login, peer).await.is_some());
    // Encoders ask without a password first; that is no try.
    let bare = SourceRequest::from_head(&parsed(&format!("{PUT}\r\n\r\n"))).unwrap();
    for _ in 0..9 {
        let refused = admit(shared, &bare, peer).await.unwrap_err();
        assert_eq!(refused.refusal, Refusal::Unauthorized);
    }
    // And libshout, before each connection, whether something answers.
    let probe = Login::parse(b"!POKE").unwrap();
    for _ in 0..9 {
        assert!(log_in(shared, &probe, peer).await.is_none());
    }
    assert!(log_in(shared, &login, peer).await.is_some());
}

#[tokio::test]
async fn shoutcasts_encoders_are_taken_on_both_ports() {
    let station = station();
    for address in station.addresses {
        for password in ["s3cret", "/live:s3cret", "dj:s3cret", "/live:dj:s3cret", "s3cret:#7"] {
            for end in ["\r\n", "\n", "\r\r\n"] {
                let before = station.report("live").frames_total;
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(format!("{password}{end}").as_bytes()).await.unwrap();
                expect(&mut stream, "OK2\r\nicy-caps:11\r\n\r\n").await;
                let headers = format!("icy-name:x{end}content-type:audio/mpeg{end}{end}");
                stream
                    .write_all(&[headers.as_bytes(), &mp3(0..3).concat()].concat())
                    .await
                    .unwrap();
                stream.write_all(&mp3(3..10).concat()).await.unwrap();
                stream.shutdown().await.unwrap();
                station.frames("live", before + 10).await;
                assert_eq!(rest(&mut stream).await, "");
            }
        }
    }
}

#[tokio::test]
async fn older_encoders_are_taken_too() {
    let station = station();
    let xaudiocast = "SOURCE s3cret /live\nx-audiocast-name: x\n\n";
    check_taken(&station, "live", xaudiocast, "OK\r\n\r\n").await;
    // A password with a colon of its own.
    let shoutcast = "aac:pass\r\nicy-name:x\r\ncontent-type:audio/aacp\r\n\r\n";
    check_taken(&station, "aac", shoutcast, "OK2\r\nicy-caps:11\r\n\r\n").await;
}

#[tokio::test]
async fn shoutcasts_encoders_are_told_that_the_password_is_wrong() {
    let station = station();
    for login in
        ["wrong", "/live:wrong", "/nothing:s3cret", "dj:wrong", "!POKE", "SOURCE wrong /live"]
    {
        assert_eq!(station.ask(&format!("{login}\n")).await, "invalid password\r\n", "{login}");
    }
    // A probe is no wrong password.
    assert_eq!(station.metric("ingest_strangers_total"), 5);
    let station = self::station();
    // One that is in use looks the same to them, but not to the operator.
    let _first = on_air(&station, Ipv4Addr::LOCALHOST).await;
    let mut second = station.connect_from(Ipv4Addr::new(127, 0, 0, 2)).await;
    second.write_all(b"s3cret\n").await.unwrap();
    assert_eq!(rest(&mut second).await, "invalid password\r\n");
    let reason = "another source is on the mount";
    assert_eq!(station.report("live").last_refusal.as_deref(), Some(reason));
}

#[tokio::test]
async fn a_handshake_that_comes_to_nothing_is_noted() {
    let station = station_with(10, Duration::from_secs(1));
    for (more, reason) in [
        ("icy-name:x\n".to_owned(), "no headers within the header time"),
        (
            "content-type:audio/ogg\n\n".to_owned(),
            "content type is audio/ogg, the ingest takes audio/mpeg",
        ),
        ("a:b\n".repeat(101), "headers of the encoder exceed 16384 bytes or 100 lines"),
    ] {
        let mut stream = station.connect().await;
        stream.write_all(b"s3cret\n").await.unwrap();
        expect(&mut stream, "OK2\r\nicy-caps:11\r\n\r\n").await;
        stream.write_all(more.as_bytes()).await.unwrap();
        assert_eq!(rest(&mut stream).await, "");
        station.until("live", |report| report.last_refusal.as_deref() == Some(reason)).await;
    }
    station.until("live", |report| report.peer_address.is_none()).await;
}

#[tokio::test]
async fn a_refusal_is_one_line_in_the_log_without_what_was_sent() {
    let log = Log::default();
    let _guard = log.collect();
    let login = basic("USER", "PASSWORD");
    for (head, line) in [
        (format!("PUT /live HTTP/1.1\r\n{login}\r\n"), "no right password"),
        (format!("PUT /MOUNT HTTP/1.1\r\n{login}\r\n"), "no right password"),
        ("PASSWORD\r\n".to_owned(), "no right password"),
        ("/MOUNT:PASSWORD\r\n".to_owned(), "no right password"),
        ("SOURCE PASSWORD /MOUNT\n".to_owned(), "no right password"),
        (head(PUT, "Content-Type: <NAME>\r\n"), "content type is something else"),
        (head(PUT, "ice-name: NAME\r\nUser-Agent: NAME\r\n") + "<html>NAME</html>", "a web page"),
        (head("PUT /MOUNT/../x HTTP/1.1", ""), "no mount"),
    ] {
        log.clear();
        station().ask(&head).await;
        let text = log.text();
        assert_eq!(text.matches("refused").count(), 1, "{text}");
        assert_eq!(text.matches(line).count(), 1, "{text}");
        for sent in ["PASSWORD", "USER", "MOUNT", "NAME", "s3cret", "dj"] {
            assert!(!text.contains(sent), "{text}");
        }
    }
}
