//! How it is played: voices over tables of their waveform, an echo, a fade.

use std::collections::VecDeque;

use super::score::{EIGHTHS_A_CHORD, Score};
use super::{BLOCK_LEN, PIECE_LEN, SAMPLE_RATE_HZ};

/// One piece being played.
#[derive(Debug)]
pub(super) struct Performance {
    score: &'static Score,
    seed: u64,
    /// Samples played.
    position: u32,
    /// Eighths begun.
    eighths: u32,
    tables: Tables,
    /// The chord that swells and the one that fades.
    chords: [Chord; 2],
    plucks: VecDeque<Pluck>,
    basses: VecDeque<Pluck>,
    echo: Echo,
}

/// One period of each waveform.
#[derive(Debug)]
struct Tables {
    sine: Table,
    pad: Table,
    pluck: Table,
}

/// One period, peak about one.
#[derive(Debug)]
struct Table(Box<[f32]>);

/// A place in a waveform: a turn is 2^32.
#[derive(Debug, Clone, Copy, Default)]
struct Oscillator {
    phase: u32,
    step: u32,
}

/// Four notes, each slightly detuned to the left and to the right.
#[derive(Debug, Clone, Copy, Default)]
struct Chord {
    notes: [[Oscillator; 2]; 4],
    level: f32,
    /// What the level gains each sample.
    slope: f32,
}

/// A note that is struck and dies away.
#[derive(Debug, Clone, Copy, Default)]
struct Pluck {
    oscillator: Oscillator,
    /// Rises from 0 to 1 at the start, so that nothing clicks.
    onset: f32,
    level: f32,
    decay: f32,
    /// Level of the harmonics beside the sine.
    bright: f32,
    pan: [f32; 2],
}

/// Echoes that change sides.
#[derive(Debug)]
struct Echo {
    line: VecDeque<[f32; 2]>,
    feedback: f32,
    /// Last value of each side's low pass, as each echo is duller.
    dull: [f32; 2],
}

/// Bits of the phase that choose a place in a table: 8,192 places, whose steps
/// are 78 dB below the tone.
const TABLE_BITS: u32 = 13;

/// Notes that sound at once. Chosen: at the fastest tempo a note has fallen by
/// 40 dB when its place is needed.
const PLUCKS: usize = 8;
const BASSES: usize = 2;

/// Levels of the voices. Chosen by measurement, for -18 dBFS in all.
const PAD_LEVEL: f32 = 0.062;
const PLUCK_LEVEL: f32 = 0.17;
const BASS_LEVEL: f32 = 0.15;

/// Part of a tone by which the sides of a chord are detuned: 3 cents.
const DETUNE: f64 = 0.0017;

/// Seconds in which chords swell and fade, and the piece begins and ends.
const SWELL_SECS: f32 = 0.9;
const FADE_SECS: f32 = 1.4;
const PIECE_FADE_SECS: f32 = 1.2;

const BASS_DECAY_SECS: f32 = 0.8;
const ONSET_SECS: f32 = 0.006;

impl Performance {
    pub(super) fn new(score: &'static Score, seed: u64) -> Self {
        let eighth = PIECE_LEN / score.eighths().max(1);
        Self {
            score,
            seed,
            position: 0,
            eighths: 0,
            tables: Tables::new(score),
            chords: [Chord::default(); 2],
            plucks: VecDeque::from([Pluck::default(); PLUCKS]),
            basses: VecDeque::from([Pluck::default(); BASSES]),
            echo: Echo::new(eighth * score.timbre.echo_eighths, score.timbre.echo),
        }
    }

    /// Samples until the piece ends.
    pub(super) fn samples_left(&self) -> u32 {
        PIECE_LEN - self.position
    }

    /// Samples until the next note, at least one.
    pub(super) fn samples_to_event(&self) -> u32 {
        let next = if self.position == self.eighth_start(self.eighths) {
            self.eighths + 1
        } else {
            self.eighths
        };
        self.eighth_start(next).saturating_sub(self.position).max(1)
    }

