use super::*;
use crate::testing::{header, unit};

fn entry(position: u64, entry: &Entry) -> journal::Entry {
    journal::Entry { position, payload: entry.encode().unwrap().into() }
}

fn a_unit(number: u64) -> Entry {
    let arrival = WallTime::from_nanos(1_700_000_000_000_000_000 + number);
    Entry::Unit(PathUnit { header: header(), data: unit(1, number), arrival })
}

#[test]
fn every_entry_is_read_as_it_was_written() {
    let places = vec![PathPlace { ingest: "acme-a".into(), position: 77, before_end: 3 }];
    let resume = feed::Resume {
        next_number: media::MediaSequence(7),
        next_discontinuity: 1,
        not_before: WallTime::default(),
        title: None,
    };
    let snapshot = feed::Timeline::new(6, resume).snapshot().unwrap();
    let entries = [
        Entry::Resumed(41),
        Entry::Snapshot(Box::new(snapshot)),
        Entry::Begin(None),
        Entry::Begin(Some(AacProfile::HeV2)),
        Entry::Title(Arc::new(Title::new("A - B", "http://x"))),
        a_unit(5),
        Entry::End,
        Entry::Places(places),
    ];
    for entry in entries {
        assert_eq!(Entry::decode(entry.encode().unwrap().into()), Some(entry));
    }
}

#[test]
fn what_is_no_entry_is_none() {
    for bytes in [&b""[..], b"B", b"B\x09", b"S{}", b"P{", b"I", b"Ix", b"R-1", b"Z", b"\0"] {
        assert_eq!(Entry::decode(Bytes::from_static(bytes)), None, "{bytes:?}");
    }
}

#[test]
fn what_comes_before_a_hole_does_not_count() {
    let units = |range: std::ops::Range<u64>| range.map(|nth| entry(nth, &a_unit(nth)));
    let whole: Vec<_> = units(1..5).collect();
    assert_eq!(without_hole(whole).1.len(), 4);
    let with_hole: Vec<_> = units(1..5).chain(units(6..9)).collect();
    assert_eq!(without_hole(with_hole), (8, (6..9).map(a_unit).collect()));
    // Another process went on, as it says.
    let other = [entry(1 << 20, &Entry::Resumed(4)), entry((1 << 20) + 1, &a_unit(5))];
    let resumed: Vec<_> = units(1..5).chain(other.clone()).collect();
    assert_eq!(without_hole(resumed).1.len(), 6);
    // It did not read all that there had been.
    let resumed: Vec<_> = units(1..4).chain(other).collect();
    assert_eq!(without_hole(resumed).1.len(), 2);
    // What cannot be read is a hole as well.
    let unknown = journal::Entry { position: 5, payload: Bytes::from_static(b"?") };
    let with_unknown: Vec<_> = units(1..5).chain([unknown]).chain(units(6..8)).collect();
    assert_eq!(without_hole(with_unknown).1.len(), 2);
}
