use bytes::Bytes;
use demo::fixtures;
use feed::{Closed, Epoch, Unit};
use media::{
    AacProfile, ChannelMode, Codec, EpochId, MediaSequence, Timescale, WallTime, synthetic,
};
use runtime::tail::{Limits, tail};

use super::*;

const MP3: StreamInfo = StreamInfo {
    codec: Codec::Mp3,
    timescale: Timescale::new(44_100).unwrap(),
    channels: 2,
    samples_per_frame: 1_152,
};

/// Frames of 15 s and one more.
const ENOUGH: usize = 575;

fn epoch(stream: StreamInfo) -> Epoch {
    Epoch {
        id: EpochId(1),
        stream,
        source: stream,
        profile: None,
        first_number: MediaSequence(0),
        discontinuity_sequence: 0,
    }
}

fn units(frames: Vec<Bytes>) -> impl Iterator<Item = Record> {
    let frames = frames.into_iter().zip(0..);
    frames.map(|(data, index)| Record::Unit(Unit { index, data }))
}

fn silence(count: usize) -> Vec<Bytes> {
    let frame = synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, 1);
    vec![Bytes::from(frame); count]
}

/// Whether there is silence where a feed of these records ends.
async fn check(records: impl IntoIterator<Item = Record>, expected: bool) {
    let limits = Limits { items_max: 4_096, weight_max: 16 << 20 };
    let (mut writer, tail) = tail(limits, Record::weight);
    let is_silent = Arc::new(AtomicBool::new(!expected));
    writer.extend(records);
    drop(writer);
    Listener::new(Arc::clone(&is_silent)).run(tail.from_start()).await;
    assert_eq!(is_silent.load(Ordering::Relaxed), expected);
}

#[tokio::test]
async fn fifteen_seconds_without_sound_are_silence() {
    let begun = || std::iter::once(Record::Epoch(epoch(MP3)));
    check(begun().chain(units(silence(ENOUGH - 1))), false).await;
    check(begun().chain(units(silence(ENOUGH))), true).await;
    let sound = fixtures::mp3(2, 128, 44_100, 2);
    check(begun().chain(units([silence(ENOUGH), sound.clone()].concat())), false).await;
    check(begun().chain(units([sound, silence(ENOUGH)].concat())), true).await;
}

#[tokio::test]
async fn silence_in_aac_is_heard_too() {
    for profile in [AacProfile::Lc, AacProfile::HeV1] {
        let stream = StreamInfo { codec: Codec::Aac, samples_per_frame: 1_024, ..MP3 };
        let begun = || std::iter::once(Record::Epoch(epoch(stream)));
        let frame = Bytes::from(synthetic::adts_frame(44_100, 2, 300, 1));
        check(begun().chain(units(vec![frame.clone(); 645])), false).await;
        check(begun().chain(units(vec![frame.clone(); 647])), true).await;
        let sound = fixtures::aac(profile, 2, 64, 44_100, 2);
        check(begun().chain(units([vec![frame; 700], sound].concat())), false).await;
    }
}

#[tokio::test]
async fn frames_that_do_not_decode_are_silence() {
    let broken = Bytes::from_static(&[0xFF; 417]);
    let records = std::iter::once(Record::Epoch(epoch(MP3)));
    check(records.chain(units(vec![broken; ENOUGH])), true).await;
}

#[tokio::test]
async fn the_end_of_the_programme_is_no_silence() {
    let begun = || std::iter::once(Record::Epoch(epoch(MP3))).chain(units(silence(ENOUGH)));
    let ended = Record::Ended(EpochId(1));
    check(begun().chain([ended.clone()]), false).await;
    let again = [ended, Record::Epoch(epoch(MP3))];
    check(begun().chain(again).chain(units(silence(ENOUGH - 1))), false).await;
}

#[tokio::test]
async fn who_missed_the_beginning_listens_from_the_next_segment_on() {
    let closed = Closed {
        number: MediaSequence(0),
        epoch: epoch(MP3),
        first_index: 0,
        end_index: 1,
        wall_start: WallTime::default(),
        title: None,
    };
    check(units(silence(ENOUGH)), false).await;
    let late = units(silence(ENOUGH)).chain([Record::Closed(closed)]);
    check(late.chain(units(silence(ENOUGH))), true).await;
}
