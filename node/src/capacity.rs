//! `skywave capacity`: how many renditions this machine carries.

use std::fmt::Write as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use catalogue::{Catalogue, Encoding, EncodingCodec, Loudness};
use demo::{Programme, fixtures};
use feed::Record;
use runtime::clock::Clock;
use transcode::Transcoder;

/// Length of a segment, the default.
const TARGET_SECS: u32 = 6;

/// How much is encoded on each thread: chosen, four segments with their joins, a second or so.
const PROGRAMME_SECS: u32 = 24;

/// The share of the processor that renditions may have: chosen, the rest is for the network,
/// and for the moments in which all begin a segment.
const SHARE: f64 = 0.7;

/// What is measured where there is no manifest: the usual ladder.
const USUAL: [Encoding; 5] = [
    Encoding::stereo(EncodingCodec::Aac, 128, 44_100),
    Encoding::stereo(EncodingCodec::Aac, 64, 44_100),
    Encoding::stereo(EncodingCodec::HeAac, 64, 44_100),
    Encoding::stereo(EncodingCodec::HeAacV2, 32, 44_100),
    Encoding::stereo(EncodingCodec::Mp3, 128, 44_100),
];

/// The programme that they are made of.
const USUAL_SOURCE: Encoding = Encoding::stereo(EncodingCodec::Mp3, 128, 44_100);

/// What a rendition costs by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    source: Encoding,
    encoding: Encoding,
    loudness: Option<Loudness>,
}

/// A rendition that was measured.
#[derive(Debug, Clone, Copy)]
struct Measured {
    kind: Kind,
    /// Of one thread, while all are at work: how many seconds it makes in one.
    speed: f64,
    /// How many of these there are.
    count: u32,
}

/// Measures the renditions of a catalogue, or the usual ones of an MP3 programme, on all
/// threads of this machine at a time; tells people what was found.
///
/// # Errors
///
/// No such encoder, or no memory.
pub fn run(catalogue: Option<&Catalogue>, clock: &dyn Clock) -> Result<String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = u32::try_from(threads).unwrap_or(u32::MAX);
    let wanted = wanted(catalogue);
    let mut measured = Vec::with_capacity(wanted.len());
    for (kind, count) in wanted {
        measured.push(Measured { kind, speed: speed(&kind, threads, clock)?, count });
    }
    Ok(describe(&measured, threads, catalogue.is_some()))
}

/// Which renditions are made, and how many of each.
fn wanted(catalogue: Option<&Catalogue>) -> Vec<(Kind, u32)> {
    let Some(catalogue) = catalogue else {
        let kind = |encoding| Kind { source: USUAL_SOURCE, encoding, loudness: None };
        return USUAL.map(|encoding| (kind(encoding), 1)).to_vec();
    };
    let mut wanted: Vec<(Kind, u32)> = Vec::new();
    for egress in catalogue.egresses() {
        for rendition in egress.renditions.made_here() {
            let (source, encoding) = (egress.encoding, rendition.encoding);
            let kind = Kind { source, encoding, loudness: egress.loudness };
            match wanted.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => wanted.push((kind, 1)),
            }
        }
    }
    wanted
}

/// How many seconds of a rendition a thread makes in one, while all of them do.
fn speed(kind: &Kind, threads: u32, clock: &dyn Clock) -> Result<f64> {
    let Kind { source, encoding, loudness } = kind;
    let records: Arc<[Record]> = records(source)?.into();
    let transcoder = |_| Ok(Transcoder::new(encoding, TARGET_SECS)?.with_loudness(*loudness));
    let transcoders: Result<Vec<Transcoder>, transcode::Error> =
        (0..threads).map(transcoder).collect();
    let transcoders = transcoders.with_context(|| format!("cannot make {encoding}"))?;
    let began = clock.monotonic();
    let workers: Vec<_> = transcoders
        .into_iter()
        .map(|transcoder| {
            let records = Arc::clone(&records);
            thread::spawn(move || encode(transcoder, &records))
        })
        .collect();
    for worker in workers {
        worker.join().map_err(|_| anyhow!("an encoder panicked"))??;
    }
    let took = clock.monotonic().saturating_duration_since(began).max(Duration::from_micros(1));
    Ok(f64::from(PROGRAMME_SECS) / took.as_secs_f64())
}

fn encode(mut transcoder: Transcoder, records: &[Record]) -> Result<()> {
    for record in records {
        transcoder.handle(record)?;
        while transcoder.next_record().is_some() {}
    }
    Ok(())
}

/// The demo programme in an encoding, as a programme feed.
fn records(encoding: &Encoding) -> Result<Vec<Record>> {
    let stream = encoding.stream().context("no such sampling rate")?;
    let profile = encoding.codec.profile();
    Ok(transcode::programme(stream, profile, TARGET_SECS, frames(encoding)).collect())
}

/// Half a minute of the demo programme. It is of 44.1 kHz stereo; for other sources the
/// same is encoded as if it were of theirs, which costs the same.
fn frames(encoding: &Encoding) -> Vec<Bytes> {
    let kbps = u16::try_from(encoding.bitrate_kbps).unwrap_or(u16::MAX);
    let how = match encoding.codec.profile() {
        Some(profile) => demo::Encoding::Aac { profile, kbps },
        None => demo::Encoding::Mp3 { kbps },
    };
    if (encoding.sample_rate_hz, encoding.channels()) == (44_100, 2) {
        return fixtures::frames(how, &mut Programme::new(0), PROGRAMME_SECS);
    }
    let mut tones = demo::tones::TimeCode::new(encoding.sample_rate_hz, encoding.channels());
    fixtures::frames(how, &mut tones, PROGRAMME_SECS)
}

fn describe(measured: &[Measured], threads: u32, is_manifest: bool) -> String {
    if measured.is_empty() {
        return "no rendition of this manifest is made here: nothing to encode\n".to_owned();
    }
    let mut text =
        format!("{:<24} {:<16} {:>9} {:>13}\n", "rendition", "of", "one core", "all cores");
    let mut needed = 0.0;
    for Measured { kind: Kind { source, encoding, loudness }, speed, count } in measured {
        let all = (speed * SHARE * f64::from(threads)).floor();
        let name = |encoding: &Encoding| {
            let Encoding { codec, bitrate_kbps, sample_rate_hz, .. } = encoding;
            format!("{codec} {bitrate_kbps} {sample_rate_hz}")
        };
        let leveled = if loudness.is_some() { ", loudness" } else { "" };
        needed += f64::from(*count) / speed;
        // Writing to a `String` does not fail.
        let _ = writeln!(
            text,
            "{:<24} {:<16} {speed:>7.0} x {all:>8.0} of it",
            name(encoding) + leveled,
            name(source)
        );
    }
    let percent = SHARE * 100.0;
    let _ = writeln!(text, "\nAll cores: {threads}, of which renditions are given {percent:.0} %.");
    if is_manifest {
        let load = needed / f64::from(threads) * 100.0;
        let verdict = if load <= percent { "this machine carries it" } else { "too much" };
        let _ = writeln!(text, "The manifest's renditions take {load:.1} % of them: {verdict}.");
    }
    text
}

#[cfg(test)]
mod tests;
