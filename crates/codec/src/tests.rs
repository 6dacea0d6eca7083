//! [`media::splice`] proven with encoders and decoders: what is heard after a
//! join is compared with the same frames of the stream that was never joined.
#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use bytes::Bytes;
use media::splice::{HE_AAC_LEN, Primer, primer};
use media::{AacProfile, Framer};

use crate::mp3::Reservoir;
use crate::{aac, mp3};

/// Joins of each stream.
const JOINS: usize = 50;

/// Frames that are compared after a join.
const COMPARED: usize = 8;

/// What is heard of each frame.
type Heard = Vec<Vec<i16>>;

/// Two programmes in the same form.
struct Streams {
    old: Vec<Bytes>,
    new: Vec<Bytes>,
    decode: fn(&[Bytes]) -> Heard,
    profile: Option<AacProfile>,
    /// A frame is damaged where a sample differs by more.
    tolerance: u16,
}

/// Notes with overtones, drums of noise, and hiss, different in each channel.
fn programme(hz: u32, channels: u8, secs: u32, seed: u32) -> Vec<i16> {
    let mut state = seed.wrapping_mul(2_654_435_761);
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0
    };
    let sample = |n: u32| {
        let t = f64::from(n) / f64::from(hz);
        let tone = |hz: f64| (t * hz * std::f64::consts::TAU).sin();
        let decay = ((t * (2.0 + f64::from(seed % 3))).fract() * -6.0).exp();
        let note =
            110.0 * f64::from(1 + seed % 7) * [1.0, 1.25, 1.5, 2.0][(n * 3 / hz) as usize % 4];
        let drum = noise() * (0.6 * decay * decay + 0.03 * (1.0 + tone(0.3)));
        let mut channel = |channel: u8| {
            let base = note * (1.0 + f64::from(channel) * 0.003);
            let chord: f64 = (1..=8).map(f64::from).map(|n| tone(base * n) / n).sum();
            let own = f64::from(channel) * noise() * 0.05;
            ((0.25 * chord * (0.4 + decay) + drum + own) * 12_000.0) as i16
        };
        [channel(0), channel(1)].into_iter().take(channels.into())
    };
    (0..hz * secs).flat_map(sample).collect()
}

fn mp3_streams(settings: &mp3::Settings) -> Streams {
    let frames = |seed| {
        let mut encoder = mp3::Encoder::new(settings).unwrap();
        let mut bytes = Vec::new();
        let pcm = programme(settings.sample_rate_hz, settings.channels, 8, seed);
        encoder.encode(&pcm, &mut bytes).unwrap();
        encoder.flush(&mut bytes).unwrap();
        let mut framer = Framer::default();
        framer.push(&bytes);
        std::iter::from_fn(|| framer.next_frame().unwrap()).map(|frame| frame.data).collect()
    };
    let decode = |frames: &[Bytes]| {
        let mut decoder = mp3::Decoder::new();
        let heard = |frame| decoder.decode(frame).map(<[i16]>::to_vec).unwrap_or_default();
        frames.iter().map(|frame| &frame[..]).map(heard).collect()
    };
    Streams { old: frames(3), new: frames(11), decode, profile: None, tolerance: 0 }
}

fn aac_streams(profile: AacProfile, bitrate_bps: u32, tolerance: u16) -> Streams {
    let settings = aac::Settings {
        profile,
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_bps,
        transport: aac::Transport::Adts,
    };
    let frames = |seed| {
        let mut encoder = aac::Encoder::new(&settings).unwrap();
        let frames = encoder.encode(&programme(44_100, 2, 10, seed)).unwrap();
        frames.into_iter().map(Bytes::from).collect()
    };
    let decode = |frames: &[Bytes]| {
        let mut decoder = aac::Decoder::new().unwrap();
        let mut heard = Heard::new();
        for frame in frames {
            let mut pcm = Vec::new();
            decoder.decode(frame, |samples| pcm.extend_from_slice(samples)).unwrap();
            heard.push(pcm);
        }
        // To conceal errors the decoder is a frame behind.
        heard.remove(0);
        heard
    };
    Streams { old: frames(3), new: frames(11), decode, profile: Some(profile), tolerance }
}

impl Streams {
    /// The frames that the newcomer goes on with, each at another place in the
    /// periods of headers and drums.
    fn joins(&self) -> impl Iterator<Item = usize> {
        let step = (self.new.len() - 40 - COMPARED - 1) / JOINS;
        (0..JOINS).map(move |join| 40 + join * step)
    }

    /// How many frames from `first` on are damaged when the old stream, so many
    /// frames of it, and the primer come before.
    fn damaged(&self, whole: &Heard, first: usize, old_len: usize, primer: &Primer) -> usize {
        let end = first + COMPARED + 1;
        let before = [&self.old[..old_len], &primer.frames].concat();
        let heard = (self.decode)(&[&before, &self.new[first..end]].concat());
        let pairs = heard[before.len()..].iter().zip(&whole[first..]).take(COMPARED);
        pairs.filter(|(heard, whole)| self.differ(heard, whole)).count()
    }

    fn differ(&self, heard: &[i16], whole: &[i16]) -> bool {
        let mut pairs = heard.iter().zip(whole);
        heard.len() != whole.len() || pairs.any(|(a, b)| a.abs_diff(*b) > self.tolerance)
    }

