use std::time::Duration;

use crate::testing::{Bench, Encoder, SHORT};

const SECOND: Duration = Duration::from_secs(1);

/// How many epochs there are when a process is killed, something happens, and
/// another one goes on with the same source `pause` later.
async fn epochs(pause: Duration, happens: impl FnOnce(&Bench)) -> usize {
    let bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(11 * SECOND).await;
    process.settle().await;
    process.kill().await;
    happens(&bench);
    tokio::time::sleep(pause).await;
    let process = bench.start(&[&encoder]).await;
    encoder.play(11 * SECOND).await;
    process.settle().await;
    process.kill().await;
    bench.log().iter().filter(|text| text.contains("epoch_began")).count()
}

fn journal(bench: &Bench) -> std::path::PathBuf {
    let folder = bench.data().join("journal/programmes/acme");
    folder.join(bench.egress.rendition_id().as_str())
}

#[tokio::test(start_paused = true)]
async fn a_programme_goes_on_within_a_window() {
    assert_eq!(epochs(2 * SECOND, |_| {}).await, 1);
    assert_eq!(epochs(17 * SECOND, |_| {}).await, 1);
    assert_eq!(epochs(19 * SECOND, |_| {}).await, 2, "the window of 18 s is over");
}

#[tokio::test(start_paused = true)]
async fn without_its_journal_a_programme_goes_on_with_what_the_bucket_has() {
    let removed = |bench: &Bench| std::fs::remove_dir_all(journal(bench)).unwrap();
    assert_eq!(epochs(SECOND, removed).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_has_lost_its_end_is_not_gone_on_with_behind_what_was_listed() {
    // As when the disk did not take it, and the note of numbers it did.
    let ahead = |bench: &Bench| {
        let note = bench.data().join("numbers/acme");
        let noted: u64 = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
        std::fs::write(note, (noted + 1).to_string()).unwrap();
    };
    assert_eq!(epochs(SECOND, ahead).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_journal_of_nonsense_is_no_harm() {
    let nonsense = |bench: &Bench| {
        for file in std::fs::read_dir(journal(bench)).unwrap() {
            let path = file.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.iter_mut().skip(40).step_by(97).for_each(|byte| *byte ^= 0x55);
            std::fs::write(path, bytes).unwrap();
        }
    };
    assert_eq!(epochs(SECOND, nonsense).await, 1, "as if there were none");
}

#[tokio::test(start_paused = true)]
async fn another_rendition_begins_an_epoch_of_its_own() {
    let mut bench = Bench::new(SHORT);
    let mut encoder = Encoder::new(1, 0, &bench.clock);
    let process = bench.start(&[&encoder]).await;
    encoder.play(11 * SECOND).await;
    process.settle().await;
    process.kill().await;
    let before = journal(&bench);
    bench.egress = crate::testing::egress("[egress.mount]\nsegment = \"4s\"\nwindow = \"36s\"\n");
    let process = bench.start(&[&encoder]).await;
    encoder.play(5 * SECOND).await;
    process.settle().await;
    process.kill().await;
    assert!(journal(&bench).is_dir() && !before.exists(), "the other one's journal is gone");
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, 2);
}
