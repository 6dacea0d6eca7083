//! The tables, and what misses its target.

use std::fmt::Write as _;
use std::time::Duration;

use crate::failover::plan::Due;
use crate::failover::stage::{Outcome, Tally};
use crate::failover::verdict::Segments;
use crate::failover::{bucket, kills, roles};

/// How much longer than without any trouble a listener may get nothing.
pub const GAP_MARGIN: Duration = Duration::from_millis(250);

/// The table of the cases.
pub fn cases(outcomes: &[Outcome]) -> String {
    let mut text = String::from(
        "| what happens | frames | sent | ICY: lost | repeated | damaged | longest gap | \
         HLS: segments | lost | repeated | damaged | epochs |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for outcome in outcomes {
        let Outcome { run, icy, hls, .. } = outcome;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} s | {} | {} | {} |",
            run.case.name,
            run.track.coding.name(),
            hls.frames - hls.repeated - hls.foreign + hls.lost,
            faulty(icy),
            outcome.gap.as_secs_f64(),
            outcome.segments,
            faulty(hls),
            outcome.epochs,
        );
    }
    text
}

/// The table of the kills.
pub fn kills(outcomes: &[kills::Outcome]) -> String {
    let mut text = String::from(
        "| frames | kills | ICY: connections | lost | repeated | damaged | longest gap | \
         longest away | HLS: segments | frames | lost | repeated | damaged | epochs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for outcome in outcomes {
        let kills::Outcome { coding, kills, icy, hls, .. } = outcome;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} s | {:.2} s | {} |",
            coding.name(),
            kills,
            icy.connections,
            faulty(&icy.tally),
            icy.gap.as_secs_f64(),
            icy.away.as_secs_f64(),
            segments(hls),
        );
    }
    text
}

/// The tables of the roles in processes of their own: who was killed, and what came of it.
pub fn roles(outcomes: &roles::Outcomes) -> String {
    let mut text = String::from(
        "| killed | times | of use again after: median | longest |\n\
         | --- | ---: | ---: | ---: |\n",
    );
    for (kind, kills) in &outcomes.kills {
        let (middle, longest) = kills.times();
        let (middle, longest) = (middle.as_secs_f64(), longest.as_secs_f64());
        let _ = writeln!(text, "| {kind} | {} | {middle:.1} s | {longest:.1} s |", kills.count);
    }
    text.push_str(
        "\n| frames | at | ICY: connections | frames | lost | repeated | damaged | longest gap | \
         longest away |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for outcome in &outcomes.outcomes {
        for (place, icy) in [("origin", &outcome.origin), ("a packager", &outcome.packager)] {
            let _ = writeln!(
                text,
                "| {} | {place} | {} | {} | {} | {:.2} s | {:.2} s |",
                outcome.coding.name(),
                icy.connections,
                icy.tally.frames,
                faulty(&icy.tally),
                icy.gap.as_secs_f64(),
                icy.away.as_secs_f64(),
            );
        }
    }
    text.push_str(
        "\n| frames | HLS: segments | frames | lost | repeated | damaged | epochs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for roles::Outcome { coding, hls, .. } in &outcomes.outcomes {
        let _ = writeln!(text, "| {} | {} |", coding.name(), segments(hls));
    }
    text
}

/// The tables of the bucket that fails: who listened meanwhile, and what became of it.
pub fn bucket(outcomes: &[bucket::Outcome]) -> String {
    let mut text = String::from(
        "| frames | ICY: frames | lost | repeated | damaged | longest gap | HLS of the process: \
         segments | frames | lost | repeated | damaged | longest wait |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for outcome in outcomes {
        let bucket::Outcome { icy, live, .. } = outcome;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2} s | {} | {} | {} | {:.2} s |",
            outcome.coding.name(),
            icy.tally.frames,
            faulty(&icy.tally),
            icy.gap.as_secs_f64(),
            outcome.live_segments,
            live.frames,
            faulty(live),
            outcome.wait.as_secs_f64(),
        );
    }
    text.push_str(
        "\n| frames | the bucket lacked | live window there after | older ones before it | \
         all there after | lacked on bad days, at most | segments in the end | frames | lost | \
         repeated | damaged | epochs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for bucket::Outcome { coding, back, behind_bad, stored, .. } in outcomes {
        let after = |time: Option<Duration>| {
            time.map_or_else(|| "never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {behind_bad} | {} |",
            coding.name(),
            back.behind,
            after(back.window),
            back.early,
            after(back.whole),
            segments(stored),
        );
    }
    text
}

/// The columns of segments: how many, their frames, what is wrong with these, epochs.
fn segments(stored: &Segments) -> String {
    let Segments { count, tally, epochs, .. } = stored;
    format!("{count} | {} | {} | {epochs}", tally.frames, faulty(tally))
}

/// The columns of frames that are lost, repeated and damaged.
fn faulty(tally: &Tally) -> String {
    format!("{} | {} | {}", tally.lost, extra(tally), tally.damaged)
}

/// Frames that are too many; of those that nobody sent their number apart.
fn extra(tally: &Tally) -> String {
    match tally.foreign {
        0 => tally.repeated.to_string(),
        foreign => format!("{} + {foreign} new", tally.repeated),
    }
}

/// What does not hold, a line each.
pub fn missed(outcomes: &[Outcome]) -> Vec<String> {
    let idle = |outcome: &Outcome| {
        let same = |other: &&Outcome| {
            other.run.case.slug == "idle" && other.run.track.coding == outcome.run.track.coding
        };
        outcomes.iter().find(same).map(|idle| idle.gap)
    };
    let faults = |outcome: &Outcome| {
        let place = format!("{}, {}", outcome.run.case.name, outcome.run.track.coding.name());
        let faults = faults(outcome, idle(outcome)).into_iter();
        faults.map(|fault| format!("{place}: {fault}")).collect::<Vec<_>>()
    };
    outcomes.iter().flat_map(faults).collect()
}

fn faults(outcome: &Outcome, idle: Option<Duration>) -> Vec<String> {
    let mut faults = outcome.faults.clone();
    let due = outcome.run.case.due;
    let allowed = match due {
        Due::Told => return faults,
        Due::Seam => None,
        Due::Nothing => idle.map(|idle| idle + GAP_MARGIN),
        Due::Wait(wait) => idle.map(|idle| idle + wait + GAP_MARGIN),
    };
    for (place, tally) in [("ICY", &outcome.icy), ("HLS", &outcome.hls)] {
        let Tally { lost, repeated, foreign, damaged, .. } = *tally;
        let is_seam = due == Due::Seam;
        if lost + repeated > 0 || (!is_seam && foreign + damaged > 0) {
            faults.push(format!(
                "{place}: {lost} lost, {repeated} repeated, {foreign} that nobody sent, \
                 {damaged} damaged"
            ));
        }
    }
    if let Some(allowed) = allowed.filter(|allowed| outcome.gap > *allowed) {
        faults.push(format!("a gap of {:?}, {allowed:?} are allowed", outcome.gap));
    }
    faults
}

#[cfg(test)]
mod tests;
