use std::time::Duration;

use feed::merge::STASH_UNITS_MAX;

use super::Places;
use crate::journal::PathPlace;
use crate::testing::{Bench, Encoder, SHORT, UNIT};

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

/// Two paths of one encoder, of which one repeats what it sent when it comes back, and
/// the other goes on with what is live.
async fn play_both([relay, live]: [&mut Encoder; 2], length: Duration) {
    for _ in 0..length.as_millis() / (UNIT * 10).as_millis() {
        relay.send(10);
        live.send(10);
        tokio::time::sleep(UNIT * 10).await;
    }
}

#[tokio::test(start_paused = true)]
async fn killed_again_before_all_paths_are_found_it_goes_on_with_what_they_left() {
    let bench = Bench::new(&format!("hold_back = \"3s\"\n{SHORT}"));
    let mut relay = Encoder::new(1, 0, &bench.clock);
    let mut live = Encoder::new(1, 0, &bench.clock);
    let mut process = bench.start_anew([&live, &relay]).await;
    play_both([&mut relay, &mut live], 11 * SECOND).await;
    for pause in [300, 1_100, 500, 100, 2_000] {
        process.kill().await;
        // The sources are away for 20 units.
        let [repeats, goes_on] = [relay.sent - 150, live.sent + 20];
        relay.leave();
        live.leave();
        process = bench.start_anew([&live, &relay]).await;
        live.connect();
        live.sent = goes_on;
        live.send(2);
        tokio::time::sleep(SECOND / 20).await;
        relay.connect();
        relay.sent = repeats;
        relay.send(goes_on + 2 - repeats);
        tokio::time::sleep(UNIT).await;
        play_both([&mut relay, &mut live], Duration::from_millis(pause)).await;
    }
    play_both([&mut relay, &mut live], 11 * SECOND).await;
    process.settle().await;
    process.kill().await;
    let began = bench.log().iter().filter(|text| text.contains("epoch_began")).count();
    assert_eq!(began, 1);
}

fn place(ingest: &str, position: u64) -> PathPlace {
    PathPlace { ingest: ingest.to_owned(), position, before_end: 0 }
}

#[test]
fn paths_are_taken_where_all_of_them_were_told_of() {
    let mut places = Places::default();
    places.note(&[place("a", 1), place("b", 2)], 100);
    // The next process was killed before it had found the other one again.
    places.note(&[place("b", 7)], 150);
    assert_eq!((places.told.len(), places.count), (2, 100));
    places.note(&[place("b", 8), place("a", 9)], 200);
    assert_eq!((places.told, places.count), (vec![place("b", 8), place("a", 9)], 200));
}

#[test]
fn a_path_that_has_been_away_for_long_is_not_waited_for() {
    let mut places = Places::default();
    places.note(&[place("a", 1), place("b", 2)], 100);
    places.note(&[place("b", 7)], 100 + STASH_UNITS_MAX as u64);
    assert_eq!(places.count, 100);
    places.note(&[place("b", 8)], 101 + STASH_UNITS_MAX as u64);
    assert_eq!(places.told, [place("b", 8)]);
}
