use std::net::Ipv4Addr;
use std::sync::Mutex;

use axum::extract::ConnectInfo;
use axum::http::Request;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use icy::shoutcast::Login;
use outbound::{Policy, Settings};
use prometheus_client::registry::Registry;
use runtime::clock::{ManualClock, Steady};
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::testing::{metric, router};
use crate::{Ingest, Limits, OtherPages, Passwords};

/// Says yes to the password `right`, no to `wrong` and hangs on all else.
struct BackEnd {
    address: SocketAddr,
    bodies: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl BackEnd {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (bodies, mut tasks) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
        let kept = Arc::clone(&bodies);
        tasks.spawn(async move {
            let mut hanging = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = body(&mut stream).await;
                kept.lock().unwrap().push(body.clone());
                if body.contains("pass=right") {
                    stream
                        .write_all(b"HTTP/1.0 200 x\r\nIcecast-Auth-User: 1\r\n\r\n")
                        .await
                        .unwrap();
                } else if body.contains("pass=wrong") {
                    stream.write_all(b"HTTP/1.0 200 x\r\n\r\n").await.unwrap();
                } else {
                    hanging.push(stream);
                }
            }
        });
        Self { address, bodies, _tasks: tasks }
    }

    fn bodies(&self) -> Vec<String> {
        std::mem::take(&mut self.bodies.lock().unwrap())
    }
}

async fn body(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            return body.to_owned();
        }
    }
}

/// Three push ingests: one without a password, one with a password and a back
/// end, one with a password alone.
fn ingest(back_end: &BackEnd, registry: &mut Registry) -> Ingest {
    let ask = format!("stream_auth = \"http://{}/\"", back_end.address);
    let push = [
        ("asked", format!("mount = \"asked\", shoutcast = true, {ask}")),
        ("both", format!("mount = \"live/both\", user = \"dj\", password = \"s3cret\", {ask}")),
        ("own", "mount = \"own\", password = \"s3cret\", shoutcast = true".to_owned()),
    ];
    let ingests = push.map(|(name, push)| {
        format!(
            "[[ingest]]\nname = \"{name}\"\npublisher = \"acme\"\nencoding = {{ codec = \"mp3\", \
             bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"stereo\" }}\n\
             push = {{ {push} }}\n"
        )
    });
    let text = format!("[[publisher]]\nname = \"acme\"\n{}", ingests.concat());
    let catalogue = catalogue::manifest::parse(&text, "test.toml", &|_| None).unwrap();
    let policy = Policy { allow_private: true };
    let client = Client::new(Settings { policy, ..Settings::default() });
    let host = "radio.example".to_owned();
    let second = std::time::Duration::from_secs(1);
    let limits = Limits { header_time: second, source_timeout: second, sources_max: 9 };
    let clock = Steady::new(Arc::new(ManualClock::default()));
    let stream_auth = Some(StreamAuth { client, host, port: 8000 });
    let passwords = Passwords { stream_auth, ..Passwords::default() };
    Ingest::new(
        Arc::new(catalogue),
        limits,
        (clock, Shutdown::default(), Pool::inline()),
        passwords,
        registry,
    )
}

const PEER: &str = "192.0.2.1:7";

async fn right_to(ingest: &Ingest, mount: &str, user: &str, password: &str) -> String {
    let credentials = Credentials { user: user.to_owned(), password: password.to_owned() };
    let purpose = Purpose::Audio;
    let claimant = Claimant { credentials: &credentials, peer: PEER.parse().unwrap(), purpose };
    told(&ingest.shared.right_to(mount, claimant).await)
}

async fn right_of(ingest: &Ingest, line: &str) -> String {
    let login = Login::parse(line.as_bytes()).unwrap();
    told(&ingest.shared.right_of(&login, PEER.parse().unwrap(), Purpose::Titles).await)
}

fn told(right: &Right) -> String {
    match right {
        Right::To(slot) => slot.name().to_owned(),
        Right::None => "none".to_owned(),
        Right::Unknown => "unknown".to_owned(),
    }
}

