//! What is played: the repertoire. Names and music are invented.

/// One piece: harmony, figure and sound; the tempo follows from the chords, as
/// all pieces are equally long.
#[derive(Debug)]
pub(super) struct Score {
    /// `Artist - Title`.
    pub(super) title: &'static str,
    /// The key's first note, in MIDI's numbers (60 is the middle C).
    pub(super) tonic: i32,
    /// Semitones of the scale's seven notes above the tonic.
    pub(super) scale: [i32; 7],
    /// One chord a bar of four beats: its place in the scale, from zero.
    pub(super) chords: &'static [i32],
    /// Notes of the chord that the figure plays, one each eighth; from four on an
    /// octave higher.
    pub(super) figure: &'static [i32],
    /// How it sounds.
    pub(super) timbre: Timbre,
}

/// Levels of the harmonics and of the voices, of an arbitrary whole.
#[derive(Debug)]
pub(super) struct Timbre {
    /// Harmonics of the chords, fundamental first.
    pub(super) pad: [f32; 6],
    /// Harmonics of the figure above the fundamental, which fade first.
    pub(super) pluck: [f32; 6],
    /// Time in which a plucked note falls to a third, in seconds.
    pub(super) decay_secs: f32,
    /// Distance of the echoes in eighths.
    pub(super) echo_eighths: u32,
    /// Level of each echo, of that before it.
    pub(super) echo: f32,
}

impl Score {
    /// Eighths in the piece.
    pub(super) fn eighths(&self) -> u32 {
        u32::try_from(self.chords.len()).unwrap_or(0) * EIGHTHS_A_CHORD
    }

    /// MIDI number of a note of the scale, any number of octaves up or down.
    pub(super) fn note(&self, degree: i32) -> i32 {
        let step = usize::try_from(degree.rem_euclid(7)).unwrap_or(0);
        let semitones = self.scale.get(step).copied().unwrap_or(0);
        self.tonic + 12 * degree.div_euclid(7) + semitones
    }
}

/// A chord lasts a bar of four beats.
pub(super) const EIGHTHS_A_CHORD: u32 = 8;

const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];
const DORIAN: [i32; 7] = [0, 2, 3, 5, 7, 9, 10];
const LYDIAN: [i32; 7] = [0, 2, 4, 6, 7, 9, 11];

const STRINGS: [f32; 6] = [1.0, 0.42, 0.26, 0.12, 0.07, 0.04];
const ORGAN: [f32; 6] = [1.0, 0.5, 0.0, 0.18, 0.0, 0.06];
const FLUTES: [f32; 6] = [1.0, 0.16, 0.05, 0.0, 0.0, 0.0];
const REEDS: [f32; 6] = [1.0, 0.08, 0.3, 0.04, 0.12, 0.02];

const HARP: [f32; 6] = [0.0, 0.5, 0.25, 0.15, 0.08, 0.05];
const BELLS: [f32; 6] = [0.0, 0.12, 0.0, 0.4, 0.0, 0.22];
const MARIMBA: [f32; 6] = [0.0, 0.06, 0.05, 0.45, 0.0, 0.0];
const GUITAR: [f32; 6] = [0.0, 0.6, 0.4, 0.28, 0.18, 0.1];

const fn timbre(
    pad: [f32; 6],
    pluck: [f32; 6],
    decay_secs: f32,
    echo_eighths: u32,
    echo: f32,
) -> Timbre {
    Timbre { pad, pluck, decay_secs, echo_eighths, echo }
}

/// All pieces in their order. Two titles have what names on air have: an umlaut,
/// an ampersand, an apostrophe.
pub(super) static SCORES: [Score; 8] = [
    Score {
        title: "Tidal Clocks - Low Water at Dawn",
        tonic: 50,
        scale: MAJOR,
        chords: &[0, 5, 3, 4, 0, 3],
        figure: &[0, 2, 4, 5, 6, 5, 4, 2],
        timbre: timbre(STRINGS, HARP, 0.34, 3, 0.42),
    },
    Score {
        title: "Marrow & Fern - Lanterns on the Canal",
        tonic: 45,
        scale: MINOR,
        chords: &[0, 5, 2, 6, 3, 0, 5, 4],
        figure: &[0, 4, 2, 5, 3, 6, 2, 4],
        timbre: timbre(ORGAN, MARIMBA, 0.22, 3, 0.5),
    },
    Score {
        title: "Quiet Orrery - Seventh Moon",
        tonic: 53,
        scale: LYDIAN,
        chords: &[0, 1, 0, 4, 1],
        figure: &[4, 6, 5, 2, 7, 5, 3, 6],
        timbre: timbre(FLUTES, BELLS, 0.55, 3, 0.46),
    },
    Score {
        title: "Ada Vell - Nachtzug nach Süden",
        tonic: 52,
        scale: DORIAN,
        chords: &[0, 3, 0, 6, 2, 3, 0, 4, 0],
        figure: &[0, 2, 3, 4, 0, 2, 5, 4],
        timbre: timbre(REEDS, GUITAR, 0.2, 2, 0.38),
    },
    Score {
        title: "Glasshouse Weather - Rain on the North Side",
        tonic: 47,
        scale: MINOR,
        chords: &[0, 3, 5, 2, 6, 4, 0],
        figure: &[6, 4, 5, 2, 4, 1, 2, 0],
        timbre: timbre(STRINGS, BELLS, 0.4, 3, 0.48),
    },
    Score {
        title: "Copper Larks - What the Heron's Saying",
        tonic: 55,
        scale: MAJOR,
        chords: &[0, 4, 5, 3, 1, 4, 3, 0],
        figure: &[0, 4, 5, 6, 4, 6, 5, 2],
        timbre: timbre(FLUTES, HARP, 0.26, 3, 0.4),
    },
    Score {
        title: "Ninth Ferry - The Slow Crossing",
        tonic: 48,
        scale: LYDIAN,
        chords: &[0, 5, 1, 4, 0, 1],
        figure: &[0, 3, 5, 3, 6, 3, 4, 2],
        timbre: timbre(ORGAN, GUITAR, 0.36, 3, 0.44),
    },
    Score {
        title: "Slow Meridian - Noon, and After",
        tonic: 54,
        scale: DORIAN,
        chords: &[0, 2, 3, 6, 0, 5, 3],
        figure: &[4, 0, 5, 2, 6, 3, 7, 5],
        timbre: timbre(REEDS, MARIMBA, 0.3, 2, 0.45),
    },
];