    /// Computes the next samples; no more than [`Self::samples_to_event`] and
    /// [`BLOCK_LEN`].
    pub(super) fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        if self.position == self.eighth_start(self.eighths) {
            self.begin_eighth();
            self.eighths += 1;
        }
        left.fill(0.0);
        right.fill(0.0);
        for pluck in &mut self.plucks {
            pluck.add(&self.tables, left, right);
        }
        self.echo.process(left, right);
        for bass in &mut self.basses {
            bass.add(&self.tables, left, right);
        }
        for chord in &mut self.chords {
            chord.add(&self.tables.pad, left, right);
        }
        self.fade(left, right);
        self.position += u32::try_from(left.len()).unwrap_or(0);
    }

    /// Where an eighth begins, exactly.
    fn eighth_start(&self, eighth: u32) -> u32 {
        let start =
            u64::from(PIECE_LEN) * u64::from(eighth) / u64::from(self.score.eighths().max(1));
        u32::try_from(start).unwrap_or(PIECE_LEN)
    }

    fn begin_eighth(&mut self) {
        let in_chord = self.eighths % EIGHTHS_A_CHORD;
        let bar = (self.eighths / EIGHTHS_A_CHORD) as usize;
        let Some(&degree) = self.score.chords.get(bar) else { return };
        if in_chord == 0 {
            self.change_chord(degree);
        }
        let chance = self.chance();
        if in_chord == 0 || (in_chord == 5 && chance < 0.6) {
            self.strike_bass(degree);
        }
        let figure = self.score.figure.iter().cycle().nth(self.eighths as usize);
        if let Some(&note) = figure
            && (in_chord == 0 || chance > 0.12)
        {
            self.strike_pluck(degree, note, chance);
        }
    }

    /// The old chord fades while the new one swells, in close position.
    fn change_chord(&mut self, degree: i32) {
        let [current, _] = self.chords;
        let fading = Chord { slope: -per_sample(FADE_SECS), ..current };
        let mut swelling = Chord { slope: per_sample(SWELL_SECS), ..Chord::default() };
        for (sides, third) in swelling.notes.iter_mut().zip(0..) {
            let note = self.score.note(degree + 2 * third);
            // Into the octave and a half around the middle C.
            let hz = frequency_hz(52 + (note - 52).rem_euclid(17));
            *sides = [1.0 - DETUNE, 1.0 + DETUNE].map(|ratio| Oscillator::new(hz * ratio));
        }
        self.chords = [swelling, fading];
    }

    fn strike_bass(&mut self, degree: i32) {
        let note = 36 + (self.score.note(degree) - 36).rem_euclid(12);
        let bass = Pluck {
            level: BASS_LEVEL,
            decay: decay_per_sample(BASS_DECAY_SECS),
            bright: 0.15,
            ..Pluck::new(note, 0.0)
        };
        strike(&mut self.basses, bass);
    }

    fn strike_pluck(&mut self, degree: i32, note: i32, chance: f32) {
        let note = self.score.note(degree + 2 * (note % 4) + 7 * (note / 4));
        let pluck = Pluck {
            level: PLUCK_LEVEL * (0.65 + 0.35 * chance),
            decay: decay_per_sample(self.score.timbre.decay_secs),
            bright: 0.5 + 0.5 * chance,
            ..Pluck::new(12 + note, if self.eighths.is_multiple_of(2) { -0.35 } else { 0.35 })
        };
        strike(&mut self.plucks, pluck);
    }

    /// A number from 0 to 1 that follows from the seed and the eighth alone
    /// (the finalizer of `SplitMix64`).
    fn chance(&self) -> f32 {
        let mut x =
            self.seed.wrapping_add(u64::from(self.eighths + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f32::from(u16::try_from((x ^ (x >> 31)) >> 48).unwrap_or(0)) / 65_536.0
    }

    /// Lets the piece begin and end in silence.
    #[expect(clippy::cast_precision_loss, reason = "a piece has fewer samples than 2^24")]
    fn fade(&self, left: &mut [f32], right: &mut [f32]) {
        let slope = per_sample(PIECE_FADE_SECS);
        let mut to_end = self.samples_left() as f32;
        let mut from_start = self.position as f32;
        if to_end * slope > 1.0 + BLOCK_LEN as f32 * slope && from_start * slope * 20.0 > 1.0 {
            return;
        }
        for (left, right) in left.iter_mut().zip(right) {
            // The beginning is quicker: the first note wants its onset.
            let level = (to_end * slope).min(from_start * slope * 20.0).min(1.0);
            *left *= level;
            *right *= level;
            to_end -= 1.0;
            from_start += 1.0;
        }
    }
}

impl Tables {
    fn new(score: &Score) -> Self {
        Self {
            sine: Table::new(&[1.0]),
            pad: Table::new(&score.timbre.pad),
            pluck: Table::new(&score.timbre.pluck),
        }
    }
}

impl Table {
    /// Adds up harmonics, the fundamental first.
    fn new(harmonics: &[f32]) -> Self {
        let len = 1_u32 << TABLE_BITS;
        let place = |index: u32| {
            let turn = f64::from(index) / f64::from(len) * std::f64::consts::TAU;
            let of_harmonic =
                |(level, number): (&f32, u32)| f64::from(*level) * (turn * f64::from(number)).sin();
            to_f32(harmonics.iter().zip(1..).map(of_harmonic).sum())
        };
        Self((0..len).map(place).collect())
    }

    fn at(&self, phase: u32) -> f32 {
        self.0.get((phase >> (32 - TABLE_BITS)) as usize).copied().unwrap_or(0.0)
    }
}

impl Oscillator {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 2^32")]
    fn new(hz: f64) -> Self {
        let turn = hz / f64::from(SAMPLE_RATE_HZ);
        Self { phase: 0, step: (turn * 4_294_967_296.0) as u32 }
    }

    fn next(&mut self, table: &Table) -> f32 {
        self.phase = self.phase.wrapping_add(self.step);
        table.at(self.phase)
    }
}

impl Chord {
    fn add(&mut self, table: &Table, left: &mut [f32], right: &mut [f32]) {
        if self.level <= 0.0 && self.slope <= 0.0 {
            return;
        }
        for (left, right) in left.iter_mut().zip(right) {
            self.level = (self.level + self.slope).clamp(0.0, 1.0);
            let level = PAD_LEVEL * self.level * self.level * (3.0 - 2.0 * self.level);
            let (mut to_left, mut to_right) = (0.0, 0.0);
            for [on_left, on_right] in &mut self.notes {
                to_left += on_left.next(table);
                to_right += on_right.next(table);
            }
            *left += level * to_left;
            *right += level * to_right;
        }
    }
}

impl Pluck {
    /// A silent note, from -1 (left) to 1 (right).
    fn new(note: i32, pan: f32) -> Self {
        let oscillator = Oscillator::new(frequency_hz(note));
        Self { oscillator, pan: [1.0 - pan.max(0.0), 1.0 + pan.min(0.0)], ..Self::default() }
    }

    fn add(&mut self, tables: &Tables, left: &mut [f32], right: &mut [f32]) {
        // 100 dB below the loudest: nothing is heard.
        if self.level < 1e-6 {
            return;
        }
        let [pan_left, pan_right] = self.pan;
        for (left, right) in left.iter_mut().zip(right) {
            self.onset = (self.onset + 1.0 / (ONSET_SECS * 44_100.0)).min(1.0);
            self.level *= self.decay;
            let sine = self.oscillator.next(&tables.sine);
            // The harmonics fade twice as fast, as those of a string do.
            let above = tables.pluck.at(self.oscillator.phase);
            let bright = self.bright * (self.level / PLUCK_LEVEL).min(1.0);
            let sound = self.onset * self.level * (sine + bright * above);
            *left += pan_left * sound;
            *right += pan_right * sound;
        }
    }
}

impl Echo {
    fn new(delay: u32, feedback: f32) -> Self {
        let line = std::iter::repeat_n([0.0; 2], delay as usize).collect();
        Self { line, feedback, dull: [0.0; 2] }
    }

    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        for (left, right) in left.iter_mut().zip(right) {
            let [old_left, old_right] = self.line.pop_front().unwrap_or_default();
            let [dull_left, dull_right] = &mut self.dull;
            *dull_left += 0.4 * (old_left - *dull_left);
            *dull_right += 0.4 * (old_right - *dull_right);
            let (echo_left, echo_right) = (self.feedback * *dull_right, self.feedback * *dull_left);
            self.line.push_back([*left + echo_left, *right + echo_right]);
            *left += echo_left;
            *right += echo_right;
        }
    }
}

/// The oldest note gives its place to the new one.
fn strike(voices: &mut VecDeque<Pluck>, note: Pluck) {
    voices.pop_front();
    voices.push_back(note);
}

/// Equal temperament, A4 at 440 Hz.
fn frequency_hz(note: i32) -> f64 {
    440.0 * (f64::from(note - 69) / 12.0).exp2()
}

#[expect(clippy::cast_precision_loss, reason = "44,100 is exact")]
fn per_sample(secs: f32) -> f32 {
    1.0 / (secs * SAMPLE_RATE_HZ as f32)
}

fn decay_per_sample(secs: f32) -> f32 {
    (-per_sample(secs)).exp()
}

#[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest, as is wanted")]
fn to_f32(value: f64) -> f32 {
    value as f32
}
