use feed::wire::Decoder;

use super::*;
use crate::testing::{source, unit};

const THERE: fn(u64) -> Standing = |next| Standing { next, source: Some(source()) };

/// What a reader is told, in short: `C4` a source before position 5, `5` a unit, `M4`
/// missed up to there, `H9` a heartbeat, `G4` no source.
fn told(teller: &mut Teller) -> String {
    let mut decoder = Decoder::new();
    decoder.push(&teller.take());
    let messages = std::iter::from_fn(|| decoder.next_message().unwrap());
    let words: Vec<_> = messages
        .map(|message| match message {
            Message::Item { position, item: PathItem::Connected(_) } => format!("C{position}"),
            Message::Item { position, item: PathItem::Gone } => format!("G{position}"),
            Message::Item { position, .. } => position.to_string(),
            Message::Missed { up_to } => format!("M{up_to}"),
            Message::Heartbeat { end } => format!("H{end}"),
        })
        .collect();
    words.join(" ")
}

#[track_caller]
fn check(after: Option<u64>, entries: &[u64], standing: &Standing, expected: &str) {
    let mut teller = Teller::new(after, entries.first().copied(), standing);
    teller.tell(entries.iter().map(|position| unit(*position)).collect(), standing);
    assert_eq!(told(&mut teller), expected, "after {after:?} of {entries:?}");
}

#[test]
fn who_has_nothing_is_told_who_is_there_first() {
    check(None, &[5, 6], &THERE(7), "C4 5 6");
    check(None, &[5, 6], &Standing { next: 7, source: None }, "G4 5 6");
    check(None, &[], &THERE(7), "C6");
    check(None, &[0, 1], &THERE(2), "0 1");
}

#[test]
fn who_has_some_is_told_the_rest() {
    for (after, expected) in [(4, "5 6 9"), (5, "6 9"), (6, "9"), (8, "9"), (9, "")] {
        check(Some(after), &[5, 6, 9], &THERE(10), expected);
    }
}

#[test]
fn what_is_not_remembered_any_more_is_missed() {
    check(Some(3), &[5, 6], &THERE(7), "M4 C4 5 6");
    check(Some(3), &[], &Standing { next: 1_000, source: None }, "M999 G999");
    check(Some(6), &[], &THERE(7), "");
}

#[test]
fn a_slow_reader_is_told_where_it_goes_on_and_with_whom() {
    let mut teller = Teller::new(Some(4), Some(5), &THERE(7));
    teller.tell(vec![unit(5)], &THERE(7));
    teller.handle_lag();
    teller.tell(vec![unit(90), unit(91)], &THERE(92));
    teller.beat(&THERE(92));
    assert_eq!(told(&mut teller), "5 M89 C89 90 91 H92");
}

#[test]
fn what_was_forgotten_of_that_which_the_reader_has_is_not_missed() {
    let mut teller = Teller::new(Some(50), Some(5), &THERE(60));
    teller.tell(vec![unit(5)], &THERE(60));
    teller.handle_lag();
    teller.tell(vec![unit(49), unit(50), unit(51)], &THERE(60));
    assert_eq!(told(&mut teller), "51");
}
