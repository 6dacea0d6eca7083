//! Base files: whole frames of one encoder, their number known.

use bytes::Bytes;
use codec::mp3;
use demo::{Encoding, Programme, Source, fixtures};
use media::adts;
use media::{AacProfile, Codec};

/// Frames by one encoder, one behind the other.
#[derive(Debug, Clone)]
pub struct Base {
    /// Which encoder with which settings.
    pub name: String,
    /// Their codec.
    pub codec: Codec,
    /// In their order.
    pub frames: Vec<Bytes>,
    /// What stands before them and is a tag or a table of contents.
    pub head: Option<Bytes>,
    /// Why every frame is to be refused, where it is.
    pub refused: Option<&'static str>,
}

/// Seed of the music that is encoded.
const SEED: u64 = 7;

/// Bit rates of MPEG-1, MPEG-2, and MPEG-2.5 as LAME has them, in kbit/s, each
/// with its sampling rates in Hz.
const MP3: [(&[u16], [u32; 3]); 3] = [
    (&[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320], [32_000, 44_100, 48_000]),
    (&[8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160], [16_000, 22_050, 24_000]),
    (&[8, 16, 24, 32, 40, 48, 56, 64], [8_000, 11_025, 12_000]),
];

impl Base {
    fn new(name: String, codec: Codec, frames: Vec<Bytes>) -> Self {
        Self { name, codec, frames, head: None, refused: None }
    }
}

/// Those that are mutated: few, and of every kind that our encoders make.
///
/// # Panics
///
/// An encoder does not do what this asks of it.
pub fn few(seconds: u32) -> Vec<Base> {
    let aac = |profile, kbps, channels| fdk(profile, seconds, kbps, 44_100, channels);
    let plain = aac(AacProfile::Lc, 96, 2);
    vec![
        lame(seconds, 128, 44_100, 2),
        lame(seconds, 320, 48_000, 2),
        lame(seconds, 64, 22_050, 1),
        lame(seconds, 24, 8_000, 1),
        without_reservoir(seconds),
        flagged("intensity stereo flagged", &lame(seconds, 128, 44_100, 2), 0x10),
        aac(AacProfile::HeV1, 64, 2),
        aac(AacProfile::HeV2, 32, 2),
        aac(AacProfile::Lc, 48, 1),
        with_checksums(&plain),
        in_blocks(&plain, 2),
        in_blocks(&plain, 4),
        plain,
    ]
}

/// Every bit rate at every sampling rate of Layer III, and the rates of AAC.
///
/// # Panics
///
/// As [`few`].
pub fn every(seconds: u32) -> Vec<Base> {
    let mut bases = Vec::new();
    for (kbps, rates) in MP3 {
        for rate in rates {
            bases.extend(kbps.iter().map(|kbps| lame(seconds, *kbps, rate, 2)));
        }
    }
    for rate in [8_000, 16_000, 22_050, 24_000, 32_000, 48_000, 96_000] {
        bases.push(fdk(AacProfile::Lc, seconds, 32, rate, 1));
    }
    bases
}

/// MP3 of constant bit rate by LAME, as stations send it.
pub fn lame(seconds: u32, kbps: u16, rate_hz: u32, channels: u8) -> Base {
    let frames = encoded(Encoding::Mp3 { kbps }, seconds, rate_hz, channels);
    Base::new(format!("lame {kbps} kbit/s, {rate_hz} Hz, {channels} ch"), Codec::Mp3, frames)
}

/// AAC by fdk-aac in ADTS; the rate is the input's.
pub fn fdk(profile: AacProfile, seconds: u32, kbps: u16, rate_hz: u32, channels: u8) -> Base {
    let frames = encoded(Encoding::Aac { profile, kbps }, seconds, rate_hz, channels);
    let profile = match profile {
        AacProfile::Lc => "LC",
        AacProfile::HeV1 => "HE v1",
        AacProfile::HeV2 => "HE v2",
    };
    let name = format!("fdk-aac {profile} {kbps} kbit/s, {rate_hz} Hz, {channels} ch");
    Base::new(name, Codec::Aac, frames)
}

/// LAME with frames that borrow nothing from each other.
fn without_reservoir(seconds: u32) -> Base {
    let settings = mp3::Settings {
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_kbps: 128,
        quality: 5,
        reservoir: mp3::Reservoir::Off,
    };
    let mut encoder = mp3::Encoder::new(&settings).expect("LAME has these");
    let mut pcm = vec![0; 44_100 * 2 * seconds as usize];
    Programme::new(SEED).fill(&mut pcm);
    let mut bytes = Vec::new();
    encoder.encode(&pcm, &mut bytes).expect("whole samples");
    encoder.flush(&mut bytes).expect("LAME ends");
    let (frames, rest) = mp3_frames(&Bytes::from(bytes));
    assert!(rest.is_empty(), "LAME writes whole frames");
    Base::new("lame 128 kbit/s without reservoir".to_owned(), Codec::Mp3, frames)
}

