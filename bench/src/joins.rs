//! What the joins of a rendition cost: each segment is a new encoder's, and none is to be
//! heard.
//!
//! A programme is made into a rendition segment by segment, and by one encoder from its
//! beginning to its end. The error of each against the programme is the codec's own noise,
//! but where segments join. And over an hour it is seen whether what is heard keeps its
//! place.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use catalogue::{Encoding, EncodingCodec};
use codec::pcm::{Decoder, Heard};
use demo::{Programme, Source};
use feed::{Form, Grid, Record};
use transcode::Transcoder;

/// Length of a segment, the default.
const TARGET_SECS: u32 = 6;

/// A segment that is longer than any programme here: one encoder makes it.
const WHOLE_SECS: u32 = 24 * 60 * 60;

/// Samples before and behind a boundary that count for it: a long packet's each.
const AROUND: usize = 2_048;

/// Samples around a click in which it is looked for.
const REACH: i64 = 8;

/// Samples that are compared for that.
const PIECE: usize = 4_096;

/// Below this the codec's own noise is digital silence, and a ratio means nothing.
const FAINT: f64 = 1e-12;

/// The renditions that are measured.
const RENDITIONS: [Encoding; 5] = [
    Encoding::stereo(EncodingCodec::Aac, 128, 44_100),
    Encoding::stereo(EncodingCodec::Aac, 64, 44_100),
    Encoding::stereo(EncodingCodec::HeAac, 64, 44_100),
    Encoding::stereo(EncodingCodec::HeAacV2, 32, 44_100),
    Encoding::stereo(EncodingCodec::Mp3, 128, 44_100),
];

/// The programme's encoding.
const SOURCE: Encoding = Encoding::stereo(EncodingCodec::Mp3, 192, 44_100);

/// What is heard in the programmes that are measured.
const SIGNALS: [Signal; 3] = [Signal::Music, Signal::Tones, Signal::Noise];

#[derive(Debug, Clone, Copy)]
enum Signal {
    /// The demo programme.
    Music,
    /// The time code: pure tones, whose every fault is heard.
    Tones,
    /// Noise of all pitches, which no codec can guess.
    Noise,
    /// A click at each whole second, and nothing else.
    Clicks,
}

/// What was found at the joins of one programme in one rendition.
#[derive(Debug, Clone, Copy)]
pub struct Joins {
    /// How many there are.
    pub count: usize,
    /// Energy of the error around all of them, against the same of one encoder's, in dB.
    pub mean_db: f64,
    /// The same of the worst one.
    pub worst_db: f64,
    /// Joins at which a step from one sample to the next is greater than anywhere else.
    pub clicks: usize,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Tones => "tones",
            Self::Noise => "noise",
            Self::Clicks => "clicks",
        }
    }

    /// MP3 frames of it.
    fn frames(self, secs: u32) -> Vec<Bytes> {
        let how = demo::Encoding::Mp3 { kbps: 192 };
        match self {
            Self::Music => demo::fixtures::frames(how, &mut Programme::new(0), secs),
            Self::Tones => demo::fixtures::mp3(secs, 192, 44_100, 2),
            Self::Noise => {
                demo::fixtures::frames(how, &mut Noise(fastrand::Rng::with_seed(1)), secs)
            }
            Self::Clicks => demo::fixtures::frames(how, &mut Clicks::new(), secs),
        }
    }
}

/// Noise of all pitches.
#[derive(Debug)]
struct Noise(fastrand::Rng);

impl Source for Noise {
    fn sample_rate_hz(&self) -> u32 {
        44_100
    }

    fn channels(&self) -> u8 {
        2
    }

    fn fill(&mut self, pcm: &mut [i16]) {
        pcm.fill_with(|| self.0.i16(-6_000..6_000));
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

/// A click at each whole second: a moment of noise, the same in both channels.
#[derive(Debug)]
struct Clicks {
    click: [i16; CLICK_LEN],
    /// Of the second.
    sample: usize,
}

/// Samples of a click: 6 ms.
const CLICK_LEN: usize = 256;

impl Clicks {
    fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(1);
        Self { click: std::array::from_fn(|_| random.i16(-16_000..16_000)), sample: 0 }
    }
}

impl Source for Clicks {
    fn sample_rate_hz(&self) -> u32 {
        44_100
    }

    fn channels(&self) -> u8 {
        2
    }

