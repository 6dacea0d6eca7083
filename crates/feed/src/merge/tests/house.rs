//! One encoder and the paths that carry its frames to the merge, on a clock that
//! the test turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{ChannelMode, Codec, FrameHeader, StreamInfo, Timescale, Title, WallTime};

use crate::merge::{Event, Fallback, Merger, Output, Rank, Settings};
use crate::path::{PathUnit, SourceInfo};

pub(super) const T0: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

/// Length of a unit: 1,152 samples at 48 kHz.
pub(super) const UNIT: Duration = Duration::from_millis(24);

/// Units of a path of its own are numbered from here on.
pub(super) const OWN: u64 = 1_000_000;

/// Units in so many seconds, nearly.
pub(super) const fn secs(secs: u64) -> u64 {
    secs * 1000 / 24
}

pub(super) fn info(hz: u32) -> SourceInfo {
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(hz).unwrap(),
        channels: 2,
        samples_per_frame: 1152,
    };
    let header =
        FrameHeader { stream, bitrate_bps: Some(128_000), channel_mode: ChannelMode::JointStereo };
    SourceInfo { header, profile: None }
}

/// What happens to a path.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Connect,
    Unit(u64),
    Title(&'static str),
    Gone,
}

/// A merge, what is on its way to it, and what came out.
#[derive(Debug)]
pub(super) struct House {
    pub(super) merger: Merger,
    /// By the time in milliseconds, and the order in which they were planned.
    plan: BTreeMap<(u64, u64), (u8, Happening)>,
    planned: u64,
    content: fn(u64) -> String,
    pub(super) now: WallTime,
    /// What came out, and when in milliseconds.
    pub(super) out: Vec<(u64, Output)>,
    pub(super) events: Vec<Event>,
    /// The most units that the line has remembered.
    pub(super) most_remembered: usize,
}

impl House {
    /// Nothing is on its way yet.
    pub(super) fn new(paths: u8, hold_back: Duration) -> Self {
        Self::with_settings(
            paths,
            Settings { hold_back, source_timeout: Duration::from_secs(10), silence: None },
        )
    }

    fn with_settings(paths: u8, settings: Settings) -> Self {
        Self {
            merger: Merger::new(paths, settings),
            plan: BTreeMap::new(),
            planned: 0,
            content: |unit| unit.to_string(),
            now: T0,
            out: Vec::new(),
            events: Vec::new(),
            most_remembered: 0,
        }
    }

    /// One that leaves silent paths.
    pub(super) fn without_silence(paths: u8, hold_back: Duration, silence: Duration) -> Self {
        let source_timeout = Duration::from_secs(10);
        Self::with_settings(paths, Settings { hold_back, source_timeout, silence: Some(silence) })
    }

    /// What the encoder's frames are made of, by number; those of silence begin with
    /// that word.
    pub(super) fn with_content(self, content: fn(u64) -> String) -> Self {
        Self { content, ..self }
    }

    /// Something happens to a path at a time, in milliseconds.
    pub(super) fn plan(&mut self, at: u64, rank: u8, happening: Happening) {
        self.plan.insert((at, self.planned), (rank, happening));
        self.planned += 1;
    }

    /// A path is connected and carries these units in real time, `late` after the
    /// encoder made them; then its source is gone.
    pub(super) fn carry(&mut self, rank: u8, units: std::ops::Range<u64>, late: Duration) {
        let end = units.end;
        self.join(rank, units, late);
        self.plan(millis(end, late), rank, Happening::Gone);
    }

    /// The same, and its source stays, silent.
    pub(super) fn join(&mut self, rank: u8, units: std::ops::Range<u64>, late: Duration) {
        self.plan(millis(units.start, late), rank, Happening::Connect);
        self.deliver(rank, units, late);
    }

    /// A path carries units that no other one has, made at the same times as these.
    pub(super) fn carry_own(&mut self, rank: u8, units: std::ops::Range<u64>, late: Duration) {
        self.plan(millis(units.start, late), rank, Happening::Connect);
        let end = units.end;
        for unit in units {
            self.plan(millis(unit, late), rank, Happening::Unit(OWN + unit));
        }
        self.plan(millis(end, late), rank, Happening::Gone);
    }

    /// Units by a path that is connected.
    pub(super) fn deliver(&mut self, rank: u8, units: std::ops::Range<u64>, late: Duration) {
        for unit in units {
            self.plan(millis(unit, late), rank, Happening::Unit(unit));
        }
    }