/// Cuts what is nothing but whole frames of Layer III by their headers; with
/// what is left.
pub(crate) fn mp3_frames(bytes: &Bytes) -> (Vec<Bytes>, Bytes) {
    let mut frames = Vec::new();
    let mut rest = bytes.clone();
    while let Some(len) = media::mp3::Header::parse(&rest).and_then(|header| header.frame_len())
        && len <= rest.len()
    {
        frames.push(rest.split_to(len));
    }
    (frames, rest)
}

/// Cuts what is nothing but whole ADTS frames; with what is left.
pub(crate) fn adts_frames(bytes: &Bytes) -> (Vec<Bytes>, Bytes) {
    let mut frames = Vec::new();
    let mut rest = bytes.clone();
    while let Some(header) = adts::Header::parse(&rest)
        && header.frame_len <= rest.len()
    {
        frames.push(rest.split_to(header.frame_len));
    }
    (frames, rest)
}

/// The bits of `flags` set in the fourth byte of every header: the mode's
/// extension, copyright, original.
fn flagged(name: &str, base: &Base, flags: u8) -> Base {
    let set = |frame: &Bytes| {
        let mut frame = frame.to_vec();
        if let Some(byte) = frame.get_mut(3) {
            *byte |= flags;
        }
        Bytes::from(frame)
    };
    Base::new(name.to_owned(), base.codec, base.frames.iter().map(set).collect())
}

/// With room for a checksum behind each header. Its value means nothing: nobody
/// here computes it.
fn with_checksums(base: &Base) -> Base {
    let frames = base.frames.iter().map(|frame| adts_frame(&[payload(frame)], Some(0xBEEF), frame));
    Base::new("fdk-aac LC with checksums".to_owned(), Codec::Aac, frames.collect())
}

/// With `count` raw data blocks in each frame.
fn in_blocks(base: &Base, count: usize) -> Base {
    let frames = base.frames.chunks_exact(count).filter_map(|group| {
        let payloads: Vec<&[u8]> = group.iter().map(payload).collect();
        Some(adts_frame(&payloads, None, group.first()?))
    });
    Base::new(format!("fdk-aac LC, {count} blocks a frame"), Codec::Aac, frames.collect())
}

fn payload(frame: &Bytes) -> &[u8] {
    frame.get(adts::HEADER_LEN..).unwrap_or_default()
}

/// An ADTS frame with the parameters of `like` (ISO/IEC 13818-7 §6.2).
fn adts_frame(blocks: &[&[u8]], checksum: Option<u16>, like: &[u8]) -> Bytes {
    let Some(&[b0, b1, b2, b3, ..]) = like.first_chunk::<7>() else { return Bytes::new() };
    let checksum_len = if checksum.is_some() { 2 } else { 0 };
    let len =
        adts::HEADER_LEN + checksum_len + blocks.iter().map(|block| block.len()).sum::<usize>();
    assert!(len <= adts::FRAME_LEN_MAX, "blocks too long for a frame");
    let low = |value: usize| u8::try_from(value & 0xFF).expect("masked");
    let protection_absent = u8::from(checksum.is_none());
    let mut frame = vec![
        b0,
        b1 & 0xFE | protection_absent,
        b2,
        b3 & 0xFC | low(len >> 11),
        low(len >> 3),
        low(len << 5) | 0x1F,
        0xFC | low(blocks.len() - 1),
    ];
    frame.extend(checksum.into_iter().flat_map(u16::to_be_bytes));
    frame.extend(blocks.concat());
    Bytes::from(frame)
}

/// The music of [`Programme`], resampled by taking the nearest sample: it need
/// not sound well.
fn encoded(encoding: Encoding, seconds: u32, rate_hz: u32, channels: u8) -> Vec<Bytes> {
    let mut source = AtRate { programme: Programme::new(SEED), rate_hz, channels };
    fixtures::frames(encoding, &mut source, seconds)
}

#[derive(Debug)]
struct AtRate {
    programme: Programme,
    rate_hz: u32,
    channels: u8,
}

impl Source for AtRate {
    fn sample_rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn fill(&mut self, out: &mut [i16]) {
        let count = out.len() / usize::from(self.channels);
        let own = count * self.programme.sample_rate_hz() as usize / self.rate_hz as usize;
        let mut pcm = vec![0; own.max(1) * 2];
        self.programme.fill(&mut pcm);
        for (at, group) in out.chunks_mut(usize::from(self.channels)).enumerate() {
            let from = (at * own / count.max(1)) * 2;
            for (sample, from) in group.iter_mut().zip(pcm.get(from..).unwrap_or_default()) {
                *sample = *from;
            }
        }
    }

    fn title_at(&self, _sample: u64) -> String {
        String::new()
    }
}
