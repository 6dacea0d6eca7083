use media::Title;

use super::*;
use crate::testing::{Maker, NOON};

const HOUR: Duration = Duration::from_hours(1);

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// MP3 at 48 kHz, whose segments have six seconds to the sample.
fn maker(number: u64) -> Maker {
    Maker::new(Codec::Mp3, 48_000, number)
}

/// A shelf with so many whole segments of six seconds from `NOON` on.
fn shelf(maker: &mut Maker, segments: usize) -> Shelf {
    let mut shelf = Shelf::new(6, HOUR * 24);
    for _ in 0..segments {
        shelf.push(&maker.whole(), NOON);
    }
    shelf
}

fn span(from: u64, to: Option<u64>) -> Span {
    let at = |secs_after: u64| NOON.plus(secs(secs_after));
    Span { from: at(from), is_fixed: true, to: to.map(at) }
}

/// Numbers of the first and the last segment of what `span` selects.
#[track_caller]
fn check(shelf: &Shelf, span: &Span, now: u64, expected: Result<(u64, u64, Ending), Refusal>) {
    let range = shelf.select(span, NOON.plus(secs(now)));
    assert_eq!(range.map(|range| (range.first, range.last, range.ending)), expected);
}

#[test]
fn a_playlist_begins_with_the_segment_that_holds_the_moment() {
    let shelf = shelf(&mut maker(100), 100);
    for (from, first) in [(0, 100), (5, 100), (6, 101), (7, 101), (120, 120), (500, 183)] {
        check(&shelf, &span(from, None), 600, Ok((first, 199, Ending::Live)));
    }
    let before = Span { from: NOON.minus(HOUR), is_fixed: true, to: None };
    check(&shelf, &before, 600, Ok((100, 199, Ending::Live)));
}

#[test]
fn seq_9_a_playlist_without_an_end_lists_six_segments_at_least() {
    let shelf = shelf(&mut maker(100), 100);
    check(&shelf, &span(598, None), 600, Ok((194, 199, Ending::Live)));
    let mut maker = maker(0);
    let mut short = Shelf::new(6, HOUR);
    for _ in 0..30 {
        // A second each: six of them are less than three targets.
        short.push(&maker.frames(42), NOON);
    }
    let range = short.select(&span(29, None), NOON.plus(secs(30))).unwrap();
    let listed: Duration =
        short.cut(&range).segments.iter().map(|one| one.duration.to_std(one.timescale)).sum();
    assert!(listed >= secs(18) && listed < secs(20), "{listed:?}");
}

#[test]
fn a_playlist_with_an_end_lists_what_begins_before_it() {
    let shelf = shelf(&mut maker(100), 100);
    check(&shelf, &span(60, Some(120)), 600, Ok((110, 119, Ending::Ended)));
    check(&shelf, &span(60, Some(121)), 600, Ok((110, 120, Ending::Ended)));
    check(&shelf, &span(60, Some(61)), 600, Ok((110, 110, Ending::Ended)));
}

#[test]
fn an_end_that_is_ahead_comes_when_it_has_come() {
    let mut maker = maker(100);
    let mut shelf = shelf(&mut maker, 100);
    let span = span(60, Some(610));
    check(&shelf, &span, 600, Ok((110, 199, Ending::Live)));
    // The segment that holds it is under way.
    check(&shelf, &span, 611, Ok((110, 199, Ending::Live)));
    for _ in 0..2 {
        shelf.push(&maker.whole(), NOON);
    }
    check(&shelf, &span, 613, Ok((110, 201, Ending::Ended)));
}

#[test]
fn an_end_comes_though_the_station_is_off() {
    let shelf = shelf(&mut maker(100), 100);
    let span = span(60, Some(700));
    check(&shelf, &span, 717, Ok((110, 199, Ending::Live)));
    check(&shelf, &span, 718, Ok((110, 199, Ending::Ended)));
}

