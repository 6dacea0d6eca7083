use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale};

use super::*;

const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

fn header(hz: u32) -> FrameHeader {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(hz).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    FrameHeader { stream, bitrate_bps: Some(128_000), channel_mode: ChannelMode::JointStereo }
}

/// Unit `number` of a 48 kHz encoder (24 ms each), arriving in real time.
fn unit(number: u64) -> PathUnit {
    let arrival = T0.plus(Duration::from_millis(24 * number));
    PathUnit { header: header(48_000), data: Bytes::from(number.to_string()), arrival }
}

fn fresh() -> Timeline {
    let resume = Resume {
        next_number: MediaSequence(1000),
        next_discontinuity: 0,
        not_before: WallTime::default(),
        title: None,
    };
    let mut timeline = Timeline::new(6, resume);
    timeline.handle_begin(None);
    timeline
}

fn records(timeline: &mut Timeline) -> Vec<Record> {
    std::iter::from_fn(|| timeline.next_record()).collect()
}

/// The numbers of the units on air, with `|` where an epoch begins.
fn on_air(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        match record {
            Record::Epoch(_) => text.push('|'),
            Record::Unit(unit) => {
                text += std::str::from_utf8(&unit.data).unwrap();
                text.push(' ');
            }
            _ => {}
        }
    }
    text
}

fn closed(records: &[Record]) -> Vec<&Closed> {
    let closed = records.iter().filter_map(|record| match record {
        Record::Closed(closed) => Some(closed),
        _ => None,
    });
    closed.collect()
}

#[test]
fn segments_close_on_the_grid() {
    let mut timeline = fresh();
    (0..501).for_each(|number| timeline.handle_unit(&unit(number)));
    let records = records(&mut timeline);
    let closed = closed(&records);
    let bounds: Vec<_> = closed
        .iter()
        .map(|closed| (closed.number.0, closed.first_index, closed.end_index))
        .collect();
    assert_eq!(bounds, [(1000, 0, 250), (1001, 250, 500)]);
    assert_eq!(closed[1].wall_start.since(closed[0].wall_start), Duration::from_secs(6));
}

#[test]
fn what_does_not_continue_is_a_new_epoch() {
    let mut timeline = fresh();
    (0..3).for_each(|number| timeline.handle_unit(&unit(number)));
    timeline.handle_begin(None);
    (10..18).for_each(|number| timeline.handle_unit(&unit(number)));
    let records = records(&mut timeline);
    assert_eq!(on_air(&records), "|0 1 2 |10 11 12 13 14 15 16 17 ");
    let epochs: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Epoch(epoch) => Some((epoch.first_number.0, epoch.discontinuity_sequence)),
            _ => None,
        })
        .collect();
    assert_eq!(epochs, [(1000, 0), (1001, 1)]);
    assert_eq!(closed(&records).len(), 1, "the short last segment of the first epoch");
}

#[test]
fn a_change_of_rate_ends_the_epoch_at_that_frame() {
    let mut timeline = fresh();
    timeline.handle_unit(&unit(0));
    timeline.handle_unit(&PathUnit { header: header(44_100), ..unit(1) });
    assert_eq!(on_air(&records(&mut timeline)), "|0 |1 ");
}

#[test]
fn the_end_closes_the_last_segment() {
    let mut timeline = fresh();
    (0..260).for_each(|number| timeline.handle_unit(&unit(number)));
    assert_eq!(closed(&records(&mut timeline)).len(), 1);
    timeline.handle_end();
    let records = records(&mut timeline);
    assert_eq!(closed(&records).first().map(|closed| closed.end_index), Some(260));
    assert!(matches!(records.last(), Some(Record::Ended(_))));
    assert_eq!(timeline.resume().next_number, MediaSequence(1002));
}

fn title(text: &str) -> Arc<Title> {
    Arc::new(Title::new(text, ""))
}

