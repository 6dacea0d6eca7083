//! Two packagers on one bucket.

use std::io::Write as _;

use super::*;
use crate::testing::{Process, UNIT};

/// Two packagers' own ways to one encoder: two paths each.
struct Air {
    ways: [[Encoder; 2]; 2],
    sent: u64,
    /// Units by which each packager's second path is behind.
    late: [u64; 2],
    /// Whether a packager has lost its ways.
    cut: [bool; 2],
}

impl Air {
    fn new(bench: &Bench, late: [u64; 2]) -> Self {
        let way = || Encoder::new(1, 0, &bench.clock);
        Self { ways: [[way(), way()], [way(), way()]], sent: 0, late, cut: [false; 2] }
    }

    async fn play(&mut self, units: u64) {
        for _ in 0..units {
            for ((ways, late), cut) in self.ways.iter_mut().zip(self.late).zip(self.cut) {
                if cut {
                    continue;
                }
                let [first, second] = ways;
                if self.sent % 90 == 40 {
                    first.title(&format!("A - {}", self.sent));
                }
                if self.sent % 90 == 45 {
                    second.title(&format!("A - {}", self.sent - 5));
                }
                first.send(1);
                if self.sent >= late {
                    second.send(1);
                }
            }
            self.sent += 1;
            tokio::time::sleep(UNIT).await;
        }
    }

    /// A packager loses its ways to the ingests; what comes meanwhile is lost on it.
    fn cut(&mut self, nth: usize) {
        self.cut[nth] = true;
        self.ways[nth].iter_mut().for_each(Encoder::leave);
    }

    /// It has them again.
    fn mend(&mut self, nth: usize) {
        self.cut[nth] = false;
        for (way, behind) in self.ways[nth].iter_mut().zip([0, self.late[nth]]) {
            way.sent = self.sent.saturating_sub(behind);
            way.connect();
        }
    }

    async fn start(&self, bench: &Bench, nth: usize) -> Process {
        let [first, second] = &self.ways[nth];
        bench.start_beside(["one", "two"][nth], [&first.feed, &second.feed]).await
    }
}

/// The bucket has all units from the first one on once, `epochs` epochs, and lists them.
fn assert_whole(bench: &Bench, least: u64, epochs: usize) {
    let units = stored_units(bench);
    assert!(units.len() as u64 > least, "{}", units.len());
    let wrong = units.iter().zip(0..).find(|(unit, number)| **unit != *number);
    assert_eq!(wrong, None, "{:?} {:#?}", bench.segments(), bench.log());
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, epochs, "{:?}", bench.log());
    let text = bench.media().unwrap();
    assert_eq!(text.contains("DISCONTINUITY\n"), epochs > 1, "{text}");
}

/// Ends all of it; the bucket has one whole epoch, and every playlist followed the one
/// before it.
async fn assert_one_whole(bench: &Bench, processes: [Option<Process>; 2], watcher: Watcher) {
    for process in processes.into_iter().flatten() {
        process.settle().await;
        process.kill().await;
    }
    watcher.end();
    assert_whole(bench, 4_000, 1);
}

fn bench() -> Bench {
    Bench::new(&format!("dvr = \"10m\"\nhold_back = \"1s\"\n{SHORT}"))
}

#[tokio::test(start_paused = true)]
async fn a_second_packager_makes_the_same_segments() {
    let bench = bench();
    let mut air = Air::new(&bench, [20, 3]);
    let one = air.start(&bench, 0).await;
    air.play(700).await;
    let two = air.start(&bench, 1).await;
    air.play(1_000).await;
    one.settle().await;
    two.settle().await;
    let (first, second) = (one.programme.status(), two.programme.status());
    assert_eq!((first.epoch, first.closed), (second.epoch, second.closed));
    assert_whole(&bench, 1_500, 1);
    // Each feed has the segments of the other, byte for byte.
    let (first, second) = (segments(&one).await, segments(&two).await);
    assert!(second.len() > 10, "{}", second.len());
    for (name, body) in second {
        assert_eq!(first.get(&name), Some(&body), "{name}");
    }
    // What the one leaves undone the other has done.
    one.kill().await;
    air.play(500).await;
    two.settle().await;
    assert_whole(&bench, 2_000, 1);
    two.kill().await;
}

/// The segments that a programme's readers make, by name.
async fn segments(process: &Process) -> BTreeMap<String, bytes::Bytes> {
    let mut cutter = feed::Cutter::new(2);
    let mut made = BTreeMap::new();
    let records = process.programme.feed.from_start().next_batch(100_000).await.unwrap();
    for view in records.iter().flat_map(|record| cutter.handle(record)) {
        if let feed::View::Segment(segment) = view {
            made.insert(segment.info.file_name(), segment.body);
        }
    }
    made
}

