//! Items of all kinds for the tests.

use std::sync::Arc;

use bytes::Bytes;
use media::{
    AacProfile, ChannelMode, Codec, EpochId, FrameHeader, MediaSequence, StreamInfo, Timescale,
    Title, WallTime, synthetic,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{CHANNELS_MAX, FRAME_LEN_MAX, RATE_HZ_MAX, SAMPLES_MAX, TEXT_LEN_MAX};
use crate::log::NUMBER_MAX;
use crate::path::{PathItem, PathUnit, SourceInfo};
use crate::record::{ClockMark, Closed, Epoch, Record, TitleMark, Unit};

pub(super) const WALL: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

pub(super) fn stream() -> StreamInfo {
    StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(44_100).unwrap(),
        channels: 2,
        samples_per_frame: 1_152,
    }
}

pub(super) fn header() -> FrameHeader {
    FrameHeader {
        stream: stream(),
        bitrate_bps: Some(128_000),
        channel_mode: ChannelMode::JointStereo,
    }
}

/// What an encoder sends at 128 kbit/s.
pub(super) fn frame() -> Bytes {
    synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, 1).into()
}

pub(super) fn epoch() -> Epoch {
    Epoch {
        id: EpochId(0x2A),
        stream: stream(),
        source: stream(),
        profile: None,
        first_number: MediaSequence(7),
        discontinuity_sequence: 3,
    }
}

/// The longest of all items, as it is said of [`super::ITEM_LEN_MAX`].
pub(super) fn longest() -> Record {
    let text = "x".repeat(TEXT_LEN_MAX);
    let title =
        Title { stream_title: text.clone(), artist: text.clone(), title: text.clone(), url: text };
    let stream = StreamInfo { codec: Codec::Aac, ..stream() };
    Record::Closed(Closed {
        number: MediaSequence(8),
        epoch: Epoch { stream, profile: Some(AacProfile::Lc), ..epoch() },
        first_index: 0,
        end_index: NUMBER_MAX,
        wall_start: WALL,
        title: Some(Arc::new(title)),
    })
}

pub(super) fn path_items() -> impl Strategy<Value = PathItem> {
    let unit = prop_oneof![
        (headers(), data(), walls()).prop_map(|(header, data, arrival)| PathUnit {
            header,
            data,
            arrival
        }),
        any::<u64>().prop_map(genuine),
    ];
    prop_oneof![
        1 => sources().prop_map(PathItem::Connected),
        4 => unit.prop_map(PathItem::Unit),
        1 => titles().prop_map(PathItem::Title),
        1 => Just(PathItem::Gone),
    ]
}

pub(super) fn records() -> impl Strategy<Value = Record> {
    let unit = (numbers(), data()).prop_map(|(index, data)| Unit { index, data });
    let mark = (any::<u32>(), numbers(), numbers(), titles()).prop_map(
        |(epoch, index, source_index, title)| TitleMark {
            epoch: EpochId(epoch),
            index,
            source_index,
            title,
        },
    );
    prop_oneof![
        epochs().prop_map(Record::Epoch),
        unit.prop_map(Record::Unit),
        mark.prop_map(Record::Title),
        closed().prop_map(Record::Closed),
        any::<u32>().prop_map(|epoch| Record::Ended(EpochId(epoch))),
        (any::<u32>(), numbers(), walls()).prop_map(|(epoch, number, origin)| {
            Record::Clock(ClockMark {
                epoch: EpochId(epoch),
                number: MediaSequence(number),
                origin,
            })
        }),
    ]
}

/// A unit whose data begins with its header.
fn genuine(seed: u64) -> PathUnit {
    let (data, header) = if seed.is_multiple_of(2) {
        let data = synthetic::mp3_frame(32, 44_100, ChannelMode::Mono, seed);
        let header = media::mp3::Header::parse(&data).unwrap().to_frame_header();
        (data, header)
    } else {
        let data = synthetic::adts_frame(48_000, 2, 100, seed);
        let header = media::adts::Header::parse(&data).unwrap().to_frame_header();
        (data, header)
    };
    PathUnit { header: header.unwrap(), data: data.into(), arrival: WALL }
}

fn numbers() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_u64, 0..=NUMBER_MAX, Just(NUMBER_MAX)]
}

fn walls() -> impl Strategy<Value = WallTime> {
    any::<u64>().prop_map(WallTime::from_nanos)
}

fn data() -> impl Strategy<Value = Bytes> {
    prop_oneof![9 => vec(any::<u8>(), 1..600), 1 => vec(any::<u8>(), FRAME_LEN_MAX)]
        .prop_map(Bytes::from)
}

fn streams() -> impl Strategy<Value = StreamInfo> {
    let codec = prop_oneof![Just(Codec::Mp3), Just(Codec::Aac)];
    (codec, 1..=RATE_HZ_MAX, 1..=CHANNELS_MAX, 1..=SAMPLES_MAX).prop_map(
        |(codec, hz, channels, samples_per_frame)| StreamInfo {
            codec,
            timescale: Timescale::new(hz).unwrap(),
            channels,
            samples_per_frame,
        },
    )
}

fn headers() -> impl Strategy<Value = FrameHeader> {
    let mode = prop_oneof![
        Just(ChannelMode::Mono),
        Just(ChannelMode::Stereo),
        Just(ChannelMode::JointStereo)
    ];
    (streams(), option::of(1..=u32::MAX), mode).prop_map(|(stream, bitrate_bps, channel_mode)| {
        FrameHeader { stream, bitrate_bps, channel_mode }
    })
}

fn profiles() -> impl Strategy<Value = Option<AacProfile>> {
    option::of(prop_oneof![Just(AacProfile::Lc), Just(AacProfile::HeV1), Just(AacProfile::HeV2)])
}

fn sources() -> impl Strategy<Value = SourceInfo> {
    (headers(), profiles()).prop_map(|(header, profile)| {
        let profile = profile.filter(|_| header.stream.codec == Codec::Aac);
        SourceInfo { header, profile }
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[^\\p{Cc}]{0,40}", Just("ü".repeat(TEXT_LEN_MAX / 2))]
}

fn titles() -> impl Strategy<Value = Arc<Title>> {
    let told = (texts(), texts()).prop_map(|(text, url)| Title::new(text, url));
    let parts = (texts(), texts(), texts(), texts())
        .prop_map(|(stream_title, artist, title, url)| Title { stream_title, artist, title, url });
    prop_oneof![told, parts].prop_map(Arc::new)
}

fn epochs() -> impl Strategy<Value = Epoch> {
    (any::<u32>(), streams(), streams(), profiles(), numbers(), numbers()).prop_map(
        |(id, stream, source, profile, first_number, discontinuity_sequence)| Epoch {
            id: EpochId(id),
            stream,
            source,
            profile: profile.filter(|_| stream.codec == Codec::Aac),
            first_number: MediaSequence(first_number),
            discontinuity_sequence,
        },
    )
}

fn closed() -> impl Strategy<Value = Closed> {
    (epochs(), numbers(), numbers(), 1..1_000_u64, walls(), option::of(titles())).prop_map(
        |(epoch, number, first_index, units, wall_start, title)| Closed {
            number: epoch.first_number.max(MediaSequence(number)),
            epoch,
            first_index: first_index.min(NUMBER_MAX - units),
            end_index: first_index.min(NUMBER_MAX - units) + units,
            wall_start,
            title,
        },
    )
}
