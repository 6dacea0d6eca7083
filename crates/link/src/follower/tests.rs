use std::net::SocketAddr;

use feed::wire::Message;
use runtime::clock::SystemClock;
use runtime::tail::Reader;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::SILENCE_MAX;
use crate::server::PathFeeds as _;
use crate::testing::{Counted, FIRST, Station, connected, node, positions, secret, unit};

/// A process that follows ingest `in`.
struct Bench {
    nodes: watch::Sender<Arc<[Node]>>,
    known: Known,
    counted: Counted,
    followed: Followed,
    reader: Reader<PathEntry>,
    _tasks: JoinSet<()>,
}

impl Bench {
    fn follow(nodes: &[(&str, SocketAddr)]) -> Self {
        Self::follow_as(secret(), nodes)
    }

    fn follow_as(secret: Secret, nodes: &[(&str, SocketAddr)]) -> Self {
        let counted = Counted::default();
        let sender = watch::Sender::new(Arc::default());
        let known = Known::of(&sender);
        let links = Links::new(Parts {
            secret,
            nodes: known.clone(),
            clock: Steady::new(Arc::new(SystemClock)),
            shutdown: Shutdown::default(),
            metrics: counted.metrics.clone(),
        });
        let mut tasks = JoinSet::new();
        let followed = links.follow("in", &mut tasks);
        let reader = followed.feed.from_start();
        let bench = Self { nodes: sender, known, counted, followed, reader, _tasks: tasks };
        bench.know(nodes);
        bench
    }

    fn know(&self, nodes: &[(&str, SocketAddr)]) {
        let nodes = nodes.iter().map(|(name, address)| node(name, *address));
        self.nodes.send_replace(nodes.collect());
    }

    /// What has come, up to the item at a position.
    async fn until(&mut self, position: u64) -> Vec<PathEntry> {
        let mut taken: Vec<PathEntry> = Vec::new();
        let taking = async {
            while taken.last().is_none_or(|last| last.position != position) {
                taken.extend(self.reader.next_batch(1).await.unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(20), taking).await.unwrap_or_else(|_| {
            panic!("not up to {position} for 20 s");
        });
        taken
    }

    async fn until_counted(&self, name: &str, count: u64) {
        let looking = async {
            while self.counted.get(name) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looking).await.unwrap_or_else(|_| {
            panic!("{name} is not {count} for 20 s");
        });
    }
}

/// Forwards each connection's answer for so many bytes, the next one's for more.
async fn stingy(target: SocketAddr, bytes: Vec<u64>) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut allowed = bytes.into_iter();
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(target).await.unwrap();
            let (mut from_near, mut to_near) = near.into_split();
            let (from_far, mut to_far) = far.into_split();
            let asking = tokio::spawn(async move {
                let _ = tokio::io::copy(&mut from_near, &mut to_far).await;
            });
            let mut answer = from_far.take(allowed.next().unwrap_or(u64::MAX));
            let _ = tokio::io::copy(&mut answer, &mut to_near).await;
            asking.abort();
        }
    });
    (address, tasks)
}

/// A node that answers each connection with what the script says, and then is silent;
/// gives what it was asked.
async fn scripted(
    script: Vec<Vec<u8>>,
) -> (SocketAddr, Arc<std::sync::Mutex<Vec<String>>>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (mut tasks, telling) = (JoinSet::new(), Arc::clone(&asked));
    tasks.spawn(async move {
        let mut open = Vec::new();
        for answer in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            telling.lock().unwrap().push(String::from_utf8(head).unwrap());
            stream.write_all(&answer).await.unwrap();
            open.push(stream);
        }
        std::future::pending::<()>().await;
    });
    (address, asked, tasks)
}

fn answer(next: u64, messages: &[Message<PathItem>]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nSkywave-Next: {next}\r\nSkywave-Source: 1\r\n\r\n");
    let mut bytes = head.into_bytes();
    for message in messages {
        message.encode(&mut bytes).unwrap();
    }
    bytes
}