#[test]
fn of_a_time_without_sound_nothing_is_kept() {
    let mut maker = maker(100);
    let mut shelf = shelf(&mut maker, 10);
    maker.new_epoch(secs(100));
    for _ in 0..10 {
        shelf.push(&maker.whole(), NOON);
    }
    check(&shelf, &span(70, Some(100)), 300, Err(Refusal::Nothing));
    // What comes after it is where listening goes on.
    check(&shelf, &span(70, Some(170)), 300, Ok((110, 111, Ending::Ended)));
    check(&shelf, &span(70, None), 300, Ok((110, 119, Ending::Live)));
    assert_eq!(Shelf::new(6, HOUR).select(&span(0, None), NOON), Err(Refusal::OffAir));
}

#[test]
fn what_is_older_than_is_kept_is_not_listed() {
    let mut maker = maker(0);
    let mut shelf = Shelf::new(6, HOUR);
    for number in 0..700 {
        shelf.push(&maker.whole(), NOON.plus(secs(6 * number + 6)));
    }
    // At 4,200 s an hour is from second 600 on.
    check(&shelf, &span(0, None), 4_200, Ok((100, 699, Ending::Live)));
    assert_eq!(shelf.len(), 600);
    assert!(shelf.contains(MediaSequence(100), EpochId(0xE0)));
    assert!(!shelf.contains(MediaSequence(99), EpochId(0xE0)));
    assert!(!shelf.contains(MediaSequence(100), EpochId(0xE1)));
    // Time passes without a segment, too.
    check(&shelf, &span(0, Some(1_300)), 4_800, Ok((200, 216, Ending::Ended)));
    check(&shelf, &span(0, Some(1_200)), 4_800, Err(Refusal::Nothing));
}

#[test]
fn no_playlist_goes_across_missing_numbers() {
    let mut maker = maker(100);
    let mut shelf = shelf(&mut maker, 50);
    let _ = maker.whole();
    for number in 0..50 {
        let old = (100, 149, Ending::Live);
        // Until there are six the old ones stay up.
        if number < 6 {
            check(&shelf, &span(0, None), 320, Ok(old));
        }
        shelf.push(&maker.whole(), NOON);
    }
    check(&shelf, &span(0, None), 606, Ok((151, 200, Ending::Live)));
    check(&shelf, &span(0, Some(600)), 606, Ok((151, 199, Ending::Ended)));
    check(&shelf, &span(0, Some(303)), 606, Ok((100, 149, Ending::Ended)));
}

#[test]
fn a_playlist_lists_a_day_of_segments_at_most() {
    let mut maker = maker(0);
    let mut shelf = Shelf::new(6, HOUR * 48);
    let max = u64::try_from(SEGMENTS_MAX).unwrap();
    for _ in 0..SEGMENTS_MAX {
        shelf.push(&maker.whole(), NOON);
    }
    check(&shelf, &span(0, None), 6 * max, Ok((0, max - 1, Ending::Live)));
    check(&shelf, &span(0, Some(6 * max)), 6 * max, Ok((0, max - 1, Ending::Ended)));
    shelf.push(&maker.whole(), NOON);
    check(&shelf, &span(0, None), 6 * max, Ok((1, max, Ending::Live)));
    check(&shelf, &span(0, Some(6 * max + 6)), 6 * max + 6, Ok((1, max, Ending::Ended)));
}

#[test]
fn listening_starts_at_the_moment() {
    let shelf = shelf(&mut maker(100), 100);
    let start = |span: &Span| shelf.select(span, NOON.plus(secs(600))).unwrap().start;
    assert_eq!(start(&span(62, None)), Some(secs(2)));
    assert_eq!(start(&span(62, Some(100))), Some(secs(2)));
    // What slides with time starts with its first segment.
    assert_eq!(start(&Span { is_fixed: false, ..span(62, None) }), Some(secs(0)));
    // Not within three targets of a live end (RFC 8216 §4.3.5.2).
    assert_eq!(start(&span(581, None)), Some(secs(17)));
    assert_eq!(start(&span(582, None)), None);
}

