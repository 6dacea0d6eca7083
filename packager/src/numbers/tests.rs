use super::*;
use crate::testing::Bench;

#[tokio::test]
async fn the_last_number_is_known_again() {
    let bench = Bench::new("");
    let numbers = Numbers::new(&bench.data(), "acme");
    assert_eq!(numbers.last().await, None);
    for number in [7, 8] {
        numbers.note(MediaSequence(number)).await.unwrap();
    }
    assert_eq!(Numbers::new(&bench.data(), "acme").last().await, Some(MediaSequence(8)));
    assert_eq!(Numbers::new(&bench.data(), "other").last().await, None);
}

#[tokio::test]
async fn a_note_takes_the_place_of_the_last_whatever_that_was() {
    let bench = Bench::new("");
    let numbers = Numbers::new(&bench.data(), "acme");
    let file = bench.data().join("numbers/acme");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    for before in ["7", "some text that is longer than any number is"] {
        fs::write(&file, before).unwrap();
        for number in [8, u64::MAX] {
            numbers.note(MediaSequence(number)).await.unwrap();
            assert_eq!(numbers.last().await, Some(MediaSequence(number)), "{before}");
        }
    }
}

#[tokio::test]
async fn a_note_that_cannot_be_read_is_none() {
    let bench = Bench::new("");
    let numbers = Numbers::new(&bench.data(), "acme");
    numbers.note(MediaSequence(7)).await.unwrap();
    fs::write(bench.data().join("numbers/acme"), "nonsense").unwrap();
    assert_eq!(numbers.last().await, None);
}

#[tokio::test]
async fn a_disk_that_takes_no_note_is_an_error() {
    let bench = Bench::new("");
    fs::create_dir_all(bench.data()).unwrap();
    fs::write(bench.data().join("numbers"), "a file where the folder should be").unwrap();
    assert!(Numbers::new(&bench.data(), "acme").note(MediaSequence(7)).await.is_err());
}

#[tokio::test]
async fn a_note_that_is_not_written_yet_holds_up_none_behind_it() {
    let bench = Bench::new("");
    let numbers = Numbers::new(&bench.data(), "acme");
    let hanging = Arc::clone(&numbers.turn).try_acquire_owned().unwrap();
    let refused = numbers.note(MediaSequence(7)).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ResourceBusy);
    drop(hanging);
    numbers.note(MediaSequence(8)).await.unwrap();
    assert_eq!(numbers.last().await, Some(MediaSequence(8)));
}

#[tokio::test]
async fn a_full_disk_is_an_error() {
    let bench = Bench::new("");
    let numbers = Numbers::new(&bench.data(), "acme");
    numbers.note(MediaSequence(7)).await.unwrap();
    let file = bench.data().join("numbers/acme");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    assert!(numbers.note(MediaSequence(8)).await.is_err());
}
