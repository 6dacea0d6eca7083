//! What has to be true of what came out.

use std::collections::HashMap;

use super::plan::{Family, MS, Plan, secs};
use super::play::{Out, Played};
use super::source::index;
use crate::merge::{LINE_UNITS_MAX, STASH_UNITS_MAX};

/// The units that may wait: those of a minute at 47 a second. The skew, `hold_back`
/// and a burst of what comes together.
const PENDING_MAX: usize = 60 * 47;

/// What is wrong with it, if anything, where what came was taken `batch` late at most.
pub(super) fn fault(plan: &Plan, played: &Played, batch: u64) -> Option<String> {
    let found = safety(plan, played);
    if plan.family == Family::Wild {
        return found.or_else(|| order(plan, played));
    }
    found
        .or_else(|| continuity(plan, played))
        .or_else(|| gaps(plan, played, batch))
        .or_else(|| titles(plan, played))
}

/// What holds for any schedule.
fn safety(plan: &Plan, played: &Played) -> Option<String> {
    let held = &played.held;
    let is_bounded = held.stashed <= STASH_UNITS_MAX
        && held.hashes <= LINE_UNITS_MAX
        && held.pending <= PENDING_MAX
        && held.over <= PENDING_MAX;
    if played.is_endless {
        return Some("it wants to be called without an end".into());
    }
    if !is_bounded {
        return Some(format!("too much is held: {held:?}"));
    }
    let comes = plan.paths.iter().any(|path| !path.links.is_empty());
    let ended = matches!(played.out.last(), Some((_, Out::Ends)) | None);
    (comes && !ended).then(|| "the line does not end".into())
}

/// Within a line, units come in the source's order, each of them once. Where content
/// is played again, nobody can tell; silence has no order.
fn order(plan: &Plan, played: &Played) -> Option<String> {
    let known: HashMap<u32, u64> = (0..plan.source.len())
        .filter(|unit| plan.source.is_unique(*unit))
        .map(|unit| (plan.source.content(unit), unit))
        .collect();
    if plan.source.has_repeats() {
        return None;
    }
    let mut last = None;
    for (at, out) in &played.out {
        match out {
            Out::Begins(..) => last = None,
            Out::Unit(content) => {
                let Some(unit) = known.get(content).copied() else { continue };
                if last.is_some_and(|last| unit <= last) {
                    return Some(format!("{} s: unit {unit} after {last:?}", secs(*at)));
                }
                last = Some(unit);
            }
            Out::Title(..) | Out::Ends => {}
        }
    }
    None
}

/// One line, which has every unit that was counted on.
fn continuity(plan: &Plan, played: &Played) -> Option<String> {
    let (first, last) = plan.counted_on();
    let mut expected = first;
    for (nth, (at, out)) in played.out.iter().enumerate() {
        match out {
            Out::Begins(..) if nth == 0 => {}
            _ if expected > last => break,
            Out::Begins(..) | Out::Ends if nth >= played.in_time => break,
            Out::Begins(..) | Out::Ends => {
                return Some(format!("{} s: {out:?} before unit {expected}", secs(*at)));
            }
            Out::Unit(content) if plan.source.contents().get(index(expected)) != Some(content) => {
                let place = plan.source.contents().iter().position(|one| one == content);
                return Some(format!("{} s: {place:?} for unit {expected}", secs(*at)));
            }
            Out::Unit(_) => expected += 1,
            Out::Title(..) => {}
        }
    }
    (expected <= last).then(|| format!("{expected} is missing, of those up to {last}"))
}

/// Between two units of a line there is no more time than one unit's length and what
/// the paths may be apart beyond `hold_back`.
fn gaps(plan: &Plan, played: &Played, batch: u64) -> Option<String> {
    let units = played.out[..played.in_time].iter();
    let times: Vec<_> =
        units.filter(|(_, out)| matches!(out, Out::Unit(_))).map(|(at, _)| *at).collect();
    let unit = plan.source.form.start(1);
    let allowed = plan.spread().saturating_sub(plan.hold_back) + 2 * unit + MS + batch;
    let found = times.windows(2).find(|pair| pair[1] - pair[0] > allowed);
    found.map(|pair| {
        format!(
            "a gap from {} to {} s, {} s are allowed",
            secs(pair[0]),
            secs(pair[1]),
            secs(allowed)
        )
    })
}

/// Titles come in order, none before its unit; at it, where the most preferred path
/// tells them and never leaves.
fn titles(plan: &Plan, played: &Played) -> Option<String> {
    if plan.source.has_repeats() {
        return None;
    }
    let (first, _) = plan.counted_on();
    let is_exact =
        plan.family == Family::Near && plan.leader() == Some(0) && plan.paths[0].tells.is_some();
    let (mut unit, mut last) = (first, None);
    for (at, out) in &played.out[..played.in_time] {
        let due = plan.source.title_of(unit);
        match out {
            Out::Title(number, _) => {
                if *number > due || last.is_some_and(|last| last > *number) {
                    return Some(format!("{} s: title {number} at unit {unit}", secs(*at)));
                }
                last = Some(*number);
            }
            Out::Unit(_) => {
                if is_exact && last != Some(due) {
                    return Some(format!("{} s: {last:?} for title {due} at {unit}", secs(*at)));
                }
                unit += 1;
            }
            Out::Begins(..) | Out::Ends => {}
        }
    }
    None
}
