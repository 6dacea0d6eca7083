#![expect(clippy::cast_precision_loss, reason = "test signals are within range")]

mod damage;

use media::{AacProfile, Codec, StreamInfo, Timescale};

use super::*;
use crate::testing::{mp3_frames_as, noise};
use crate::{aac, mp3};
use AacProfile::{HeV1, HeV2, Lc};

/// A stream, what went into its encoder, and how much later that is heard.
struct Coded {
    stream: StreamInfo,
    profile: Option<AacProfile>,
    frames: Vec<Vec<u8>>,
    pcm: Vec<i16>,
    delay: u32,
}

/// Two seconds of noise.
fn aac(profile: AacProfile, channels: u8, hz: u32, transport: aac::Transport) -> Coded {
    let pcm = noise(hz * 2, channels);
    let bitrate_bps = if profile == Lc { 72_000 } else { 24_000 } * u32::from(channels);
    let settings = aac::Settings { profile, sample_rate_hz: hz, channels, bitrate_bps, transport };
    let mut encoder = aac::Encoder::new(&settings).unwrap();
    let delay = encoder.delay();
    let mut frames = encoder.encode(&pcm).unwrap();
    frames.extend(encoder.flush().unwrap());
    let core_hz = if profile == Lc { hz } else { hz / 2 };
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(core_hz).unwrap(),
        channels: if profile == HeV2 { 1 } else { channels },
        samples_per_frame: 1_024,
    };
    Coded { stream, profile: Some(profile), frames, pcm, delay }
}

fn adts(profile: AacProfile, channels: u8, hz: u32) -> Coded {
    aac(profile, channels, hz, aac::Transport::Adts)
}

fn mp3(channels: u8, hz: u32, bitrate_kbps: u16) -> Coded {
    let pcm = noise(hz * 2, channels);
    let reservoir = mp3::Reservoir::On;
    let settings =
        mp3::Settings { sample_rate_hz: hz, channels, bitrate_kbps, quality: 5, reservoir };
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(hz).unwrap(),
        channels,
        samples_per_frame: if hz < 32_000 { 576 } else { 1_152 },
    };
    let frames = mp3_frames_as(&settings, &pcm);
    Coded { stream, profile: None, frames, pcm, delay: mp3::DELAY }
}

/// Packs raw data blocks into ADTS frames of several (ISO/IEC 13818-7 §6.2).
fn in_blocks_of(count: u8, coded: &Coded) -> Coded {
    let rate = if coded.stream.timescale.hz() == 48_000 { 3 } else { 4 };
    let frames = coded.frames.chunks_exact(count.into()).map(|blocks| {
        let payload = blocks.concat();
        let len = u16::try_from(payload.len() + 7).unwrap();
        let [high, low] = (len << 5).to_be_bytes();
        let top = u8::try_from(len >> 11).unwrap();
        let kind = [0xFF, 0xF1, 0x40 | rate << 2, coded.stream.channels << 6 | top];
        [&kind[..], &[high, low | 0x1F, 0xFC | (count - 1)], &payload].concat()
    });
    let samples_per_frame = 1_024 * u32::from(count);
    let stream = StreamInfo { samples_per_frame, ..coded.stream };
    Coded { stream, frames: frames.collect(), pcm: coded.pcm.clone(), ..*coded }
}

fn all() -> Vec<Coded> {
    vec![
        mp3(2, 44_100, 128),
        mp3(1, 22_050, 48),
        adts(Lc, 2, 44_100),
        adts(Lc, 1, 48_000),
        in_blocks_of(2, &aac(Lc, 2, 44_100, aac::Transport::Raw)),
        in_blocks_of(4, &aac(Lc, 1, 48_000, aac::Transport::Raw)),
        adts(HeV1, 2, 44_100),
        adts(HeV1, 1, 48_000),
        adts(HeV2, 2, 44_100),
    ]
}

impl Coded {
    fn decoder(&self) -> Decoder {
        Decoder::new(&self.stream, self.profile).unwrap()
    }

    /// All of it, with every frame clean.
    fn heard(&self) -> Vec<f32> {
        let mut decoder = self.decoder();
        let mut out = Vec::new();
        for frame in &self.frames {
            let len = out.len();
            assert_eq!(decoder.decode(frame, &mut out), Heard::Clean);
            assert_eq!(out.len() - len, decoder.whole_len());
        }
        out
    }
}

impl Decoder {
    fn whole_len(&self) -> usize {
        self.frame_len() as usize * usize::from(self.channels())
    }
}

/// How many samples per channel later than at `near` `heard` has what `sent` has.
fn beside(near: u32, sent: &[i16], heard: &[f32], channels: u8) -> i32 {
    let sent = sent.iter().step_by(channels.into()).take(5_000);
    let sent: Vec<f32> = sent.map(|sample| f32::from(*sample)).collect();
    let heard: Vec<f32> = heard.iter().step_by(channels.into()).copied().collect();
    let likeness = |beside: &i32| -> f32 {
        let lag = near.checked_add_signed(*beside).unwrap() as usize;
        sent.iter().zip(&heard[lag..]).map(|(sent, heard)| sent * heard).sum()
    };
    (-300..300).max_by(|one, two| likeness(one).total_cmp(&likeness(two))).unwrap()
}

