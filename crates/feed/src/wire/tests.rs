use std::sync::Arc;

use media::{
    ChannelMode, EpochId, FrameHeader, MediaSequence, StreamInfo, Timescale, Title, WallTime,
};
use proptest::prelude::*;

use super::testing::{WALL, epoch, frame, header, longest, path_items, records, stream};
use super::*;
use crate::path::{PathItem, PathUnit, SourceInfo};
use crate::record::{ClockMark, Closed, Epoch, Record, TitleMark, Unit};

fn bytes_of(item: &impl Item) -> Vec<u8> {
    let mut out = Vec::new();
    item.encode(&mut out).unwrap();
    out
}

fn refusal(item: &impl Item) -> WireError {
    let mut out = b"before".to_vec();
    let error = item.encode(&mut out).unwrap_err();
    assert_eq!(out, b"before", "nothing of it is written");
    error
}

/// What a reader says to the bytes of `item` after a change.
fn changed<T: Item + std::fmt::Debug>(item: &T, change: impl FnOnce(&mut Vec<u8>)) -> WireError {
    let mut bytes = bytes_of(item);
    change(&mut bytes);
    T::decode(bytes.into()).unwrap_err()
}

fn unit(data: Bytes) -> PathItem {
    PathItem::Unit(PathUnit { header: header(), data, arrival: WALL })
}

fn connected(header: FrameHeader) -> PathItem {
    PathItem::Connected(SourceInfo { header, profile: None })
}

fn title(text: &str) -> PathItem {
    PathItem::Title(Arc::new(Title { stream_title: text.into(), ..Title::default() }))
}

fn closed(first_index: u64, end_index: u64, number: u64) -> Record {
    Record::Closed(Closed {
        number: MediaSequence(number),
        epoch: epoch(),
        first_index,
        end_index,
        wall_start: WALL,
        title: None,
    })
}

#[test]
fn the_bytes_of_version_two_are_these() {
    let mut expected = vec![2, 0x02, 0, 3];
    expected.extend(b"abc");
    expected.extend(WALL.nanos().to_be_bytes());
    expected.extend([1, 1, 0, 0, 0xAC, 0x44, 2, 0, 0, 4, 0x80, 1, 0, 1, 0xF4, 0, 3]);
    assert_eq!(bytes_of(&unit(Bytes::from_static(b"abc"))), expected);
    assert_eq!(bytes_of(&PathItem::Gone), [2, 0x04]);
    assert_eq!(bytes_of(&Record::Ended(EpochId(0x2A))), [2, 0x15, 0, 0, 0, 0x2A]);
    let unit = Record::Unit(Unit { index: 5, data: Bytes::from_static(b"abc") });
    assert_eq!(bytes_of(&unit), [2, 0x12, 0, 0, 0, 0, 0, 0, 0, 5, 0, 3, b'a', b'b', b'c']);
}

#[test]
fn a_frame_costs_13_bytes_more_on_a_path_and_12_in_a_record() {
    let data = frame();
    assert_eq!(bytes_of(&unit(data.clone())).len(), data.len() + 13);
    let unit = Record::Unit(Unit { index: 5, data: data.clone() });
    assert_eq!(bytes_of(&unit).len(), data.len() + 12);
}

#[test]
fn a_frame_is_a_slice_of_what_was_read() {
    let bytes = Bytes::from(bytes_of(&unit(frame())));
    let PathItem::Unit(unit) = PathItem::decode(bytes.clone()).unwrap() else { panic!() };
    assert!(bytes.as_ptr_range().contains(&unit.data.as_ptr()));
    let record = Record::Unit(Unit { index: 5, data: frame() });
    let bytes = Bytes::from(bytes_of(&record));
    let Record::Unit(unit) = Record::decode(bytes.clone()).unwrap() else { panic!() };
    assert!(bytes.as_ptr_range().contains(&unit.data.as_ptr()));
}

#[test]
fn another_version_and_another_kind_are_named() {
    let gone = &PathItem::Gone;
    assert_eq!(changed(gone, |bytes| bytes[0] = 1), WireError::Version(1));
    assert_eq!(changed(gone, |bytes| bytes[1] = 0x05), WireError::Kind(0x05));
    assert_eq!(PathItem::decode(Bytes::new()), Err(WireError::TooShort));
    assert_eq!(PathItem::decode(Bytes::from_static(&[2])), Err(WireError::TooShort));
}

#[test]
fn an_item_of_one_feed_is_none_of_the_other() {
    let record = Record::Ended(EpochId(1));
    assert_eq!(PathItem::decode(bytes_of(&record).into()), Err(WireError::Kind(0x15)));
    assert_eq!(Record::decode(bytes_of(&PathItem::Gone).into()), Err(WireError::Kind(0x04)));
}

