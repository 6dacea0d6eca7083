//! From a source's bytes to the items of a path feed.

use std::sync::Arc;
use std::time::Duration;

use catalogue::{Mismatch, OnMismatch};
use codec::aac::Detector;
use feed::{PathItem, PathUnit, SourceInfo};
use media::framer::{Framer, Refusal, Skipped};
use media::{AacProfile, Codec, Frame, FrameHeader, Title, WallTime};

use crate::pace::Pace;

/// How long after its first byte that is none of a tag a source may be without a frame.
pub const FIRST_FRAME_TIME: Duration = Duration::from_secs(2);

/// Media after which a mean bit rate tells something, chosen.
const MEAN_AFTER: Duration = Duration::from_secs(10);

/// Why a source's stream is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// It is no MP3 and no AAC.
    #[error("{0}")]
    Framing(#[from] Refusal),
    /// It does not follow the ingest's settings.
    #[error("encoding is not the ingest's: {}", list(.0))]
    Mismatch(Vec<Mismatch>),
}

/// Cuts a source's bytes into frames and knows what it sends.
#[derive(Debug)]
pub struct Intake {
    wanted: catalogue::Encoding,
    on_mismatch: OnMismatch,
    framer: Framer,
    first_byte: Option<WallTime>,
    last_byte: WallTime,
    /// Tells the AAC tools of a stream that has just begun.
    detector: Option<Detector>,
    /// Frames that wait for it, and the titles between them.
    held: Vec<PathItem>,
    info: Option<SourceInfo>,
    pace: Pace,
    rate: Rate,
    mismatch: Vec<Mismatch>,
}

/// What a push led to.
#[derive(Debug, Default)]
pub struct Taken {
    /// For the path feed, in order.
    pub items: Vec<PathItem>,
    /// How long not to read.
    pub wait: Duration,
}

/// Bit rate since the stream has its form.
#[derive(Debug, Default, Clone, Copy)]
struct Rate {
    bytes: u64,
    media: Duration,
}

impl Intake {
    /// For a source that just connected.
    pub fn new(wanted: catalogue::Encoding, on_mismatch: OnMismatch) -> Self {
        Self {
            wanted,
            on_mismatch,
            framer: Framer::default(),
            first_byte: None,
            last_byte: WallTime::default(),
            detector: None,
            held: Vec::new(),
            info: None,
            pace: Pace::default(),
            rate: Rate::default(),
            mismatch: Vec::new(),
        }
    }

    /// Takes audio bytes that came at `now`, and adds to `taken` what they lead to.
    ///
    /// # Errors
    ///
    /// [`Rejected`]: the source is to be closed. What `taken` has by then counts.
    pub fn push(&mut self, bytes: &[u8], now: WallTime, taken: &mut Taken) -> Result<(), Rejected> {
        if !bytes.is_empty() {
            self.first_byte.get_or_insert(now);
            self.last_byte = now;
        }
        self.framer.push(bytes);
        while let Some(frame) = self.framer.next_frame()? {
            self.take(frame, now, taken)?;
        }
        if self.framer.has_only_tags() {
            self.first_byte = None;
        }
        Ok(())
    }

    /// Takes a title that came behind the audio so far. Of those that wait without
    /// a frame between them the last one counts, so that they stay few.
    pub fn push_title(&mut self, title: Title, taken: &mut Taken) {
        let title = PathItem::Title(Arc::new(title));
        if self.held.is_empty() {
            return taken.items.push(title);
        }
        self.held.pop_if(|last| matches!(last, PathItem::Title(_)));
        self.held.push(title);
    }

    /// The source has ended: its last frame, which nothing follows, and all that
    /// waited. A last frame that is rejected is not missed.
    pub fn finish(&mut self) -> Taken {
        let mut taken = Taken::default();
        while let Ok(Some(frame)) = self.framer.finish() {
            if self.take(frame, self.last_byte, &mut taken).is_err() {
                return taken;
            }
        }
        self.release(&mut taken.items, None);
        taken
    }

    /// When to ask for [`Self::give_up`]; `None` once a frame has come.
    pub fn first_frame_due(&self) -> Option<WallTime> {
        let waits = self.info.is_none() && self.held.is_empty();
        self.first_byte.filter(|_| waits).map(|first| first.plus(FIRST_FRAME_TIME))
    }

    /// No frame came in time: what the bytes were, as far as they tell.
    pub fn give_up(&mut self) -> Rejected {
        Rejected::Framing(self.framer.give_up())
    }

    /// What was no audio.
    pub fn skipped(&self) -> Skipped {
        self.framer.skipped()
    }

    /// What the source sends, once that is known.
    pub fn info(&self) -> Option<&SourceInfo> {
        self.info.as_ref()
    }