#[test]
fn what_was_encoded_is_heard_at_the_codec_s_delay_to_the_sample() {
    for coded in all() {
        let Coded { stream, profile, delay, .. } = &coded;
        let heard = coded.heard();
        let beside = beside(*delay, &coded.pcm, &heard, coded.decoder().channels());
        // With SBR the encoder halves the rate first, by a filter whose delay is no
        // whole number of samples.
        let is_near = if matches!(profile, Some(HeV1 | HeV2)) { -1..=0 } else { 0..=0 };
        assert!(is_near.contains(&beside), "{beside}: {profile:?} {stream:?}");
    }
}

#[test]
fn what_was_encoded_is_as_loud_as_it_was() {
    for coded in all() {
        let power = |samples: &mut dyn Iterator<Item = f32>| {
            let (sum, count) =
                samples.fold((0.0, 0.0), |(sum, count), x| (sum + x * x, count + 1.0));
            sum / count
        };
        let sent = power(&mut coded.pcm.iter().map(|sample| f32::from(*sample) / 32_768.0));
        let heard = power(&mut coded.heard().iter().copied());
        let decibels = 10.0 * (heard / sent).log10();
        // Parametric stereo keeps no noise that is another in each channel.
        assert!(decibels.abs() < 2.5, "{:?} {:?}: {decibels} dB", coded.profile, coded.stream);
    }
}

#[test]
fn blocks_in_one_frame_are_heard_as_blocks_in_many() {
    let raw = aac(Lc, 2, 44_100, aac::Transport::Raw);
    let (one, four) = (in_blocks_of(1, &raw).heard(), in_blocks_of(4, &raw).heard());
    // Two decoders: symphonia's is in floating point, fdk's gives 16 bits.
    let far = one.iter().zip(&four).map(|(one, four)| (one - four).abs()).fold(0.0, f32::max);
    assert!(far < 2.0 / 32_768.0, "{far}");
}

#[test]
fn the_same_frames_give_the_same_samples() {
    for coded in all() {
        assert!(coded.heard() == coded.heard(), "{:?} {:?}", coded.profile, coded.stream);
    }
}

/// A silent frame of AAC-LC with five channels and a low one, at 44.1 kHz.
fn surround() -> Vec<u8> {
    // An element's name and tag, and channels: gain, long window, no bands, no tools.
    let channel = "0110010000000000000000";
    let single = |name: &str, tag: &str| format!("{name}{tag}{channel}");
    let pair = |tag: &str| format!("001{tag}0{channel}{channel}");
    let elements =
        [single("000", "0000"), pair("0000"), pair("0001"), single("011", "0000"), "111".into()];
    let mut bits = elements.concat();
    bits.push_str(&"0".repeat(bits.len().next_multiple_of(8) - bits.len()));
    let byte = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
    let payload: Vec<u8> = bits.as_bytes().chunks(8).map(byte).collect();
    let len = u8::try_from(payload.len() + 7).unwrap();
    let header = [0xFF, 0xF1, 0x50 | 1, 0x80, len >> 3, len << 5 | 0x1F, 0xFC];
    [&header[..], &payload].concat()
}

#[test]
fn six_channels_come_out_as_two() {
    let timescale = Timescale::new(44_100).unwrap();
    let stream = StreamInfo { codec: Codec::Aac, timescale, channels: 6, samples_per_frame: 1_024 };
    let mut decoder = Decoder::new(&stream, Some(Lc)).unwrap();
    assert_eq!(decoder.channels(), 2);
    let mut out = Vec::new();
    for _ in 0..3 {
        assert_eq!(decoder.decode(&surround(), &mut out), Heard::Clean);
    }
    assert!(out == vec![0.0; 3 * 2_048], "{} samples", out.len());
}

#[test]
fn what_is_heard_is_told_before_the_first_frame() {
    let told = |coded: &Coded| {
        let decoder = coded.decoder();
        (decoder.sample_rate_hz(), decoder.channels(), decoder.frame_len())
    };
    let told: Vec<_> = all().iter().map(told).collect();
    let expected = [
        (44_100, 2, 1_152),
        (22_050, 1, 576),
        (44_100, 2, 1_024),
        (48_000, 1, 1_024),
        (44_100, 2, 2_048),
        (48_000, 1, 4_096),
        (44_100, 2, 2_048),
        (48_000, 1, 2_048),
        (44_100, 2, 2_048),
    ];
    assert_eq!(told, expected);
}

#[test]
fn streams_that_do_not_exist_are_refused() {
    let stream = |codec, hz, channels, samples_per_frame| StreamInfo {
        codec,
        timescale: Timescale::new(hz).unwrap(),
        channels,
        samples_per_frame,
    };
    for (stream, profile) in [
        (stream(Codec::Mp3, 44_100, 2, 576), None),
        (stream(Codec::Mp3, 96_000, 2, 1_152), None),
        (stream(Codec::Mp3, 44_100, 3, 1_152), None),
        (stream(Codec::Aac, 44_100, 2, 1_152), Some(Lc)),
        (stream(Codec::Aac, 44_100, 2, 0), Some(Lc)),
        (stream(Codec::Aac, 44_100, 2, 5 * 1_024), Some(Lc)),
        (stream(Codec::Aac, 44_101, 2, 1_024), Some(Lc)),
        (stream(Codec::Aac, 44_100, 0, 1_024), Some(Lc)),
        (stream(Codec::Aac, 44_100, 9, 1_024), Some(Lc)),
        (stream(Codec::Aac, 96_000, 2, 1_024), Some(HeV1)),
        (stream(Codec::Aac, 22_050, 2, 1_024), Some(HeV2)),
    ] {
        let refused = Decoder::new(&stream, profile);
        assert!(matches!(refused, Err(Error::Settings { .. })), "{stream:?} {profile:?}");
    }
}