fn marks(records: &[Record]) -> Vec<(u64, &str)> {
    records
        .iter()
        .filter_map(|record| match record {
            Record::Title(mark) => Some((mark.index, mark.title.stream_title.as_str())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_title_holds_from_the_next_unit_on() {
    let mut timeline = fresh();
    timeline.handle_title(title("A"));
    (0..100).for_each(|number| timeline.handle_unit(&unit(number)));
    timeline.handle_title(title("B"));
    timeline.handle_title(title("B"));
    (100..251).for_each(|number| timeline.handle_unit(&unit(number)));
    let records = records(&mut timeline);
    assert_eq!(marks(&records), [(0, "A"), (100, "B")]);
    assert_eq!(closed(&records)[0].title, Some(title("B")), "150 of 250 units");
}

#[test]
fn titles_within_a_second_are_thinned_to_the_latest() {
    let mut timeline = fresh();
    for number in 0..100 {
        timeline.handle_title(title(&number.to_string()));
        timeline.handle_unit(&unit(number));
    }
    // 42 units of 24 ms are the first that take a second.
    assert_eq!(marks(&records(&mut timeline)), [(0, "0"), (42, "42"), (84, "84")]);
}

#[test]
fn a_title_that_came_after_the_last_unit_is_marked_in_the_next_epoch() {
    let mut timeline = fresh();
    timeline.handle_unit(&unit(0));
    timeline.handle_title(title("A"));
    timeline.handle_end();
    assert_eq!(marks(&records(&mut timeline)), []);
    timeline.handle_begin(None);
    timeline.handle_unit(&unit(5));
    assert_eq!(marks(&records(&mut timeline)), [(0, "A")]);
}

#[test]
fn a_stall_whose_audio_never_came_becomes_a_new_epoch() {
    let mut timeline = fresh();
    for number in 0..6000 {
        let late = if number < 1000 { Duration::ZERO } else { Duration::from_secs(3) };
        let unit = unit(number);
        timeline.handle_unit(&PathUnit { arrival: unit.arrival.plus(late), ..unit });
    }
    let text = on_air(&records(&mut timeline));
    assert_eq!(text.matches('|').count(), 2);
    assert_eq!(text.matches(' ').count(), 6000, "no unit is lost");
}

#[test]
fn a_burst_of_30_s_at_ten_times_real_time_loses_nothing_and_never_steps() {
    let mut timeline = fresh();
    for number in 0..5000 {
        let unit = unit(number);
        let ahead = Duration::from_millis(24 * number * 9 / 10).min(Duration::from_secs(27));
        timeline.handle_unit(&PathUnit { arrival: unit.arrival.minus(ahead), ..unit });
    }
    let records = records(&mut timeline);
    assert_eq!(on_air(&records).matches(' ').count(), 5000);
    for pair in closed(&records).windows(2) {
        if pair[0].epoch == pair[1].epoch {
            let length = pair[1].wall_start.since(pair[0].wall_start);
            let media = Duration::from_secs(6);
            assert!(length.abs_diff(media) < Duration::from_millis(10), "{length:?}");
        }
    }
}

#[test]
fn dates_do_not_go_back_at_a_reconnect_after_a_burst() {
    let mut timeline = fresh();
    // A minute in six seconds; then another source, in real time.
    for number in 0..2500 {
        let arrival = T0.plus(Duration::from_micros(2400 * number));
        timeline.handle_unit(&PathUnit { arrival, ..unit(number) });
    }
    timeline.handle_begin(None);
    for number in 10_000..10_600 {
        let arrival =
            T0.plus(Duration::from_secs(7) + Duration::from_millis(24 * (number - 10_000)));
        timeline.handle_unit(&PathUnit { arrival, ..unit(number) });
    }
    let records = records(&mut timeline);
    for pair in closed(&records).windows(2) {
        let end = pair[0].wall_start.plus(Duration::from_millis(24 * pair[0].units()));
        assert!(pair[1].wall_start.plus(Duration::from_millis(10)) >= end, "{pair:?}");
    }
}

#[test]
fn seq_8_segments_close_within_one_and_a_half_targets() {
    let mut timeline = fresh();
    let mut closings = Vec::new();
    for number in 0..5000 {
        timeline.handle_unit(&unit(number));
        if !closed(&records(&mut timeline)).is_empty() {
            closings.push(unit(number).arrival);
        }
    }
    assert!(closings.len() > 15);
    for pair in closings.windows(2) {
        let passed = pair[1].since(pair[0]);
        assert!(passed <= Duration::from_secs(9), "{passed:?}");
    }
}

#[test]
fn pdt_4_dates_are_the_time_on_air() {
    let mut timeline = fresh();
    (0..300).for_each(|number| timeline.handle_unit(&unit(number)));
    let records = records(&mut timeline);
    assert_eq!(closed(&records)[0].wall_start, T0, "the first unit came at T0");
}
