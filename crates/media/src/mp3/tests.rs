use super::*;

/// The header bytes for a version and layer (second byte), a bit rate index, a
/// rate index, padding, and the last byte.
fn header(b1: u8, bitrate: u8, rate: u8, padding: u8, b3: u8) -> Option<Header> {
    Header::parse(&[0xFF, b1, bitrate << 4 | rate << 2 | padding << 1, b3])
}

/// Second bytes of Layer III by version, with their rates in Hz, bit rates in
/// kbit/s and slots of a frame for one kbit/s over one kHz (ISO/IEC 11172-3
/// §2.4.3.1: 144; half of it for half the samples).
type Table = (u8, [u32; 3], [u32; 14], u32);

const LOW: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const LAYER3: [Table; 3] = [
    (
        0xFB,
        [44_100, 48_000, 32_000],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        144,
    ),
    (0xF3, [22_050, 24_000, 16_000], LOW, 72),
    (0xE3, [11_025, 12_000, 8_000], LOW, 72),
];

#[test]
fn every_bit_rate_and_rate_of_layer_three_has_the_length_of_the_standard() {
    for (b1, rates, bitrates, factor) in LAYER3 {
        for (rate_index, rate) in (0..).zip(rates) {
            for (bitrate_index, kbps) in (1..).zip(bitrates) {
                for padding in 0..2 {
                    let header = header(b1, bitrate_index, rate_index, padding, 0x40).unwrap();
                    let slots = factor * kbps * 1_000 / rate + u32::from(padding);
                    assert_eq!(header.rate_hz, rate);
                    assert_eq!(header.bitrate_kbps.map(u32::from), Some(kbps));
                    assert_eq!(header.frame_len(), Some(slots as usize), "{kbps} at {rate}");
                    assert_eq!(header.samples(), factor * 8);
                    assert!(header.frame_len().unwrap() <= FRAME_LEN_MAX);
                }
            }
        }
    }
}

#[test]
fn known_lengths_come_out() {
    let len = |b1, bitrate, rate| header(b1, bitrate, rate, 0, 0).unwrap().frame_len();
    assert_eq!(len(0xFB, 9, 0), Some(417), "128 kbit/s at 44.1 kHz");
    assert_eq!(len(0xFB, 14, 2), Some(1_440), "320 kbit/s at 32 kHz");
    assert_eq!(len(0xF3, 1, 1), Some(24), "8 kbit/s at 24 kHz");
    assert_eq!(len(0xE3, 14, 2), Some(1_440), "160 kbit/s at 8 kHz");
    assert_eq!(len(0xFD, 14, 1), Some(1_152), "Layer II, 384 kbit/s at 48 kHz");
    assert_eq!(len(0xFF, 14, 0), Some(484), "Layer I, 448 kbit/s at 44.1 kHz");
}

#[test]
fn free_format_has_no_length() {
    let header = header(0xFB, 0, 0, 0, 0).unwrap();
    assert_eq!((header.bitrate_kbps, header.frame_len()), (None, None));
}

#[test]
fn reserved_values_are_no_header() {
    assert_eq!(header(0xFB, 15, 0, 0, 0), None, "bit rate");
    assert_eq!(header(0xFB, 9, 3, 0, 0), None, "sampling rate");
    assert_eq!(header(0xFB, 9, 0, 0, 2), None, "emphasis");
    assert_eq!(header(0xEB, 9, 0, 0, 0), None, "version");
    assert_eq!(header(0xF9, 9, 0, 0, 0), None, "layer");
    assert_eq!(header(0xDB, 9, 0, 0, 0), None, "sync");
    assert_eq!(Header::parse(&[0xFE, 0xFB, 0x90, 0]), None, "sync");
    assert_eq!(Header::parse(&[0xFF, 0xFB, 0x90]), None, "too short");
}

#[test]
fn the_mode_gives_channels_and_side_information() {
    for (b3, mode, channels, sides) in [
        (0x00, ChannelMode::Stereo, 2, (32, 17)),
        (0x40, ChannelMode::JointStereo, 2, (32, 17)),
        (0x80, ChannelMode::Stereo, 2, (32, 17)),
        (0xC0, ChannelMode::Mono, 1, (17, 9)),
    ] {
        let mpeg1 = header(0xFB, 9, 0, 0, b3).unwrap();
        let mpeg2 = header(0xF3, 9, 0, 0, b3).unwrap();
        assert_eq!((mpeg1.channel_mode, mpeg1.channels()), (mode, channels));
        assert_eq!((mpeg1.side_info_len(), mpeg2.side_info_len()), sides);
    }
}

#[test]
fn only_layer_three_has_a_frame_header() {
    let layer3 = header(0xFA, 9, 0, 0, 0xC0).unwrap();
    assert!(layer3.crc);
    let frame = layer3.to_frame_header().unwrap();
    assert_eq!(frame.bitrate_bps, Some(128_000));
    assert_eq!((frame.stream.timescale.hz(), frame.stream.channels), (44_100, 1));
    assert_eq!(header(0xFD, 9, 0, 0, 0).unwrap().to_frame_header(), None);
    assert_eq!(header(0xFF, 9, 0, 0, 0).unwrap().to_frame_header(), None);
}

/// A frame of 128 kbit/s with `name` at `at`, otherwise empty.
fn named(b1: u8, b3: u8, at: usize, name: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xFF, b1, 0x90, b3]);
    frame[at..at + 4].copy_from_slice(name);
    frame
}

#[test]
fn a_table_of_contents_is_an_info_frame() {
    assert!(is_info_frame(&named(0xFB, 0x40, 36, b"Xing")));
    assert!(is_info_frame(&named(0xFB, 0x40, 36, b"Info")));
    assert!(is_info_frame(&named(0xFB, 0x40, 36, b"VBRI")));
    assert!(is_info_frame(&named(0xFB, 0xC0, 21, b"Xing")));
    assert!(is_info_frame(&named(0xFB, 0xC0, 36, b"VBRI")));
    assert!(is_info_frame(&named(0xF3, 0x40, 21, b"Info")));
    assert!(is_info_frame(&named(0xF3, 0xC0, 13, b"Info")));
    let mut with_crc = named(0xFA, 0x40, 36, b"Info");
    with_crc[4..6].copy_from_slice(&[0x12, 0x34]);
    assert!(is_info_frame(&with_crc), "LAME does not count the CRC in");
    assert!(is_info_frame(&named(0xFA, 0x40, 38, b"Xing")), "others do");
}

#[test]
fn audio_that_holds_the_name_is_no_info_frame() {
    let mut audio = named(0xFB, 0x40, 36, b"Xing");
    audio[20] = 1;
    assert!(!is_info_frame(&audio), "its side information is not empty");
    assert!(!is_info_frame(&named(0xFB, 0x40, 37, b"Xing")), "another place");
    assert!(!is_info_frame(&named(0xFB, 0x40, 36, b"Xinh")), "another name");
    assert!(!is_info_frame(b"Xing"), "no frame");
}