fn item(entry: PathEntry) -> Message<PathItem> {
    Message::Item { position: entry.position, item: entry.item }
}

#[tokio::test]
async fn a_feed_is_followed_at_its_positions() {
    let station = Station::start();
    station.feed.connect();
    station.feed.push(10);
    let mut bench = Bench::follow(&[("a", station.address)]);
    let taken = bench.until(110).await;
    assert_eq!(positions(&taken), (99..=110).collect::<Vec<_>>());
    assert_eq!(bench.followed.own_from.get(), Some(111), "what comes from now on is its own");
    station.feed.push(5);
    assert_eq!(positions(&bench.until(115).await), [111, 112, 113, 114, 115]);
    assert_eq!(bench.counted.get("link_connected{feed=\"paths/in\"}"), 1);
    assert_eq!(bench.counted.get("link_items_total{feed=\"paths/in\"}"), 17);
}

#[tokio::test]
async fn cut_again_and_again_it_goes_on_where_it_was() {
    let station = Station::start();
    station.feed.connect();
    station.feed.push(10);
    let (proxy, _tasks) = stingy(station.address, vec![50, 400, 401, 1_000, 2_222]).await;
    let mut bench = Bench::follow(&[("a", proxy)]);
    let taken = bench.until(110).await;
    station.feed.push(10);
    let rest = bench.until(120).await;
    let all: Vec<_> = positions(&taken).into_iter().chain(positions(&rest)).collect();
    assert_eq!(all, (99..=120).collect::<Vec<_>>());
    assert_eq!(taken[2..], (101..=110).map(unit).collect::<Vec<_>>());
    bench.until_counted("link_broken_total{feed=\"paths/in\",reason=\"Closed\"}", 2).await;
}

#[tokio::test]
async fn what_was_forgotten_meanwhile_is_known_to_be_missed() {
    let station = Station::start_with(crate::testing::Feed::new(5));
    station.feed.connect();
    let mut bench = Bench::follow(&[("a", station.address)]);
    bench.until(FIRST).await;
    station.feed.push(1);
    bench.until(101).await;
    bench.know(&[]);
    station.stop();
    bench.until_counted("link_broken_total{feed=\"paths/in\",reason=\"Closed\"}", 1).await;
    let station = Station::start_with(crate::testing::Feed::new(5));
    station.feed.connect();
    station.feed.push(30);
    bench.know(&[("a", station.address)]);
    // The source begins anew for the merge, which looks for its place.
    let taken = bench.until(130).await;
    assert_eq!(positions(&taken), [125, 126, 127, 128, 129, 130]);
    assert_eq!(taken[0], connected(125));
    assert_eq!(bench.counted.get("link_gaps_total{feed=\"paths/in\"}"), 1);
}

#[tokio::test]
async fn a_wrong_secret_gets_nothing() {
    let station = Station::start();
    station.feed.connect();
    let bench = Bench::follow_as(Secret::new("other").unwrap(), &[("a", station.address)]);
    bench.until_counted("link_broken_total{feed=\"paths/in\",reason=\"Failed\"}", 2).await;
    assert_eq!(bench.counted.get("link_connects_total{feed=\"paths/in\"}"), 0);
    assert!(station.counted.get("link_strangers_total") >= 2);
    assert_eq!(bench.reader.behind(), 0);
}

