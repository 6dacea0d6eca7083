//! A seeded simulation of the merge: an encoder, the paths that carry its frames, and
//! a clock that the test turns. A seed that fails is printed with the least schedule
//! that still does; [`one_schedule`] plays it again.
//!
//! # What is promised
//!
//! The output is one line, which has every unit of the source once and unchanged, as
//! long as there is always a path that is *counted on*:
//!
//! - It is connected and leaves nothing out, and is never silent for [`STALL_MAX`].
//! - Before it takes over, it has brought 16 units in a row that nothing in the
//!   programme is like, which the path that was counted on before has brought as well,
//!   both since they were connected, and after the line began. So silence, jingles
//!   and what one path is behind the other only make the time longer for which both
//!   have to be there. The 16 are eight and as many to spare.
//! - It is connected neither in the midst of what is played again, or a moment before it
//!   (if that is a jingle, not silence), nor in the midst of what another path leaves out, and its first
//!   burst does not go back to before the line began.
//!
//! All other paths do what they like, but what they leave out without a sign has to be
//! so little, and the paths so close together, that the one that is counted on has
//! brought that and the 16 units after it before `hold_back` is over; and two paths do
//! not leave out one after the other what the same 16 units follow.
//!
//! [`Family::Near`] has paths that are less apart than `hold_back`, [`Family::Far`]
//! such as are up to 27 s apart: with jitter and stalls less than [`SKEW_MAX`].
//! [`Family::Wild`] keeps to nothing of this; there the output has to be in order and
//! what is held bounded, and it has to end.
//!
//! Between two units that come out there is at most a unit's length more than two
//! paths' units may be apart beyond `hold_back`, jitter and stalls counted in, and one
//! more for the schedule's own moves.
//!
//! [`STALL_MAX`]: crate::merge::STALL_MAX
//! [`SKEW_MAX`]: crate::merge::SKEW_MAX

mod judge;
mod plan;
mod play;
mod source;

use plan::{Family, MS, Plan, What};
use play::{Out, Played, play};

/// Schedules of each family: what takes a few seconds; more where only these are run
/// (`cargo test --release -p feed sim`).
const SCHEDULES: u64 = if cfg!(debug_assertions) { 1_000 } else { 20_000 };

/// The one that [`one_schedule`] plays.
const ONE: (Family, u64) = (Family::Near, 0);

/// Schedules that few others are like, and that have found what was wrong.
const FOUND: [(Family, u64); 10] = [
    (Family::Near, 51),
    (Family::Near, 56),
    (Family::Near, 195),
    (Family::Near, 1_095),
    (Family::Near, 10_659),
    (Family::Near, 11_188),
    (Family::Far, 16),
    (Family::Far, 28_500),
    (Family::Far, 31_255),
    (Family::Far, 1_022_110),
];

/// How late a batch of what came is taken at most.
const BATCH_MAX: u64 = 200 * MS;

fn judged(plan: &Plan) -> (Played, Option<String>) {
    let arrivals = plan.arrivals();
    let played = play(plan, &arrivals);
    let mut fault = judge::fault(plan, &played, 0);
    if fault.is_none() && plan.seed.is_multiple_of(4) {
        let batched = play(plan, &in_batches(&arrivals));
        let found = judge::fault(plan, &batched, BATCH_MAX);
        fault = found.map(|found| format!("in batches: {found}"));
    }
    if fault.is_none() && plan.seed % 16 == 1 && play(plan, &arrivals).out != played.out {
        fault = Some("another time it is not the same".into());
    }
    (played, fault)
}

/// The same arrivals, of which each path's are taken a batch at a time.
fn in_batches(arrivals: &[(u64, u8, What)]) -> Vec<(u64, u8, What)> {
    let late = |at: u64, rank: u8| {
        let length = BATCH_MAX - 30 * MS * u64::from(rank);
        at.div_ceil(length) * length
    };
    let mut batched: Vec<_> =
        arrivals.iter().map(|(at, rank, what)| (late(*at, *rank), *rank, *what)).collect();
    batched.sort_by_key(|(at, _, _)| *at);
    batched
}

/// The same fault with as little of the schedule as it takes.
fn shrink(mut plan: Plan, fault: &str) -> Plan {
    let kind = |fault: &str| -> String {
        fault.chars().filter(|letter| letter.is_alphabetic()).take(8).collect()
    };
    let mut nth = 0;
    while let Some(simpler) = plan.simpler().into_iter().nth(nth) {
        match judged(&simpler).1 {
            Some(found) if kind(&found) == kind(fault) => plan = simpler,
            _ => nth += 1,
        }
    }
    plan
}

/// Plays one schedule; its seed is all that it takes to see a fault again.
fn check(family: Family, seed: u64) {
    let plan = Plan::draw(family, seed);
    let Some(fault) = judged(&plan).1 else { return };
    let least = shrink(plan, &fault);
    let (played, left) = judged(&least);
    let events: Vec<_> = played.events.iter().map(|(at, one)| (plan::secs(*at), one)).collect();
    let marks = played.out.iter().filter(|(_, out)| !matches!(out, Out::Unit(_)));
    let marks: Vec<_> = marks.map(|(at, out)| (plan::secs(*at), out)).collect();
    panic!(
        "{family:?}, seed {seed}: {fault}\nof the least schedule: {left:?}\n{least:?}\n\
         events {events:?}\nout {marks:?}"
    );
}

fn check_all(family: Family) {
    (0..SCHEDULES).for_each(|seed| check(family, seed));
}

#[test]
fn near_paths_lose_nothing() {
    check_all(Family::Near);
}

#[test]
fn far_paths_lose_nothing() {
    check_all(Family::Far);
}

#[test]
fn whatever_paths_do_comes_out_in_order() {
    check_all(Family::Wild);
}

#[test]
fn what_was_found_before_is_not_found_again() {
    for (family, seed) in FOUND {
        check(family, seed);
    }
}

#[test]
fn one_schedule() {
    let (family, seed) = ONE;
    check(family, seed);
}
