//! A schedule, played to a merge on a clock that is turned.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use media::{Title, WallTime};

use super::plan::{Plan, SECOND, What};
use crate::merge::seek::Seek;
use crate::merge::{Cause, Event, Merger, Output, Rank, Settings};
use crate::path::PathUnit;

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Out {
    Begins(Rank, Cause),
    /// By number, and whether it was spelled in the other way.
    Title(usize, bool),
    /// By its content.
    Unit(u32),
    Ends,
}

/// What a merge made of a schedule. Times are those of the plan.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) out: Vec<(u64, Out)>,
    /// How much of it came out before the schedule ended.
    pub(super) in_time: usize,
    pub(super) events: Vec<(u64, Event)>,
    /// The most that was held at any time.
    pub(super) held: Held,
    /// Whether it asked to be called without an end.
    pub(super) is_endless: bool,
}

/// What a merge holds, in units.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    pub(super) stashed: usize,
    pub(super) hashes: usize,
    pub(super) pending: usize,
    pub(super) over: usize,
}

const T0: u64 = 1_700_000_000 * SECOND;

/// Calls without anything that comes, at most: each gives a unit out or decides.
const CALLS_MAX: usize = 20_000;

struct Player<'plan> {
    plan: &'plan Plan,
    merger: Merger,
    now: u64,
    played: Played,
}

/// Plays what arrives.
pub(super) fn play(plan: &Plan, arrivals: &[(u64, u8, What)]) -> Played {
    let settings = Settings {
        hold_back: Duration::from_nanos(plan.hold_back),
        source_timeout: Duration::from_secs(10),
        silence: None,
    };
    let merger = Merger::new(u8::try_from(plan.paths.len()).unwrap(), settings);
    let mut player = Player { plan, merger, now: 0, played: Played::default() };
    for (nth, (at, rank, what)) in arrivals.iter().enumerate() {
        player.pass(*at);
        player.happen(*rank, *what);
        player.collect();
        if nth % 64 == 0 {
            player.weigh();
        }
    }
    player.pass(plan.end);
    player.played.in_time = player.played.out.len();
    // Silent sources time out.
    player.pass(plan.end + 10 * SECOND);
    for nth in 0..u8::try_from(plan.paths.len()).unwrap() {
        player.happen(nth, What::Gone);
        player.collect();
    }
    player.pass(plan.end + 120 * SECOND);
    player.played
}

impl Player<'_> {
    fn pass(&mut self, until: u64) {
        let mut calls = 0;
        while let Some(due) = self.merger.poll_timeout().filter(|due| *due <= wall(until)) {
            self.now = self.now.max(due.nanos().saturating_sub(T0));
            self.merger.handle_timeout(wall(self.now));
            self.collect();
            calls += 1;
            if calls > CALLS_MAX {
                self.played.is_endless = true;
                break;
            }
        }
        self.now = self.now.max(until);
    }

    fn happen(&mut self, nth: u8, what: What) {
        let (rank, now) = (Rank(nth), wall(self.now));
        let info = self.plan.source.form.info();
        match what {
            What::Connected => self.merger.handle_connected(rank, info),
            What::Gone => self.merger.handle_gone(rank, now),
            What::Title(number) => {
                let spelling = self.plan.paths[usize::from(nth)].tells.unwrap_or_default();
                let title = Title::new(number.to_string(), spelling);
                self.merger.handle_title(rank, Arc::new(title));
            }
            What::Unit(number) => {
                let content = self.plan.source.content(number);
                let data = Bytes::copy_from_slice(&content.to_be_bytes());
                let unit = PathUnit { header: info.header, data, arrival: now };
                self.merger.handle_unit(rank, unit, now);
            }
        }
    }

    fn collect(&mut self) {
        while let Some(output) = self.merger.next_output() {
            let out = match output {
                Output::Begins(begin) => {
                    Out::Begins(begin.rank.unwrap_or(Rank(u8::MAX)), begin.cause)
                }
                Output::Ends => Out::Ends,
                Output::Title(title) => {
                    Out::Title(title.stream_title.parse().unwrap(), !title.url.is_empty())
                }
                Output::Unit(unit) => {
                    Out::Unit(u32::from_be_bytes(unit.data.as_ref().try_into().unwrap()))
                }
            };
            self.played.out.push((self.now, out));
        }
        while let Some(event) = self.merger.next_event() {
            self.played.events.push((self.now, event));
        }
    }

    fn weigh(&mut self) {
        let held = &mut self.played.held;
        let seeks = self.merger.paths.iter().filter_map(|path| path.seek());
        let stashed = seeks.map(Seek::len).max();
        held.stashed = held.stashed.max(stashed.unwrap_or_default());
        held.over = held.over.max(self.merger.over.len());
        if let Some(line) = &self.merger.line {
            held.hashes = held.hashes.max(line.hashes().len());
            let pending = line.end() - line.released();
            held.pending = held.pending.max(usize::try_from(pending).unwrap());
        }
    }
}

fn wall(at: u64) -> WallTime {
    WallTime::from_nanos(T0 + at)
}