#[tokio::test]
async fn what_is_no_feed_ends_the_connection_and_what_was_right_counts() {
    let mut garbage = answer(9, &[item(connected(5)), item(unit(6))]);
    garbage.extend(b"\0\x09\x99garbage!");
    let backwards = answer(9, &[item(unit(7)), item(unit(7))]);
    let right = answer(9, &[item(unit(8))]);
    let not_http = b"ICY 200 OK\r\n\r\nxxxx".to_vec();
    let (address, asked, _tasks) = scripted(vec![garbage, backwards, not_http, right]).await;
    let mut bench = Bench::follow(&[("a", address)]);
    assert_eq!(positions(&bench.until(8).await), [5, 6, 7, 8]);
    assert_eq!(bench.counted.get("link_broken_total{feed=\"paths/in\",reason=\"Garbage\"}"), 2);
    assert_eq!(bench.counted.get("link_broken_total{feed=\"paths/in\",reason=\"Failed\"}"), 1);
    let asked = asked.lock().unwrap();
    let lines: Vec<_> = asked.iter().map(|head| head.lines().next().unwrap()).collect();
    let after = |position: u64| format!("GET /feeds/paths/in?after={position} HTTP/1.1");
    assert_eq!(lines[0], "GET /feeds/paths/in HTTP/1.1");
    assert_eq!(lines[1..], [after(6), after(7), after(7)]);
    assert!(asked[0].contains("Authorization: Bearer c1uster\r\n"), "{}", asked[0]);
}

#[tokio::test]
async fn a_connection_without_heartbeats_is_broken() {
    let first = answer(9, &[item(unit(6))]);
    let second = answer(9, &[item(unit(7))]);
    let (address, _, _tasks) = scripted(vec![first, second]).await;
    let mut bench = Bench::follow(&[("a", address)]);
    bench.until(6).await;
    let since = tokio::time::Instant::now();
    bench.until(7).await;
    // The clock of the test began a moment after the connection's.
    assert!(since.elapsed() + Duration::from_millis(100) >= SILENCE_MAX, "{:?}", since.elapsed());
    assert_eq!(bench.counted.get("link_broken_total{feed=\"paths/in\",reason=\"Silent\"}"), 1);
}

#[tokio::test]
async fn heartbeats_hold_a_connection() {
    let station = Station::start();
    let mut bench = Bench::follow(&[("a", station.address)]);
    bench.until(FIRST - 1).await;
    // A silence of as many heartbeats as bytes say.
    let name = "link_received_bytes_total{feed=\"paths/in\"}";
    let told = bench.counted.get(name);
    bench.until_counted(name, told + 5 * 11).await;
    assert_eq!(bench.counted.get("link_connects_total{feed=\"paths/in\"}"), 1);
}

#[tokio::test]
async fn a_feed_that_has_begun_anew_at_lower_positions_is_read_as_another_one() {
    let (first, second) = (Station::start(), Station::start());
    first.feed.go_to(1_000_000);
    first.feed.connect();
    first.feed.push(3);
    let mut bench = Bench::follow(&[("a", first.address)]);
    bench.until(1_000_003).await;
    first.stop();
    bench.know(&[("a", second.address)]);
    bench.until_counted("link_connects_total{feed=\"paths/in\"}", 2).await;
    second.feed.connect();
    second.feed.push(2);
    assert!(positions(&bench.until(102).await).ends_with(&[100, 101, 102]));
}

#[tokio::test]
async fn of_several_nodes_the_one_with_a_source_is_read() {
    let (first, second) = (Station::start(), Station::start());
    second.feed.go_to(50);
    second.feed.connect();
    second.feed.push(3);
    let mut bench = Bench::follow(&[("a", first.address), ("b", second.address)]);
    bench.until(53).await;
    // Its encoder goes over to the other node.
    second.feed.disconnect();
    first.feed.connect();
    first.feed.push(3);
    let taken = bench.until(103).await;
    assert!(positions(&taken).starts_with(&[54]), "{:?}", positions(&taken));
    // What came there before nothing was read here any more does not count: there is
    // a frame a second, and nothing was read for about that long.
    assert!(!positions(&taken).contains(&101), "{:?}", positions(&taken));
}

