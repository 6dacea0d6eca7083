use super::*;
use crate::synthetic::adts_frame;

const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// A header of AAC-LC, 44.1 kHz, stereo, 200 bytes, changed by `change`.
fn header(change: impl FnOnce(&mut [u8])) -> Option<Header> {
    let mut bytes = adts_frame(44_100, 2, 200, 1);
    change(&mut bytes);
    Header::parse(&bytes)
}

#[test]
fn every_rate_and_length_is_read_as_written() {
    for rate in RATES {
        for channels in 1..=2 {
            for len in [8, 200, 255, 256, 2_047, 2_048, FRAME_LEN_MAX] {
                let header = Header::parse(&adts_frame(rate, channels, len, 1)).unwrap();
                assert_eq!((header.rate_hz, header.channels()), (rate, Some(channels)));
                assert_eq!((header.frame_len, header.blocks), (len, 1));
                assert_eq!((header.profile, header.crc), (Profile::Lc, false));
            }
        }
    }
}

#[test]
fn the_four_profiles_are_told_apart() {
    for (bits, profile) in
        [(0x00, Profile::Main), (0x40, Profile::Lc), (0x80, Profile::Ssr), (0xC0, Profile::Ltp)]
    {
        let header = header(|bytes| bytes[2] = bytes[2] & 0x3F | bits).unwrap();
        assert_eq!(header.profile, profile);
        assert_eq!(header.to_frame_header().is_some(), profile == Profile::Lc);
    }
}

#[test]
fn seven_is_eight_channels_and_zero_is_in_the_payload() {
    for (configuration, channels) in [(0, None), (2, Some(2)), (6, Some(6)), (7, Some(8))] {
        let header = header(|bytes| {
            bytes[2] = bytes[2] & 0xFE | configuration >> 2;
            bytes[3] = bytes[3] & 0x3F | (configuration & 3) << 6;
        });
        let header = header.unwrap();
        assert_eq!(header.channels(), channels);
        assert_eq!(header.to_frame_header().is_some(), configuration == 2);
    }
}

#[test]
fn several_blocks_are_as_many_samples() {
    let header = header(|bytes| bytes[6] |= 0x03).unwrap();
    assert_eq!(header.blocks, 4);
    assert_eq!(header.to_frame_header().unwrap().stream.samples_per_frame, 4_096);
}

#[test]
fn both_ids_and_a_crc_are_read() {
    let mpeg2 = header(|bytes| bytes[1] = 0xF9).unwrap();
    assert!(mpeg2.to_frame_header().is_some());
    let crc = header(|bytes| bytes[1] = 0xF0).unwrap();
    assert!(crc.crc && crc.to_frame_header().is_some());
}

#[test]
fn reserved_and_impossible_values_are_no_header() {
    for index in 13..16 {
        assert_eq!(header(|bytes| bytes[2] = 0x40 | index << 2), None, "rate {index}");
    }
    assert_eq!(header(|bytes| bytes[1] = 0xF3), None, "layer");
    assert_eq!(header(|bytes| bytes[0] = 0xFE), None, "sync");
    assert_eq!(Header::parse(&adts_frame(44_100, 2, 200, 1)[..6]), None, "too short");
    let with_len = |len: u8, b1: u8| {
        header(|bytes| {
            bytes[1] = b1;
            bytes[4..6].copy_from_slice(&[len >> 3, len << 5]);
        })
    };
    assert_eq!(with_len(7, 0xF1), None, "nothing but a header");
    assert!(with_len(8, 0xF1).is_some());
    assert_eq!(with_len(9, 0xF0), None, "nothing but a header and a CRC");
    assert!(with_len(10, 0xF0).is_some());
}
