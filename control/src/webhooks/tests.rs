use std::net::SocketAddr;

use catalogue::manifest;
use media::WallTime;
use outbound::{Policy, Settings};
use runtime::clock::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;

/// The longest that a test waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Webhooks at work, and what they do.
struct Bench {
    webhooks: Webhooks,
    parts: Parts,
    tasks: JoinSet<()>,
}

/// One that notes each request and answers it with the next status, or never.
struct Receiver {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    /// Answers with these statuses, the last again and again; 0 is no answer.
    async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut held = Vec::new();
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let status = statuses[number.min(statuses.len() - 1)];
                let request = read_request(&mut stream).await;
                if status == 0 {
                    held.push(stream);
                } else {
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { address, requests }
    }

    async fn next(&mut self) -> String {
        tokio::time::timeout(PATIENCE, self.requests.recv()).await.unwrap().unwrap()
    }

    /// The number that stands in the next request's event.
    async fn next_number(&mut self) -> usize {
        let request = self.next().await;
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let event: serde_json::Value = serde_json::from_str(body).unwrap();
        event["id"].as_str().unwrap().parse().unwrap()
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    while !request.ends_with('}') {
        let len = stream.read(&mut buffer).await.unwrap();
        assert!(len > 0, "{request}");
        request.push_str(std::str::from_utf8(&buffer[..len]).unwrap());
    }
    request
}

impl Bench {
    /// One egress with one webhook, that is told of `on_air` and `off_air`.
    fn new(address: SocketAddr, allow_private: bool) -> Self {
        let manifest = format!(
            r#"
            [[publisher]]
            name = "acme"
            title = "Acme"
            [[ingest]]
            name = "in"
            publisher = "acme"
            encoding = {{ codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }}
            push = {{ mount = "in", user = "source", password = "secret" }}
            [[egress]]
            name = "radio"
            publisher = "acme"
            ingests = ["in"]
            webhooks = [{{ url = "http://me:pass@{address}/hook?key=1", on = ["on_air", "off_air"], secret = "a key" }}]
            "#
        );
        let catalogue = manifest::parse(&manifest, "stations.toml", &|_| None).unwrap();
        let policy = Policy { allow_private };
        let parts = Parts {
            client: Client::new(Settings { policy, ..Settings::default() }),
            clock: Arc::new(SystemClock),
            shutdown: Shutdown::default(),
            metrics: Metrics::default(),
        };
        let mut tasks = JoinSet::new();
        let webhooks = Webhooks::start(&catalogue, &parts, &mut tasks);
        Self { webhooks, parts, tasks }
    }

    fn tell(&self, number: usize) {
        self.webhooks.tell(&event(WebhookEvent::OnAir, "radio", number));
    }

    /// How many were sent, failed and were dropped.
    fn counts(&self) -> (u64, u64, u64) {
        let counters = self.parts.metrics.of("radio");
        (counters.sent.get(), counters.failed.get(), counters.dropped.get())
    }

    /// Ends it, and waits until its tasks have ended.
    async fn stop(&mut self) {
        self.parts.shutdown.trigger();
        let end = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, end).await.unwrap();
    }
}

fn event(kind: WebhookEvent, egress: &str, number: usize) -> Event {
    Event {
        kind,
        egress: egress.into(),
        publisher: "acme".into(),
        ingest: None,
        at: WallTime::from_nanos(1_700_000_000_000_000_000),
        node: "fra-1".into(),
        detail: "audio comes from in".into(),
        id: number.to_string(),
    }
}

#[tokio::test]
async fn an_event_is_posted_as_signed_json() {
    let mut receiver = Receiver::start(&[204]).await;
    let mut bench = Bench::new(receiver.address, true);
    bench.tell(7);
    let request = receiver.next().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?key=1 HTTP/1.1\r\n"), "{head}");
    for line in ["Content-Type: application/json", "User-Agent: Skywave", "Authorization: Basic"] {
        assert!(head.lines().any(|one| one.starts_with(line)), "{line} in {head}");
    }
    assert_eq!(
        body,
        r#"{"event":"on_air","egress":"radio","publisher":"acme","ingest":null,"at":"2023-11-14T22:13:20.000000Z","node":"fra-1","detail":"audio comes from in","id":"7"}"#
    );
    let signature = head.lines().find_map(|line| line.split_once("X-Skywave-Signature: "));
    let (_, signature) = signature.unwrap();
    let unix_secs = signature[2..].split_once(',').unwrap().0.parse().unwrap();
    assert_eq!(signature, signature::sign(b"a key", unix_secs, body.as_bytes()));
    bench.stop().await;
    assert_eq!(bench.counts(), (1, 0, 0));
}

