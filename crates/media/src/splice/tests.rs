use std::slice;

use proptest::prelude::*;

use super::side_info::SideInfo;
use super::*;
use crate::{ChannelMode, synthetic};

/// What a Layer III frame of a test is made of.
#[derive(Debug, Clone, Copy)]
struct Form {
    kbps: u16,
    hz: u32,
    mode: ChannelMode,
}

const STEREO: Form = Form { kbps: 128, hz: 44_100, mode: ChannelMode::JointStereo };
const LOW: Form = Form { kbps: 32, hz: 22_050, mode: ChannelMode::Mono };

/// A frame that says so of its main data; its area is the seed's bytes.
fn frame(form: Form, begin: usize, main_data_len: usize, seed: u64) -> Bytes {
    let mut frame = synthetic::mp3_frame(form.kbps, form.hz, form.mode, seed);
    let header = mp3::Header::parse(&frame).unwrap();
    let side_info = SideInfo::empty(&header).using_up(main_data_len);
    let side_info = side_info.with_main_data_begin(begin).unwrap();
    let end = mp3::HEADER_LEN + header.side_info_len();
    frame[mp3::HEADER_LEN..end].copy_from_slice(side_info.as_bytes());
    frame.into()
}

/// Frames that all borrow so much and use so much.
fn frames(form: Form, begin: usize, main_data_len: usize, count: u64) -> Vec<Bytes> {
    (0..count).map(|seed| frame(form, begin, main_data_len, seed)).collect()
}

/// The main data of the frames as a decoder finds it, `None` where it is not all
/// there.
fn main_data(frames: &[Bytes]) -> Vec<Option<Vec<u8>>> {
    let mut areas = Vec::new();
    let take = |frame: &Bytes| {
        let header = mp3::Header::parse(frame).unwrap();
        let at = mp3::HEADER_LEN + if header.crc { 2 } else { 0 };
        let (side_info, area) = SideInfo::take(&header, &frame[at..]).unwrap();
        let begin = areas.len().checked_sub(side_info.main_data_begin());
        areas.extend_from_slice(area);
        areas.get(begin?..begin? + side_info.main_data_len()).map(<[u8]>::to_vec)
    };
    frames.iter().map(take).collect()
}

/// The primer's last frames and `first` find the main data that they find after
/// all of `before`; that is in so many frames.
fn check_whole(before: &[Bytes], first: &Bytes, memory: usize, primer_len: usize) {
    let primer = primer(None, before, first);
    assert!(primer.is_complete);
    assert_eq!(primer.frames.len(), primer_len);
    let with_first = |frames: &[Bytes]| main_data(&[frames, slice::from_ref(first)].concat());
    let (unspliced, spliced) = (with_first(before), with_first(&primer.frames));
    let last = |of: &[Option<Vec<u8>>]| of[of.len() - memory - 1..].to_vec();
    assert_eq!(last(&spliced), last(&unspliced));
    assert!(last(&spliced).iter().all(Option::is_some));
}

#[test]
fn one_frame_has_all_that_the_reservoir_held() {
    // 381 bytes of area; with 417 of main data and 511 for the next it takes the
    // 1,008 of 320 kbit/s.
    let before = frames(STEREO, 511, 380, 4);
    check_whole(&before, &frame(STEREO, 511, 100, 9), 1, 1);
    let primer = primer(None, &before, &frame(STEREO, 511, 100, 9));
    assert_eq!(mp3::Header::parse(&primer.frames[0]).unwrap().bitrate_kbps, Some(320));
}

#[test]
fn a_frame_that_borrows_nothing_and_lends_nothing_keeps_its_bit_rate() {
    let before = frames(STEREO, 0, 300, 1);
    check_whole(&before, &frame(STEREO, 0, 100, 9), 1, 1);
    let primer = primer(None, &before, &frame(STEREO, 0, 100, 9));
    assert_eq!(primer.frames[0][..4 + 32 + 300], before[0][..4 + 32 + 300]);
}

#[test]
fn what_the_highest_bit_rate_has_no_room_for_is_in_a_silent_frame_before() {
    let highest = Form { kbps: 320, ..STEREO };
    let before = frames(highest, 511, 1_000, 3);
    check_whole(&before, &frame(highest, 400, 1_000, 9), 1, 2);
}

