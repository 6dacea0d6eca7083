use media::{SegmentInfo, Title, WallTime};

use super::*;
use crate::testing::Maker;

fn title(id: &str, start: WallTime) -> TitleRange {
    TitleRange { id: id.into(), start, title: Title::new(id, "") }
}

fn filled(count: usize) -> (Maker, LivePlaylists<SegmentInfo>) {
    let mut maker = Maker::aac(10);
    let mut live = LivePlaylists::new(6, Duration::from_secs(30));
    for _ in 0..count {
        live.append(maker.whole()).unwrap();
    }
    (maker, live)
}

#[test]
fn nothing_is_published_before_three_segments() {
    let (_, live) = filled(2);
    assert_eq!((live.media(), live.multivariant("m".into())), (None, None));
    let (_, live) = filled(3);
    assert!(live.media().is_some() && live.multivariant("m".into()).is_some());
}

#[test]
fn a_hole_begins_the_window_anew() {
    let (mut maker, mut live) = filled(4);
    maker.whole();
    let removed = live.append(maker.whole()).unwrap();
    assert_eq!(removed.len(), 4);
    assert_eq!(live.window().media_sequence().0, 15);
}

#[test]
fn a_timeline_that_was_joined_begins_the_window_anew() {
    let (mut maker, mut live) = filled(4);
    let mut other = maker.whole();
    other.epoch = media::EpochId(77);
    assert!(live.append(other.clone()).is_err(), "it contradicts the one before it");
    assert_eq!(live.begin_anew(other.clone()).unwrap().len(), 4);
    assert_eq!(live.window().media_sequence(), other.number);
    assert!(live.begin_anew(other).is_err(), "its number is used");
    assert_eq!(live.window().len(), 1);
}

#[test]
fn titles_that_left_the_window_are_forgotten() {
    let (mut maker, mut live) = filled(0);
    for number in 0..50 {
        let segment = maker.whole();
        live.push_title(title(&number.to_string(), segment.wall_start));
        live.append(segment).unwrap();
    }
    assert_eq!(live.titles.len(), live.window().len());
}

#[test]
fn dr_3_the_running_title_stays_however_long_it_runs() {
    let (mut maker, mut live) = filled(0);
    let first = maker.whole();
    live.push_title(title("long", first.wall_start));
    live.append(first).unwrap();
    for _ in 0..50 {
        live.append(maker.whole()).unwrap();
    }
    assert!(live.media().unwrap().contains("ID=\"long\""));
}

#[test]
fn titles_without_segments_are_bounded() {
    let (_, mut live) = filled(0);
    for number in 0..10_000 {
        live.push_title(title(&number.to_string(), WallTime::from_nanos(number)));
    }
    assert_eq!(live.titles.len(), TITLES_KEPT_MAX);
}
