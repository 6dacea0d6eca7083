//! What the ingest makes of a file, and where it falls short.
//!
//! A file goes the way of a source's bytes: out of the request's body, past the
//! metadata, through the framer and the detector, onto a path feed as long as
//! the role's. No socket and no clock: time is told.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use catalogue::{Encoding, EncodingCodec, OnMismatch};
use feed::PathItem;
use icy::charset::Charset;
use icy::metaint::{self, Item};
use ingest::{Body, FIRST_FRAME_TIME, Intake, Taken};
use media::framer::Skipped;
use media::{Codec, WallTime};
use runtime::tail::{self, Tail, Writer};

use crate::file::{Expected, File, FrameState};

mod matching;

pub use matching::Found;
use matching::Matching;

/// Bytes of a write: the least, an odd number, an Ethernet packet's, a read's.
pub const WRITE_LENS: [usize; 4] = [1, 7, 1_460, READ_LEN];

/// Bytes that a session reads at once.
const READ_LEN: usize = 65_536;

/// Distance of the places at which a file is broken off, in bytes. Prime.
const CUT_EVERY: usize = 997;

/// Places at which a file is broken off where time is no matter. In a file that
/// has more they lie at multiples of the distance.
pub const CUTS_MAX: usize = 128;

/// Bytes a second where a file comes as fast as it is heard: 128 kbit/s.
const BYTES_PER_SEC: u64 = 16_000;

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Frames on the path feed, told apart.
    pub found: Found,
    /// Of all items on the path feed, in their order.
    pub digest: u64,
    /// Titles on the path feed.
    pub titles: u64,
    /// What was no audio.
    pub skipped: Skipped,
    /// Why it was refused, and how long after its first byte.
    pub refused: Option<(String, Duration)>,
}

/// How fast a file comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// All of it in one moment.
    AtOnce,
    /// As it is heard, at 128 kbit/s.
    RealTime,
}

/// Runs a file in writes of `write_len` bytes.
pub fn run(file: &File, write_len: usize, pace: Pace) -> Outcome {
    let mut source = Source::new(file);
    let mut sent = 0;
    let mut refused = None;
    for write in file.wire.chunks(write_len.max(1)) {
        let now = match pace {
            Pace::AtOnce => WallTime::from_nanos(0),
            Pace::RealTime => WallTime::from_nanos(sent * 1_000_000_000 / BYTES_PER_SEC),
        };
        sent += write.len() as u64;
        if let Err(reason) = source.take(write, now) {
            refused = Some((reason, now.since(WallTime::from_nanos(0))));
            break;
        }
    }
    source.finish(refused)
}

/// Everything that is promised of a file and does not hold, a line each; broken
/// off at `cuts_max` places at most.
pub fn faults(file: &File, cuts_max: usize) -> Vec<String> {
    let outcome = run(file, READ_LEN, Pace::AtOnce);
    let mut faults = faults_of(file, &outcome);
    for write_len in WRITE_LENS {
        let other = run(file, write_len, Pace::AtOnce);
        if other != outcome {
            faults.push(format!("in writes of {write_len}: {other:?}, not {outcome:?}"));
        }
    }
    faults.extend(late(file));
    faults.extend(cuts(file, cuts_max));
    faults
}

/// Whether an outcome is what is expected.
pub fn faults_of(file: &File, outcome: &Outcome) -> Vec<String> {
    let Outcome { found, refused, .. } = outcome;
    let mut faults = Vec::new();
    if found.strange > 0 {
        faults.push(format!("{} frames that are none", found.strange));
    }
    let proved = proved(file);
    let missing = proved.saturating_sub(found.proved);
    if file.expected != Expected::Anything && missing * 100 > proved {
        faults.push(format!("{missing} of {proved} frames missing"));
    }
    match (&file.expected, refused) {
        (Expected::Taken, Some((reason, _))) => faults.push(format!("refused: {reason}")),
        (Expected::Refused(_), None) => faults.push("not refused".to_owned()),
        (Expected::Refused(text), Some((reason, _))) if !reason.contains(text) => {
            faults.push(format!("refused because {reason:?}, not {text:?}"));
        }
        _ => {}
    }
    faults
}

/// Whether what is no audio is refused in time where it comes as it is heard.
fn late(file: &File) -> Option<String> {
    let Expected::Refused(_) = file.expected else { return None };
    let outcome = run(file, 1_460, Pace::RealTime);
    match outcome.refused {
        None => Some("not refused in real time".to_owned()),
        Some((_, after)) if file.frames.is_empty() && after > FIRST_FRAME_TIME + WRITE_TIME => {
            Some(format!("refused after {} ms", after.as_millis()))
        }
        Some(_) => None,
    }
}

