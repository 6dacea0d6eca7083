use super::*;

const RATE: u32 = 44_100;

fn seconds(from: u64, samples: usize, rate: u32) -> Vec<i16> {
    let tone = TimeCode::new(rate, 1);
    let start = from * u64::from(rate);
    (start..).take(samples).map(|sample| tone.sample_at(sample)).collect()
}

#[test]
fn every_second_has_its_pitch_at_every_rate() {
    for rate in [8_000, 22_050, 44_100, 48_000] {
        for second in 0..45 {
            let heard = second_heard(&seconds(second, rate as usize / 10, rate), rate);
            assert_eq!(heard, Some((second % 20) as u32), "second {second} at {rate} Hz");
        }
    }
}

#[test]
fn the_pitch_is_the_documented_one() {
    assert_eq!([0, 1, 19, 20].map(frequency_hz), [300, 340, 1_060, 300]);
    // Periods in a second: rising passages through zero.
    let rising = |second: u64| {
        let samples = seconds(second, RATE as usize + 1, RATE);
        samples.windows(2).filter(|pair| pair[0] <= 0 && pair[1] > 0).count()
    };
    assert_eq!((rising(0), rising(7)), (300, 580));
}

#[test]
fn the_phase_never_jumps() {
    let mut tone = TimeCode::new(RATE, 1);
    let mut pcm = vec![0; RATE as usize * 22];
    tone.fill(&mut pcm);
    // The steepest slope is that of 1,060 Hz.
    let steepest = 0.4 * 32_767.0 * std::f64::consts::TAU * 1_060.0 / f64::from(RATE);
    let jump = pcm.windows(2).map(|pair| pair[1].abs_diff(pair[0])).max().unwrap();
    assert!(f64::from(jump) <= steepest + 1.0, "{jump} > {steepest}");
}

#[test]
fn the_peak_is_at_four_tenths() {
    let peak = seconds(3, RATE as usize, RATE).into_iter().map(i16::unsigned_abs).max();
    assert!((13_100..=13_107).contains(&peak.unwrap()));
}

#[test]
fn all_channels_are_alike() {
    let (mut mono, mut stereo) = (vec![0; 1_000], vec![0; 2_000]);
    TimeCode::new(RATE, 1).fill(&mut mono);
    TimeCode::new(RATE, 2).fill(&mut stereo);
    let expected: Vec<i16> = mono.iter().flat_map(|sample| [*sample; 2]).collect();
    assert_eq!(stereo, expected);
}

#[test]
fn any_chunking_gives_the_same_samples() {
    let whole = seconds(0, 70_000, RATE);
    for chunk_len in [1, 7, 1460, 65_536] {
        let mut tone = TimeCode::new(RATE, 1);
        let mut pcm = vec![0; whole.len()];
        pcm.chunks_mut(chunk_len).for_each(|chunk| tone.fill(chunk));
        assert_eq!(pcm, whole);
    }
}

#[test]
fn an_odd_sample_is_silent() {
    let mut pcm = [1; 7];
    TimeCode::new(RATE, 2).fill(&mut pcm);
    assert_eq!((pcm[0], pcm[6]), (0, 0));
}

#[test]
fn a_rate_of_zero_is_survived() {
    let mut pcm = [1; 4];
    TimeCode::new(0, 0).fill(&mut pcm);
    assert_eq!(pcm, [0; 4]);
}

#[test]
fn no_second_is_heard_in_silence_noise_or_a_change() {
    assert_eq!(second_heard(&[], RATE), None);
    assert_eq!(second_heard(&[0; 4_410], RATE), None);
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 17) as i16
    };
    let noise: Vec<i16> = (0..4_410).map(|_| noise()).collect();
    assert_eq!(second_heard(&noise, RATE), None);
    let change = &seconds(4, 2 * RATE as usize, RATE)[RATE as usize - 2_205..][..4_410];
    assert_eq!(second_heard(change, RATE), None);
}

#[test]
fn titles_change_every_twenty_seconds() {
    let tone = TimeCode::new(48_000, 2);
    assert_eq!(tone.title_at(0), "Skywave - Time code 0");
    assert_eq!(tone.title_at(20 * 48_000 - 1), "Skywave - Time code 0");
    assert_eq!(tone.title_at(20 * 48_000), "Skywave - Time code 1");
}
