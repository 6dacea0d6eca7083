//! What the encoder sends: music that never comes twice, digital silence, and what
//! is played again byte for byte.

use std::fmt;

use fastrand::Rng;
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale};

use crate::path::SourceInfo;

/// What all of an encoder's frames have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    codec: Codec,
    hz: u32,
    samples: u32,
}

/// The forms that are simulated: 24, 26.12 and 21.3 ms, and the longer frames of
/// HE-AAC and of low rates.
const FORMS: [Form; 6] = [
    Form { codec: Codec::Mp3, hz: 48_000, samples: 1152 },
    Form { codec: Codec::Mp3, hz: 44_100, samples: 1152 },
    Form { codec: Codec::Aac, hz: 48_000, samples: 1024 },
    Form { codec: Codec::Aac, hz: 24_000, samples: 1024 },
    Form { codec: Codec::Aac, hz: 22_050, samples: 1024 },
    Form { codec: Codec::Mp3, hz: 16_000, samples: 576 },
];

impl Form {
    /// One of them.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        FORMS[rng.usize(..FORMS.len())]
    }

    /// When a unit begins, in nanoseconds.
    pub(super) fn start(self, unit: u64) -> u64 {
        let nanos = u128::from(unit) * u128::from(self.samples) * 1_000_000_000;
        u64::try_from(nanos / u128::from(self.hz)).unwrap()
    }

    /// The first unit that begins no earlier than this.
    pub(super) fn unit_at(self, nanos: u64) -> u64 {
        let units = u128::from(nanos) * u128::from(self.hz);
        u64::try_from(units.div_ceil(u128::from(self.samples) * 1_000_000_000)).unwrap()
    }

    pub(super) fn info(self) -> SourceInfo {
        let stream = StreamInfo {
            codec: self.codec,
            timescale: Timescale::new(self.hz).unwrap(),
            channels: 2,
            samples_per_frame: self.samples,
        };
        let channel_mode = ChannelMode::JointStereo;
        let header = FrameHeader { stream, bitrate_bps: Some(128_000), channel_mode };
        SourceInfo { header, profile: None }
    }
}

/// A stretch of the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Frames that never come again.
    Music(u64),
    /// So many frames of silence, of which so many differ.
    Silence(u64, u32),
    /// One of the jingles, of this length.
    Jingle(u32, u64),
    /// The last so many frames of the programme once more.
    Again(u64),
}

/// What a programme has beside music.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Music,
    Silence,
    Jingles,
    All,
}

/// The content of an encoder's units, by number.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) form: Form,
    sections: Vec<Section>,
    units: Vec<u32>,
    /// Units with content that no other one has.
    unique: Vec<bool>,
    /// Units with which a title begins.
    pub(super) titles: Vec<u64>,
}

/// Contents below are frames of silence.
const SILENCE: u32 = 100;

/// Contents of a jingle are from this times its number.
const JINGLE: u32 = 10_000;

/// Contents from here on are music.
const MUSIC: u32 = 1_000_000;

impl Source {
    /// `nanos` of a programme.
    pub(super) fn draw(rng: &mut Rng, form: Form, kind: Kind, nanos: u64) -> Self {
        let end = form.unit_at(nanos);
        let jingles: Vec<u64> = (0..3).map(|_| draw_units(rng, form, 1_000, 15_000)).collect();
        let (mut sections, mut len, mut is_again) = (Vec::new(), 0, false);
        while len < end {
            let section = if sections.len() % 2 == 0 {
                Section::Music(draw_music(rng, form))
            } else {
                draw_other(rng, form, (kind, &jingles), if is_again { 0 } else { len })
            };
            is_again |= matches!(section, Section::Again(_));
            len += section.len();
            sections.push(section);
            // Twice in a row.
            if matches!(section, Section::Jingle(..)) && rng.u8(..4) == 0 {
                len += section.len();
                sections.extend([section, Section::Music(0)]);
            }
        }
        let mut titles = vec![0];
        let mut at = 0;
        while at < end {
            at += draw_units(rng, form, 5_000, 20_000);
            titles.push(at);
        }
        Self::new(form, sections, titles)
    }

