//! Any bytes as frames before a join, and any payloads in true frames: no panic,
//! few whole frames of the same stream, and where the primer is complete, the
//! first frame and the one before it find the bytes that they found unspliced.

use bytes::Bytes;
use media::splice::{BEFORE_LEN_MAX, HE_AAC_LEN, Primer, primer};
use media::{AacProfile, ChannelMode, mp3, synthetic};

/// Frames of Layer III in a primer at most.
const MP3_LEN_MAX: usize = 3;

/// Runs the target.
pub fn run(data: &[u8]) {
    let [form, size, payload @ ..] = data else { return };
    let pieces: Vec<Bytes> =
        payload.chunks(usize::from(*size).max(1)).map(Bytes::copy_from_slice).collect();
    join(&pieces);
    let mp3 = |piece: &Bytes| with_header(*form, piece);
    join_mp3(&pieces.iter().map(mp3).collect::<Vec<_>>());
    let adts = |piece: &Bytes| {
        let len = 20 + piece.len() + usize::from(piece[0]);
        synthetic::adts_frame(44_100, 1 + (form & 1), len, piece.len() as u64).into()
    };
    join(&pieces.iter().map(adts).collect::<Vec<_>>());
}

/// Pieces of any size for each form of frame.
pub fn seeds() -> Vec<Vec<u8>> {
    let noise = synthetic::mp3_frame(64, 22_050, ChannelMode::Mono, 1);
    let borrows_all = [0xFF, 0x80, 0, 0, 0].repeat(24);
    let mut seeds = Vec::new();
    for form in 0..8 {
        for payload in [&noise[20..], &borrows_all, &[0; 60]] {
            seeds.push([&[form, 20], payload].concat());
        }
    }
    seeds.push([&[0, 104][..], &synthetic::mp3_frame(32, 44_100, ChannelMode::Mono, 1)].concat());
    seeds
}

/// Joins at the last of the frames, whatever they are.
fn join(frames: &[Bytes]) {
    let Some((first, before)) = frames.split_last() else { return };
    for profile in [None, Some(AacProfile::Lc), Some(AacProfile::HeV1), Some(AacProfile::HeV2)] {
        let primer = primer(profile, before, first);
        assert!(primer.frames.len() <= HE_AAC_LEN);
    }
}

/// Joins at the last of these frames of one stream.
fn join_mp3(frames: &[Bytes]) {
    let Some((first, before)) = frames.split_last() else { return };
    let Primer { frames: primer, is_complete } = primer(None, before, first);
    assert!(primer.len() <= MP3_LEN_MAX);
    for frame in &primer {
        let [own, of_first] = [frame, first].map(header);
        assert_eq!(own.frame_len(), Some(frame.len()));
        let form = |header: mp3::Header| (header.version, header.rate_hz, header.channel_mode);
        assert_eq!((form(own), own.crc), (form(of_first), of_first.crc));
    }
    if !is_complete {
        return;
    }
    let newest = before.len().saturating_sub(BEFORE_LEN_MAX);
    let [.., last, first_alone] = &reservoirs(&before[newest..], first)[..] else { return };
    let [.., primed, first_primed] = &reservoirs(&primer, first)[..] else { return };
    assert_eq!(first_alone, first_primed);
    // What is behind its main data need not be the same.
    let used = before.last().map_or(0, main_data_len);
    assert_eq!(primed[..used], last[..used]);
}

/// For each of the frames the bytes from where its main data begins to its end.
fn reservoirs(before: &[Bytes], first: &Bytes) -> Vec<Vec<u8>> {
    let mut areas = Vec::new();
    let take = |frame: &Bytes| {
        let (side_info, area) = side_info(frame);
        let is_mpeg1 = header(frame).version == mp3::Version::Mpeg1;
        let begin = bits(side_info, 0, if is_mpeg1 { 9 } else { 8 });
        let at = areas.len();
        areas.extend_from_slice(area);
        areas[at.saturating_sub(begin)..].to_vec()
    };
    before.iter().chain([first]).map(take).collect()
}

/// Bytes of main data that a frame's granules use.
fn main_data_len(frame: &Bytes) -> usize {
    let (side_info, _) = side_info(frame);
    let (at, bits_each, count) = match side_info.len() {
        32 => (20, 59, 4),
        17 if header(frame).channels() == 1 => (18, 59, 2),
        17 => (10, 63, 2),
        _ => (9, 63, 1),
    };
    (0..count).map(|n| bits(side_info, at + n * bits_each, 12)).sum::<usize>().div_ceil(8)
}

fn side_info(frame: &Bytes) -> (&[u8], &[u8]) {
    let header = header(frame);
    frame[4 + if header.crc { 2 } else { 0 }..].split_at(header.side_info_len())
}

fn header(frame: &Bytes) -> mp3::Header {
    mp3::Header::parse(frame).expect("a frame")
}

fn bits(bytes: &[u8], at: usize, count: usize) -> usize {
    let bit = |at: usize| usize::from(bytes[at / 8] >> (7 - at % 8) & 1);
    (at..at + count).fold(0, |value, at| value << 1 | bit(at))
}

/// A frame of one of eight forms that begins, behind its header, with these
/// bytes.
fn with_header(form: u8, payload: &[u8]) -> Bytes {
    let (kbps, hz, mode) = match form & 3 {
        0 => (128, 44_100, ChannelMode::JointStereo),
        1 => (320, 48_000, ChannelMode::Mono),
        2 => (32, 22_050, ChannelMode::JointStereo),
        _ => (8, 24_000, ChannelMode::Mono),
    };
    let mut frame = synthetic::mp3_frame(kbps, hz, mode, payload.len() as u64);
    if form & 4 != 0 {
        // With a CRC.
        frame[1] &= 0xFE;
    }
    for (byte, own) in frame.iter_mut().skip(mp3::HEADER_LEN).zip(payload) {
        *byte = *own;
    }
    frame.into()
}
