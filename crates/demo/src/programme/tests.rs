#![expect(clippy::cast_possible_truncation, reason = "test values are small")]

use super::*;

const PIECE_PAIRS: usize = PIECE_LEN as usize;

fn music(seed: u64, pairs: usize) -> Vec<i16> {
    let mut pcm = vec![0; 2 * pairs];
    Programme::new(seed).fill(&mut pcm);
    pcm
}

fn decibels(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let mean = energy / f64::from(samples.len() as u32);
    10.0 * (mean / f64::from(i16::MAX).powi(2)).log10()
}

/// Checks one piece: loud enough and not too loud, never silent, both sides alike
/// in level but not in sound, soft at its ends.
fn check(piece: &[i16]) {
    let level = decibels(piece);
    assert!((-20.0..-16.0).contains(&level), "{level} dBFS");
    let peak = piece.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!(f64::from(peak) < 0.708 * 32_768.0, "the peak is below -3 dBFS");
    let inner = &piece[2 * 44_100..piece.len() - 4 * 44_100];
    for second in inner.chunks(2 * 44_100) {
        assert!(decibels(second) > -30.0, "no second is silent");
    }
    let side = |side: usize| piece.iter().skip(side).step_by(2).copied().collect::<Vec<_>>();
    let (left, right) = (side(0), side(1));
    assert!((decibels(&left) - decibels(&right)).abs() < 1.5);
    assert_ne!(left, right);
    assert!(piece[0].abs() < 10 && piece[piece.len() - 2].abs() < 10);
    // The brightest piece bends by 3,600; a note without its onset is above.
    let bend =
        |three: &[i16]| (i32::from(three[0]) - 2 * i32::from(three[1]) + i32::from(three[2])).abs();
    let click = left.windows(3).map(bend).max().unwrap();
    assert!(click < 4_200, "a click of {click}");
}

#[test]
fn every_piece_sounds_well() {
    let mut programme = Programme::new(7);
    let mut piece = vec![0; 2 * PIECE_PAIRS];
    for _ in 0..SCORES.len() {
        programme.fill(&mut piece);
        check(&piece);
    }
}

#[test]
fn one_seed_gives_one_programme() {
    let pairs = 3 * 44_100;
    assert_eq!(music(7, pairs), music(7, pairs));
    assert_ne!(music(7, pairs), music(8, pairs));
}

#[test]
fn a_piece_that_comes_again_is_improvised_anew() {
    let eight = u64::try_from(SCORES.len()).unwrap();
    let again = |piece: u64| {
        let mut programme = Programme::new(7);
        programme.piece = piece - 1;
        programme.performance = Performance::new(score_of(piece - 1), 0);
        let mut pcm = vec![0; 2 * PIECE_PAIRS];
        programme.fill(&mut pcm);
        let mut pcm = vec![0; 6 * 44_100];
        programme.fill(&mut pcm);
        pcm
    };
    assert_eq!(score_of(1).title, score_of(1 + eight).title);
    assert_ne!(again(1), again(1 + eight));
}

#[test]
fn any_chunking_gives_the_same_samples() {
    let pairs = 44_100;
    let whole = music(3, pairs);
    for chunk_pairs in [1, 7, 1460, 65_536] {
        let mut programme = Programme::new(3);
        let mut pcm = vec![0; 2 * pairs];
        pcm.chunks_mut(2 * chunk_pairs).for_each(|chunk| programme.fill(chunk));
        assert_eq!(pcm, whole, "{chunk_pairs} pairs at once");
    }
}

#[test]
fn an_odd_sample_is_silent() {
    let mut pcm = [1; 9];
    Programme::new(3).fill(&mut pcm);
    assert_eq!(pcm[8], 0);
    Programme::new(3).fill(&mut []);
}

#[test]
fn titles_change_with_the_pieces() {
    let programme = Programme::new(1);
    let piece = u64::from(PIECE_LEN);
    assert_eq!(programme.title_at(0), "Tidal Clocks - Low Water at Dawn");
    assert_eq!(programme.title_at(piece - 1), programme.title_at(0));
    assert_eq!(programme.title_at(piece), "Marrow & Fern - Lanterns on the Canal");
    assert_eq!(programme.title_at(8 * piece), programme.title_at(0));
    let all: std::collections::HashSet<_> =
        (0..8).map(|number| programme.title_at(number * piece)).collect();
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|title| title.split(" - ").count() == 2));
}

#[test]
fn every_bar_has_a_chord_and_every_piece_a_tempo_for_music() {
    for score in &SCORES {
        let beats_a_minute = score.eighths() / 2 * 60 / PIECE_SECS;
        assert!((60..=108).contains(&beats_a_minute), "{}", score.title);
        assert_eq!(score.figure.len(), 8);
    }
}

#[test]
fn peaks_are_rounded_off_and_quiet_sound_is_not() {
    let ceiling = (PEAK * f32::from(i16::MAX)) as i16;
    assert_eq!(to_sample(f32::INFINITY), ceiling);
    assert_eq!(to_sample(-100.0), -ceiling);
    assert_eq!(to_sample(0.0), 0);
    assert!((f32::from(to_sample(0.05)) - 0.05 * 32_767.0).abs() < 5.0);
}
