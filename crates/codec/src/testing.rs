//! What tests of this crate share: sound, encoded at 44.1 kHz in two channels unless it is said otherwise.

use media::{AacProfile, Framer};

use crate::{aac, mp3};

/// MP3 of 128 kbit/s, with the reservoir.
pub(crate) fn mp3_frames(pcm: &[i16]) -> Vec<Vec<u8>> {
    let settings = mp3::Settings {
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_kbps: 128,
        quality: 5,
        reservoir: mp3::Reservoir::On,
    };
    mp3_frames_as(&settings, pcm)
}

/// MP3 of any form.
pub(crate) fn mp3_frames_as(settings: &mp3::Settings, pcm: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = mp3::Encoder::new(settings).unwrap();
    let mut bytes = Vec::new();
    encoder.encode(pcm, &mut bytes).unwrap();
    encoder.flush(&mut bytes).unwrap();
    let mut framer = Framer::default();
    framer.push(&bytes);
    std::iter::from_fn(|| framer.next_frame().unwrap()).map(|frame| frame.data.to_vec()).collect()
}

/// AAC-LC of 128 kbit/s, or HE-AAC of 48.
pub(crate) fn aac_frames(profile: AacProfile, pcm: &[i16]) -> Vec<Vec<u8>> {
    let bitrate_bps = if profile == AacProfile::Lc { 128_000 } else { 48_000 };
    let settings = aac::Settings {
        profile,
        sample_rate_hz: 44_100,
        channels: 2,
        bitrate_bps,
        transport: aac::Transport::Adts,
    };
    let mut encoder = aac::Encoder::new(&settings).unwrap();
    let mut frames = encoder.encode(pcm).unwrap();
    frames.extend(encoder.flush().unwrap());
    frames
}

/// Noise without the highs, in bursts, different in each channel: so many samples
/// of each of them.
#[expect(clippy::cast_possible_truncation, reason = "within range")]
pub(crate) fn noise(count: u32, channels: u8) -> Vec<i16> {
    let mut state = 12_345_u32;
    let mut low = [0.0; 2];
    let group = |n: u32| {
        let level = if (n / 5_000).is_multiple_of(3) { 12_000.0 } else { 1_200.0 };
        low = low.map(|low: f64| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low + 0.3 * (f64::from(state >> 8) / f64::from(1_u32 << 23) - 1.0 - low)
        });
        low.map(|low| (low * level) as i16).into_iter().take(channels.into())
    };
    (0..count).flat_map(group).collect()
}

/// Two seconds of a sine in every channel, 12 dB below full scale.
#[expect(clippy::cast_possible_truncation, reason = "within range")]
pub(crate) fn tone(hz: f64, sample_rate_hz: u32, channels: u8) -> Vec<i16> {
    let sample = |n: u32| {
        let turns = f64::from(n) / f64::from(sample_rate_hz) * hz;
        ((turns * std::f64::consts::TAU).sin() * 8_192.0) as i16
    };
    (0..sample_rate_hz * 2).flat_map(|n| std::iter::repeat_n(sample(n), channels.into())).collect()
}

/// FNV-1a over the samples' bits.
pub(crate) fn digest(samples: &[f32]) -> u64 {
    let bytes = samples.iter().flat_map(|sample| sample.to_bits().to_le_bytes());
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
