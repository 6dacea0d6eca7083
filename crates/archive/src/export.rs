//! One file of a stretch of the past: its frames as they were on air, and a cue
//! sheet of its titles.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use media::{Codec, MediaDuration, SegmentInfo, Timescale, WallTime, adts, id3, mp3};
use playlists::{TitleRange, date};
use store::{Area, Key, SEGMENT_BYTES_MAX, Stores};

use crate::cue::Sheet;
use crate::error::Error;
use crate::past::{Past, Reach};

/// Segments read at a time, chosen: S3 takes 10 to 50 ms for one, and a day has
/// 14,400.
const READS_MAX: usize = 8;

/// A time without a frame that is shorter is no gap, where no discontinuity
/// marks it: the longest frame, 1,152 samples at 8 kHz. Dates are moved in small
/// steps, and an order begins within a frame.
const GAP_MIN: Duration = Duration::from_millis(144);

/// What is exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The egress's name.
    pub egress: String,
    /// The first frame begins here or later.
    pub from: WallTime,
    /// Every frame begins before this.
    pub to: WallTime,
    /// What the sheet calls the file.
    pub file_name: String,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How the frames are coded.
    pub codec: Codec,
    /// Frames written.
    pub frames: u64,
    /// How long they play.
    pub duration: Duration,
    /// When the first one begins.
    pub first: WallTime,
    /// When the last one ends.
    pub last: WallTime,
    /// Where there is no sound, or where the stream was interrupted, in order.
    pub gaps: Vec<Gap>,
    /// The cue sheet.
    pub sheet: String,
}

/// Why there is a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The bucket has nothing of that time.
    Absent,
    /// The bucket has a segment of that time whose frames end too early, or that
    /// is larger than any.
    Damaged,
}

/// A time without a frame, between two dates; they may be one, where a source
/// was followed by another at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Why it is there.
    pub cause: Cause,
    /// The end of the frame before it, or the beginning of all.
    pub from: WallTime,
    /// The beginning of the frame after it, or the end of all.
    pub to: WallTime,
    /// Where in the file it is.
    pub position: Duration,
}

/// What is known of an order before anything of it is written.
#[derive(Debug)]
pub struct Plan {
    order: Order,
    codec: Codec,
    segments: VecDeque<(SegmentInfo, Key)>,
    titles: Vec<TitleRange>,
}

impl Plan {
    /// Looks up what the bucket has of an order.
    ///
    /// # Errors
    ///
    /// The bucket's; [`Error::Unknown`], [`Error::Nothing`], [`Error::Codec`].
    pub async fn make(stores: &Stores, order: Order) -> Result<Self, Error> {
        let past = Past::read(stores, &order.egress, Reach::Whole).await?;
        if past.lines.is_empty() && past.stored().is_empty() {
            return Err(Error::Unknown { egress: order.egress });
        }
        let keys: HashMap<_, _> =
            past.own().map(|(stored, key)| ((stored.number, stored.epoch), key.clone())).collect();
        let is_asked =
            |info: &SegmentInfo| info.wall_start < order.to && info.wall_end() > order.from;
        let segments: VecDeque<_> = past
            .history
            .every_segment(&past.own().map(|(stored, _)| *stored).collect::<Vec<_>>())
            .into_iter()
            .filter(is_asked)
            .filter_map(|info| keys.get(&(info.number, info.epoch)).map(|key| (info, key.clone())))
            .collect();
        let (first, _) = segments.front().ok_or(Error::Nothing)?;
        let wanted = first.codec;
        if let Some((other, _)) = segments.iter().find(|(info, _)| info.codec != wanted) {
            let date = date::rfc3339(other.wall_start);
            let got = other.codec.extension();
            return Err(Error::Codec { wanted: wanted.extension(), got, date });
        }
        Ok(Self { codec: wanted, segments, titles: past.titles(), order })
    }

    /// How the frames are coded.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Writes the frames. Holds eight segments at most.
    ///
    /// A segment that has left the bucket meanwhile is a gap. Of one that is
    /// damaged the frames before the damage are written, since their dates are
    /// certain, and the rest of it is a gap.
    ///
    /// # Errors
    ///
    /// The bucket's; [`Error::Write`], [`Error::Nothing`].
    pub async fn write(self, stores: &Stores, out: &mut impl Write) -> Result<Summary, Error> {
        let Self { order, codec, segments, titles } = self;
        let bucket = stores.area(Area::Public);
        let reads = segments.into_iter().map(|(info, key)| async move {
            let body = match bucket.get(&key, SEGMENT_BYTES_MAX).await {
                // None of ours is: the frames in it are nobody's.
                Err(store::Error::TooLarge { .. }) => Some(Bytes::new()),
                read => read?.map(|object| object.bytes),
            };
            Ok::<_, Error>(body.map(|body| (info, body)))
        });
        let mut reads = stream::iter(reads).buffered(READS_MAX);
        let mut writer = Writer::new(&order, titles);
        while let Some(read) = reads.next().await {
            if let Some((info, body)) = read? {
                writer.segment(&info, &body, out)?;
            }
        }
        writer.finish(codec)
    }
}

/// Takes segments, gives frames, and keeps account of them.
#[derive(Debug)]
struct Writer<'a> {
    order: &'a Order,
    titles: VecDeque<TitleRange>,
    sheet: Sheet,
    frames: u64,
    written: Duration,
    first: Option<WallTime>,
    /// The end of the last frame.
    last: WallTime,
    /// Up to here there are frames or gaps.
    known: WallTime,
    gaps: Vec<Gap>,
}

