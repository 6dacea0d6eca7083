//! What the tests share: a programme of noise as records, and what is heard of them.

use bytes::Bytes;
use catalogue::Encoding;
use codec::pcm::{Decoder, Heard};
use demo::Source;
use feed::{Epoch, Form, Grid, Record, Unit};
use media::ChannelMode;

use crate::programme;

/// Length of a segment.
pub(crate) const TARGET_SECS: u32 = 2;

pub(crate) fn mono(encoding: Encoding) -> Encoding {
    Encoding { channel_mode: ChannelMode::Mono, ..encoding }
}

/// Noise without much of the highest pitches, different in each channel and never twice the
/// same, louder and quieter by the second.
#[derive(Debug)]
struct Noise {
    random: fastrand::Rng,
    sample_rate_hz: u32,
    channels: u8,
    last: [f32; 2],
    /// How loud each second in turn is, in tenths.
    tenths: &'static [f32],
    next: usize,
}

impl Source for Noise {
    fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    #[expect(clippy::cast_possible_truncation, reason = "within i16 by its level")]
    fn fill(&mut self, pcm: &mut [i16]) {
        for samples in pcm.chunks_exact_mut(usize::from(self.channels)) {
            let second = self.next / self.sample_rate_hz as usize;
            let tenths = self.tenths[second % self.tenths.len()];
            for (sample, last) in samples.iter_mut().zip(&mut self.last) {
                *last += 0.2 * (self.random.f32() - 0.5 - *last);
                *sample = (*last * 4_000.0 * tenths) as i16;
            }
            self.next += 1;
        }
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

/// A programme of noise.
#[derive(Debug)]
pub(crate) struct Programme {
    pub(crate) epoch: Epoch,
    pub(crate) frames: Vec<Bytes>,
}

/// A square wave of full scale, the same on all channels.
#[derive(Debug)]
struct Square {
    /// In samples; of none it is silence.
    period: usize,
    sample_rate_hz: u32,
    channels: u8,
    next: usize,
}

impl Source for Square {
    fn sample_rate_hz(&self) -> u32 {
        self.sample_rate_hz
    }

    fn channels(&self) -> u8 {
        self.channels
    }

    fn fill(&mut self, pcm: &mut [i16]) {
        for samples in pcm.chunks_exact_mut(usize::from(self.channels)) {
            samples.fill(match self.next.checked_rem(self.period) {
                None => 0,
                Some(at) if at < self.period / 2 => i16::MAX,
                Some(_) => i16::MIN,
            });
            self.next += 1;
        }
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

impl Programme {
    /// One of noise.
    pub(crate) fn new(encoding: &Encoding, secs: u32) -> Self {
        Self::swelling(encoding, secs, &[10.0])
    }

    /// One of noise that is louder and quieter: by second in turn, in tenths.
    pub(crate) fn swelling(encoding: &Encoding, secs: u32, tenths: &'static [f32]) -> Self {
        let (sample_rate_hz, channels) = (encoding.sample_rate_hz, encoding.channels());
        let random = fastrand::Rng::with_seed(7);
        let (last, next) = ([0.0; 2], 0);
        let mut noise = Noise { random, sample_rate_hz, channels, last, tenths, next };
        Self::from_source(encoding, secs, &mut noise)
    }

    /// One of a square wave of full scale, whose period is in samples; of none it is silence.
    pub(crate) fn square(encoding: &Encoding, secs: u32, period: usize) -> Self {
        let (sample_rate_hz, channels) = (encoding.sample_rate_hz, encoding.channels());
        let mut square = Square { period, sample_rate_hz, channels, next: 0 };
        Self::from_source(encoding, secs, &mut square)
    }

    fn from_source(encoding: &Encoding, secs: u32, source: &mut dyn Source) -> Self {
        let kbps = u16::try_from(encoding.bitrate_kbps).unwrap();
        let how = match encoding.codec.profile() {
            Some(profile) => demo::Encoding::Aac { profile, kbps },
            None => demo::Encoding::Mp3 { kbps },
        };
        let frames = demo::fixtures::frames(how, source, secs);
        let (stream, profile) = (encoding.stream().unwrap(), encoding.codec.profile());
        let Some(Record::Epoch(epoch)) = programme(stream, profile, TARGET_SECS, []).next() else {
            panic!("an epoch is the first")
        };
        Self { epoch, frames }
    }

    pub(crate) fn grid(&self) -> Grid {
        Grid::new(&self.epoch.stream, TARGET_SECS)
    }

    /// All records of it, its end included.
    pub(crate) fn records(&self) -> Vec<Record> {
        let frames = self.frames.iter().cloned();
        programme(self.epoch.stream, self.epoch.profile, TARGET_SECS, frames).collect()
    }

    pub(crate) fn heard(&self) -> Vec<f32> {
        heard(&self.epoch, self.frames.iter())
    }
}

/// What is heard of frames, all of which decode.
pub(crate) fn heard<'a>(epoch: &Epoch, frames: impl Iterator<Item = &'a Bytes>) -> Vec<f32> {
    let mut decoder = Decoder::new(&epoch.stream, epoch.profile).unwrap();
    let mut samples = Vec::new();
    for frame in frames {
        assert_eq!(decoder.decode(frame, &mut samples), Heard::Clean);
    }
    samples
}

/// The units of a rendition's records, by index from the first on.
pub(crate) fn units(records: &[Record]) -> Vec<Unit> {
    let units = records.iter().filter_map(|record| match record {
        Record::Unit(unit) => Some(unit.clone()),
        _ => None,
    });
    units.collect()
}

/// An epoch of a rendition.
pub(crate) fn own(form: &Form, programme: &Programme) -> Epoch {
    form.epoch(&programme.epoch)
}

/// By how many samples `other` is later than `one` around a place: where they are most
/// alike, and how alike they are, of 1.
pub(crate) fn lag(one: &[f32], other: &[f32], at: usize, reach: i64) -> (i64, f32) {
    const LEN: usize = 4_096;
    let piece = &one[at..at + LEN];
    let power = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>().sqrt();
    let alike = |lag: i64| {
        let from = usize::try_from(i64::try_from(at).unwrap() + lag).unwrap();
        let other = &other[from..from + LEN];
        let product: f32 = piece.iter().zip(other).map(|(one, other)| one * other).sum();
        product / (power(piece) * power(other)).max(1e-9)
    };
    let lags = (-reach..=reach).map(|lag| (lag, alike(lag)));
    lags.max_by(|(_, one), (_, other)| one.total_cmp(other)).unwrap()
}

/// One channel of interleaved samples.
pub(crate) fn channel(samples: &[f32], channels: u8) -> Vec<f32> {
    samples.iter().step_by(channels.into()).copied().collect()
}
