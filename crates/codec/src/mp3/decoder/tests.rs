#![expect(clippy::cast_possible_truncation, reason = "test signals are within range")]

use super::*;
use crate::mp3::{Reservoir, Settings};
use crate::testing::mp3_frames_as as frames;

/// A sine of 440 Hz in every channel.
fn sine(settings: &Settings, level: f64) -> Vec<i16> {
    let hz = f64::from(settings.sample_rate_hz);
    let sample = |n: u32| (f64::from(n) / hz * 440.0 * std::f64::consts::TAU).sin() * level;
    let group = |n| std::iter::repeat_n(sample(n) as i16, settings.channels.into());
    (0..settings.sample_rate_hz).flat_map(group).collect()
}

fn check(settings: &Settings) {
    let pcm = sine(settings, 8_000.0);
    let mut decoder = Decoder::new();
    let mut heard = Vec::new();
    for frame in frames(settings, &pcm) {
        heard.extend_from_slice(decoder.decode(&frame).unwrap());
    }
    let per_second = settings.sample_rate_hz as usize * usize::from(settings.channels);
    assert!(heard.len() >= per_second * 9 / 10, "{} samples", heard.len());
    let middle = &heard[per_second / 4..per_second * 3 / 4];
    let loudest = middle.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((7_200..8_800).contains(&loudest), "{settings:?}: {loudest}");
}

#[test]
fn what_was_encoded_is_heard_in_every_version_and_mode() {
    let all =
        [(44_100, 2, 128), (48_000, 1, 64), (32_000, 2, 320), (22_050, 2, 64), (8_000, 1, 16)];
    for (sample_rate_hz, channels, bitrate_kbps) in all {
        for reservoir in [Reservoir::On, Reservoir::Off] {
            check(&Settings { sample_rate_hz, channels, bitrate_kbps, quality: 5, reservoir });
        }
    }
}

const STEREO: Settings = Settings {
    sample_rate_hz: 44_100,
    channels: 2,
    bitrate_kbps: 128,
    quality: 5,
    reservoir: Reservoir::On,
};

#[test]
fn a_stream_is_joined_anywhere() {
    let frames = frames(&STEREO, &sine(&STEREO, 8_000.0));
    for first in 0..10 {
        let mut decoder = Decoder::new();
        // What the first ones borrow was not given.
        let mut loud = frames[first..first + 20].iter().filter_map(|frame| {
            decoder.decode(frame).map(|pcm| pcm.iter().any(|sample| *sample > 7_000))
        });
        assert!(loud.any(|is_loud| is_loud), "from frame {first}");
    }
}

#[test]
fn a_frame_that_is_none_gives_nothing_and_the_next_does() {
    let frames = frames(&STEREO, &sine(&STEREO, 8_000.0));
    let mut decoder = Decoder::new();
    assert!(decoder.decode(&frames[0]).is_some());
    for bad in [&[][..], b"\xFF", &frames[1][..100], b"no frame at all", &[0xFF; 417]] {
        assert!(decoder.decode(bad).is_none(), "{bad:?}");
    }
    assert!(decoder.decode(&frames[1]).is_some());
}

#[test]
fn a_frame_of_another_form_gives_nothing() {
    let mono = Settings { channels: 1, bitrate_kbps: 64, ..STEREO };
    let mut decoder = Decoder::new();
    assert!(decoder.decode(&frames(&STEREO, &sine(&STEREO, 0.0))[0]).is_some());
    assert!(decoder.decode(&frames(&mono, &sine(&mono, 0.0))[0]).is_none());
}
