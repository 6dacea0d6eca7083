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