#[test]
fn every_beginning_is_too_short_and_every_end_is_the_end() {
    fn check<T: Item + std::fmt::Debug + PartialEq>(item: &T) {
        let mut bytes = bytes_of(item);
        for len in 0..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..len]);
            assert_eq!(T::decode(cut), Err(WireError::TooShort), "{len} of {item:?}");
        }
        bytes.extend([0, 0]);
        assert_eq!(T::decode(bytes.into()), Err(WireError::Trailing(2)), "{item:?}");
    }
    check(&connected(header()));
    check(&unit(Bytes::from_static(b"abc")));
    check(&unit(frame()));
    check(&title("A - B"));
    check(&PathItem::Gone);
    check(&Record::Epoch(epoch()));
    check(&Record::Unit(Unit { index: 0, data: frame() }));
    check(&closed(0, 1, 7));
    check(&Record::Ended(EpochId(1)));
    let (number, origin) = (MediaSequence(9), WallTime::from_nanos(7));
    check(&Record::Clock(ClockMark { epoch: EpochId(1), number, origin }));
}

#[test]
fn a_frame_has_from_one_to_8191_bytes() {
    let of_len = |len| unit(vec![0; len].into());
    for len in [1, FRAME_LEN_MAX] {
        let item = of_len(len);
        assert_eq!(PathItem::decode(bytes_of(&item).into()), Ok(item));
    }
    assert_eq!(refusal(&of_len(0)), WireError::Value("a frame without bytes"));
    let too_long =
        WireError::TooLong { what: "frame", len: FRAME_LEN_MAX + 1, len_max: FRAME_LEN_MAX };
    assert_eq!(refusal(&of_len(FRAME_LEN_MAX + 1)), too_long);
    let said = changed(&of_len(1), |bytes| bytes[2..4].copy_from_slice(&[0x20, 0x00]));
    assert_eq!(said, too_long, "before it is asked whether so much is there");
    let empty = changed(&of_len(1), |bytes| bytes[3] = 0);
    assert_eq!(empty, WireError::Value("a frame without bytes"));
}

#[test]
fn a_text_has_at_most_4000_bytes() {
    let longest = title(&"x".repeat(TEXT_LEN_MAX));
    assert_eq!(PathItem::decode(bytes_of(&longest).into()), Ok(longest));
    let too_long =
        WireError::TooLong { what: "text", len: TEXT_LEN_MAX + 1, len_max: TEXT_LEN_MAX };
    assert_eq!(refusal(&title(&"x".repeat(TEXT_LEN_MAX + 1))), too_long);
    let said = changed(&title("x"), |bytes| bytes[2..4].copy_from_slice(&4_001_u16.to_be_bytes()));
    assert_eq!(said, too_long);
}

#[test]
fn a_text_is_utf_8_without_control_characters() {
    for text in ["a\nb", "a\0", "\u{85}"] {
        let impossible = WireError::Value("a text with control characters");
        assert_eq!(refusal(&title(text)), impossible, "{text:?}");
    }
    let control = changed(&title("a"), |bytes| bytes[4] = b'\n');
    assert_eq!(control, WireError::Value("a text with control characters"));
    assert_eq!(changed(&title("a"), |bytes| bytes[4] = 0xFF), WireError::Value("text"));
}

#[test]
fn an_item_has_at_most_16_kib() {
    let bytes = bytes_of(&longest());
    assert_eq!(bytes.len(), 16_085, "as the limit's comment says");
    assert_eq!(Record::decode(bytes.into()), Ok(longest()));
    let of_len = |len| changed(&PathItem::Gone, |bytes| bytes.resize(len, 0));
    assert_eq!(of_len(ITEM_LEN_MAX), WireError::Trailing(ITEM_LEN_MAX - 2));
    let too_long =
        WireError::TooLong { what: "item", len: ITEM_LEN_MAX + 1, len_max: ITEM_LEN_MAX };
    assert_eq!(of_len(ITEM_LEN_MAX + 1), too_long);
}