impl<'a> Writer<'a> {
    fn new(order: &'a Order, titles: Vec<TitleRange>) -> Self {
        Self {
            order,
            titles: titles.into(),
            sheet: Sheet::default(),
            frames: 0,
            written: Duration::ZERO,
            first: None,
            last: order.from,
            known: order.from,
            gaps: Vec::new(),
        }
    }

    fn segment(
        &mut self,
        info: &SegmentInfo,
        body: &Bytes,
        out: &mut impl Write,
    ) -> Result<(), Error> {
        let mut frames = Frames::of(info, body);
        let mut is_marked = info.discontinuity;
        for frame in frames.by_ref() {
            if frame.start >= self.order.from && frame.start < self.order.to {
                self.gap(frame.start, is_marked);
                self.frame(&frame, out)?;
            }
            // Only the first frame stands behind the discontinuity.
            is_marked = false;
        }
        let (from, to) = frames.missing();
        let (from, to) = (from.max(self.order.from), to.min(self.order.to));
        if from < to {
            self.gap(from, is_marked);
            self.tell(Cause::Damaged, from, to);
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut impl Write) -> io::Result<()> {
        let mut title = None;
        while let Some(next) = self.titles.pop_front_if(|title| title.start <= frame.start) {
            title = Some(next);
        }
        if let Some(title) = title {
            self.sheet.track(self.written, &title.title);
        } else if self.frames == 0 {
            self.sheet.track(self.written, &media::Title::default());
        }
        out.write_all(frame.data)?;
        self.first.get_or_insert(frame.start);
        (self.last, self.known) = (frame.end, frame.end);
        self.frames += 1;
        self.written += frame.length;
        Ok(())
    }

    /// Something begins at `next`: tells of the time without sound before it.
    fn gap(&mut self, next: WallTime, is_marked: bool) {
        let is_silent = next.since(self.known) >= GAP_MIN;
        if is_silent || (is_marked && self.frames > 0) {
            self.tell(Cause::Absent, self.known, next);
        }
    }

    fn tell(&mut self, cause: Cause, from: WallTime, to: WallTime) {
        let gap = Gap { cause, from, to, position: self.written };
        self.sheet.gap(&gap);
        self.gaps.push(gap);
        self.known = to;
    }

    fn finish(mut self, codec: Codec) -> Result<Summary, Error> {
        let first = self.first.ok_or(Error::Nothing)?;
        self.gap(self.order.to, false);
        Ok(Summary {
            codec,
            frames: self.frames,
            duration: self.written,
            first,
            last: self.last,
            gaps: self.gaps,
            sheet: self.sheet.render(&self.order.file_name, codec),
        })
    }
}

/// A frame and its exact time.
#[derive(Debug)]
struct Frame<'a> {
    data: &'a [u8],
    start: WallTime,
    end: WallTime,
    length: Duration,
}

/// The frames of a segment, up to the first bytes that are none, and no more than
/// the log tells of.
#[derive(Debug)]
struct Frames<'a> {
    rest: &'a [u8],
    codec: Codec,
    timescale: Timescale,
    /// Wall-clock time of the epoch's first sample.
    origin: WallTime,
    /// Samples since then, up to the next frame and up to the segment's end.
    position: u64,
    end: u64,
}

impl<'a> Frames<'a> {
    fn of(info: &SegmentInfo, body: &'a [u8]) -> Self {
        let position = u64::try_from(info.start.ticks()).unwrap_or_default();
        let mut frames = Self {
            rest: audio(body),
            codec: info.codec,
            timescale: info.timescale,
            origin: info.wall_start,
            position,
            end: position.saturating_add(info.duration.ticks()),
        };
        // Dates are counted from the epoch's beginning, as those of titles are,
        // so that a title's date is its first frame's to the nanosecond.
        frames.origin = info.wall_start.minus(frames.since_origin(position));
        frames
    }

    /// The time that has no frame, empty once all came.
    fn missing(&self) -> (WallTime, WallTime) {
        let date = |position| self.origin.plus(self.since_origin(position));
        (date(self.position), date(self.end))
    }

    fn since_origin(&self, position: u64) -> Duration {
        MediaDuration::from_ticks(position).to_std(self.timescale)
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        let (len, samples) = match self.codec {
            Codec::Mp3 => {
                let header = mp3::Header::parse(self.rest)?;
                (header.frame_len()?, header.samples())
            }
            Codec::Aac => {
                let header = adts::Header::parse(self.rest)?;
                (header.frame_len, 1_024 * u32::from(header.blocks))
            }
        };
        let (data, rest) = self.rest.split_at_checked(len)?;
        let (start, end) = (self.position, self.position.saturating_add(samples.into()));
        if end > self.end {
            return None;
        }
        (self.rest, self.position) = (rest, end);
        let (since, until) = (self.since_origin(start), self.since_origin(end));
        Some(Frame {
            data,
            start: self.origin.plus(since),
            end: self.origin.plus(until),
            length: until.saturating_sub(since),
        })
    }
}

/// The frames of a stored segment, untouched and in order; fewer than it should have
/// where it is damaged.
pub fn frames(info: &SegmentInfo, body: &Bytes) -> Vec<Bytes> {
    Frames::of(info, body).map(|frame| body.slice_ref(frame.data)).collect()
}

/// A segment without the tag at its start.
fn audio(body: &[u8]) -> &[u8] {
    let tag = id3::Header::parse(body).map_or(0, |header| header.tag_len());
    usize::try_from(tag).ok().and_then(|len| body.get(len..)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
