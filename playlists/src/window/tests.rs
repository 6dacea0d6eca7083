use media::{Codec, EpochId, MediaDuration, MediaTime, Timescale};

use super::*;
use crate::testing::{Maker, NOON};

fn numbers(window: &LiveWindow<SegmentInfo>) -> Vec<u64> {
    window.segments().map(|segment| segment.number.0).collect()
}

/// Appends `segment` to a window of four AAC segments, the last of which is
/// number 13, and states that it is refused for `fault` and changes nothing.
#[track_caller]
fn check_fault(change: impl FnOnce(&mut SegmentInfo), fault: TimelineFault) {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(4);
    let mut segment = maker.whole();
    change(&mut segment);
    let number = segment.number;
    assert_eq!(window.append(segment), Err(Error::Timeline { number, fault }));
    assert_eq!(numbers(&window), [10, 11, 12, 13]);
    assert!(window.append(Maker::after(&window).whole()).is_ok());
}

/// Appends a segment of `ticks` at `hz` to an empty window with a target of 6 s.
fn append_of(ticks: u64, hz: u32) -> Result<Vec<Removed<SegmentInfo>>, Error> {
    let mut segment = Maker::aac(1).whole();
    segment.duration = MediaDuration::from_ticks(ticks);
    segment.timescale = Timescale::new(hz).unwrap();
    LiveWindow::new(6, Duration::ZERO).append(segment)
}

#[test]
fn seq_1_a_hole_in_the_numbers_is_refused() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(1);
    maker.whole();
    let refused = Error::OutOfOrder { last: MediaSequence(10), got: MediaSequence(12) };
    assert_eq!(window.append(maker.whole()), Err(refused));
    assert_eq!(numbers(&window), [10]);
}

#[test]
fn seq_1_a_number_is_not_used_twice() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(2);
    let again = window.last().unwrap().clone();
    let refused = Error::OutOfOrder { last: MediaSequence(11), got: MediaSequence(11) };
    assert_eq!(window.append(again.clone()), Err(refused));
    assert_eq!(window.skip_to(again), Err(refused));
}

#[test]
fn a_window_is_past_its_newest_number_and_those_before() {
    let mut maker = Maker::aac(10);
    assert!(!maker.window(0).is_past(MediaSequence(9)), "nothing is listed");
    let window = maker.window(2);
    let newest = window.last().unwrap().number;
    assert!(window.is_past(newest) && window.is_past(MediaSequence(newest.0 - 1)));
    assert!(!window.is_past(MediaSequence(newest.0 + 1)));
}

#[test]
fn seq_1_nothing_follows_the_highest_number() {
    let mut maker = Maker::aac(u64::MAX);
    let mut window = maker.window(0);
    let last = maker.next.clone();
    let last = SegmentInfo { duration: MediaDuration::from_ticks(1024), ..last };
    window.append(last.clone()).unwrap();
    let next = SegmentInfo { number: MediaSequence(0), ..last };
    assert!(matches!(window.append(next), Err(Error::OutOfOrder { .. })));
}

#[test]
fn seq_2_segments_leave_from_the_front_in_order() {
    let mut maker = Maker::new(Codec::Mp3, 48_000, 0);
    let mut window = maker.window(0);
    let mut left = Vec::new();
    for _ in 0..30 {
        let removed = window.append(maker.whole()).unwrap();
        left.extend(removed.iter().map(|removed| removed.segment.number.0));
    }
    assert_eq!(left, (0..20).collect::<Vec<_>>());
    assert_eq!(numbers(&window), (20..30).collect::<Vec<_>>());
    assert_eq!(window.media_sequence(), MediaSequence(20));
}

#[test]
fn seq_4_a_discontinuity_counts_when_its_tag_has_left() {
    let mut maker = Maker::new(Codec::Mp3, 48_000, 0);
    let mut window = maker.window(2);
    maker.new_epoch(Duration::ZERO);
    let mut seen = Vec::new();
    while window.first().is_some_and(|first| first.number.0 < 4) {
        window.append(maker.whole()).unwrap();
        seen.push((window.media_sequence().0, window.discontinuity_sequence()));
    }
    seen.dedup();
    // Number 2 bears the tag: listed as the first, it does not count yet.
    assert_eq!(seen, [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1)]);
}

