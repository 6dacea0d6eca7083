//! Two packagers on one bucket.

use super::*;
use crate::testing::Process;

/// An encoder by two ways, and a title now and then.
struct Air {
    first: Encoder,
    second: Encoder,
    sent: u64,
    /// Units by which the second way is behind.
    late: u64,
}

impl Air {
    fn new(bench: &Bench, late: u64) -> Self {
        let (first, second) = (Encoder::new(1, 0, &bench.clock), Encoder::new(1, 0, &bench.clock));
        Self { first, second, sent: 0, late }
    }

    async fn play(&mut self, units: u64) {
        for _ in 0..units {
            self.first.send(1);
            if self.sent >= self.late {
                self.second.send(1);
            }
            if self.sent % 90 == 40 {
                self.first.title(&format!("A - {}", self.sent));
            }
            self.sent += 1;
            tokio::time::sleep(UNIT).await;
        }
    }
}

async fn start(bench: &Bench, name: &str, air: &Air) -> Process {
    bench.start_beside(name, [&air.first.feed, &air.second.feed]).await
}

/// The bucket has all units once, and one epoch.
fn assert_whole(bench: &Bench) {
    let units = stored_units(bench);
    assert!(units.len() > 500, "{}", units.len());
    let wrong = units.iter().zip(0..).find(|(unit, number)| **unit != *number);
    assert_eq!(wrong, None, "{:?}", bench.segments());
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, 1, "one epoch: {:?}", bench.log());
}

#[tokio::test(start_paused = true)]
async fn a_second_packager_makes_the_same_segments() {
    let bench = Bench::new(&format!("dvr = \"10m\"\nhold_back = \"1s\"\n{SHORT}"));
    let mut air = Air::new(&bench, 20);
    air.play(1).await;
    let one = start(&bench, "one", &air).await;
    air.play(700).await;
    let two = start(&bench, "two", &air).await;
    air.play(500).await;
    one.settle().await;
    two.settle().await;
    let (first, second) = (one.programme.status(), two.programme.status());
    assert_eq!((first.epoch, first.closed), (second.epoch, second.closed));
    assert_whole(&bench);
    // What the one leaves undone the other has done.
    one.kill().await;
    air.play(500).await;
    two.settle().await;
    let text = bench.media().unwrap();
    assert!(!text.contains("DISCONTINUITY\n"), "{text}");
    assert_whole(&bench);
    assert!(stored_units(&bench).len() > 1_500);
    two.kill().await;
}
