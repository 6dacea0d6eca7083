use runtime::clock::ManualClock;
use store::{S3Settings, Stores};
use tokio::task::JoinSet;

use super::*;
use crate::testing::{Counted, Folder, node};

/// A bucket in a folder, and nodes that share it.
struct Bench {
    folder: Folder,
    store: Store,
    clock: Arc<ManualClock>,
    steady: Steady,
    counted: Counted,
    tasks: JoinSet<()>,
}

impl Bench {
    async fn new() -> Self {
        let folder = Folder::new();
        let url = format!("file:{}", folder.path().display()).parse().unwrap();
        let stores = Stores::open(&url, None, &S3Settings::default()).await.unwrap();
        let clock = Arc::new(ManualClock::default());
        let steady = Steady::new(Arc::clone(&clock) as Arc<_>);
        let (counted, tasks) = (Counted::default(), JoinSet::new());
        Self { folder, store: stores.private, clock, steady, counted, tasks }
    }

    fn tell(&mut self, node: Node) {
        let with = (self.steady.clone(), Shutdown::default());
        self.tasks.spawn(tell(self.store.clone(), node, with.0, with.1));
    }

    fn look_out(&mut self) -> Known {
        let lookout = Lookout::new(self.store.clone(), "ingest", self.counted.metrics.clone());
        let known = lookout.known();
        self.tasks.spawn(lookout.run(self.steady.clone(), Shutdown::default()));
        known
    }

    fn write(&self, name: &str, text: &str) {
        let nodes = self.folder.path().join("private/nodes");
        std::fs::create_dir_all(&nodes).unwrap();
        std::fs::write(nodes.join(name), text).unwrap();
    }

    fn record(&self, node: &Node) -> String {
        let written_unix_secs = self.steady.now().secs();
        serde_json::to_string(&Node { written_unix_secs, ..node.clone() }).unwrap()
    }
}

fn at(name: &str, port: u16) -> Node {
    node(name, ([192, 0, 2, 1], port).into())
}

/// Waits until these nodes are known and no others.
#[track_caller]
fn until_known(known: &Known, names: &'static [&str]) -> impl Future<Output = ()> {
    let mut known = known.clone();
    async move {
        loop {
            let now = known.now();
            if now.iter().map(|node| node.name.as_str()).eq(names.iter().copied()) {
                return;
            }
            let changed = tokio::time::timeout(Duration::from_secs(20), known.changed()).await;
            changed.unwrap_or_else(|_| panic!("known is {now:?}, not {names:?}"));
        }
    }
}

#[tokio::test]
async fn a_node_that_tells_of_itself_is_known_by_others() {
    let mut bench = Bench::new().await;
    let mut known = bench.look_out();
    bench.tell(at("fra-1", 8090));
    bench.tell(Node { roles: vec!["packager".to_owned()], ..at("fra-2", 8091) });
    until_known(&known, &["fra-1"]).await;
    let now = known.now();
    assert_eq!(now[0].address, "192.0.2.1:8090");
    assert_eq!(now[0].written_unix_secs, bench.steady.now().secs());
    // Started again, it is somewhere else.
    bench.tell(Node { process: "another".to_owned(), ..at("fra-1", 9090) });
    known.ask();
    while known.now()[0].address != "192.0.2.1:9090" {
        known.ask();
        let _ = tokio::time::timeout(Duration::from_millis(100), known.changed()).await;
    }
}

#[tokio::test]
async fn a_node_that_has_begun_anew_where_it_was_is_news() {
    let mut bench = Bench::new().await;
    bench.write("fra-1", &bench.record(&at("fra-1", 1)));
    let mut known = bench.look_out();
    until_known(&known, &["fra-1"]).await;
    known.now();
    let again = Node { process: "another".to_owned(), ..at("fra-1", 1) };
    bench.write("fra-1", &bench.record(&again));
    known.ask();
    let changed = tokio::time::timeout(Duration::from_secs(20), known.changed()).await;
    assert!(changed.expect("it is told"));
    assert_eq!(known.now()[0].process, "another");
}

#[tokio::test]
async fn what_is_no_valid_record_hides_no_other() {
    let mut bench = Bench::new().await;
    let good = bench.record(&at("good", 1));
    bench.write("good", &good);
    bench.write("not-its-name", &good);
    bench.write("no-json", "{");
    bench.write("empty", "");
    let long = at("long", 1);
    let region = "x".repeat(RECORD_LEN_MAX);
    bench.write("long", &bench.record(&Node { region, ..long }));
    bench.write("other-role", &bench.record(&Node { roles: Vec::new(), ..at("other-role", 1) }));
    let known = bench.look_out();
    until_known(&known, &["good"]).await;
    assert_eq!(bench.counted.get("link_nodes"), 1);
}

#[tokio::test]
async fn a_record_is_valid_for_a_day() {
    let mut bench = Bench::new().await;
    bench.write("old", &bench.record(&at("old", 1)));
    bench.clock.advance(Duration::from_secs(VALID_FOR.as_secs() - 1));
    bench.write("new", &bench.record(&at("new", 1)));
    let known = bench.look_out();
    until_known(&known, &["new", "old"]).await;
    bench.clock.advance(Duration::from_secs(1));
    known.ask();
    until_known(&known, &["new"]).await;
    let old = bench.folder.path().join("private/nodes/old");
    assert!(old.exists());
    // Who has been away for another day is forgotten.
    bench.clock.advance(VALID_FOR);
    while old.exists() {
        known.ask();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_bucket_that_is_away_changes_nothing_of_what_is_known() {
    let mut bench = Bench::new().await;
    bench.write("fra-1", &bench.record(&at("fra-1", 1)));
    let mut known = bench.look_out();
    until_known(&known, &["fra-1"]).await;
    assert_eq!(known.now().len(), 1);
    // As a folder is that is not mounted.
    let nodes = bench.folder.path().join("private/nodes");
    std::fs::remove_dir_all(&nodes).unwrap();
    std::fs::create_dir(&nodes).unwrap();
    known.ask();
    let changed = tokio::time::timeout(READ_SOON * 3, known.changed()).await;
    assert!(changed.is_err(), "{:?}", known.now());
    assert_eq!(known.now().len(), 1);
    // Until its record is not valid any more.
    bench.clock.advance(VALID_FOR);
    known.ask();
    until_known(&known, &[]).await;
}

#[tokio::test]
async fn so_many_nodes_are_known_and_no_more() {
    let mut bench = Bench::new().await;
    for number in 0..NODES_MAX {
        let name = format!("n{number:03}");
        bench.write(&name, &bench.record(&at(&name, 1)));
    }
    let mut known = bench.look_out();
    while known.now().len() < NODES_MAX {
        let changed = tokio::time::timeout(Duration::from_secs(20), known.changed()).await;
        assert!(changed.unwrap());
    }
    bench.write("one-more", &bench.record(&at("one-more", 1)));
    known.ask();
    let changed = tokio::time::timeout(READ_SOON * 3, known.changed()).await;
    assert!(changed.is_err(), "those known stay known");
}
