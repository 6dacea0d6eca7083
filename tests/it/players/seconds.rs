//! Which seconds of the tone were heard, and whether any is missing.

use demo::tones;

/// One second of the tone as it was heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Run {
    /// Which one: since the first one heard, on from 0 to 19.
    pub(crate) second: u32,
    /// Where on the listener's clock its first and its last piece were.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// The seconds that a listener heard, in its order.
#[derive(Debug)]
pub(crate) struct Heard {
    runs: Vec<Run>,
}

/// The length of the pieces that decoded sound is judged by.
const PIECE_SECS: f64 = 0.05;

/// How far a decoder's second may be off: a piece at each end.
pub(crate) const DECODED: f64 = 2.1 * PIECE_SECS;

/// Samples a second of all decoded sound.
pub(crate) const RATE_HZ: u32 = 44_100;

impl Heard {
    /// From decoded sound of one channel.
    pub(crate) fn in_pcm(pcm: &[i16]) -> Self {
        let pieces = pcm.chunks_exact(RATE_HZ as usize / 20).enumerate();
        Self::at(pieces.map(|(index, piece)| {
            let at = f64::from(u32::try_from(index).unwrap()) * PIECE_SECS;
            (at, tones::second_heard(piece, RATE_HZ))
        }))
    }

    /// From pieces of sound, each with its place in seconds and what it tells.
    pub(crate) fn at(pieces: impl Iterator<Item = (f64, Option<u32>)>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (at, second) in pieces.filter_map(|(at, second)| Some((at, second?))) {
            match runs.last_mut() {
                Some(run) if run.second % tones::SECONDS == second => run.to = at,
                Some(run) => {
                    let later =
                        (second + tones::SECONDS - run.second % tones::SECONDS) % tones::SECONDS;
                    let second = run.second + later;
                    runs.push(Run { second, from: at, to: at });
                }
                None => runs.push(Run { second, from: at, to: at }),
            }
        }
        Self { runs }
    }

    /// States that so many whole seconds were heard in their order, none missing,
    /// none repeated, each as long as a second within `tolerance`.
    ///
    /// # Panics
    ///
    /// They were not; `player` says who heard.
    pub(crate) fn assert_unbroken(&self, player: &str, least: usize, tolerance: f64) {
        let Self { runs } = self;
        let [_, whole @ ..] = runs.as_slice() else { panic!("{player} heard nothing") };
        assert!(whole.len() >= least, "{player} heard {} seconds: {runs:?}", whole.len());
        for pair in runs.windows(2) {
            let [one, next] = [pair[0], pair[1]];
            assert_eq!(
                next.second,
                one.second + 1,
                "{player} heard {one:?}, then {next:?}: {runs:?}"
            );
            let pause = next.from - one.to;
            assert!(
                pause <= tolerance + PIECE_SECS,
                "{player} heard nothing after {one:?}: {runs:?}"
            );
        }
        for pair in whole.windows(2) {
            let lasted = pair[1].from - pair[0].from;
            let is_second = (lasted - 1.0).abs() <= tolerance;
            assert!(is_second, "{player} heard {:?} for {lasted} s: {runs:?}", pair[0]);
        }
    }

    /// The listener's clock at second zero of the source, by the median over all
    /// seconds: a piece that straddles two of them is told a little late or early.
    ///
    /// # Panics
    ///
    /// No second was heard from its beginning.
    pub(crate) fn zero(&self) -> f64 {
        let begun = self.runs.iter().skip(1);
        let mut zeros: Vec<f64> = begun.map(|run| run.from - f64::from(run.second)).collect();
        zeros.sort_by(f64::total_cmp);
        zeros[zeros.len() / 2]
    }

    /// The first and the last second.
    pub(crate) fn span(&self) -> (u32, u32) {
        let [first, .., last] = self.runs.as_slice() else { panic!("heard: {:?}", self.runs) };
        (first.second, last.second)
    }
}

/// Which second a pitch tells, unless it is between two.
pub(crate) fn of_pitch(hz: f64) -> Option<u32> {
    (0..tones::SECONDS).find(|second| {
        let exact = f64::from(tones::frequency_hz((*second).into()));
        (hz - exact).abs() < 10.0
    })
}

/// Sound of these seconds, one after the other.
fn sound(seconds: &[u32]) -> Vec<i16> {
    let tone = tones::TimeCode::new(RATE_HZ, 1);
    let rate = u64::from(RATE_HZ);
    let samples = |second: &u32| {
        (0..rate).map({
            let start = u64::from(*second) * rate;
            let tone = tone.clone();
            move |sample| tone.sample_at(start + sample)
        })
    };
    seconds.iter().flat_map(samples).collect()
}

fn check(pcm: &[i16]) {
    Heard::in_pcm(pcm).assert_unbroken("the test", 4, DECODED);
}

#[test]
fn seconds_in_their_order_are_unbroken() {
    let pcm = sound(&[18, 19, 20, 21, 22, 23]);
    check(&pcm);
    let heard = Heard::in_pcm(&pcm[4_410..]);
    assert_eq!(heard.span(), (18, 23));
    assert!((heard.zero() + 18.1).abs() < 0.06, "{}", heard.zero());
}

#[test]
#[should_panic(expected = "then Run { second: 5")]
fn a_missing_second_is_noticed() {
    check(&sound(&[1, 2, 3, 5, 6, 7, 8]));
}

#[test]
#[should_panic(expected = "for 2")]
fn a_repeated_second_is_noticed() {
    check(&sound(&[1, 2, 3, 3, 4, 5, 6]));
}

#[test]
#[should_panic(expected = "heard nothing after")]
fn a_hole_is_noticed() {
    let mut pcm = sound(&[1, 2, 3, 4, 5, 6]);
    let hole = 3 * 44_100 - 5_000;
    pcm[hole..hole + 10_000].fill(0);
    check(&pcm);
}

#[test]
#[should_panic(expected = "for 0.8")]
fn a_part_of_a_second_that_is_missing_is_noticed() {
    let mut pcm = sound(&[1, 2, 3, 4, 5, 6, 7]);
    pcm.drain(3 * 44_100..3 * 44_100 + 8_820);
    check(&pcm);
}