#[tokio::test]
async fn only_what_was_asked_for_is_told() {
    let mut receiver = Receiver::start(&[200]).await;
    let mut bench = Bench::new(receiver.address, true);
    bench.webhooks.tell(&event(WebhookEvent::PathDown, "radio", 1));
    bench.webhooks.tell(&event(WebhookEvent::OnAir, "other", 2));
    bench.webhooks.tell(&event(WebhookEvent::OffAir, "radio", 3));
    assert_eq!(receiver.next_number().await, 3);
    bench.stop().await;
    assert_eq!(bench.counts(), (1, 0, 0));
}

#[tokio::test]
async fn what_fails_is_tried_again_and_holds_up_what_follows() {
    let mut receiver = Receiver::start(&[503, 200]).await;
    let mut bench = Bench::new(receiver.address, true);
    for number in 1..=3 {
        bench.tell(number);
    }
    for expected in [1, 1, 2, 3] {
        assert_eq!(receiver.next_number().await, expected);
    }
    bench.stop().await;
    assert_eq!(bench.counts(), (3, 0, 0));
}

#[tokio::test]
async fn what_is_refused_is_given_up_and_the_next_is_told() {
    let mut receiver = Receiver::start(&[410, 301, 200]).await;
    let mut bench = Bench::new(receiver.address, true);
    for number in 1..=3 {
        bench.tell(number);
    }
    for expected in [1, 2, 3] {
        assert_eq!(receiver.next_number().await, expected);
    }
    bench.stop().await;
    assert_eq!(bench.counts(), (1, 2, 0));
}

#[tokio::test]
async fn a_receiver_that_hangs_costs_a_bounded_queue_and_a_moment_at_the_end() {
    let mut receiver = Receiver::start(&[0]).await;
    let mut bench = Bench::new(receiver.address, true);
    bench.tell(0);
    assert_eq!(receiver.next_number().await, 0);
    for number in 1..=QUEUE_LEN_MAX + 5 {
        bench.tell(number);
    }
    assert_eq!(bench.counts(), (0, 0, 5));
    // What is on its way and all that wait are given up after STOP_TIME.
    bench.stop().await;
    assert_eq!(bench.counts(), (0, 0, 5 + 1 + QUEUE_LEN_MAX as u64));
}

#[tokio::test]
async fn a_try_has_five_seconds() {
    let mut receiver = Receiver::start(&[0, 200]).await;
    let mut bench = Bench::new(receiver.address, true);
    bench.tell(1);
    assert_eq!(receiver.next_number().await, 1);
    // The first has no answer yet, and the receiver would never give one.
    assert_eq!(receiver.next_number().await, 1);
    bench.stop().await;
    assert_eq!(bench.counts(), (1, 0, 0));
}

#[tokio::test]
async fn what_waits_at_the_end_is_still_told() {
    let mut receiver = Receiver::start(&[200]).await;
    let mut bench = Bench::new(receiver.address, true);
    for number in 1..=5 {
        bench.tell(number);
    }
    bench.stop().await;
    assert_eq!(bench.counts(), (5, 0, 0));
    for expected in 1..=5 {
        assert_eq!(receiver.next_number().await, expected);
    }
}

#[tokio::test]
async fn a_private_address_is_not_connected_to() {
    let mut receiver = Receiver::start(&[200]).await;
    let mut bench = Bench::new(receiver.address, false);
    bench.tell(1);
    bench.stop().await;
    assert_eq!(bench.counts(), (0, 1, 0));
    assert!(receiver.requests.try_recv().is_err());
}
