//! A programme in virtual time, over a line that stalls, bursts and breaks.
//!
//! Everything follows from a seed. The encoder sends frames that bear their own
//! number, so that the [`Report`] can count what the programme lost, repeated or
//! changed; dates and playlists are judged as they come.

mod judge;
mod line;

use std::time::Duration;

use fastrand::Rng;
use media::{Title, WallTime};

use crate::chain::Chain;
use judge::Judge;
use line::{Event, Line};

/// When all of it begins: 2023-11-14T22:13:20Z.
const BEGINNING: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

/// Time between two titles.
const TITLE_EVERY: Duration = Duration::from_secs(20);

/// What the line and the encoder do in a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called in tables.
    pub name: &'static str,
    /// How much faster than true the encoder's clock runs, in millionths.
    pub drift_ppm: i64,
    /// Stalls of up to 9.5 s, once a minute: the time-out is 10 s.
    pub stalls: bool,
    /// What was heard before the connection that comes at its beginning, at ten
    /// times real time.
    pub burst: Duration,
    /// The connection breaks every two minutes.
    pub breaks: Breaks,
}

/// What an encoder sends first when it connects again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// Its connection never breaks.
    Never,
    /// Frames that it has sent already: no frame is lost, and none is on air twice.
    WithOverlap,
    /// What it encodes now: what is between is lost, and a new epoch begins.
    WithoutOverlap,
}

/// What a simulation came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Frames in segments.
    pub frames: u64,
    /// Segments.
    pub segments: u64,
    /// Places inside an epoch where frames are missing.
    pub gaps: u64,
    /// Frames that were on air before.
    pub repeated: u64,
    /// Frames that no encoder sent.
    pub foreign: u64,
    /// Frames that came over the line and are in no segment.
    pub lost: u64,
    /// Epochs.
    pub epochs: u64,
    /// Epochs that there have to be: one, and one for each break without overlap.
    pub epochs_due: u64,
    /// The greatest step of the dates inside an epoch.
    pub step_max: Duration,
    /// How far a segment's end was dated after the moment of its publication.
    pub ahead_max: Duration,
    /// Rules of HLS that playlists broke.
    pub violations: Vec<String>,
}

impl Scenario {
    /// A line without a fault.
    pub const CALM: Self = Self {
        name: "calm",
        drift_ppm: 0,
        stalls: false,
        burst: Duration::ZERO,
        breaks: Breaks::Never,
    };

    /// All that are in the table.
    pub const ALL: [Self; 8] = [
        Self::CALM,
        Self { name: "stalls up to 9.5 s", stalls: true, ..Self::CALM },
        Self { name: "burst of 30 s at 10x", burst: Duration::from_secs(30), ..Self::CALM },
        Self { name: "encoder 200 ppm fast", drift_ppm: 200, ..Self::CALM },
        Self { name: "encoder 200 ppm slow", drift_ppm: -200, ..Self::CALM },
        Self { name: "breaks with overlap", breaks: Breaks::WithOverlap, ..Self::CALM },
        Self { name: "breaks without overlap", breaks: Breaks::WithoutOverlap, ..Self::CALM },
        Self {
            name: "all of it",
            drift_ppm: -200,
            stalls: true,
            burst: Duration::from_secs(30),
            breaks: Breaks::WithOverlap,
        },
    ];

    /// Runs it for `length` of virtual time.
    ///
    /// # Panics
    ///
    /// When a segment cannot be listed: a fault.
    pub fn run(&self, seed: u64, length: Duration) -> Report {
        let mut rng = Rng::with_seed(seed);
        let mut chain = Chain::default();
        let mut line = Line::new(self, BEGINNING);
        let mut judge = Judge::default();
        let (mut now, end) = (BEGINNING, BEGINNING.plus(length));
        let mut title_due = BEGINNING;
        while now < end {
            now = now.plus(Duration::from_millis(rng.u64(20..200)));
            judge.take(chain.pass(now), now);
            if title_due <= now {
                title_due = now.plus(TITLE_EVERY);
                chain.title(Title::new(format!("Artist - Piece {}", rng.u32(..)), ""));
            }
            match line.step(now, &mut rng) {
                Event::Nothing => {}
                Event::Connected => chain.connect(),
                Event::Bytes(bytes) => judge.take(chain.push(&bytes, now), now),
                Event::Broken => judge.take(chain.disconnect(now), now),
            }
        }
        judge.take(chain.disconnect(now), now);
        let late = now.plus(feed::merge::SOURCE_TIMEOUT);
        judge.take(chain.pass(late), late);
        judge.report(&line.finish())
    }
}

#[cfg(test)]
mod tests;