#[tokio::test]
async fn an_encoder_that_goes_over_again_and_again_is_found_soon_each_time() {
    let (first, second) = (Station::start(), Station::start());
    second.feed.go_to(1_000_000);
    let mut bench = Bench::follow(&[("a", first.address), ("b", second.address)]);
    for (from, to) in [(&second, &first), (&first, &second)].repeat(3) {
        from.feed.disconnect();
        to.feed.connect();
        let position = to.feed.standing("in").next - 1;
        let found = tokio::time::timeout(Duration::from_secs(3), bench.until(position)).await;
        found.unwrap_or_else(|_| panic!("{position} has not come for 3 s"));
    }
}

#[tokio::test]
async fn a_node_that_has_moved_is_looked_at_again_when_its_encoder_is_back() {
    let (first, second) = (Station::start(), Station::start());
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut bench = Bench::follow(&[("a", first.address), ("b", dead)]);
    // By then it is looked every four seconds, and then every eight.
    bench.until_counted("link_connects_total{feed=\"paths/in\"}", 4).await;
    bench.know(&[("a", first.address), ("b", second.address)]);
    bench.until_counted("link_connects_total{feed=\"paths/in\"}", 5).await;
    second.feed.connect();
    let found = tokio::time::timeout(Duration::from_secs(3), bench.until(FIRST)).await;
    found.expect("it is found soon");
}

#[tokio::test]
async fn a_node_that_comes_later_is_looked_at_where_none_has_the_source() {
    let (first, second) = (Station::start(), Station::start());
    let mut bench = Bench::follow(&[("a", first.address)]);
    bench.until_counted("link_connects_total{feed=\"paths/in\"}", 1).await;
    second.feed.go_to(50);
    second.feed.connect();
    bench.know(&[("a", first.address), ("b", second.address)]);
    bench.until(50).await;
}

#[tokio::test]
async fn all_that_another_node_has_counts_however_far_the_first_one_was_ahead() {
    let (first, second) = (Station::start(), Station::start());
    first.feed.go_to(1_000_000);
    let mut bench = Bench::follow(&[("a", first.address)]);
    bench.until_counted("link_connects_total{feed=\"paths/in\"}", 1).await;
    assert_eq!(bench.followed.own_from.get(), Some(1_000_000));
    second.feed.connect();
    bench.know(&[("a", first.address), ("b", second.address)]);
    let taken = bench.until(FIRST).await;
    let begins = positions(&taken).iter().position(|position| *position >= 1_000_000);
    let begins = begins.expect("a position from which on all counts");
    assert_eq!(taken[begins].item, PathItem::Gone);
    assert!(positions(&taken[..=begins]).iter().all(|position| *position >= 999_999), "{taken:?}");
    assert_eq!(taken.last(), Some(&connected(FIRST)));
}

#[tokio::test]
async fn a_node_that_is_not_reached_is_looked_for_where_none_other_has_the_source() {
    let station = Station::start();
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bench = Bench::follow(&[("a", dead), ("b", station.address)]);
    let asked = tokio::time::timeout(Duration::from_secs(20), bench.known.asked()).await;
    asked.expect("the records are read again");
    assert_eq!(bench.counted.get("link_broken_total{feed=\"paths/in\",reason=\"Failed\"}"), 0);
}

#[tokio::test]
async fn a_node_that_is_not_there_hides_no_other() {
    let station = Station::start();
    station.feed.connect();
    // Nobody listens there any more.
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut bench = Bench::follow(&[("a", dead), ("b", station.address)]);
    bench.until(FIRST).await;
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_given_up_in_its_time() {
    let station = Station::start();
    station.feed.connect();
    // The kernel takes the connection, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let bench = Bench::follow(&[("a", silent.local_addr().unwrap())]);
    let since = tokio::time::Instant::now();
    bench.until_counted("link_broken_total{feed=\"paths/in\",reason=\"Failed\"}", 1).await;
    assert!((OPEN_TIME..OPEN_TIME * 2).contains(&since.elapsed()), "{:?}", since.elapsed());
}