#[test]
fn what_was_before_is_put_in_front() {
    let mut maker = maker(100);
    let infos: Vec<_> = (0..50).map(|_| maker.whole()).collect();
    let mut shelf = Shelf::new(6, HOUR);
    for info in &infos[20..] {
        shelf.push(info, NOON);
    }
    shelf.push_title(title("live", 130));
    let older = vec![title("old", 10), title("live", 130)];
    shelf.put_before(&infos[..30], older);
    let range = shelf.select(&span(0, None), NOON.plus(secs(300))).unwrap();
    let cut = shelf.cut(&range);
    let numbers: Vec<_> = cut.segments.iter().map(|info| info.number.0).collect();
    assert_eq!(numbers, (100..150).collect::<Vec<_>>());
    let ids: Vec<_> = cut.titles.iter().map(|title| title.id.as_str()).collect();
    assert_eq!(ids, ["old", "live"]);
}

fn title(id: &str, after: u64) -> TitleRange {
    let start = NOON.plus(secs(after));
    TitleRange { id: id.into(), start, title: Title::new(format!("A - {id}"), "") }
}

#[test]
fn the_titles_of_a_playlist_are_those_on_air_in_it() {
    let mut shelf = shelf(&mut maker(100), 100);
    for after in [0, 100, 100, 200, 300] {
        shelf.push_title(title(&after.to_string(), after));
    }
    let ids = |from, to| -> Vec<String> {
        let range = shelf.select(&span(from, to), NOON.plus(secs(600))).unwrap();
        shelf.cut(&range).titles.iter().map(|title| title.id.clone()).collect()
    };
    assert_eq!(ids(0, None), ["0", "100", "200", "300"]);
    assert_eq!(ids(150, Some(198)), ["100"]);
    assert_eq!(ids(150, Some(199)), ["100", "200"]);
    assert_eq!(ids(400, None), ["300"]);
}

#[test]
fn titles_listed_and_titles_remembered_are_limited() {
    let mut shelf = Shelf::new(6, HOUR * 24);
    let mut maker = maker(0);
    for _ in 0..2_000 {
        shelf.push(&maker.whole(), NOON);
    }
    for nth in 0..=u64::try_from(TITLES_KEPT_MAX).unwrap() {
        shelf.push_title(title(&nth.to_string(), nth));
    }
    assert_eq!(shelf.titles.len(), TITLES_KEPT_MAX);
    let listed = |to| {
        let range = shelf.select(&span(0, Some(to)), NOON.plus(secs(12_000))).unwrap();
        shelf.cut(&range).titles
    };
    // From the second title on, as the first is forgotten.
    assert_eq!(listed(1_998).len(), 1_997);
    assert_eq!(listed(6_000).len(), TITLES_MAX);
    assert_eq!(listed(6_000).last().unwrap().id, "5999", "the newest stay");
}

#[test]
fn segments_remembered_are_limited() {
    let mut maker = maker(0);
    let mut shelf = Shelf::new(6, HOUR * 24 * 365);
    for _ in 0..SEGMENTS_KEPT_MAX {
        shelf.push(&maker.whole(), NOON);
    }
    assert!(shelf.contains(MediaSequence(0), EpochId(0xE0)));
    shelf.push(&maker.whole(), NOON);
    assert_eq!(shelf.len(), SEGMENTS_KEPT_MAX);
    assert!(!shelf.contains(MediaSequence(0), EpochId(0xE0)));
}

#[test]
fn an_index_of_a_week_has_at_most_50_bytes_a_segment() {
    assert_eq!(size_of::<Entry>(), 24);
    let mut maker = maker(0);
    let mut shelf = Shelf::new(6, HOUR * 24 * 7);
    let week = 7 * 24 * 600;
    for _ in 0..week {
        shelf.push(&maker.whole(), NOON);
    }
    assert_eq!(shelf.len(), week);
    assert!(shelf.entries.capacity() * size_of::<Entry>() <= 50 * week);
}