/// How long a write of a packet lasts in real time, rounded up.
const WRITE_TIME: Duration = Duration::from_millis(92);

/// Where a file is broken off, in bytes of its wire.
pub fn cut_lens(file: &File, max: usize) -> impl Iterator<Item = usize> {
    let places = file.wire.len() / CUT_EVERY;
    let distance = CUT_EVERY * places.div_ceil(max.max(1)).max(1);
    (distance..file.wire.len()).step_by(distance)
}

/// A file broken off gives nothing that it does not hold, and all of it. The
/// first place at which it does not.
fn cuts(file: &File, max: usize) -> Option<String> {
    cut_lens(file, max).find_map(|len| {
        let cut = file.cut(len);
        let outcome = run(&cut, READ_LEN, Pace::AtOnce);
        let mut found = faults_of(&cut, &outcome);
        if file.expected == Expected::Taken && outcome.refused.is_some() {
            found.push("refused".to_owned());
        }
        let proved = proved(&cut);
        let missing = proved.saturating_sub(outcome.found.proved);
        if file.expected == Expected::Taken && missing * 100 > proved {
            found.push(format!("{missing} of {proved} frames missing"));
        }
        found.first().map(|fault| format!("cut at {len}: {fault}"))
    })
}

fn proved(file: &File) -> usize {
    file.frames.iter().filter(|frame| frame.state == FrameState::Proved).count()
}

/// A source's connection behind its head.
#[derive(Debug)]
struct Source<'a> {
    body: Body,
    intake: Intake,
    writer: Writer<PathItem>,
    /// Keeps what the feed keeps.
    feed: Tail<PathItem>,
    matching: Matching<'a>,
    digest: DefaultHasher,
    titles: u64,
}

impl<'a> Source<'a> {
    fn new(file: &'a File) -> Self {
        let metaint = file.metaint.map(std::num::NonZero::get);
        let (writer, feed) = tail::tail(ingest::FEED_LIMITS, PathItem::weight);
        Self {
            body: Body::new(icy::source::Body::UntilClose, metaint),
            intake: Intake::new(encoding(file.codec), OnMismatch::Warn),
            writer,
            feed,
            matching: Matching::new(file),
            digest: DefaultHasher::new(),
            titles: 0,
        }
    }

    /// As a session does with what it has read.
    fn take(&mut self, bytes: &[u8], now: WallTime) -> Result<(), String> {
        let mut taken = Taken::default();
        let outcome = self.take_items(bytes, now, &mut taken);
        self.tell(taken);
        outcome?;
        if self.intake.first_frame_due().is_some_and(|due| due <= now) {
            return Err(self.intake.give_up().to_string());
        }
        Ok(())
    }

    fn take_items(&mut self, bytes: &[u8], now: WallTime, taken: &mut Taken) -> Result<(), String> {
        let mut items = Vec::new();
        let outcome = self.body.push(bytes, &mut items);
        for item in items {
            match item {
                Item::Audio(audio) => {
                    self.intake.push(&audio, now, taken).map_err(|error| error.to_string())?;
                }
                Item::Metadata(block) => {
                    let title = metaint::parse_block(&block, Charset::Auto);
                    if let Some(title) = title.map_err(|error| error.to_string())? {
                        self.intake.push_title(title, taken);
                    }
                }
            }
        }
        outcome.map_err(|error| error.to_string())
    }

    fn tell(&mut self, taken: Taken) {
        for item in &taken.items {
            match item {
                PathItem::Unit(unit) => {
                    self.matching.found(&unit.data);
                    (unit.header, &unit.data).hash(&mut self.digest);
                }
                PathItem::Title(_) => self.titles += 1,
                PathItem::Connected(info) => {
                    (info.header, info.profile).hash(&mut self.digest);
                }
                PathItem::Gone => {}
            }
        }
        self.writer.extend(taken.items);
    }

    fn finish(mut self, refused: Option<(String, Duration)>) -> Outcome {
        if refused.is_none() {
            let taken = self.intake.finish();
            self.tell(taken);
        }
        debug_assert!(self.feed.from_start().behind() <= ingest::FEED_LIMITS.items_max as u64);
        Outcome {
            found: self.matching.finish(),
            digest: self.digest.finish(),
            titles: self.titles,
            skipped: self.intake.skipped(),
            refused,
        }
    }
}

/// What the ingest is declared with: parameters may differ, the codec may not.
fn encoding(codec: Codec) -> Encoding {
    let codec = match codec {
        Codec::Mp3 => EncodingCodec::Mp3,
        Codec::Aac => EncodingCodec::Aac,
    };
    Encoding::stereo(codec, 128, 44_100)
}