    /// A path tells a title before it delivers the unit of that time.
    pub(super) fn title(&mut self, unit: u64, rank: u8, text: &'static str) {
        self.plan(unit * 24 + 5, rank, Happening::Title(text));
    }

    /// What is looped when no path is left.
    pub(super) fn with_fallback(mut self, file: Fallback) -> Self {
        self.merger = self.merger.with_fallback(Some(file), T0);
        self
    }

    /// Lets everything happen, and a minute pass.
    pub(super) fn run(&mut self) {
        self.happen_all();
        self.pass(self.now.plus(Duration::from_mins(1)));
    }

    /// Lets everything happen, and time pass until then, in milliseconds.
    pub(super) fn run_until(&mut self, millis: u64) {
        self.happen_all();
        self.pass(T0.plus(Duration::from_millis(millis)));
    }

    fn happen_all(&mut self) {
        while let Some(((at, _), (rank, happening))) = self.plan.pop_first() {
            self.pass(T0.plus(Duration::from_millis(at)));
            self.happen(Rank(rank), &happening);
            self.collect();
        }
    }

    /// Time passes, and the merge is called when it wants to be.
    fn pass(&mut self, until: WallTime) {
        let mut calls = 0;
        while let Some(due) = self.merger.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.merger.handle_timeout(self.now);
            self.collect();
            calls += 1;
            assert!(calls < 100_000, "it wants to be called for ever");
        }
        self.now = until;
    }

    fn happen(&mut self, rank: Rank, happening: &Happening) {
        match happening {
            Happening::Connect => self.merger.handle_connected(rank, info(48_000)),
            Happening::Gone => self.merger.handle_gone(rank, self.now),
            Happening::Title(text) => {
                self.merger.handle_title(rank, Arc::new(Title::new(*text, "")));
            }
            Happening::Unit(number) => {
                let data = Bytes::from((self.content)(*number));
                self.merger.handle_loudness(rank, data.starts_with(b"silence"), UNIT);
                let unit = PathUnit { header: info(48_000).header, data, arrival: self.now };
                self.merger.handle_unit(rank, unit, self.now);
            }
        }
    }

    fn collect(&mut self) {
        let at = u64::try_from(self.now.since(T0).as_millis()).unwrap();
        while let Some(output) = self.merger.next_output() {
            self.out.push((at, output));
        }
        self.events.extend(std::iter::from_fn(|| self.merger.next_event()));
        let remembered = self.merger.line.as_ref().map_or(0, |line| line.hashes().len());
        self.most_remembered = self.most_remembered.max(remembered);
    }

    /// The frames that came out, with `|` where a line begins and `.` where one
    /// ends.
    pub(super) fn heard(&self) -> String {
        let mut text = String::new();
        for (_, output) in &self.out {
            match output {
                Output::Begins(_) => text.push('|'),
                Output::Ends => text.push('.'),
                Output::Title(title) => {
                    text.push('[');
                    text += &title.stream_title;
                    text.push(']');
                }
                Output::Unit(unit) => {
                    text += std::str::from_utf8(&unit.data).unwrap();
                    text.push(' ');
                }
            }
        }
        text
    }

    /// When the units came out, in milliseconds.
    pub(super) fn times(&self) -> Vec<u64> {
        let units = self.out.iter().filter(|(_, output)| matches!(output, Output::Unit(_)));
        units.map(|(at, _)| *at).collect()
    }

    /// The longest time between two units that came out, in milliseconds.
    pub(super) fn longest_gap(&self) -> u64 {
        self.times().windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// The frames of these units, as [`Self::heard`] has them.
    pub(super) fn frames(&self, units: std::ops::Range<u64>) -> String {
        units.map(|unit| (self.content)(unit) + " ").collect()
    }

    /// These units came out, in one line.
    #[track_caller]
    pub(super) fn assert_heard(&self, units: std::ops::Range<u64>) {
        let expected = self.frames(units);
        let heard = self.heard();
        let heard = heard.strip_prefix('|').unwrap_or(&heard);
        let heard = heard.strip_suffix('.').unwrap_or(heard);
        if heard != expected {
            let at = heard.bytes().zip(expected.bytes()).take_while(|(a, b)| a == b).count();
            let around = |text: &str| {
                let from = at.saturating_sub(40);
                text.get(from..text.len().min(at + 80)).unwrap_or_default().to_owned()
            };
            panic!(
                "heard {:?}\nwanted {:?}\nevents {:?}",
                around(heard),
                around(&expected),
                self.events
            );
        }
    }
}

fn millis(unit: u64, late: Duration) -> u64 {
    unit * 24 + u64::try_from(late.as_millis()).unwrap()
}
