use super::*;
use crate::testing::Scratch;
use crate::{Limits, POSITION_STEP};

const LIMITS: Limits = Limits { bytes_max: 1 << 20, file_bytes_max: 128 << 10 };

const PATIENCE: Duration = Duration::from_secs(20);

fn open(scratch: &Scratch) -> (Journal, Vec<(u64, Vec<u8>)>) {
    let (journal, entries) = Journal::open(scratch.path(), LIMITS, 0).unwrap();
    let entries = entries.into_iter().map(|one| (one.position, one.payload.to_vec()));
    (journal, entries.collect())
}

#[tokio::test]
async fn what_is_given_is_there_for_the_next_process() {
    let scratch = Scratch::new();
    let desk = Desk::start().unwrap();
    let scribe = desk.scribe("acme", open(&scratch).0);
    let first = scribe.write(vec![b"a".to_vec(), b"b".to_vec()]);
    assert_eq!(first, POSITION_STEP);
    assert!(scribe.write_and_wait(vec![b"c".to_vec()], PATIENCE).await);
    assert_eq!(scribe.next_position(), first + 3);
    drop((scribe, desk));
    let wanted = [(first, b"a".to_vec()), (first + 1, b"b".to_vec()), (first + 2, b"c".to_vec())];
    assert_eq!(wait_for(&scratch).1, wanted);
}

#[tokio::test]
async fn what_there_was_no_room_for_leaves_a_hole() {
    let scratch = Scratch::new();
    let desk = Desk::start().unwrap();
    let scribe = desk.scribe("acme", open(&scratch).0);
    // The disk hangs.
    let open_journal = Arc::clone(&scribe.open);
    let held = open_journal.journal.lock().unwrap();
    let given: Vec<u64> =
        (0..BATCHES_WAITING_MAX + 10).map(|_| scribe.write(vec![b"x".to_vec()])).collect();
    drop(held);
    // Room comes, and then what is given is written in its place.
    while !scribe.write_and_wait(vec![b"last".to_vec()], PATIENCE).await {}
    let last = scribe.next_position() - 1;
    drop((scribe, desk, open_journal));
    let (_, entries) = wait_for(&scratch);
    assert_eq!(entries.last(), Some(&(last, b"last".to_vec())));
    assert!(entries.len() < given.len(), "some are missing");
    let places: Vec<u64> = entries.iter().map(|(position, _)| *position).collect();
    assert!(places.is_sorted() && places[0] == given[0]);
}

/// Opens the journal once the thread has let go of it.
fn wait_for(scratch: &Scratch) -> (Journal, Vec<(u64, Vec<u8>)>) {
    for _ in 0..2_000 {
        if let Ok((journal, entries)) = Journal::open(scratch.path(), LIMITS, 0) {
            let entries = entries.into_iter().map(|one| (one.position, one.payload.to_vec()));
            return (journal, entries.collect());
        }
        thread::yield_now();
        #[expect(clippy::disallowed_methods, reason = "another thread lets go of a lock")]
        thread::sleep(Duration::from_millis(5));
    }
    panic!("the journal is not let go of");
}