#[test]
fn seq_4_the_discontinuity_sequence_neither_goes_back_nor_jumps() {
    let wrong = |got| TimelineFault::DiscontinuitySequence { last: 0, got };
    check_fault(|segment| segment.discontinuity_sequence = 1, wrong(1));
    let new_epoch = |segment: &mut SegmentInfo, sequence| {
        segment.epoch = EpochId(7);
        segment.discontinuity = true;
        segment.discontinuity_sequence = sequence;
    };
    check_fault(|segment| new_epoch(segment, 0), wrong(0));
    check_fault(|segment| new_epoch(segment, 2), wrong(2));
}

#[test]
fn seq_5_a_discontinuity_goes_with_a_new_epoch_and_nothing_else() {
    check_fault(|segment| segment.epoch = EpochId(7), TimelineFault::DiscontinuityTag);
    check_fault(|segment| segment.discontinuity = true, TimelineFault::DiscontinuityTag);
}

#[test]
fn seq_5_a_missing_frame_within_an_epoch_is_refused() {
    let later = |segment: &mut SegmentInfo| {
        segment.start = MediaTime::from_ticks(segment.start.ticks() + 1024);
    };
    check_fault(later, TimelineFault::NotContiguous);
    let rate = |segment: &mut SegmentInfo| {
        segment.duration = MediaDuration::from_ticks(1024);
        segment.timescale = Timescale::new(44_100).unwrap();
    };
    check_fault(rate, TimelineFault::NotContiguous);
}

#[test]
fn seq_5_another_codec_is_refused() {
    check_fault(|segment| segment.codec = Codec::Mp3, TimelineFault::Codec);
}

#[test]
fn pdt_3_dates_overlap_by_less_than_a_second() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(4);
    let end = window.last().unwrap().wall_end();
    let mut segment = maker.whole();
    segment.wall_start = end.minus(OVERLAP_LIMIT);
    let refused = Error::Timeline { number: segment.number, fault: TimelineFault::Overlap };
    assert_eq!(window.append(segment.clone()), Err(refused));
    segment.wall_start = end.minus(Duration::from_nanos(999_999_999));
    assert!(window.append(segment).is_ok());
}

#[test]
fn pdt_3_dates_do_not_go_back_behind_a_short_segment() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(0);
    window.append(maker.frames(1)).unwrap();
    let mut segment = maker.whole();
    segment.wall_start = NOON.minus(Duration::from_nanos(1));
    let refused = Error::Timeline { number: MediaSequence(11), fault: TimelineFault::Overlap };
    assert_eq!(window.append(segment), Err(refused));
}

#[test]
fn td_1_a_segment_fits_when_it_rounds_to_the_target() {
    assert!(append_of(6_499_999, 1_000_000).is_ok());
    let refused = Error::TooLong {
        number: MediaSequence(1),
        got: Duration::from_millis(6_500),
        target_secs: 6,
    };
    assert_eq!(append_of(6_500_000, 1_000_000), Err(refused));
}

#[test]
fn td_1_what_is_rounded_is_what_stands_in_the_text() {
    // 6.4999996 s are written as 6.500000.
    assert!(matches!(append_of(64_999_996, 10_000_000), Err(Error::TooLong { .. })));
    assert!(append_of(64_999_994, 10_000_000).is_ok());
}

#[test]
fn td_1_the_target_is_at_least_a_second() {
    assert_eq!(LiveWindow::<SegmentInfo>::new(0, Duration::ZERO).target_secs(), 1);
}

#[test]
fn a_segment_without_duration_is_refused() {
    assert_eq!(append_of(0, 48_000), Err(Error::Empty { number: MediaSequence(1) }));
    assert!(append_of(1, 48_000).is_ok());
}

#[test]
fn seq_9_six_segments_stay_whatever_keep_says() {
    let mut maker = Maker::aac(0);
    let mut window = LiveWindow::new(6, Duration::ZERO);
    for count in 1..=10 {
        window.append(maker.whole()).unwrap();
        assert_eq!(window.len(), count.min(SEGMENTS_MIN));
    }
}

#[test]
fn seq_9_three_targets_stay_of_short_segments() {
    let mut maker = Maker::aac(0);
    let mut window = LiveWindow::new(6, Duration::ZERO);
    for _ in 0..40 {
        window.append(maker.frames(47)).unwrap();
    }
    // 47 frames last 1.003 s: 17 of them are less than three targets.
    assert_eq!(window.len(), 18);
}