#[tokio::test]
async fn a_password_that_is_not_the_ingests_own_is_shown_to_its_back_end() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    assert_eq!(right_to(&ingest, "live/both", "dj", "s3cret").await, "both");
    assert_eq!(right_to(&ingest, "own", "source", "right").await, "none");
    assert_eq!(right_to(&ingest, "nowhere", "source", "right").await, "none");
    assert_eq!(back_end.bodies(), [""; 0], "nobody is asked");
    assert_eq!(right_to(&ingest, "live/both", "fred", "right").await, "both");
    assert_eq!(right_to(&ingest, "asked", "&x=", "wrong").await, "none");
    let server = "server=radio%2eexample&port=8000";
    let expected = [
        format!(
            "action=stream_auth&mount=%2flive%2fboth&ip=192%2e0%2e2%2e1&{server}&user=fred&pass=right"
        ),
        format!(
            "action=stream_auth&mount=%2fasked&ip=192%2e0%2e2%2e1&{server}&user=%26x%3d&pass=wrong"
        ),
    ];
    assert_eq!(back_end.bodies(), expected);
    assert_eq!(
        metric(&registry, "ingest_auth_asked_total{ingest=\"both\",outcome=\"Allowed\"}"),
        1
    );
    assert_eq!(
        metric(&registry, "ingest_auth_asked_total{ingest=\"asked\",outcome=\"Denied\"}"),
        1
    );
}

#[tokio::test]
async fn a_shoutcast_password_is_shown_to_the_back_end_of_its_mount_or_the_only_one() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    assert_eq!(right_of(&ingest, "s3cret").await, "own");
    assert_eq!(back_end.bodies(), [""; 0]);
    for (line, ingest_name, who) in [
        ("right", "asked", "mount=%2fasked&ip=192%2e0%2e2%2e1&U&user=source&pass=right&admin=1"),
        ("fred:right", "asked", "mount=%2fasked&ip=192%2e0%2e2%2e1&U&user=fred&pass=right&admin=1"),
        (
            "/live/both:wrong",
            "none",
            "mount=%2flive%2fboth&ip=192%2e0%2e2%2e1&U&user=dj&pass=wrong&admin=1",
        ),
    ] {
        assert_eq!(right_of(&ingest, line).await, ingest_name, "{line}");
        let who = who.replace('U', "server=radio%2eexample&port=8000");
        assert_eq!(back_end.bodies(), [format!("action=stream_auth&{who}")], "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_back_end_that_hangs_has_5_seconds_and_lets_nobody_in() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    let began = tokio::time::Instant::now();
    assert_eq!(right_to(&ingest, "asked", "source", "slow").await, "unknown");
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(
        metric(&registry, "ingest_auth_asked_total{ingest=\"asked\",outcome=\"Failed\"}"),
        1
    );
}

#[tokio::test]
async fn four_sources_of_an_ingest_are_asked_about_at_a_time() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    let mut waiting = JoinSet::new();
    for _ in 0..ASKED_MAX {
        let ingest = ingest.clone();
        waiting.spawn(async move { right_to(&ingest, "asked", "source", "slow").await });
    }
    let slot = ingest.shared.slots["asked"].clone();
    while slot.turns().available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(right_to(&ingest, "asked", "source", "right").await, "unknown");
    assert_eq!(metric(&registry, "ingest_auth_asked_total{ingest=\"asked\",outcome=\"Busy\"}"), 1);
    assert_eq!(right_to(&ingest, "live/both", "dj", "right").await, "both", "of another ingest");
    waiting.shutdown().await;
    assert_eq!(right_to(&ingest, "asked", "source", "right").await, "asked");
}

#[tokio::test]
async fn who_says_more_than_a_back_end_can_be_told_stays_out() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    assert_eq!(right_to(&ingest, "asked", &"&".repeat(2_000), "right").await, "none");
    assert_eq!(back_end.bodies(), [""; 0]);
}

/// What a title with these credentials is answered.
async fn set_title(ingest: &Ingest, user: &str, password: &str) -> u16 {
    let basic = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let peer: SocketAddr = PEER.parse().unwrap();
    let request = Request::get("/admin/metadata?mode=updinfo&mount=/asked&song=A")
        .header("authorization", format!("Basic {basic}"))
        .extension(ConnectInfo(peer))
        .body(axum::body::Body::empty());
    let others: OtherPages = Arc::new(|_| unreachable!("only titles are sent"));
    let mut routes = router(ingest, others);
    tower::Service::call(&mut routes, request.unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_a_back_end_calls_wrong_is_a_try() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    for _ in 0..listen::TRIES_MAX {
        assert_eq!(set_title(&ingest, "dj", "wrong").await, 401);
    }
    assert_eq!(set_title(&ingest, "dj", "right").await, 429);
    assert_eq!(back_end.bodies().len(), listen::TRIES_MAX);
}

#[tokio::test(start_paused = true)]
async fn what_a_back_end_does_not_answer_is_a_try_too() {
    let (back_end, mut registry) = (BackEnd::start().await, Registry::default());
    let ingest = ingest(&back_end, &mut registry);
    for _ in 0..listen::TRIES_MAX {
        assert_eq!(set_title(&ingest, "dj", "slow").await, 401);
    }
    assert_eq!(set_title(&ingest, "dj", "slow").await, 429);
}