    fn fill(&mut self, pcm: &mut [i16]) {
        for samples in pcm.chunks_exact_mut(2) {
            samples.fill(self.click.get(self.sample).copied().unwrap_or(0));
            self.sample = (self.sample + 1) % 44_100;
        }
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

/// Measures all joins of programmes of so many seconds; prints Markdown.
///
/// # Errors
///
/// A codec fails, or a frame does not decode.
pub fn measure(secs: u32) -> Result<String> {
    let mut text = String::from(
        "| rendition | programme | joins | mean | worst | clicks |\n\
         | --- | --- | ---: | ---: | ---: | ---: |\n",
    );
    for encoding in RENDITIONS {
        let Encoding { codec, bitrate_kbps: kbps, .. } = encoding;
        for signal in SIGNALS {
            let Joins { count, mean_db, worst_db, clicks } = joins(&encoding, signal, secs)?;
            let name = signal.name();
            writeln!(
                text,
                "| {codec} {kbps} | {name} | {count} | {mean_db:+.2} dB | {worst_db:+.2} dB | {clicks} |"
            )?;
        }
    }
    Ok(text)
}

/// Measures over so many seconds of clicks how far each is from its place in each rendition;
/// prints Markdown.
///
/// # Errors
///
/// As [`measure`].
pub fn places(secs: u32) -> Result<String> {
    let mut text = String::from(
        "| rendition | clicks | earliest | latest | of them exact | within 1 |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let frames = Signal::Clicks.frames(secs);
    let sent = pieces(&SOURCE, frames.iter().cloned(), secs)?;
    for encoding in RENDITIONS {
        let Encoding { codec, bitrate_kbps: kbps, .. } = encoding;
        let made = rendition(&encoding, TARGET_SECS, &frames)?;
        let got = pieces(&encoding, made.into_iter(), secs)?;
        let lags: Vec<i64> = sent.iter().zip(&got).map(|(sent, got)| lag(sent, got)).collect();
        let (least, most) = (lags.iter().min(), lags.iter().max());
        let (least, most) = (least.context("no place")?, most.context("no place")?);
        let within = |samples: i64| lags.iter().filter(|lag| lag.abs() <= samples).count();
        let (count, exact, near) = (lags.len(), within(0), within(1));
        writeln!(text, "| {codec} {kbps} | {count} | {least:+} | {most:+} | {exact} | {near} |")?;
    }
    Ok(text)
}

fn joins(encoding: &Encoding, signal: Signal, secs: u32) -> Result<Joins> {
    let frames = signal.frames(secs);
    let sent = heard(&SOURCE, frames.iter().cloned())?;
    let joined = heard(encoding, rendition(encoding, TARGET_SECS, &frames)?.into_iter())?;
    let whole = heard(encoding, rendition(encoding, WHOLE_SECS, &frames)?.into_iter())?;
    let stream = encoding.stream().context("no such rate")?;
    let grid = Form { stream, profile: encoding.codec.profile() }.grid(TARGET_SECS);
    let boundaries = boundaries(&grid, encoding, sent.len().min(joined.len()).min(whole.len()));
    let error = |made: &[f32], at: usize| energy(&sent, made, at);
    let pairs: Vec<(f64, f64)> =
        boundaries.iter().map(|at| (error(&joined, *at), error(&whole, *at))).collect();
    let sums = pairs.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    let db = |(one, other): (f64, f64)| 10.0 * ((one + FAINT) / (other + FAINT)).log10();
    let worst_db = pairs.iter().map(|pair| db(*pair)).fold(f64::NEG_INFINITY, f64::max);
    let clicks = clicks(&sent, &joined, &boundaries);
    Ok(Joins { count: pairs.len(), mean_db: db(sums), worst_db, clicks })
}

/// All units of a rendition.
fn rendition(encoding: &Encoding, target_secs: u32, frames: &[Bytes]) -> Result<Vec<Bytes>> {
    let stream = SOURCE.stream().context("no such rate")?;
    let mut transcoder = Transcoder::new(encoding, target_secs)?;
    let mut units = Vec::new();
    for record in transcode::programme(stream, None, target_secs, frames.iter().cloned()) {
        transcoder.handle(&record)?;
        while let Some(record) = transcoder.next_record() {
            if let Record::Unit(unit) = record {
                units.push(unit.data);
            }
        }
    }
    Ok(units)
}

/// The left channel of what is heard.
fn heard(encoding: &Encoding, frames: impl Iterator<Item = Bytes>) -> Result<Vec<f32>> {
    let mut samples = Vec::new();
    hear(encoding, frames, |piece| samples.extend_from_slice(piece))?;
    Ok(samples)
}

/// Gives the left channel of each frame.
fn hear(
    encoding: &Encoding,
    frames: impl Iterator<Item = Bytes>,
    mut take: impl FnMut(&[f32]),
) -> Result<()> {
    let stream = encoding.stream().context("no such rate")?;
    let mut decoder = Decoder::new(&stream, encoding.codec.profile())?;
    let channels = usize::from(decoder.channels());
    let (mut samples, mut left) = (Vec::new(), Vec::new());
    for frame in frames {
        samples.clear();
        if decoder.decode(&frame, &mut samples) == Heard::Concealed {
            bail!("a frame does not decode");
        }
        left.clear();
        left.extend(samples.iter().step_by(channels));
        take(&left);
    }
    Ok(())
}

/// The samples at which segments begin, but for the first and those near the end.
fn boundaries(grid: &Grid, encoding: &Encoding, len: usize) -> Vec<usize> {
    let begins = (1..).map(|segment| {
        let start = grid.since_start(grid.first_index(segment));
        let sample = start.as_secs_f64() * f64::from(encoding.sample_rate_hz);
        // Boundaries are whole samples; what is rounded is nanoseconds.
        format!("{sample:.0}").parse().unwrap_or(usize::MAX)
    });
    begins.take_while(|at| at + 2 * AROUND < len).collect()
}

/// Energy of what is heard and was not sent, around a sample.
fn energy(sent: &[f32], made: &[f32], at: usize) -> f64 {
    let around = at.saturating_sub(AROUND)..at + AROUND;
    let pairs = sent.get(around.clone()).zip(made.get(around));
    let (sent, made) = pairs.unwrap_or_default();
    sent.iter().zip(made).map(|(sent, made)| f64::from(sent - made).powi(2)).sum()
}

/// Boundaries at which the error steps further than anywhere else.
fn clicks(sent: &[f32], made: &[f32], boundaries: &[usize]) -> usize {
    let error: Vec<f32> = sent.iter().zip(made).map(|(sent, made)| made - sent).collect();
    let step = |pair: &[f32]| match pair {
        [one, next] => (next - one).abs(),
        _ => 0.0,
    };
    let steepest = |part: &[f32]| part.windows(2).map(step).fold(0.0, f32::max);
    let near = |at: usize| at.saturating_sub(16)..at + 16;
    let mut elsewhere: f32 = 0.0;
    let mut begin = 2 * AROUND;
    for at in boundaries {
        let end = at.saturating_sub(16);
        elsewhere = elsewhere.max(error.get(begin..end).map_or(0.0, steepest));
        begin = at + 16;
    }
    boundaries.iter().filter(|at| error.get(near(**at)).map_or(0.0, steepest) > elsewhere).count()
}

/// A piece around each whole second but the first and the last.
fn pieces(
    encoding: &Encoding,
    frames: impl Iterator<Item = Bytes>,
    secs: u32,
) -> Result<Vec<Vec<f32>>> {
    let reach = usize::try_from(REACH)?;
    let places: Vec<usize> = (2..secs.saturating_sub(2))
        .map(|sec| sec as usize * encoding.sample_rate_hz as usize)
        .collect();
    let mut pieces: Vec<Vec<f32>> = vec![Vec::with_capacity(PIECE + 2 * reach); places.len()];
    let (mut position, mut nth) = (0, 0);
    hear(encoding, frames, |samples| {
        for sample in samples {
            let Some((place, piece)) = places.get(nth).zip(pieces.get_mut(nth)) else { return };
            if position >= place - reach {
                piece.push(*sample);
                nth += usize::from(piece.len() == PIECE + 2 * reach);
            }
            position += 1;
        }
    })?;
    Ok(pieces)
}

/// By how many samples a piece is later than another one.
fn lag(sent: &[f32], got: &[f32]) -> i64 {
    let reach = usize::try_from(REACH).unwrap_or_default();
    let sent = sent.get(reach..reach + PIECE).unwrap_or_default();
    let alike = |lag: &i64| {
        let from = usize::try_from(REACH + lag).unwrap_or_default();
        let got = got.get(from..from + PIECE).unwrap_or_default();
        sent.iter().zip(got).map(|(sent, got)| f64::from(sent * got)).sum::<f64>()
    };
    (-REACH..=REACH).max_by(|one, other| alike(one).total_cmp(&alike(other))).unwrap_or(REACH)
}

#[cfg(test)]
mod tests;
