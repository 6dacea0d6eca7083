//! Encoders, side by side with ffmpeg's, and what a rendition's decoder and encoder
//! hold.
//!
//! ```text
//! cargo run --release -p bench --bin encoders -- 9
//!                                           rounds
//! ```
//!
//! Both read the same file of samples and write a file, in a file system in memory
//! where there is one, in turn in every round and on one processor. Prints Markdown.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use bench::beside::{self, Scratch, Taken, median, millis};
use codec::{aac, mp3, pcm};
use demo::{Programme, Source as _};
use media::{AacProfile, Framer};

/// Rounds, unless said otherwise: enough for a median on a machine with company.
const ROUNDS: usize = 9;

/// Length of the sound.
const SECS: u32 = 120;

/// What a segment's encoder is given at once: samples per channel.
const CHUNK: usize = 1_024;

const RATE_HZ: u32 = 44_100;

/// Pairs that are opened to see what one holds.
const OPENED: usize = 32;

/// One encoder and ffmpeg's like it.
struct Contest {
    name: &'static str,
    form: Form,
    /// ffmpeg's arguments; none where it has no such encoder.
    theirs: &'static [&'static str],
    /// How many times as fast as ffmpeg's it is to be.
    goal: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Mp3,
    Aac(AacProfile),
}

const CONTESTS: [Contest; 4] = [
    Contest {
        name: "AAC-LC, 128 kbit/s",
        form: Form::Aac(AacProfile::Lc),
        theirs: &["-c:a", "aac", "-b:a", "128k", "-f", "adts"],
        goal: Some(1.5),
    },
    Contest {
        name: "MP3, 128 kbit/s",
        form: Form::Mp3,
        theirs: &[
            "-c:a",
            "libmp3lame",
            "-b:a",
            "128k",
            "-compression_level",
            "5",
            "-reservoir",
            "0",
            "-write_xing",
            "0",
            "-f",
            "mp3",
        ],
        goal: Some(0.95),
    },
    Contest {
        name: "HE-AAC v1, 64 kbit/s",
        form: Form::Aac(AacProfile::HeV1),
        theirs: &[],
        goal: None,
    },
    Contest {
        name: "HE-AAC v2, 32 kbit/s",
        form: Form::Aac(AacProfile::HeV2),
        theirs: &[],
        goal: None,
    },
];

/// A decoder and an encoder that a rendition has.
struct Pair {
    name: &'static str,
    from: Form,
    to: Form,
}

const PAIRS: [Pair; 4] = [
    Pair { name: "MP3 to AAC-LC", from: Form::Mp3, to: Form::Aac(AacProfile::Lc) },
    Pair { name: "MP3 to HE-AAC v1", from: Form::Mp3, to: Form::Aac(AacProfile::HeV1) },
    Pair { name: "AAC-LC to MP3", from: Form::Aac(AacProfile::Lc), to: Form::Mp3 },
    Pair {
        name: "HE-AAC v2 to AAC-LC",
        from: Form::Aac(AacProfile::HeV2),
        to: Form::Aac(AacProfile::Lc),
    },
];

/// Makes a process of its own say what a pair holds: in a process that has done
/// other work, memory that was used before is used again.
const HELD: &str = "held";

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = "usage: encoders [ROUNDS]";
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => compare(ROUNDS),
        [HELD, number] => {
            let pair = PAIRS.get(number.parse::<usize>().context(usage)?).context(usage)?;
            Ok(writeln!(io::stdout(), "{} KiB", pair.held()? / 1_024)?)
        }
        [rounds, ..] => compare(rounds.parse().context(usage)?),
    }
}