#[tokio::test(start_paused = true)]
async fn either_of_two_may_be_killed_at_any_time() {
    let bench = bench();
    let mut air = Air::new(&bench, [20, 0]);
    let mut processes = [None, None];
    let mut below = lots(0x5EED);
    let watcher = Watcher::new(&bench);
    for _ in 0..40 {
        // One of them is always there.
        let nth = usize::try_from(below(2)).unwrap();
        if processes[1 - nth].is_none() {
            processes[1 - nth] = Some(air.start(&bench, 1 - nth).await);
        }
        air.play(1 + below(200)).await;
        if let Some(process) = processes[nth].take() {
            Process::kill(process).await;
        } else {
            processes[nth] = Some(air.start(&bench, nth).await);
        }
        air.play(1 + below(200)).await;
    }
    assert_one_whole(&bench, processes, watcher).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_loses_its_ways_leaves_the_other_alone_and_comes_back() {
    let bench = bench();
    let mut air = Air::new(&bench, [20, 3]);
    let one = air.start(&bench, 0).await;
    air.play(700).await;
    let two = air.start(&bench, 1).await;
    air.play(500).await;
    let watcher = Watcher::new(&bench);
    for nth in [1, 0] {
        air.cut(nth);
        air.play(1_000).await;
        air.mend(nth);
        air.play(1_500).await;
    }
    one.settle().await;
    two.settle().await;
    let (first, second) = (one.programme.status(), two.programme.status());
    assert_eq!((first.epoch, first.closed), (second.epoch, second.closed));
    watcher.end();
    assert_whole(&bench, 6_000, 1);
    // The one that came back goes on alone.
    two.kill().await;
    air.play(500).await;
    one.settle().await;
    assert_whole(&bench, 6_500, 1);
    one.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_break_that_both_see_is_one() {
    let bench = bench();
    let mut air = Air::new(&bench, [20, 3]);
    let one = air.start(&bench, 0).await;
    air.play(700).await;
    let two = air.start(&bench, 1).await;
    air.play(500).await;
    air.cut(0);
    air.cut(1);
    air.play(100).await;
    air.mend(0);
    air.mend(1);
    air.play(1_500).await;
    one.settle().await;
    two.settle().await;
    let (first, second) = (one.programme.status(), two.programme.status());
    assert_eq!((first.epoch, first.closed), (second.epoch, second.closed));
    let units = stored_units(&bench);
    // At the seam there is a frame that primes the decoder.
    let units: Vec<u64> = units.into_iter().filter(|unit| *unit < 1 << 32).collect();
    let wrong: Vec<_> = units.windows(2).filter(|pair| pair[0] + 1 != pair[1]).collect();
    assert_eq!((wrong.len(), units.len() > 2_500), (1, true), "{wrong:?} {:#?}", bench.log());
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, 2, "{:?}", bench.log());
    one.kill().await;
    two.kill().await;
}

/// What happens to one of the two while the other one is well.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    Killed,
    Cut,
    CutAndKilled,
}

/// Tells the seed of a schedule that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "the seed is {}", self.0);
        }
    }
}

/// A station with two packagers of which one is well at any time.
async fn schedule(seed: u64) {
    let bench = bench();
    let mut below = lots(seed);
    let mut air = Air::new(&bench, [below(30), below(30)]);
    let mut processes = [Some(air.start(&bench, 0).await), None];
    air.play(100 + below(400)).await;
    processes[1] = Some(air.start(&bench, 1).await);
    air.play(600).await;
    let watcher = Watcher::new(&bench);
    let mut told = Vec::new();
    for _ in 0..6 {
        let nth = usize::try_from(below(2)).unwrap();
        let kinds = [Mishap::Killed, Mishap::Cut, Mishap::CutAndKilled];
        let mishap = kinds[usize::try_from(below(3)).unwrap()];
        told.push((nth, mishap));
        if !matches!(mishap, Mishap::Killed) {
            air.cut(nth);
            air.play(below(800)).await;
        }
        if !matches!(mishap, Mishap::Cut) {
            processes[nth].take().unwrap().kill().await;
            air.play(below(800)).await;
        }
        if !matches!(mishap, Mishap::Killed) {
            air.mend(nth);
        }
        if processes[nth].is_none() {
            processes[nth] = Some(air.start(&bench, nth).await);
        }
        // Until both are at one again.
        air.play(700 + below(100)).await;
        let epochs = processes.each_ref().map(|one| one.as_ref().unwrap().programme.status().epoch);
        assert_eq!(epochs[0], epochs[1], "{seed}: {told:?}");
    }
    assert_one_whole(&bench, processes, watcher).await;
}

#[tokio::test(start_paused = true)]
async fn one_of_two_that_is_well_is_enough() {
    // `cargo test --release -p packager pairs` plays a hundred.
    let seeds = if cfg!(debug_assertions) { 1..5 } else { 1..101 };
    for seed in seeds {
        let _told = Seed(seed);
        schedule(seed).await;
    }
}