    /// No frame is damaged with the primer, of so many frames at most, and from
    /// `naive` on at every join without it.
    fn check(&self, primer_len_max: usize, naive: usize) {
        let whole = (self.decode)(&self.new);
        for first in self.joins() {
            let primer = primer(self.profile, &self.new[..first], &self.new[first]);
            assert!(primer.is_complete);
            assert!(primer.frames.len() <= primer_len_max, "{} frames", primer.frames.len());
            // As many frames as before `first`, but for sixteens: then the noise
            // of an HE-AAC decoder, which goes on from frame to frame, is in step.
            let old_len = |primer: &Primer| 32 + (first - primer.frames.len()) % 16;
            let damaged = |primer: &Primer| self.damaged(&whole, first, old_len(primer), primer);
            assert_eq!(damaged(&primer), 0, "joined at {first}");
            let damaged = damaged(&Primer::default());
            assert!(damaged >= naive, "joined at {first}: {damaged} without a primer");
        }
    }
}

fn mp3_settings(sample_rate_hz: u32, channels: u8, bitrate_kbps: u16) -> mp3::Settings {
    let reservoir = Reservoir::On;
    mp3::Settings { sample_rate_hz, channels, bitrate_kbps, quality: 5, reservoir }
}

#[test]
fn mp3_at_128_kbps_is_joined_with_one_frame() {
    mp3_streams(&mp3_settings(44_100, 2, 128)).check(1, 2);
}

#[test]
fn mono_mp3_is_joined_with_one_frame() {
    mp3_streams(&mp3_settings(44_100, 1, 64)).check(1, 3);
}

#[test]
fn mp3_at_high_bit_rates_is_joined_with_two_frames() {
    mp3_streams(&mp3_settings(48_000, 2, 192)).check(2, 2);
    mp3_streams(&mp3_settings(44_100, 2, 320)).check(2, 2);
}

#[test]
fn mp3_at_low_sampling_rates_is_joined_with_two_frames() {
    mp3_streams(&mp3_settings(22_050, 2, 32)).check(2, 3);
    mp3_streams(&mp3_settings(11_025, 1, 16)).check(2, 3);
}

#[test]
fn mp3_at_the_highest_bit_rate_of_low_sampling_rates_is_joined_with_three_frames() {
    mp3_streams(&mp3_settings(24_000, 2, 160)).check(3, 3);
}

#[test]
fn mp3_without_a_reservoir_is_joined_with_one_frame() {
    let settings = mp3::Settings { reservoir: Reservoir::Off, ..mp3_settings(44_100, 2, 128) };
    mp3_streams(&settings).check(1, 1);
}

#[test]
fn aac_lc_is_joined_with_one_frame() {
    aac_streams(AacProfile::Lc, 128_000, 0).check(1, 1);
}

#[test]
fn he_aac_is_joined_but_for_rounding() {
    aac_streams(AacProfile::HeV1, 48_000, 4).check(HE_AAC_LEN, 2);
}

#[test]
fn he_aac_v2_is_joined_but_for_rounding() {
    aac_streams(AacProfile::HeV2, 32_000, 4).check(HE_AAC_LEN, 3);
}

#[test]
fn a_joined_mp3_stream_is_framed_as_it_was_cut() {
    let streams = mp3_streams(&mp3_settings(44_100, 2, 128));
    let mut joined = Vec::new();
    for first in streams.joins() {
        joined.extend_from_slice(&streams.old[first..first + 10]);
        joined.extend(primer(None, &streams.new[..first], &streams.new[first]).frames);
        joined.extend_from_slice(&streams.new[first..first + 10]);
    }
    let mut framer = Framer::default();
    framer.push(&joined.concat());
    let mut framed: Vec<Bytes> =
        std::iter::from_fn(|| framer.next_frame().unwrap()).map(|frame| frame.data).collect();
    framed.extend(framer.finish().unwrap().map(|frame| frame.data));
    assert!(framed == joined);
}

#[test]
fn the_fewer_frames_are_known_the_more_are_damaged_but_never_more_than_without() {
    let streams = mp3_streams(&mp3_settings(44_100, 2, 128));
    let whole = (streams.decode)(&streams.new);
    for first in streams.joins() {
        let damaged = |known: usize| {
            let primer = primer(None, &streams.new[first - known..first], &streams.new[first]);
            streams.damaged(&whole, first, 20, &primer)
        };
        let naive = streams.damaged(&whole, first, 20, &Primer::default());
        let all = [naive, damaged(0), damaged(1), damaged(2), damaged(4)];
        assert!(all.is_sorted_by(|fewer, more| fewer >= more), "joined at {first}: {all:?}");
        assert_eq!(all[4], 0);
    }
}

#[test]
fn where_nothing_is_known_there_is_silence_and_no_noise() {
    let streams = mp3_streams(&mp3_settings(44_100, 2, 128));
    let loudest = |frames: &[Bytes]| {
        let heard = (streams.decode)(frames);
        heard[20..].iter().flatten().map(|sample| sample.unsigned_abs()).max().unwrap()
    };
    let joined = |first: usize, primer: &[Bytes]| {
        let old = &streams.old[first - 20..first];
        loudest(&[old, primer, &streams.new[first..first + COMPARED]].concat())
    };
    let programme = loudest(&streams.new);
    let naive = streams.joins().map(|first| joined(first, &[])).max().unwrap();
    assert!(naive > programme * 3 / 2, "{naive} for {programme}");
    for first in streams.joins() {
        let primer = primer(None, &[], &streams.new[first]);
        let loudest = joined(first, &primer.frames);
        assert!(loudest <= programme, "joined at {first}: {loudest} for {programme}");
    }
}
