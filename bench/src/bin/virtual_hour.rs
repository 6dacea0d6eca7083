//! An hour of virtual time for every scenario of [`bench::sim`].
//!
//! ```text
//! cargo run --release -p bench --bin virtual-hour -- 1
//!                                                 seed
//! ```
//!
//! Prints Markdown.

use std::fs;
use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bench::sim::Scenario;

/// Length of a run.
const LENGTH: Duration = Duration::from_hours(1);

/// What a run is compared with: a start that has everything in place.
const WARM_UP: Duration = Duration::from_mins(5);

fn main() -> Result<()> {
    let seed = match std::env::args().nth(1) {
        Some(word) => word.parse().context("usage: virtual-hour [SEED]")?,
        None => 1,
    };
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| scenario | frames | lost | repeated | gaps | epochs (due) | step of dates | dates ahead | \
         rules broken | memory |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for scenario in Scenario::ALL {
        scenario.run(seed, WARM_UP);
        let before = forget_peak()?;
        let report = scenario.run(seed, LENGTH);
        let grown = peak_kib()?.saturating_sub(before);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} ({}) | {:.1} ms | {:.1} s | {} | +{grown} KiB |",
            scenario.name,
            report.frames,
            report.lost + report.foreign,
            report.repeated,
            report.gaps,
            report.epochs,
            report.epochs_due,
            report.step_max.as_secs_f64() * 1e3,
            report.ahead_max.as_secs_f64(),
            report.violations.len(),
        )?;
    }
    Ok(())
}

/// Lets the peak begin anew (proc(5), `clear_refs`), and gives it.
fn forget_peak() -> Result<u64> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")?;
    peak_kib()
}

/// The most memory that was in use, in KiB.
fn peak_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    Ok(number.parse()?)
}
