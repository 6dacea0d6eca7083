//! Frames made without an encoder, for tests and demos: valid headers, silence
//! to a decoder, and a pseudo-random filling that makes each seed's frame its
//! own.
//!
//! Bytes are a function of the arguments alone. The filling holds no `0xFF`, so
//! that no sync word stands inside a frame.

use crate::adts;
use crate::mp3;
use crate::stream::ChannelMode;

/// `sampling_frequency_index` by position (ISO/IEC 13818-7 Table 35), in Hz.
const ADTS_RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// A single channel element that is silent, and an empty data stream element,
/// padded to a byte (ISO/IEC 13818-7 §6.3).
const SILENT_MONO: [u8; 6] = [0x00, 0x00, 0x00, 0x04, 0x08, 0x00];

/// A silent channel pair element, and an empty data stream element.
const SILENT_STEREO: [u8; 8] = [0x21, 0x00, 0x00, 0x00, 0x00, 0x10, 0x20, 0x00];

/// A data stream element's id, and that its data begins at a byte.
const DATA_ELEMENT: u8 = 0x81;

/// The element that ends a raw data block.
const END_ELEMENT: u8 = 0xE0;

/// Makes a Layer III frame without padding and CRC; the version follows from
/// the rate.
///
/// # Panics
///
/// On a bit rate or a sampling rate that Layer III has not.
pub fn mp3_frame(bitrate_kbps: u16, rate_hz: u32, mode: ChannelMode, seed: u64) -> Vec<u8> {
    let header = mp3_header(bitrate_kbps, rate_hz, mode);
    let parsed = mp3::Header::parse(&header).expect("found by parsing");
    let len = parsed.frame_len().expect("not free format");
    let mut frame = header.to_vec();
    // Empty side information: no main data is used, so the frame is silent.
    frame.resize((mp3::HEADER_LEN + parsed.side_info_len()).min(len), 0);
    frame.extend(filling(seed).take(len - frame.len()));
    frame
}

/// Makes an ADTS frame of `len` bytes in all: MPEG-4 AAC-LC, one raw data
/// block, no CRC. From 14 bytes (mono) or 16 (stereo) it is silence, below it
/// only has a header.
///
/// # Panics
///
/// On a rate that is not in Table 35, channels other than 1 and 2, and a length
/// outside 8 to 8,191.
pub fn adts_frame(rate_hz: u32, channels: u8, len: usize, seed: u64) -> Vec<u8> {
    let rate = ADTS_RATES.iter().position(|&rate| rate == rate_hz).expect("a rate of Table 35");
    assert!((1..=2).contains(&channels), "one or two channels");
    assert!((8..=adts::FRAME_LEN_MAX).contains(&len), "8 to 8,191 bytes");
    let low = |value: usize| u8::try_from(value & 0xFF).expect("masked");
    let [b3, b5] = [(channels & 0x03) << 6 | low(len >> 11), low(len << 5) | 0x1F];
    let mut frame = vec![0xFF, 0xF1, 0x40 | low(rate << 2), b3, low(len >> 3), b5, 0xFC];
    let silent = if channels == 1 { SILENT_MONO.as_slice() } else { SILENT_STEREO.as_slice() };
    let mut filling = filling(seed);
    if frame.len() + silent.len() < len {
        frame.extend_from_slice(silent);
        // A data stream element holds 0 to 510 bytes: below 255 its head has
        // two bytes, from there three.
        while let rest @ 3.. = len - frame.len() {
            let count = low((rest - 3).min(254));
            frame.extend([DATA_ELEMENT, count]);
            frame.extend(filling.by_ref().take(usize::from(count)));
        }
        frame.push(END_ELEMENT);
    }
    frame.resize(len, 0);
    frame
}

/// The header with these values: of the few there are, the one that says so.
fn mp3_header(bitrate_kbps: u16, rate_hz: u32, mode: ChannelMode) -> [u8; 4] {
    let mode_bits = match mode {
        ChannelMode::Stereo => 0x00,
        ChannelMode::JointStereo => 0x40,
        ChannelMode::Mono => 0xC0,
    };
    let headers = [0xFB, 0xF3, 0xE3].into_iter().flat_map(|version| {
        (0..=0xFC).step_by(4).map(move |rates| [0xFF, version, rates, mode_bits])
    });
    let is_it = |header: &mp3::Header| {
        header.bitrate_kbps == Some(bitrate_kbps) && header.rate_hz == rate_hz
    };
    let mut found = headers.filter(|bytes| mp3::Header::parse(bytes).as_ref().is_some_and(is_it));
    found.next().expect("a bit rate and a sampling rate of Layer III")
}

/// Endless bytes below `0xFF`: `SplitMix64`.
fn filling(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31).to_be_bytes()
    })
    .flatten()
    .map(|byte| if byte == 0xFF { 0xFE } else { byte })
}

#[cfg(test)]
mod tests;