#[test]
fn seq_9_a_playlist_may_begin_with_three_segments() {
    let mut maker = Maker::aac(0);
    assert!(!maker.window(2).is_ready());
    assert!(maker.window(3).is_ready());
}

#[test]
fn seq_9_what_is_kept_is_listed_and_no_whole_segment_more() {
    let mut maker = Maker::aac(0);
    let window = maker.window(100);
    let first = length(window.first().unwrap());
    let keep = Duration::from_mins(1);
    assert!(window.duration() >= keep && window.duration() < keep + first);
}

#[test]
fn seq_12_a_segment_stays_available_for_itself_and_its_longest_playlist() {
    let mut maker = Maker::new(Codec::Mp3, 48_000, 0);
    let mut window = maker.window(10);
    let removed = window.append(maker.whole()).unwrap();
    // Segments of exactly 6 s; ten of them were listed together, never eleven.
    let [removed] = removed.as_slice() else { panic!("{removed:?}") };
    assert_eq!(removed.keep_for, Duration::from_secs(66));
    assert_eq!(removed.keep_until(NOON), NOON.plus(Duration::from_secs(66)));
}

#[test]
fn seq_12_the_longest_playlist_is_not_the_last_one() {
    let mut maker = Maker::new(Codec::Mp3, 48_000, 0);
    let mut window = LiveWindow::new(6, Duration::ZERO);
    for _ in 0..3 {
        window.append(maker.whole()).unwrap();
    }
    let removed = window.skip_to(Maker::jump(&window, 9)).unwrap();
    let kept: Vec<_> = removed.iter().map(|removed| removed.keep_for.as_secs()).collect();
    assert_eq!(kept, [24, 24, 24]);
}

#[test]
fn seq_12_a_segment_between_two_skips_was_listed_alone() {
    let mut maker = Maker::new(Codec::Mp3, 48_000, 0);
    let mut window = maker.window(1);
    window.skip_to(Maker::jump(&window, 5)).unwrap();
    let removed = window.skip_to(Maker::jump(&window, 9)).unwrap();
    assert_eq!(removed.first().map(|removed| removed.keep_for), Some(Duration::from_secs(12)));
}

#[test]
fn a_skip_empties_the_window_and_begins_with_the_later_segment() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(4);
    let removed = window.skip_to(Maker::jump(&window, 20)).unwrap();
    assert_eq!(removed.len(), 4);
    assert_eq!(numbers(&window), [20]);
    assert_eq!(window.duration(), length(window.first().unwrap()));
    assert!(!window.is_ready());
    window.append(Maker::after(&window).whole()).unwrap();
    assert_eq!(numbers(&window), [20, 21]);
}

#[test]
fn seq_4_a_skip_does_not_take_the_discontinuity_sequence_back() {
    let mut maker = Maker::aac(10);
    maker.next.discontinuity_sequence = 5;
    let mut window = maker.window(4);
    let mut segment = Maker::jump(&window, 20);
    segment.discontinuity_sequence = 4;
    let fault = TimelineFault::DiscontinuitySequence { last: 5, got: 4 };
    let refused = Error::Timeline { number: MediaSequence(20), fault };
    assert_eq!(window.skip_to(segment.clone()), Err(refused));
    segment.discontinuity_sequence = 7;
    assert!(window.skip_to(segment).is_ok());
}

#[test]
fn a_window_filled_anew_lists_the_same_as_the_one_that_ran_on() {
    let mut maker = Maker::aac(0);
    let ran_on = maker.window(50);
    let all: Vec<_> = {
        let mut maker = Maker::aac(0);
        (0..50).map(|_| maker.whole()).collect()
    };
    for start in [0, 20, 35, 39] {
        let mut window = LiveWindow::new(6, Duration::from_mins(1));
        for segment in &all[start..] {
            window.append(segment.clone()).unwrap();
        }
        assert_eq!(numbers(&window), numbers(&ran_on), "from {start}");
    }
}

#[test]
fn an_empty_window_has_no_segments_and_counts_from_zero() {
    let window = LiveWindow::<SegmentInfo>::new(6, Duration::ZERO);
    assert!(window.is_empty() && window.first().is_none() && window.last().is_none());
    assert_eq!((window.media_sequence(), window.discontinuity_sequence()), (MediaSequence(0), 0));
}
