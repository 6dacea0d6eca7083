use std::time::Duration;

use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale};

use super::*;
use crate::path::PathUnit;
use crate::record::Record;

const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

fn unit(number: u64) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(44_100).unwrap(),
        channels: 2,
        samples_per_frame: 1024,
    };
    let header = FrameHeader { stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    // The clock drifts, and the network jitters.
    let micros = number * 23_230 + number % 17 * 900;
    let arrival = T0.plus(Duration::from_micros(micros));
    PathUnit { header, data: Bytes::from(number.to_string()), arrival }
}

fn fresh() -> Timeline {
    let resume = Resume {
        next_number: MediaSequence(1000),
        next_discontinuity: 3,
        not_before: WallTime::default(),
        title: Some(Arc::new(Title::new("before", ""))),
    };
    let mut timeline = Timeline::new(2, resume);
    timeline.handle_begin(Some(AacProfile::Lc));
    timeline
}

fn step(timeline: &mut Timeline, number: u64) -> Vec<Record> {
    if number % 50 == 7 {
        timeline.handle_title(Arc::new(Title::new(format!("title {number}"), "http://x")));
    }
    if number == 3333 {
        timeline.handle_begin(Some(AacProfile::HeV1));
    }
    timeline.handle_unit(&unit(number));
    std::iter::from_fn(|| timeline.next_record()).collect()
}

#[test]
fn a_timeline_goes_on_from_every_boundary_as_if_nothing_had_been() {
    let mut whole = fresh();
    let mut taken = Vec::new();
    let mut records = Vec::new();
    for number in 0..5000 {
        if let Some(snapshot) = whole.snapshot() {
            taken.push((number, records.len(), serde_json::to_string(&snapshot).unwrap()));
        }
        records.extend(step(&mut whole, number));
    }
    assert!(taken.len() > 50, "{}", taken.len());
    for (number, place, text) in taken {
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        let mut restored = Timeline::restore(2, snapshot).unwrap();
        let again: Vec<_> = (number..5000).flat_map(|number| step(&mut restored, number)).collect();
        assert!(again == records[place..], "from {number}");
    }
}

#[test]
fn a_snapshot_knows_the_segment_that_is_complete() {
    let mut timeline = fresh();
    assert_eq!(timeline.snapshot().unwrap().number(), MediaSequence(999));
    assert_eq!(timeline.snapshot().unwrap().epoch(), None);
    let mut number = 0;
    let snapshot = loop {
        step(&mut timeline, number);
        number += 1;
        if let Some(snapshot) = timeline.snapshot() {
            break snapshot;
        }
    };
    assert_eq!(snapshot.number(), MediaSequence(1000));
    assert_eq!(snapshot.epoch().as_ref(), timeline.epoch());
    assert_eq!(number, 87, "2 s of 1,024 samples at 44.1 kHz");
}

#[test]
fn what_makes_no_sense_is_not_restored() {
    let mut timeline = fresh();
    (0..87).for_each(|number| drop(step(&mut timeline, number)));
    let snapshot = timeline.snapshot().unwrap();
    assert!(Timeline::restore(6, snapshot.clone()).is_none(), "another length of segments");
    let text = serde_json::to_string(&snapshot).unwrap();
    for (sense, nonsense) in
        [("\"next_index\":87", "\"next_index\":86"), ("\"codec\":\"aac\"", "\"codec\":\"ogg\"")]
    {
        let text = text.replace(sense, nonsense);
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        assert!(Timeline::restore(2, snapshot).is_none(), "{nonsense}");
    }
}
