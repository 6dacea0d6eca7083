//! The whole way in memory: an encoder's bytes in, segments and playlists out.

use std::sync::Arc;
use std::time::Duration;

use feed::merge::{Merger, Rank, SOURCE_TIMEOUT, Settings};
use feed::{Cutter, PathUnit, Record, Resume, SourceInfo, Timeline, View};
use media::{Frame, Framer, MediaSequence, Segment, SegmentInfo, Title, WallTime};
use playlists::{LivePlaylists, Removed, TitleRange};

/// Length of a segment in seconds, as an egress has it by default.
pub const TARGET_SECS: u32 = 6;

/// Length of the live window, as an egress has it by default.
pub const WINDOW: Duration = Duration::from_mins(1);

/// The programme has one path.
const PATH: Rank = Rank(0);

/// One programme of one source, from its bytes to what is published.
#[derive(Debug)]
pub struct Chain {
    framer: Framer,
    is_connected: bool,
    merger: Merger,
    timeline: Timeline,
    cutter: Cutter,
    playlists: LivePlaylists<SegmentInfo>,
}

/// A segment, and what is listed from then on.
#[derive(Debug)]
pub struct Published {
    /// The segment.
    pub segment: Segment,
    /// The media playlist with it; none until three segments are listed.
    pub media: Option<String>,
    /// The multivariant playlist; none as long.
    pub multivariant: Option<String>,
    /// The segments that it pushed out of the window.
    pub removed: Vec<Removed<SegmentInfo>>,
}

impl Default for Chain {
    /// A programme that was never on air before.
    fn default() -> Self {
        let resume = Resume {
            next_number: MediaSequence(0),
            next_discontinuity: 0,
            not_before: WallTime::default(),
            title: None,
        };
        Self {
            framer: Framer::default(),
            is_connected: false,
            merger: Merger::new(
                1,
                Settings {
                    hold_back: Duration::ZERO,
                    source_timeout: SOURCE_TIMEOUT,
                    silence: None,
                },
            ),
            timeline: Timeline::new(TARGET_SECS, resume),
            cutter: Cutter::new(TARGET_SECS),
            playlists: LivePlaylists::new(TARGET_SECS.into(), WINDOW),
        }
    }
}

impl Chain {
    /// A source connects.
    pub fn connect(&mut self) {
        self.framer = Framer::default();
        self.is_connected = false;
    }

    /// Takes bytes of the source that came at `now`.
    ///
    /// # Panics
    ///
    /// When the bytes are no MP3 and no AAC, or what follows from them cannot be
    /// listed: a fault.
    pub fn push(&mut self, bytes: &[u8], now: WallTime) -> Vec<Published> {
        self.framer.push(bytes);
        while let Some(frame) = self.framer.next_frame().expect("it is MP3 or AAC") {
            self.take(frame, now);
        }
        self.publish()
    }

    /// A title comes.
    pub fn title(&mut self, title: Title) {
        self.merger.handle_title(PATH, Arc::new(title));
    }

    /// The source is gone: its last frame, which nothing follows.
    ///
    /// # Panics
    ///
    /// As [`Self::push`].
    pub fn disconnect(&mut self, now: WallTime) -> Vec<Published> {
        while let Some(frame) = self.framer.finish().expect("it is MP3 or AAC") {
            self.take(frame, now);
        }
        self.merger.handle_gone(PATH, now);
        self.publish()
    }

    /// Lets time pass without bytes.
    ///
    /// # Panics
    ///
    /// As [`Self::push`].
    pub fn pass(&mut self, now: WallTime) -> Vec<Published> {
        self.merger.handle_timeout(now);
        self.publish()
    }

    fn take(&mut self, frame: Frame, arrival: WallTime) {
        let header = frame.header;
        if !std::mem::replace(&mut self.is_connected, true) {
            self.merger.handle_connected(PATH, SourceInfo { header, profile: None });
        }
        self.merger.handle_unit(PATH, PathUnit { header, data: frame.data, arrival }, arrival);
    }

    fn publish(&mut self) -> Vec<Published> {
        while let Some(output) = self.merger.next_output() {
            self.timeline.handle_output(output);
        }
        let mut published = Vec::new();
        while let Some(record) = self.timeline.next_record() {
            if let Record::Closed(closed) = &record {
                self.playlists.set_profile(closed.epoch.profile);
            }
            for view in self.cutter.handle(&record) {
                match view {
                    View::Title { id, start, title } => {
                        let title = title.as_ref().clone();
                        self.playlists.push_title(TitleRange { id, start, title });
                    }
                    View::Segment(segment) => published.push(self.list(segment)),
                }
            }
        }
        published
    }

    fn list(&mut self, segment: Segment) -> Published {
        let removed = self.playlists.append(segment.info.clone()).expect("it follows the last");
        Published {
            segment,
            media: self.playlists.media(),
            multivariant: self.playlists.multivariant("mp3-128/media.m3u8".to_owned()),
            removed,
        }
    }
}