    /// How it differs from the settings. AAC headers have no bit rate: there it
    /// is the mean that counts, once ten seconds of it have come.
    pub fn mismatch(&self) -> Vec<Mismatch> {
        let is_aac = self.info.is_some_and(|info| info.header.stream.codec == Codec::Aac);
        let mean = self.bitrate_bps().filter(|_| is_aac && self.rate.media >= MEAN_AFTER);
        let off = mean.and_then(|mean| self.wanted.mean_bitrate_mismatch(mean));
        self.mismatch.iter().cloned().chain(off).collect()
    }

    /// Bits per second since the stream has its form.
    pub fn bitrate_bps(&self) -> Option<u32> {
        let micros = self.rate.media.as_micros();
        let bits = u128::from(self.rate.bytes) * 8 * 1_000_000;
        bits.checked_div(micros).and_then(|bps| u32::try_from(bps).ok())
    }

    fn take(&mut self, frame: Frame, now: WallTime, taken: &mut Taken) -> Result<(), Rejected> {
        let stream = frame.header.stream;
        let unit = PathUnit { header: frame.header, data: frame.data, arrival: now };
        let rate = Rate::of(&unit);
        taken.wait = self.pace.push(rate.media, now);
        if self.info.is_none_or(|info| info.header.stream != stream) {
            self.begin(&unit, &mut taken.items)?;
        } else {
            self.rate.bytes += rate.bytes;
            self.rate.media += rate.media;
        }
        let Some(detector) = &mut self.detector else {
            self.compare(unit.header)?;
            taken.items.push(PathItem::Unit(unit));
            return Ok(());
        };
        let profile = detector.push(&unit.data);
        self.held.push(PathItem::Unit(unit));
        if profile.is_some() {
            self.release(&mut taken.items, profile);
            self.compare_info()?;
        }
        Ok(())
    }

    /// A stream begins, or its rate or channels change.
    fn begin(&mut self, unit: &PathUnit, items: &mut Vec<PathItem>) -> Result<(), Rejected> {
        // What is held was too short for the detector.
        self.release(items, None);
        self.rate = Rate::of(unit);
        let first = self.info.is_none();
        let info = SourceInfo { header: unit.header, profile: None };
        self.info = Some(info);
        if unit.header.stream.codec == Codec::Aac {
            self.detector = Some(Detector::new());
            // Another codec is refused before anything is told.
            return self.refuse_other_codec();
        }
        if first {
            items.push(PathItem::Connected(info));
        }
        self.compare_info()
    }

    /// Gives the frames that waited for the detector.
    fn release(&mut self, items: &mut Vec<PathItem>, profile: Option<AacProfile>) {
        self.detector = None;
        if self.held.is_empty() {
            return;
        }
        if let Some(info) = &mut self.info {
            info.profile = profile;
            items.push(PathItem::Connected(*info));
        }
        items.append(&mut self.held);
    }

    /// Compares what began with the settings.
    fn compare_info(&mut self) -> Result<(), Rejected> {
        let Some(info) = self.info else { return Ok(()) };
        self.mismatch = self.wanted.mismatch(&info.header, info.profile);
        self.judge()
    }

    /// Refuses another codec always, any other mismatch where the ingest says so.
    fn judge(&self) -> Result<(), Rejected> {
        let refuses = |one: &Mismatch| one.is_other_codec || self.on_mismatch == OnMismatch::Refuse;
        if self.mismatch.iter().any(refuses) {
            Err(Rejected::Mismatch(self.mismatch.clone()))
        } else {
            Ok(())
        }
    }

    fn refuse_other_codec(&mut self) -> Result<(), Rejected> {
        let Some(info) = self.info else { return Ok(()) };
        let mismatch = self.wanted.mismatch(&info.header, info.profile);
        let other = mismatch.iter().any(|one| one.is_other_codec);
        if other { Err(Rejected::Mismatch(mismatch)) } else { Ok(()) }
    }

    /// Later frames may differ as well: a bit rate that changes, mono frames.
    fn compare(&mut self, header: FrameHeader) -> Result<(), Rejected> {
        let Some(info) = &mut self.info else { return Ok(()) };
        if info.header == header {
            return Ok(());
        }
        info.header = header;
        let found = self.wanted.mismatch(&header, info.profile);
        for one in found {
            if !self.mismatch.iter().any(|known| known.setting == one.setting) {
                self.mismatch.push(one);
            }
        }
        self.judge()
    }
}

impl Rate {
    fn of(unit: &PathUnit) -> Self {
        Self { bytes: unit.data.len() as u64, media: unit.header.stream.frame_duration() }
    }
}

/// Mismatches on one line, for people.
pub(crate) fn list(mismatch: &[Mismatch]) -> String {
    mismatch.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
