use std::net::SocketAddr;

use bytes::Bytes;
use feed::{Epoch, Unit};
use media::{Codec, EpochId, MediaSequence, StreamInfo, Timescale, WallTime};
use runtime::clock::SystemClock;
use runtime::shutdown::Shutdown;
use runtime::tail::Reader;
use tokio::sync::watch;

use super::super::Parts;
use super::*;
use crate::server::Programmes;
use crate::testing::{Counted, Feed, Station, node, secret};

/// A packager that makes programme `radio`.
struct Packager {
    station: Station,
    writer: Writer<Record>,
}

fn rendition() -> RenditionId {
    RenditionId::new("mp3", 128)
}

impl Packager {
    fn start(started_secs: u64) -> Self {
        let (writer, feed) = tail::tail(FEED_LIMITS, Record::weight);
        let started = WallTime::from_nanos(started_secs * 1_000_000_000);
        let mut programmes = Programmes::new(started);
        programmes.add("radio", &rendition(), feed);
        Self { station: Station::start_making(Feed::new(10), programmes), writer }
    }

    fn begin(&mut self) {
        let stream = StreamInfo {
            codec: Codec::Mp3,
            timescale: Timescale::new(48_000).unwrap(),
            channels: 2,
            samples_per_frame: 1152,
        };
        self.writer.push(Record::Epoch(Epoch {
            id: EpochId(7),
            stream,
            source: stream,
            profile: None,
            first_number: MediaSequence(1),
            discontinuity_sequence: 0,
        }));
    }

    fn make(&mut self, indices: std::ops::Range<u64>) {
        let unit = |index| Record::Unit(Unit { index, data: Bytes::from_static(b"frame") });
        self.writer.extend(indices.map(unit));
    }
}

/// An origin that follows it.
struct Bench {
    nodes: watch::Sender<Arc<[Node]>>,
    reader: Reader<Record>,
    counted: Counted,
    _tasks: JoinSet<()>,
}

impl Bench {
    fn follow(nodes: &[(&str, SocketAddr)]) -> Self {
        let (counted, known) = (Counted::default(), watch::Sender::new(Arc::default()));
        let links = Links::new(Parts {
            secret: secret(),
            nodes: Known::of(&known),
            clock: Steady::new(Arc::new(SystemClock)),
            shutdown: Shutdown::default(),
            metrics: counted.metrics.clone(),
        });
        let mut tasks = JoinSet::new();
        let feed = links.follow_programme("radio", &rendition(), 6, &mut tasks);
        let bench = Self { nodes: known, reader: feed.from_start(), counted, _tasks: tasks };
        bench.know(nodes);
        bench
    }

    fn know(&self, nodes: &[(&str, SocketAddr)]) {
        let nodes = nodes.iter().map(|(name, address)| node(name, *address));
        self.nodes.send_replace(nodes.collect());
    }

    /// The indices that have come, up to one.
    async fn until(&mut self, index: u64) -> Vec<u64> {
        let mut taken = Vec::new();
        let taking = async {
            while taken.last() != Some(&index) {
                for record in self.reader.next_batch(1).await.unwrap() {
                    if let Record::Unit(unit) = record {
                        taken.push(unit.index);
                    }
                }
            }
        };
        let taking = tokio::time::timeout(Duration::from_secs(20), taking).await;
        taking.unwrap_or_else(|_| panic!("not up to {index} for 20 s: {taken:?}"));
        taken
    }

    async fn until_connected(&self, count: u64) {
        let looking = async {
            while self.counted.get("link_connected{feed=\"programmes/radio/mp3-128\"}") != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), looking).await.expect("connections");
    }
}

#[tokio::test]
async fn two_packagers_are_one_programme_and_either_may_go() {
    let (mut first, mut second) = (Packager::start(1_000), Packager::start(2_000));
    let nodes = [("a", first.station.address), ("b", second.station.address)];
    let mut bench = Bench::follow(&nodes);
    bench.until_connected(2).await;
    for packager in [&mut first, &mut second] {
        packager.begin();
        packager.make(0..50);
    }
    assert_eq!(bench.until(49).await, (0..50).collect::<Vec<_>>());
    first.station.stop();
    second.make(50..100);
    assert_eq!(bench.until(99).await, (50..100).collect::<Vec<_>>());
    // Another process in its place, which has the epoch from its beginning.
    let mut first = Packager::start(3_000);
    first.begin();
    first.make(0..110);
    bench.know(&[("a", first.station.address), ("b", second.station.address)]);
    assert_eq!(bench.until(109).await, (100..110).collect::<Vec<_>>());
    second.station.stop();
    first.make(110..120);
    assert_eq!(bench.until(119).await, (110..120).collect::<Vec<_>>());
}

#[tokio::test]
async fn nodes_beyond_the_fourth_are_read_when_there_is_room() {
    let mut packagers: Vec<_> = (0..5).map(|number| Packager::start(1_000 + number)).collect();
    let addresses: Vec<_> = packagers.iter().map(|one| one.station.address).collect();
    let names = ["a", "b", "c", "d", "e"];
    let all: Vec<_> = names.into_iter().zip(addresses).collect();
    let mut bench = Bench::follow(&all);
    bench.until_connected(FEEDS_MAX as u64).await;
    // One is not known any more.
    bench.know(&all[1..]);
    let last = packagers.last_mut().unwrap();
    last.begin();
    last.make(0..5);
    assert_eq!(bench.until(4).await, [0, 1, 2, 3, 4]);
    assert_eq!(bench.counted.get("link_connects_total{feed=\"programmes/radio/mp3-128\"}"), 5);
}
