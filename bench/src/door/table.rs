//! The table of both servers.

use std::fmt::Write as _;
use std::time::Duration;

use crate::door::Rounds;
use crate::door::wrk::Load;

/// The goal: so much of nginx's requests a second.
pub const GOAL: f64 = 0.8;

/// All of it as Markdown.
pub fn render(all: &[Rounds]) -> String {
    let mut text = "| | bytes | requests a second | lowest | highest | processor a request | answered, median | p99 | busy: server | wrk |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        .to_owned();
    for rounds in all {
        row(&mut text, "Skywave", rounds, &rounds.ours);
        row(&mut text, "nginx", rounds, &rounds.theirs);
    }
    text.push('\n');
    for rounds in all {
        let Ratios { rate, cost } = ratios(rounds);
        let name = rounds.coding.name();
        let _ = writeln!(
            text,
            "{name}: Skywave serves {rate:.2} of nginx's requests a second (the goal is {GOAL}), with {cost:.2} times the processor for each.\n"
        );
    }
    text
}

/// Which codings miss the goal.
pub fn missed(all: &[Rounds]) -> Vec<String> {
    let low = all.iter().filter(|rounds| ratios(rounds).rate < GOAL);
    low.map(|rounds| format!("{}: less than {GOAL} of nginx", rounds.coding.name())).collect()
}

/// Skywave's medians over nginx's.
struct Ratios {
    rate: f64,
    cost: f64,
}

fn ratios(rounds: &Rounds) -> Ratios {
    let ratio = |of: fn(&Load) -> f64| middle(&rounds.ours, of) / middle(&rounds.theirs, of);
    Ratios { rate: ratio(Load::rate), cost: ratio(|load| load.cost().as_secs_f64()) }
}

fn row(text: &mut String, name: &str, rounds: &Rounds, loads: &[Load]) {
    let rates = loads.iter().map(Load::rate);
    let (lowest, highest) =
        rates.fold((f64::MAX, 0.0_f64), |(low, high), rate| (low.min(rate), high.max(rate)));
    let share = |of: fn(&Load) -> Duration| {
        let busy = loads.iter().map(of).sum::<Duration>().as_secs_f64();
        100.0 * busy / loads.iter().map(|load| load.wall).sum::<Duration>().as_secs_f64()
    };
    let micros = |of: fn(&Load) -> Duration| {
        let mut all: Vec<_> = loads.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e6
    };
    let _ = writeln!(
        text,
        "| {name}, {} | {} | {:.0} | {lowest:.0} | {highest:.0} | {:.1} µs | {:.0} µs | {:.0} µs | {:.0} % | {:.0} % |",
        rounds.coding.name(),
        rounds.len,
        middle(loads, Load::rate),
        micros(Load::cost),
        micros(|load| load.p50),
        micros(|load| load.p99),
        share(|load| load.server),
        share(|load| load.asking),
    );
}

fn middle(loads: &[Load], of: fn(&Load) -> f64) -> f64 {
    let mut all: Vec<f64> = loads.iter().map(of).collect();
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
