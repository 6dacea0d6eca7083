use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use feed::PathItem;
use feed::wire::{Decoder, Message};
use http_body_util::BodyExt as _;
use listen::Guard;
use tower::ServiceExt as _;

use super::*;
use crate::NodeGuard;
use crate::testing::{Counted, FIRST, Feed, secret};

/// A server without a port.
struct Bench {
    feed: Arc<Feed>,
    counted: Counted,
    shutdown: Shutdown,
    router: Router,
}

impl Bench {
    fn new(items_max: usize) -> Self {
        let (feed, counted, shutdown) =
            (Feed::new(items_max), Counted::default(), Shutdown::default());
        let feeds = Arc::clone(&feed) as Arc<dyn PathFeeds>;
        let server = Server::new(feeds, shutdown.clone(), counted.metrics.clone());
        let guard: Arc<dyn Guard> = Arc::new(NodeGuard::new(secret(), counted.metrics.clone()));
        let router = server.routes().into_router(&guard);
        Self { feed, counted, shutdown, router }
    }

    async fn ask_as(&self, authorization: Option<&str>, target: &str) -> Response {
        let mut request = Request::get(target).body(Body::empty()).unwrap();
        let peer: SocketAddr = ([192, 0, 2, 1], 1).into();
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(authorization) = authorization {
            let value = authorization.parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn ask(&self, target: &str) -> Response {
        self.ask_as(Some("Bearer c1uster"), target).await
    }

    async fn read(&self, query: &str) -> Reading {
        let answer = self.ask(&format!("/feeds/paths/in{query}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Reading { body: answer.into_body(), decoder: Decoder::new() }
    }
}

/// A reader's side of a body.
struct Reading {
    body: Body,
    decoder: Decoder<PathItem>,
}

impl Reading {
    /// The messages of what is sent next, in short; `None` at the end.
    async fn next(&mut self) -> Option<Vec<String>> {
        let frame = self.body.frame().await?.unwrap();
        self.decoder.push(frame.data_ref().unwrap());
        let messages = std::iter::from_fn(|| self.decoder.next_message().unwrap());
        let word = |message| match message {
            Message::Item { position, item: PathItem::Unit(_) } => format!("{position}"),
            Message::Item { position, .. } => format!("state {position}"),
            Message::Missed { up_to } => format!("missed {up_to}"),
            Message::Heartbeat { end } => format!("beat {end}"),
        };
        Some(messages.map(word).collect())
    }
}

#[tokio::test]
async fn without_the_clusters_secret_there_is_one_line() {
    let bench = Bench::new(100);
    let wrong = [
        None,
        Some("Bearer "),
        Some("Bearer c1uste"),
        Some("Bearer c1uster1"),
        Some("bearer c1uster"),
        Some("c1uster"),
        Some("Basic c1uster"),
    ];
    for authorization in wrong {
        for target in ["/feeds/paths/in", "/feeds/paths/none", "/feeds/paths/in?after=x"] {
            let answer = bench.ask_as(authorization, target).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{authorization:?}");
            assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "not a node of this cluster\n");
        }
    }
    assert_eq!(bench.counted.get("link_strangers_total"), 21);
}

#[tokio::test]
async fn what_cannot_be_served_is_said_in_one_line() {
    let bench = Bench::new(100);
    bench.feed.push(3);
    for (target, status) in [
        ("/feeds/paths/none", 404),
        ("/feeds/paths/in?after=x", 400),
        ("/feeds/paths/in?after=-1", 400),
        ("/feeds/paths/in?before=1", 400),
        ("/feeds/paths/in?after=103", 409),
        ("/feeds/paths/in?after=18446744073709551615", 409),
    ] {
        let answer = bench.ask(target).await;
        assert_eq!(answer.status().as_u16(), status, "{target}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!((text.lines().count(), text.ends_with('\n')), (1, true), "{text}");
    }
}

#[tokio::test]
async fn the_head_tells_where_the_feed_stands() {
    let bench = Bench::new(100);
    let answer = bench.ask("/feeds/paths/in").await;
    assert_eq!(
        (&answer.headers()[NEXT_HEADER], &answer.headers()[SOURCE_HEADER]),
        (&"100".parse().unwrap(), &"0".parse().unwrap())
    );
    bench.feed.connect();
    bench.feed.push(4);
    let answer = bench.ask("/feeds/paths/in?after=102").await;
    assert_eq!(
        (&answer.headers()[NEXT_HEADER], &answer.headers()[SOURCE_HEADER]),
        (&"105".parse().unwrap(), &"1".parse().unwrap())
    );
}

#[tokio::test(start_paused = true)]
async fn a_feed_comes_from_the_position_on_and_then_as_it_goes() {
    let bench = Bench::new(100);
    bench.feed.connect();
    bench.feed.push(3);
    let mut reading = bench.read("?after=101").await;
    assert_eq!(reading.next().await.unwrap(), ["102", "103", "beat 104"]);
    bench.feed.push(2);
    assert_eq!(reading.next().await.unwrap(), ["104", "105"]);
    let mut all = bench.read("").await;
    assert_eq!(all.next().await.unwrap()[..3], ["state 99", "state 100", "101"]);
    assert_eq!(bench.counted.get("link_readers{feed=\"paths/in\"}"), 2);
    drop(reading);
    assert_eq!(bench.counted.get("link_readers{feed=\"paths/in\"}"), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_every_second() {
    let bench = Bench::new(100);
    let mut reading = bench.read("").await;
    reading.next().await.unwrap();
    for _ in 0..3 {
        let before = tokio::time::Instant::now();
        assert_eq!(reading.next().await.unwrap(), [format!("beat {FIRST}")]);
        assert_eq!(before.elapsed(), HEARTBEAT_EVERY);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_holds_nobody_and_is_told_what_it_missed() {
    let bench = Bench::new(100);
    bench.feed.connect();
    let mut slow = bench.read("").await;
    let mut quick = bench.read("").await;
    let mut last = String::new();
    for _ in 0..100 {
        // Nothing waits for the slow one.
        bench.feed.push(50);
        while last != (bench.feed.standing("in").next - 1).to_string() {
            let told = quick.next().await.unwrap();
            last = told.into_iter().rfind(|word| !word.starts_with("beat")).unwrap_or(last);
        }
    }
    assert_eq!(slow.next().await.unwrap(), ["state 99", "state 100", "beat 101"]);
    // 100 of the last ones are remembered.
    let told = slow.next().await.unwrap();
    assert_eq!(told[..3], ["missed 5000", "state 5000", "5001"]);
    assert_eq!(told.len(), 2 + BATCH_MAX, "so many are held at a time");
    assert_eq!(bench.counted.get("link_missed_items_total{feed=\"paths/in\"}"), 4_900);
}

#[tokio::test]
async fn the_end_of_the_process_ends_the_body() {
    let bench = Bench::new(100);
    let mut reading = bench.read("").await;
    reading.next().await.unwrap();
    bench.shutdown.trigger();
    assert_eq!(reading.next().await, None);
}

#[tokio::test]
async fn so_many_readers_are_served_and_no_more() {
    let bench = Bench::new(100);
    let mut readers = Vec::new();
    for _ in 0..READERS_MAX {
        readers.push(bench.read("").await);
    }
    let answer = bench.ask("/feeds/paths/in").await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
    readers.pop();
    bench.read("").await;
}