/// All the figures.
fn compare(rounds: usize) -> Result<()> {
    beside::pin()?;
    let mut sound = vec![0; (SECS * RATE_HZ) as usize * 2];
    Programme::new(1).fill(&mut sound);
    let bytes: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let scratch = Scratch::new()?;
    let whole = scratch.file("sound.s16", &bytes)?;
    // A tenth of a second: a process that has next to nothing to do.
    let start = scratch.file("start.s16", bytes.get(..17_640).unwrap_or_default())?;
    let mut out = io::stdout().lock();
    writeln!(out, "| | Skywave | ffmpeg | of it, its start | times as fast | goal |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
    for contest in CONTESTS {
        let row = contest.run(rounds, &scratch, &whole, &start)?;
        writeln!(out, "{row}")?;
    }
    writeln!(out, "\n| decoder and encoder | held by a pair |")?;
    writeln!(out, "| --- | ---: |")?;
    for (number, pair) in PAIRS.iter().enumerate() {
        let mut own = Command::new(std::env::current_exe()?);
        let printed = own.args([HELD, &number.to_string()]).output()?.stdout;
        writeln!(out, "| {} | {} |", pair.name, String::from_utf8_lossy(&printed).trim())?;
    }
    Ok(())
}

impl Contest {
    /// Measures, and gives a row of the table.
    fn run(&self, rounds: usize, scratch: &Scratch, whole: &Path, start: &Path) -> Result<String> {
        let (mut ours, mut theirs, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.push(self.skywave(whole, &scratch.path("ours"))?);
            if !self.theirs.is_empty() {
                theirs.push(self.ffmpeg(whole, &scratch.path("theirs"))?);
                starts.push(self.ffmpeg(start, &scratch.path("theirs"))?);
            }
        }
        let own = median(&ours).cpu;
        let speed = f64::from(SECS) / own.as_secs_f64();
        let own = format!("{}, {speed:.0} times real time", millis(own));
        let name = self.name;
        if theirs.is_empty() {
            return Ok(format!("| {name} | {own} | | | | |"));
        }
        // The start is not what is compared: it is paid once.
        let mut ratios: Vec<f64> = ours
            .iter()
            .zip(theirs.iter().zip(&starts))
            .map(|(ours, (theirs, start))| {
                let bare = theirs.cpu.saturating_sub(start.cpu);
                bare.as_secs_f64() / ours.cpu.as_secs_f64()
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        let goal = self.goal.map(|goal| goal.to_string()).unwrap_or_default();
        let [theirs, start] = [&theirs, &starts].map(|runs| millis(median(runs).cpu));
        Ok(format!("| {name} | {own} | {theirs} | {start} | {ratio:.2} | {goal} |"))
    }

    fn skywave(&self, input: &Path, output: &Path) -> Result<Taken> {
        beside::own(|| {
            let (mut input, mut output) = (File::open(input)?, File::create(output)?);
            let mut encoder = self.form.open()?;
            let mut bytes = [0; CHUNK * 4];
            let (mut sound, mut coded) = (Vec::new(), Vec::new());
            loop {
                let len = input.read(&mut bytes)?;
                let (words, _) = bytes.get(..len).unwrap_or_default().as_chunks::<2>();
                if words.is_empty() {
                    break;
                }
                sound.clear();
                sound.extend(words.iter().map(|word| i16::from_le_bytes(*word)));
                coded.clear();
                encoder.encode(&sound, &mut coded)?;
                output.write_all(&coded)?;
            }
            Ok(output.write_all(&encoder.flush()?)?)
        })
    }

    fn ffmpeg(&self, input: &Path, output: &Path) -> Result<Taken> {
        let mut command = Command::new("ffmpeg");
        command
            .args(["-nostdin", "-loglevel", "error", "-f", "s16le", "-ar", "44100", "-ac", "2"])
            .arg("-i")
            .arg(input)
            .args(self.theirs)
            .arg("-y")
            .arg(output);
        beside::child(&mut command)
    }
}

/// An encoder of either kind.
enum Encoder {
    Mp3(mp3::Encoder),
    Aac(aac::Encoder),
}

impl Form {
    fn open(self) -> Result<Encoder> {
        let (profile, bitrate_bps) = match self {
            Self::Mp3 => {
                return Ok(Encoder::Mp3(mp3::Encoder::new(&mp3::Settings {
                    sample_rate_hz: RATE_HZ,
                    channels: 2,
                    bitrate_kbps: 128,
                    quality: 5,
                    reservoir: mp3::Reservoir::Off,
                })?));
            }
            Self::Aac(profile @ AacProfile::Lc) => (profile, 128_000),
            Self::Aac(profile @ AacProfile::HeV1) => (profile, 64_000),
            Self::Aac(profile @ AacProfile::HeV2) => (profile, 32_000),
        };
        Ok(Encoder::Aac(aac::Encoder::new(&aac::Settings {
            profile,
            sample_rate_hz: RATE_HZ,
            channels: 2,
            bitrate_bps,
            transport: aac::Transport::Adts,
        })?))
    }
}

impl Encoder {
    fn encode(&mut self, part: &[i16], out: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Mp3(encoder) => encoder.encode(part, out)?,
            Self::Aac(encoder) => out.extend(encoder.encode(part)?.concat()),
        }
        Ok(())
    }

    fn flush(self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Mp3(encoder) => {
                let mut out = Vec::new();
                encoder.flush(&mut out)?;
                out
            }
            Self::Aac(encoder) => encoder.flush()?.concat(),
        })
    }
}

impl Pair {
    /// Bytes of memory that a pair adds to the process when both have worked a while.
    fn held(&self) -> Result<usize> {
        let mut sound = vec![0; RATE_HZ as usize * 2 * 4];
        Programme::new(1).fill(&mut sound);
        let mut encoder = self.from.open()?;
        let mut coded = Vec::new();
        encoder.encode(&sound, &mut coded)?;
        let mut framer = Framer::default();
        framer.push(&coded);
        let frames: Vec<_> = std::iter::from_fn(|| framer.next_frame().ok().flatten()).collect();
        let profile = match self.from {
            Form::Mp3 => None,
            Form::Aac(profile) => Some(profile),
        };
        let stream = frames.first().context("there are frames")?.header.stream;
        let mut pairs = Vec::with_capacity(OPENED);
        let mut before = 0;
        // The first one finds memory that is used again.
        for nth in 0..=OPENED {
            let (mut decoder, mut encoder) =
                (pcm::Decoder::new(&stream, profile)?, self.to.open()?);
            for (frame, part) in frames.iter().zip(sound.chunks(CHUNK * 2)) {
                decoder.decode(&frame.data, &mut Vec::new());
                encoder.encode(part, &mut Vec::new())?;
            }
            pairs.push((decoder, encoder));
            if nth == 0 {
                before = resident()?;
            }
        }
        Ok(resident()?.saturating_sub(before) / OPENED)
    }
}

/// Bytes of this process that are in memory.
fn resident() -> Result<usize> {
    let status = fs::read_to_string("/proc/self/status").context("no figures of memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
    Ok(kib.parse::<usize>()? * 1_024)
}
