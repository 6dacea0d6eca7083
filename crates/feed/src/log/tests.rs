use std::time::Duration;

use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, Segment, StreamInfo, Timescale};

use super::*;
use crate::cutter::Cutter;
use crate::path::PathUnit;
use crate::timeline::Timeline;

const T0: WallTime = WallTime::from_nanos(1_700_000_000_123_456_789);

fn unit(number: u64) -> PathUnit {
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(44_100).unwrap(),
        channels: 2,
        samples_per_frame: 1024,
    };
    let header = FrameHeader { stream, bitrate_bps: None, channel_mode: ChannelMode::Stereo };
    // 400 ppm slow, so that the clock has to step.
    let arrival = T0.plus(Duration::from_nanos(number * 23_230_000));
    PathUnit { header, data: Bytes::from(number.to_string()), arrival }
}

/// A programme of two epochs: what was said of it, and what its segments were.
fn programme() -> (Vec<Fact>, Vec<View>) {
    let resume = Resume {
        next_number: MediaSequence(50),
        next_discontinuity: 0,
        not_before: WallTime::default(),
        title: None,
    };
    let mut timeline = Timeline::new(6, resume);
    let (mut chronicler, mut cutter) = (Chronicler::new(6), Cutter::new(6));
    let (mut facts, mut views) = (Vec::new(), Vec::new());
    timeline.handle_begin(Some(AacProfile::HeV1));
    for number in 0..16_000 {
        if number == 6_000 {
            timeline.handle_begin(Some(AacProfile::HeV1));
        }
        if number % 1_500 == 700 {
            timeline.handle_title(Arc::new(Title::new(format!("A - {number}"), "u")));
        }
        timeline.handle_unit(&unit(number));
        while let Some(record) = timeline.next_record() {
            facts.extend(chronicler.handle(&record));
            views.extend(cutter.handle(&record));
        }
    }
    (facts, views)
}

fn stored(views: &[View]) -> (Vec<Stored>, Vec<SegmentInfo>) {
    let infos = views.iter().filter_map(|view| match view {
        View::Segment(Segment { info, .. }) => Some(info.clone()),
        View::Title { .. } => None,
    });
    let infos: Vec<_> = infos.collect();
    let listing = infos.iter().map(|info| Stored {
        number: info.number,
        epoch: info.epoch,
        bytes: info.bytes,
    });
    (listing.collect(), infos)
}

fn history(facts: &[Fact]) -> History {
    let mut history = History::default();
    for fact in facts {
        let text = serde_json::to_string(fact).unwrap();
        history.apply(serde_json::from_str(&text).unwrap());
    }
    history
}

#[test]
fn the_segments_are_known_again_from_log_and_listing() {
    let (facts, views) = programme();
    let (listing, infos) = stored(&views);
    assert!(infos.len() > 50);
    assert_eq!(history(&facts).segments(&listing), infos);
    assert!(
        facts.iter().filter(|fact| matches!(fact, Fact::ClockSet { .. })).count() > 4,
        "the clock stepped"
    );
}

#[test]
fn the_titles_are_at_their_moments_again() {
    let (facts, views) = programme();
    let titles: Vec<_> =
        views.into_iter().filter(|view| matches!(view, View::Title { .. })).collect();
    let again = history(&facts).titles();
    // A title of the segment under way has no place in the views yet.
    assert_eq!(again[..titles.len()], titles);
}

#[test]
fn a_killed_process_is_followed_by_the_next_number() {
    let (facts, views) = programme();
    let (listing, _) = stored(&views);
    let mut history = history(&facts);
    let end = history.missing_end(&listing).unwrap();
    history.apply(end);
    assert_eq!(history.missing_end(&listing), None);
    let resume = history.resume(&listing, MediaSequence(1));
    assert_eq!(resume.next_number.0, listing.last().unwrap().number.0 + 1);
    assert_eq!(resume.next_discontinuity, 2);
    let (_, infos) = stored(&views);
    assert_eq!(resume.not_before, infos.last().unwrap().wall_end());
    assert!(resume.title.is_some());
}

#[test]
fn seq_4_an_epoch_killed_before_its_first_segment_leaves_no_discontinuity() {
    let (facts, views) = programme();
    let (listing, _) = stored(&views);
    let mut history = history(&facts);
    let end = history.missing_end(&listing).unwrap();
    history.apply(end);
    let before = history.resume(&listing, MediaSequence(1));
    let epoch = Epoch {
        id: EpochId(7),
        stream: unit(0).header.stream,
        source: unit(0).header.stream,
        profile: None,
        first_number: before.next_number,
        discontinuity_sequence: before.next_discontinuity,
    };
    history.apply(began(&epoch, 6, None));
    let (stream_title, url) = ("A - new".to_owned(), String::new());
    history.apply(Fact::TitleSet { epoch: 7, index: 0, stream_title, url });
    let end = history.missing_end(&listing).unwrap();
    assert_eq!(end, Fact::EpochEnded { epoch: 7, units: 0 });
    history.apply(end);
    assert_eq!(history.missing_end(&listing), None);
    let title = Some(Arc::new(Title::new("A - new", "")));
    assert_eq!(history.resume(&listing, MediaSequence(1)), Resume { title, ..before });
}

#[test]
fn nothing_known_begins_at_the_fallback() {
    let history = History::default();
    let resume = history.resume(&[], MediaSequence(1_700_000_000));
    assert_eq!(resume.next_number, MediaSequence(1_700_000_000));
    assert_eq!(resume.next_discontinuity, 0);
}

#[test]
fn a_hole_in_the_listing_starts_the_window_behind_it() {
    let (facts, views) = programme();
    let (mut listing, infos) = stored(&views);
    listing.remove(10);
    assert_eq!(history(&facts).segments(&listing), infos[11..]);
}

#[test]
fn a_segment_of_an_unknown_epoch_is_not_listed() {
    let (facts, _) = programme();
    let stranger = Stored { number: MediaSequence(51), epoch: EpochId(1), bytes: 9 };
    assert_eq!(history(&facts).segments(&[stranger]), []);
}

#[test]
fn a_number_that_nobody_can_count_to_changes_nothing() {
    let (facts, views) = programme();
    let (mut listing, _) = stored(&views);
    let resume = history(&facts).resume(&listing, MediaSequence(7));
    let epoch = listing[0].epoch;
    for number in [NUMBER_MAX, u64::MAX] {
        listing.push(Stored { number: MediaSequence(number), epoch, bytes: 1 });
    }
    assert_eq!(history(&facts).resume(&listing, MediaSequence(7)), resume);
}
