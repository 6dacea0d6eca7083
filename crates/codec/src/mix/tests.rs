#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "what is tested")]

use super::*;

fn remixed(input: &[f32], from: u8, to: u8) -> Vec<f32> {
    let mut out = vec![9.0];
    remix(input, from, to, &mut out);
    out.split_off(1)
}

#[test]
fn two_channels_become_one_by_their_mean() {
    assert_eq!(remixed(&[0.5, 0.25, 1.0, 1.0, -1.0, 1.0], 2, 1), [0.375, 1.0, 0.0]);
}

#[test]
fn one_channel_becomes_two_alike() {
    assert_eq!(remixed(&[0.5, -0.25], 1, 2), [0.5, 0.5, -0.25, -0.25]);
}

#[test]
fn as_many_channels_stay() {
    assert_eq!(remixed(&[0.1, 0.2], 1, 1), [0.1, 0.2]);
    assert_eq!(remixed(&[0.1, 0.2, 0.3], 2, 2), [0.1, 0.2]);
}

#[test]
fn other_numbers_do_what_they_can() {
    assert_eq!(remixed(&[0.1, 0.2], 2, 3), [0.1, 0.2, 0.2]);
    assert_eq!(remixed(&[0.1, 0.2, 0.3], 3, 2), [0.1, 0.2]);
    for (from, to) in [(0, 0), (0, 2), (2, 0)] {
        assert_eq!(remixed(&[0.1, 0.2], from, to), [0.0; 0]);
    }
}

fn word(sample: f32) -> i16 {
    let mut out = Vec::new();
    to_i16(&[sample], &mut out);
    out[0]
}

#[test]
fn every_word_comes_back() {
    for expected in i16::MIN..=i16::MAX {
        assert_eq!(word(f32::from(expected) / 32_768.0), expected);
    }
}

#[test]
fn words_are_rounded_to_nearest() {
    for n in -700_000..700_000_i32 {
        let sample = n as f32 / 600_000.0;
        let expected = (f64::from(sample) * 32_768.0).round_ties_even() as i16;
        assert_eq!(word(sample), expected, "{sample}");
    }
}

#[test]
fn what_is_beyond_is_clipped_and_what_is_no_number_is_silent() {
    let words = [1.0, 4.0, f32::MAX, f32::INFINITY, -1.0, -4.0, f32::MIN, f32::NAN].map(word);
    let (high, low) = (i16::MAX, i16::MIN);
    assert_eq!(words, [high, high, high, high, low, low, low, 0]);
}
