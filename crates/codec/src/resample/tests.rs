#![expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "test signals")]

use std::f64::consts::TAU;

use super::*;

/// Pairs of every kind: nearly equal, far apart, up, down, in whole ratios.
const PAIRS: [(u32, u32); 9] = [
    (44_100, 48_000),
    (48_000, 44_100),
    (44_100, 22_050),
    (22_050, 44_100),
    (48_000, 32_000),
    (32_000, 48_000),
    (8_000, 96_000),
    (96_000, 8_000),
    (11_025, 64_000),
];

fn filter(from_hz: u32, to_hz: u32) -> Arc<Filter> {
    Arc::new(Filter::new(from_hz, to_hz).unwrap())
}

/// All that comes of one channel.
fn resampled(filter: &Arc<Filter>, input: &[f32]) -> Vec<f32> {
    let mut out = Vec::new();
    Resampler::new(filter.clone(), 1, 0, 0).process(input, &mut out);
    out
}

fn sine(hz: f64, rate_hz: u32, count: usize) -> Vec<f32> {
    (0..count).map(|n| (n as f64 * hz / f64::from(rate_hz) * TAU).sin() as f32).collect()
}

/// Noise of one channel or several.
fn noise(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// The level of a sine in samples that begin at the time zero, in dB against full
/// scale, and that of all else.
fn levels(samples: &[f32], hz: f64, rate_hz: u32, from: usize) -> (f64, f64) {
    // The best amplitudes of a sine and a cosine, by least squares.
    let turn = hz / f64::from(rate_hz) * TAU;
    let waves = |n: usize| ((turn * n as f64).sin(), (turn * n as f64).cos());
    let (mut ss, mut sc, mut cc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, x) in samples.iter().enumerate().skip(from) {
        let ((s, c), x) = (waves(n), f64::from(*x));
        (ss, sc, cc, xs, xc) = (ss + s * s, sc + s * c, cc + c * c, xs + x * s, xc + x * c);
    }
    let whole = ss * cc - sc * sc;
    let (a, b) = ((xs * cc - xc * sc) / whole, (xc * ss - xs * sc) / whole);
    let rest = samples.iter().enumerate().skip(from).map(|(n, x)| {
        let (s, c) = waves(n);
        (f64::from(*x) - a * s - b * c).powi(2)
    });
    let rest = rest.sum::<f64>() / (samples.len() - from) as f64;
    // The cosine's part would be a shift in time.
    assert!((b / a).abs() < 1e-4, "{hz} Hz is {b} beside {a}");
    (20.0 * a.log10(), 10.0 * (2.0 * rest).log10())
}

#[test]
fn what_passes_is_flat_in_place_and_has_no_images() {
    for (from_hz, to_hz) in PAIRS {
        let filter = filter(from_hz, to_hz);
        let half = f64::from(from_hz.min(to_hz)) / 2.0;
        for part in [0.01, 0.1, 0.33, 0.6, 0.8, 0.907] {
            let hz = half * part;
            let out = resampled(&filter, &sine(hz, from_hz, from_hz as usize / 2));
            // The beginning has silence in its reach.
            let from = (filter.reach() * 2 * to_hz / from_hz) as usize;
            let (level, rest) = levels(&out, hz, to_hz, from);
            assert!(level.abs() < 0.01, "{hz} Hz, {from_hz} to {to_hz}: {level} dB");
            assert!(rest < -96.0, "{hz} Hz, {from_hz} to {to_hz}: {rest} dB beside it");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_is_gone() {
    for (from_hz, to_hz) in PAIRS {
        let filter = filter(from_hz, to_hz);
        let half = f64::from(from_hz.min(to_hz)) / 2.0;
        for part in [1.0, 1.03, 1.2, 1.5, 1.93] {
            let hz = half * part;
            if hz >= f64::from(from_hz) / 2.0 {
                continue;
            }
            let out = resampled(&filter, &sine(hz, from_hz, from_hz as usize / 2));
            let heard = &out[(filter.reach() * 2 * to_hz / from_hz) as usize..];
            let power = heard.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
            let level = 10.0 * (2.0 * power / heard.len() as f64).log10();
            assert!(level < -96.0, "{hz} Hz, {from_hz} to {to_hz}: {level} dB");
        }
    }
}

#[test]
fn a_click_stays_where_it_is() {
    for (from_hz, to_hz) in PAIRS {
        let mut input = vec![0.0; from_hz as usize];
        // A tenth of a second: a whole number of samples at every rate but 11,025.
        let (at, place) = (from_hz as usize / 5, to_hz as usize / 5);
        input[at] = 1.0;
        let out = resampled(&filter(from_hz, to_hz), &input);
        let around = |beside: usize| (out[place - beside], out[place + beside]);
        for beside in 1..(to_hz / from_hz).max(1) as usize * 20 {
            let (before, behind) = around(beside);
            assert!((before - behind).abs() < 1e-6, "{from_hz} to {to_hz}: {beside} beside");
            assert!(before.abs() < out[place], "{from_hz} to {to_hz}: {beside} beside");
        }
    }
}

#[test]
fn any_chunking_gives_the_same() {
    let input = noise(6_000);
    for (from_hz, to_hz) in PAIRS {
        let filter = filter(from_hz, to_hz);
        for channels in [1, 2, 3] {
            let run = |groups_a_call: usize| {
                let mut resampler = Resampler::new(filter.clone(), channels, 100, 0);
                let mut out = Vec::new();
                for part in input.chunks(groups_a_call * usize::from(channels)) {
                    resampler.process(part, &mut out);
                }
                out
            };
            let whole = run(6_000);
            assert!(!whole.is_empty());
            for groups_a_call in [1, 7, 1_024] {
                assert!(run(groups_a_call) == whole, "{from_hz} to {to_hz}, {groups_a_call}");
            }
        }
    }
}

#[test]
fn begun_elsewhere_gives_the_same_bits() {
    let input = noise(30_000);
    for (from_hz, to_hz) in PAIRS {
        let filter = filter(from_hz, to_hz);
        let mut whole = Vec::new();
        let first = -1_000_i64;
        let first_out = first * i64::from(to_hz) / i64::from(from_hz);
        Resampler::new(filter.clone(), 2, first, first_out).process(&input, &mut whole);
        for output in [1, 160, 301] {
            // What it reaches back to, and some more.
            let needed = filter.input_at(output) - i64::from(filter.reach()) - output % 3;
            let mut out = Vec::new();
            let mut resampler = Resampler::new(filter.clone(), 2, needed, output);
            resampler.process(&input[usize::try_from(needed - first).unwrap() * 2..], &mut out);
            let same = &whole[usize::try_from(output - first_out).unwrap() * 2..];
            assert!(out.len() > 500);
            assert!(out == same, "{from_hz} to {to_hz} from {output}");
        }
    }
}

/// Else two nodes of one programme would make different segments.
#[test]
fn the_output_has_the_same_bits_on_every_machine() {
    let mut out = Vec::new();
    Resampler::new(filter(44_100, 48_000), 2, 0, 0).process(&noise(4_410), &mut out);
    assert_eq!(out.len(), 4_644);
    assert_eq!(crate::testing::digest(&out), 0xCC82_1D31_D39A_CC27);
}

#[test]
fn output_comes_with_the_last_input_that_it_needs() {
    for (from_hz, to_hz) in PAIRS {
        let filter = filter(from_hz, to_hz);
        let mut resampler = Resampler::new(filter.clone(), 1, 0, 0);
        let mut out = Vec::new();
        for input in 0..2_000_i64 {
            resampler.process(&[1.0], &mut out);
            let next = i64::try_from(out.len()).unwrap();
            let reach = i64::from(filter.reach());
            assert!(filter.input_at(next - 1) + reach <= input || next == 0);
            assert!(filter.input_at(next) + reach > input);
        }
    }
}

#[test]
fn equal_rates_pass_through() {
    let filter = filter(44_100, 44_100);
    assert_eq!((filter.reach(), filter.input_at(-7), filter.input_at(7)), (0, -7, 7));
    let mut out = Vec::new();
    let mut resampler = Resampler::new(filter, 2, 10, 8);
    resampler.process(&[0.1, 0.2, 0.3, 0.4], &mut out);
    assert_eq!(out, [0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.4]);
}

#[test]
fn input_that_no_output_needs_is_skipped() {
    let (filter, input) = (filter(44_100, 48_000), noise(30_000));
    let output = 20_000;
    let mut out = Vec::new();
    Resampler::new(filter.clone(), 1, 0, output).process(&input, &mut out);
    let whole = resampled(&filter, &input);
    assert!(out == whole[20_000..]);
    // However it comes.
    let mut out = Vec::new();
    let mut resampler = Resampler::new(filter, 1, 0, output);
    for part in input.chunks(999) {
        resampler.process(part, &mut out);
    }
    assert!(out == whole[20_000..]);
}

#[test]
fn numbers_of_samples_are_any() {
    let filter = filter(96_000, 8_000);
    for (first_input, first_output) in
        [(i64::MAX, i64::MAX), (i64::MIN, i64::MIN), (i64::MIN, i64::MAX)]
    {
        let mut resampler = Resampler::new(filter.clone(), 2, first_input, first_output);
        let mut out = Vec::new();
        resampler.process(&[1.0; 3], &mut out);
        assert!(out.len() < 10);
    }
}

#[test]
fn the_input_at_an_output_is_the_last_not_behind_it() {
    let filter = filter(44_100, 48_000);
    let at: Vec<_> = [-161, -160, -1, 0, 1, 2, 159, 160, 161].map(|n| filter.input_at(n)).into();
    assert_eq!(at, [-148, -147, -1, 0, 0, 1, 146, 147, 147]);
}

#[test]
fn other_rates_are_refused() {
    for (from_hz, to_hz) in [(0, 44_100), (44_100, 0), (44_101, 48_000), (48_000, 192_000)] {
        assert!(matches!(Filter::new(from_hz, to_hz), Err(Error::Settings { .. })));
    }
}
