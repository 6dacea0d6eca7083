use feed::{PathEntry, PathItem};

use super::*;
use crate::server::Standing;
use crate::teller::Teller;
use crate::testing::{connected, gone, positions, unit};

fn entries() -> Vec<PathEntry> {
    let mut entries: Vec<_> = (11..15).map(unit).collect();
    entries.insert(0, connected(10));
    entries.extend([gone(15), connected(20), unit(21)]);
    entries
}

/// The body that a reader gets which has all up to `after`.
fn body(after: Option<u64>) -> Vec<u8> {
    let standing = Standing { next: 22, source: None };
    let mut teller = Teller::new(after, Some(10), &standing);
    teller.tell(entries(), &standing);
    teller.beat(&standing);
    teller.take().to_vec()
}

fn take(receiver: &mut Receiver<PathItem>) -> Vec<PathEntry> {
    let told = std::iter::from_fn(|| receiver.next_told().unwrap());
    let entry = |told| match told {
        Told::Item { position, item } => Some(PathEntry { position, item }),
        Told::Missed | Told::Beat => None,
    };
    told.filter_map(entry).collect()
}

#[test]
fn a_connection_that_is_cut_at_any_byte_costs_nothing_and_repeats_nothing() {
    let whole = body(None);
    for cut in 0..=whole.len() {
        let mut first = Receiver::new(None);
        first.push(&whole[..cut]);
        let mut taken = take(&mut first);
        let mut second = Receiver::new(first.last());
        second.push(&body(first.last()));
        taken.extend(take(&mut second));
        // What is told first of all is who is there, at a position of its own.
        assert_eq!(taken.remove(0), gone(9));
        assert_eq!(taken, entries(), "cut at {cut}");
    }
}

#[test]
fn any_chunking_gives_the_same() {
    let whole = body(None);
    for len in [1, 2, 3, 7, 100, 1_000] {
        let mut receiver = Receiver::<PathItem>::new(None);
        let mut taken = Vec::new();
        for chunk in whole.chunks(len) {
            receiver.push(chunk);
            taken.extend(take(&mut receiver));
        }
        assert_eq!(positions(&taken), [9, 10, 11, 12, 13, 14, 15, 20, 21], "{len} at a time");
    }
}

#[test]
fn what_was_there_before_ends_the_connection() {
    let mut receiver = Receiver::<PathItem>::new(Some(12));
    receiver.push(&body(Some(11)));
    assert_eq!(receiver.next_told(), Err(Fault::Order { position: 12, last: 12 }));
    assert_eq!(receiver.last(), Some(12));

    let mut receiver = Receiver::<PathItem>::new(Some(50));
    let mut out = Vec::new();
    Message::<PathItem>::Missed { up_to: 50 }.encode(&mut out).unwrap();
    receiver.push(&out);
    assert_eq!(receiver.next_told(), Err(Fault::Order { position: 50, last: 50 }));
}

#[test]
fn what_is_no_message_ends_the_connection_behind_the_last_one_that_is() {
    let mut whole = body(None);
    whole.extend(b"\0\x09\x99garbage!");
    let mut receiver = Receiver::<PathItem>::new(None);
    receiver.push(&whole);
    let mut count = 0;
    let fault = loop {
        match receiver.next_told() {
            Ok(told) => {
                assert!(told.is_some());
                count += 1;
            }
            Err(fault) => break fault,
        }
    };
    assert_eq!(count, 10);
    assert_eq!(fault, Fault::Wire(WireError::Kind(0x99)));
    assert_eq!(receiver.last(), Some(21));
}