    fn new(form: Form, sections: Vec<Section>, titles: Vec<u64>) -> Self {
        let (mut units, mut music): (Vec<u32>, u32) = (Vec::new(), MUSIC);
        for section in &sections {
            let len = u32::try_from(section.len()).unwrap();
            match *section {
                Section::Music(_) => {
                    units.extend(music..music + len);
                    music += len;
                }
                Section::Silence(_, kinds) => {
                    units.extend((0..len).map(|unit| SILENCE - 1 - unit % kinds));
                }
                Section::Jingle(number, _) => {
                    units.extend((0..len).map(|unit| JINGLE * (number + 1) + unit));
                }
                Section::Again(len) => {
                    units.extend_from_within(units.len() - index(len)..);
                }
            }
        }
        let mut sorted = units.clone();
        sorted.sort_unstable();
        let copies = |unit: &u32| {
            let first = sorted.partition_point(|one| one < unit);
            sorted.get(first + 1) == Some(unit)
        };
        let unique = units.iter().map(|unit| !copies(unit)).collect();
        Self { form, sections, units, unique, titles }
    }

    /// The same programme with nothing but music, to see whether its content matters.
    pub(super) fn plain(&self) -> Self {
        Self::new(self.form, vec![Section::Music(self.len())], self.titles.clone())
    }

    /// The same programme with music for one section.
    pub(super) fn plainer(&self, nth: usize) -> Self {
        let mut sections = self.sections.clone();
        sections[nth] = Section::Music(sections[nth].len());
        Self::new(self.form, sections, self.titles.clone())
    }

    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    pub(super) fn len(&self) -> u64 {
        self.units.len() as u64
    }

    /// Whether something beside silence is played again.
    pub(super) fn has_repeats(&self) -> bool {
        let is_repeat = |one: &Section| matches!(one, Section::Jingle(..) | Section::Again(_));
        self.sections.iter().any(is_repeat)
    }

    /// What is in a unit.
    pub(super) fn content(&self, unit: u64) -> u32 {
        self.units[index(unit)]
    }

    /// What is in all of them.
    pub(super) fn contents(&self) -> &[u32] {
        &self.units
    }

    /// Whether no other unit is like it.
    pub(super) fn is_unique(&self, unit: u64) -> bool {
        self.unique[index(unit)]
    }

    /// Whether it is of something that is played again.
    pub(super) fn is_repeat(&self, unit: u64) -> bool {
        !self.is_unique(unit) && self.content(unit) >= JINGLE
    }

    /// The title that holds for a unit, by number.
    pub(super) fn title_of(&self, unit: u64) -> usize {
        self.titles.partition_point(|first| *first <= unit) - 1
    }
}

impl Section {
    pub(super) fn len(self) -> u64 {
        match self {
            Self::Music(len) | Self::Silence(len, _) | Self::Jingle(_, len) | Self::Again(len) => {
                len
            }
        }
    }
}

/// A unit's number as an index.
pub(super) fn index(unit: u64) -> usize {
    usize::try_from(unit).unwrap()
}

/// Between so many milliseconds, in units.
fn draw_units(rng: &mut Rng, form: Form, from: u64, to: u64) -> u64 {
    form.unit_at(rng.u64(from..=to) * 1_000_000).max(1)
}

fn draw_music(rng: &mut Rng, form: Form) -> u64 {
    match rng.u8(..4) {
        0 => draw_units(rng, form, 50, 1_000),
        1 => draw_units(rng, form, 1_000, 5_000),
        _ => draw_units(rng, form, 5_000, 25_000),
    }
}

fn draw_other(rng: &mut Rng, form: Form, (kind, jingles): (Kind, &[u64]), len: u64) -> Section {
    let is_jingle = match kind {
        Kind::Music => return Section::Music(1),
        Kind::Silence => false,
        Kind::Jingles => true,
        Kind::All => rng.bool(),
    };
    let minute = form.unit_at(60_000_000_000);
    if is_jingle && len > minute && rng.u8(..8) == 0 {
        return Section::Again(minute);
    }
    if is_jingle {
        let jingle = rng.usize(..jingles.len());
        return Section::Jingle(u32::try_from(jingle).unwrap(), jingles[jingle]);
    }
    let kinds = *rng.choice(&[1, 1, 2, 3]).unwrap();
    Section::Silence(draw_units(rng, form, 500, 20_000), kinds)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.form)?;
        let mut unit = 0;
        for section in self.sections.iter().filter(|section| section.len() > 0) {
            if unit % 7 == 0 {
                writeln!(f)?;
            }
            write!(f, " {unit}:{section:?}")?;
            unit += section.len();
        }
        Ok(())
    }
}
