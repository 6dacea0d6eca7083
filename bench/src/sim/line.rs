//! The encoder and the line to it.

use std::time::Duration;

use fastrand::Rng;
use media::{ChannelMode, WallTime, synthetic};

use super::{Breaks, Scenario};

/// Samples of a frame.
pub(super) const SAMPLES: u64 = 1_152;

/// Samples a second.
const RATE_HZ: u32 = 44_100;

/// How much faster than real time the line is.
const LINE_SPEED: u64 = 10;

/// Hexadecimal digits of a frame's number, at its end.
const NUMBER_LEN: usize = 16;

/// What happens in a step of time.
#[derive(Debug)]
pub(super) enum Event {
    Nothing,
    Connected,
    Bytes(Vec<u8>),
    Broken,
}

/// What came over the line: whole frames, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    /// Each frame that came, counted once.
    pub(super) frames: u64,
    /// Connections that went on behind what the one before had sent.
    pub(super) holes: u64,
}

/// An encoder that is connected most of the time.
#[derive(Debug)]
pub(super) struct Line {
    scenario: Scenario,
    template: Vec<u8>,
    began: WallTime,
    last: WallTime,
    state: State,
    /// First byte of the encoder's stream that this connection has not sent.
    at: u64,
    /// First byte that this connection sent.
    from: u64,
    /// Frames before this one have come, or never will.
    known: u64,
    delivered: Delivered,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Down { until: WallTime },
    Up,
    Stalled { until: WallTime },
}

impl Line {
    pub(super) fn new(scenario: &Scenario, began: WallTime) -> Self {
        Self {
            scenario: *scenario,
            template: template(),
            began: began.minus(scenario.burst),
            last: began,
            state: State::Down { until: began },
            at: 0,
            from: 0,
            known: 0,
            delivered: Delivered::default(),
        }
    }

    /// Lets time pass until `now`.
    pub(super) fn step(&mut self, now: WallTime, rng: &mut Rng) -> Event {
        let passed = now.since(self.last);
        self.last = now;
        match self.state {
            State::Down { until } | State::Stalled { until } if now < until => Event::Nothing,
            State::Down { .. } => self.connect(now, rng),
            State::Stalled { .. } => {
                self.state = State::Up;
                self.send(now, passed)
            }
            State::Up => self.go_on(now, passed, rng),
        }
    }

    /// What came in all.
    pub(super) fn finish(mut self) -> Delivered {
        self.count();
        self.delivered
    }

    fn go_on(&mut self, now: WallTime, passed: Duration, rng: &mut Rng) -> Event {
        // A line that still catches up neither stalls nor breaks: what is behind
        // then would be more than the source's time-out.
        let behind = self.ready(now).saturating_sub(self.at) / self.frame_len();
        let is_calm = behind < 20;
        let happens =
            |rng: &mut Rng, every: Duration| rng.f64() < passed.as_secs_f64() / every.as_secs_f64();
        if is_calm && self.scenario.stalls && happens(rng, Duration::from_mins(1)) {
            self.state = State::Stalled { until: now.plus(millis(rng, 1_000, 9_500)) };
            return Event::Nothing;
        }
        let breaks = self.scenario.breaks != Breaks::Never;
        if is_calm && breaks && happens(rng, Duration::from_mins(2)) {
            self.count();
            self.state = State::Down { until: now.plus(millis(rng, 500, 8_000)) };
            return Event::Broken;
        }
        self.send(now, passed)
    }

    fn connect(&mut self, now: WallTime, rng: &mut Rng) -> Event {
        let frame = self.frame_len();
        let sent = self.at;
        self.state = State::Up;
        if self.known > 0 {
            self.at = match self.scenario.breaks {
                Breaks::Never => self.at,
                Breaks::WithOverlap => sent.saturating_sub(rng.u64(40..600) * frame),
                Breaks::WithoutOverlap => self.ready(now).max(sent + frame),
            };
            // Some encoders begin in the middle of a frame.
            self.at += if rng.bool() { rng.u64(1..frame) } else { 0 };
        }
        self.from = self.at;
        Event::Connected
    }

    /// As much as the line takes of what there is.
    fn send(&mut self, now: WallTime, passed: Duration) -> Event {
        let frames = passed.as_micros() * u128::from(RATE_HZ) / u128::from(SAMPLES) / 1_000_000;
        let most = u64::try_from(frames).unwrap_or(u64::MAX).max(1) * LINE_SPEED;
        let end = self.ready(now).min(self.at + most * self.frame_len());
        if end <= self.at {
            return Event::Nothing;
        }
        let bytes = self.bytes(self.at, end);
        self.at = end;
        Event::Bytes(bytes)
    }

    /// Takes note of the whole frames that this connection has sent.
    fn count(&mut self) {
        let frame = self.frame_len();
        let (first, end) = (self.from.div_ceil(frame), self.at / frame);
        if end <= first {
            return;
        }
        if self.known > 0 && first > self.known {
            self.delivered.holes += 1;
        }
        self.delivered.frames += end - first.max(self.known);
        self.known = end;
    }

    /// End of what the encoder has made, a part of a frame included.
    fn ready(&self, now: WallTime) -> u64 {
        let nanos = i128::from(now.nanos()) - i128::from(self.began.nanos());
        let media = nanos + nanos * i128::from(self.scenario.drift_ppm) / 1_000_000;
        let bytes = media * i128::from(RATE_HZ) * i128::from(self.frame_len());
        u64::try_from(bytes / (i128::from(SAMPLES) * 1_000_000_000)).unwrap_or(0)
    }

    fn bytes(&self, from: u64, end: u64) -> Vec<u8> {
        let frame = self.frame_len();
        let first = from / frame;
        let whole: Vec<u8> = (first..end.div_ceil(frame))
            .flat_map(|number| numbered(&self.template, number))
            .collect();
        let place = |at: u64| usize::try_from(at - first * frame).unwrap_or(usize::MAX);
        whole.get(place(from)..place(end)).unwrap_or_default().to_vec()
    }

    fn frame_len(&self) -> u64 {
        self.template.len() as u64
    }
}

/// A frame of 32 kbit/s: what a simulation costs is bytes.
pub(super) fn template() -> Vec<u8> {
    synthetic::mp3_frame(32, RATE_HZ, ChannelMode::Stereo, 0)
}

/// The frame of this number.
pub(super) fn numbered(template: &[u8], number: u64) -> Vec<u8> {
    let mut frame = template.to_vec();
    frame.truncate(template.len().saturating_sub(NUMBER_LEN));
    frame.extend(format!("{number:016x}").bytes());
    frame
}

/// The number that a frame bears, if it is whole.
pub(super) fn number_of(template: &[u8], frame: &[u8]) -> Option<u64> {
    let digits = frame.get(frame.len().checked_sub(NUMBER_LEN)?..)?;
    let number = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (numbered(template, number) == frame).then_some(number)
}

fn millis(rng: &mut Rng, least: u64, most: u64) -> Duration {
    Duration::from_millis(rng.u64(least..=most))
}