#[test]
fn streams_that_cannot_be_are_refused_in_both_directions() {
    fn check(what: &'static str, good: StreamInfo, bad: StreamInfo, place: usize, byte: u8) {
        let item = |stream| connected(FrameHeader { stream, ..header() });
        let good = item(good);
        assert_eq!(PathItem::decode(bytes_of(&good).into()), Ok(good.clone()));
        assert_eq!(refusal(&item(bad)), WireError::Value(what));
        assert_eq!(changed(&good, |bytes| bytes[place] = byte), WireError::Value(what));
    }
    let rate = |hz| StreamInfo { timescale: Timescale::new(hz).unwrap(), ..stream() };
    check("sampling rate", rate(RATE_HZ_MAX), rate(RATE_HZ_MAX + 1), 3, 0xFF);
    let channels = |channels| StreamInfo { channels, ..stream() };
    check("number of channels", channels(1), channels(0), 7, 0);
    check("number of channels", channels(CHANNELS_MAX), channels(CHANNELS_MAX + 1), 7, 9);
    let samples = |samples_per_frame| StreamInfo { samples_per_frame, ..stream() };
    check("samples in a frame", samples(1), samples(0), 11, 0);
    check("samples in a frame", samples(SAMPLES_MAX), samples(SAMPLES_MAX + 1), 11, 1);
    let zero = changed(&connected(header()), |bytes| bytes[3..7].fill(0));
    assert_eq!(zero, WireError::Value("sampling rate"));
}

#[test]
fn names_that_nobody_has_are_refused() {
    let item = connected(header());
    for (place, what) in [
        (2, "codec"),
        (12, "mark of what may be missing"),
        (17, "channel mode"),
        (18, "mark of what may be missing"),
    ] {
        assert_eq!(changed(&item, |bytes| bytes[place] = 9), WireError::Value(what));
    }
    let profile = changed(&item, |bytes| {
        bytes[18] = 1;
        bytes.push(9);
    });
    assert_eq!(profile, WireError::Value("AAC profile"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let profile = Some(media::AacProfile::Lc);
    let source = PathItem::Connected(SourceInfo { header: header(), profile });
    assert_eq!(refusal(&source), WireError::Value("AAC in MP3"));
    let epoch = Record::Epoch(Epoch { profile, ..epoch() });
    assert_eq!(refusal(&epoch), WireError::Value("AAC in MP3"));
    let header = FrameHeader { bitrate_bps: Some(0), ..header() };
    assert_eq!(refusal(&connected(header)), WireError::Value("a bit rate of 0"));
    assert_eq!(refusal(&closed(5, 5, 7)), WireError::Value("a segment without units"));
    assert_eq!(refusal(&closed(0, 5, 6)), WireError::Value("a segment before its epoch"));
    let before = changed(&closed(0, 5, 7), |bytes| bytes[9] = 6);
    assert_eq!(before, WireError::Value("a segment before its epoch"));
}

#[test]
fn a_header_that_is_not_told_is_in_the_data() {
    let item = unit(frame());
    let silent = changed(&item, |bytes| bytes[4] = 0);
    assert_eq!(silent, WireError::Value("a frame without a header"));
    let mono = FrameHeader { channel_mode: ChannelMode::Mono, ..header() };
    let other = PathItem::Unit(PathUnit { header: mono, data: frame(), arrival: WALL });
    assert_eq!(bytes_of(&other).len(), bytes_of(&item).len() + 16, "another is told");
    assert_eq!(PathItem::decode(bytes_of(&other).into()), Ok(other));
}

#[test]
fn numbers_are_at_most_2_to_the_53() {
    let mark = |index| {
        let title = Arc::new(Title::default());
        Record::Title(TitleMark { epoch: EpochId(1), index, source_index: 0, title })
    };
    assert_eq!(Record::decode(bytes_of(&mark(NUMBER_MAX)).into()), Ok(mark(NUMBER_MAX)));
    let above = WireError::Value("a number above 2^53");
    assert_eq!(refusal(&mark(NUMBER_MAX + 1)), above);
    assert_eq!(changed(&mark(0), |bytes| bytes[6] = 0xFF), above);
    let number = |number| Record::Epoch(Epoch { first_number: MediaSequence(number), ..epoch() });
    assert_eq!(Record::decode(bytes_of(&number(NUMBER_MAX)).into()), Ok(number(NUMBER_MAX)));
    assert_eq!(refusal(&number(NUMBER_MAX + 1)), above);
}

proptest! {
    #[test]
    fn every_item_of_a_path_comes_back_exactly(item in path_items()) {
        prop_assert_eq!(PathItem::decode(bytes_of(&item).into()), Ok(item));
    }

    #[test]
    fn every_record_comes_back_exactly(record in records()) {
        prop_assert_eq!(Record::decode(bytes_of(&record).into()), Ok(record));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = PathItem::decode(bytes.clone().into());
        let _ = Record::decode(bytes.into());
    }

    #[test]
    fn what_a_changed_byte_leaves_possible_is_written_again(
        record in records(), at in any::<proptest::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = bytes_of(&record);
        *at.get_mut(&mut bytes) = byte;
        if let Ok(read) = Record::decode(bytes.clone().into()) {
            prop_assert_eq!(bytes_of(&read), bytes);
        }
    }
}