#[test]
fn below_32_khz_two_frames_are_written_anew() {
    let before = frames(LOW, 255, 80, 8);
    check_whole(&before, &frame(LOW, 250, 80, 9), 2, 2);
    let highest = Form { kbps: 160, mode: ChannelMode::Stereo, ..LOW };
    check_whole(&frames(highest, 255, 490, 4), &frame(highest, 250, 490, 9), 2, 3);
}

#[test]
fn as_many_frames_are_looked_at_as_the_smallest_ones_need() {
    let smallest = Form { kbps: 8, hz: 24_000, mode: ChannelMode::Mono };
    let before = frames(smallest, 255, 11, 40);
    check_whole(&before, &frame(smallest, 255, 11, 99), 2, 2);
    let fewer = &before[before.len() - 25..];
    assert!(!primer(None, fewer, &frame(smallest, 255, 11, 99)).is_complete);
}

#[test]
fn where_the_frame_before_is_not_whole_first_still_finds_its_reservoir() {
    let before = frames(STEREO, 511, 380, 1);
    let first = frame(STEREO, 300, 380, 9);
    let primer = primer(None, &before, &first);
    assert!(!primer.is_complete);
    assert_eq!(primer.frames.len(), 1);
    let whole = main_data(&[&before[..], slice::from_ref(&first)].concat());
    assert_eq!(main_data(&[&primer.frames[..], &[first]].concat()).last(), whole.last());
}

#[test]
fn a_reservoir_that_is_not_known_is_not_the_old_streams() {
    let first = frame(STEREO, 400, 380, 9);
    let primer = primer(None, &[], &first);
    assert!(!primer.is_complete);
    let [blank] = primer.frames.as_slice() else { panic!("{primer:?}") };
    let header = mp3::Header::parse(blank).unwrap();
    let (side_info, area) = SideInfo::take(&header, &blank[4..]).unwrap();
    // It uses up all of its own main data, which is all of the reservoir.
    assert_eq!((side_info.main_data_begin(), side_info.main_data_len()), (0, area.len()));
    assert!(area.len() >= 400 && area.iter().all(|byte| *byte == 0xFF));
}

#[test]
fn a_first_frame_that_borrows_nothing_needs_nothing_where_nothing_is_known() {
    let primer = primer(None, &[], &frame(STEREO, 0, 380, 9));
    assert_eq!(primer, Primer::default());
}

#[test]
fn frames_of_another_stream_are_not_used() {
    let first = frame(STEREO, 0, 100, 9);
    let own = frame(STEREO, 0, 100, 1);
    let mono = frame(Form { mode: ChannelMode::Mono, ..STEREO }, 0, 100, 2);
    let slow = frame(Form { hz: 32_000, ..STEREO }, 0, 100, 2);
    let adts = Bytes::from(synthetic::adts_frame(44_100, 2, 100, 1));
    for other in [mono, slow, adts, own.slice(..own.len() - 1), Bytes::new()] {
        assert_eq!(primer(None, &[own.clone(), other.clone()], &first), Primer::default());
        assert!(primer(None, &[other, own.clone()], &first).is_complete);
    }
}

#[test]
fn a_frame_with_a_crc_has_a_right_one() {
    // The first frame of `lame -m m -b 32 -p`; its main data is left out.
    let mut own = vec![0xFF, 0xFA, 0x10, 0xC4, 0x6F, 0x2D];
    own.extend([0x00, 0x00, 0x04, 0x4C, 0x13, 0x69, 0xB4, 0x30, 0x80, 0x30, 0xAF, 0x08]);
    own.extend([0xA9, 0x83, 0x36, 0x50, 0x00]);
    own.resize(104, 0);
    let own = Bytes::from(own);
    let same = primer(None, slice::from_ref(&own), &own);
    assert_eq!(same.frames, slice::from_ref(&own));
    // With what the next one borrows it has no room at its own bit rate.
    let mut borrows = own.to_vec();
    borrows[6] = 0x1E;
    let primer = primer(None, slice::from_ref(&own), &borrows);
    let written = primer.frames[0].to_vec();
    assert!(written.len() > own.len());
    assert_ne!(written[4..6], own[4..6]);
    assert_eq!(crc(&[&written[2..4], &written[6..23]].concat()), written[4..6]);
}

/// CRC-16 by long division: of the message, with the register's ones added to
/// its beginning, the remainder.
fn crc(message: &[u8]) -> [u8; 2] {
    let mut bits: Vec<bool> =
        message.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
    bits.extend([false; 16]);
    bits.iter_mut().take(16).for_each(|bit| *bit = !*bit);
    for at in 0..bits.len() - 16 {
        if bits[at] {
            for term in [0, 1, 14, 16] {
                bits[at + term] = !bits[at + term];
            }
        }
    }
    let rest = &bits[bits.len() - 16..];
    rest.iter().fold(0_u16, |value, bit| value << 1 | u16::from(*bit)).to_be_bytes()
}

#[test]
fn an_aac_frame_hears_the_one_before_it() {
    let before: Vec<_> =
        (0..20).map(|seed| synthetic::adts_frame(44_100, 2, 200, seed).into()).collect();
    let first = synthetic::adts_frame(44_100, 2, 220, 99);
    for (profile, wanted) in [
        (None, 1),
        (Some(AacProfile::Lc), 1),
        (Some(AacProfile::HeV1), HE_AAC_LEN),
        (Some(AacProfile::HeV2), HE_AAC_LEN),
    ] {
        let whole = primer(profile, &before, &first);
        assert_eq!((&whole.frames[..], whole.is_complete), (&before[20 - wanted..], true));
        let fewer = primer(profile, &before[..wanted - 1], &first);
        assert_eq!((&fewer.frames[..], fewer.is_complete), (&before[..wanted - 1], false));
    }
    let mono = Bytes::from(synthetic::adts_frame(44_100, 1, 200, 1));
    assert_eq!(primer(None, &[mono], &first), Primer::default());
}

#[test]
fn what_is_no_frame_has_no_primer() {
    let before = frames(STEREO, 511, 380, 4);
    // The last one is of free format.
    for first in [&b""[..], b"\xFF", b"no frame", b"\xFF\xFB\x90\x40", b"\xFF\xFB\x00\x40\0\0\0\0"]
    {
        assert_eq!(primer(None, &before, first), Primer::default());
    }
}

/// Frames that are as true as can be but for some bytes behind their headers.
fn mutated() -> impl Strategy<Value = Vec<Bytes>> {
    let forms = [STEREO, LOW, Form { kbps: 320, ..STEREO }, Form { kbps: 8, ..LOW }];
    let form = proptest::sample::select(forms.to_vec());
    let change = (4..64_usize, any::<u8>());
    let of_one = (0..256_usize, 0..600_usize, any::<u64>(), prop::collection::vec(change, 0..4));
    (form, prop::collection::vec(of_one, 1..8)).prop_map(|(form, all)| {
        let mutate = |(begin, len, seed, changes): (usize, usize, u64, Vec<(usize, u8)>)| {
            let mut frame = frame(form, begin, len, seed).to_vec();
            for (at, byte) in changes {
                frame.get_mut(at).into_iter().for_each(|old| *old = byte);
            }
            frame.into()
        };
        all.into_iter().map(mutate).collect()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_taken(
        before in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
        first in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let before: Vec<_> = before.into_iter().map(Bytes::from).collect();
        for profile in [None, Some(AacProfile::HeV2)] {
            primer(profile, &before, &first);
        }
    }

    #[test]
    fn whatever_frames_say_the_primer_is_of_few_frames_of_the_same_stream(frames in mutated()) {
        let (first, before) = frames.split_last().unwrap();
        let primer = primer(None, before, first);
        let form = |frame: &[u8]| {
            let header = mp3::Header::parse(frame).unwrap();
            assert_eq!(header.frame_len(), Some(frame.len()));
            (header.version, header.rate_hz, header.channel_mode, header.crc)
        };
        prop_assert!(primer.frames.len() <= 3);
        for frame in &primer.frames {
            prop_assert_eq!(form(frame), form(first));
        }
        if primer.is_complete {
            let whole = main_data(&frames);
            let spliced = main_data(&[&primer.frames[..], slice::from_ref(first)].concat());
            prop_assert_eq!(whole.last(), spliced.last());
            prop_assert_eq!(&whole[whole.len() - 2], &spliced[spliced.len() - 2]);
        }
    }
}
