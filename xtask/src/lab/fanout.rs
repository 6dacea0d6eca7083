//! What an ICY listener costs, and what stalled ones do to the others.

use std::path::Path;

use anyhow::{Context, Result};

use crate::lab::page::{self, Page};
use crate::shell::{command, output, say};

const METHOD: &str = "\
One mount of 128 kbit/s over loopback; the listeners connect all at once, from processes of their own, every other one with
metadata. The first ten seconds are not counted, the twenty behind them are. *Processor* is the engine thread's time for each healthy listener and
second, the loopback's receiving side in it, and with stalled ones beside them theirs too. *Late* is the greatest lateness of the engine. *Longest gap* is the
longest time in which a healthy listener got nothing; the receiver looks five times a second, and the engine sends about once a second. *Kernel* is all that the
kernel holds for TCP when the stalled ones have filled their buffers.";

/// Healthy and stalled listeners of each run.
const RUNS: [(&str, &str); 3] = [("5000", "0"), ("100", "0"), ("100", "2000")];

const SECONDS: &str = "20";
const KBPS: &str = "128";

/// Bytes of a page, in which the kernel counts.
const PAGE_LEN: u64 = 4_096;

/// What a run printed, as far as the table has it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    processor: String,
    late: String,
    open: String,
    gap: String,
    kernel_pages: u64,
}

/// Runs all, and writes the page.
///
/// # Errors
///
/// It does not build or start, prints something else, or the page cannot be
/// written.
pub(super) fn run(root: &Path, _arguments: &[&str]) -> Result<()> {
    let mut table = String::from(
        "| healthy | stalled | processor | late | healthy at the end | longest gap | kernel |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for (healthy, stalled) in RUNS {
        let load = [
            "run",
            "--release",
            "--locked",
            "--package",
            "delivery",
            "--example",
            "fanout_load",
            "--",
        ];
        let counts = [healthy, stalled, SECONDS, KBPS];
        let printed = output("fanout", command(root, "cargo", load).args(counts))?;
        say(&printed);
        let figures = read(&printed).context("fanout_load prints other lines than it used to")?;
        table.push_str(&row(healthy, stalled, &figures));
    }
    let title = "ICY listeners on one engine";
    page::write(root, &Page { name: "fanout", title, method: METHOD, figures: &table })
}

fn row(healthy: &str, stalled: &str, figures: &Figures) -> String {
    let Figures { processor, late, open, gap, kernel_pages } = figures;
    let mebibytes = kernel_pages * PAGE_LEN / (1 << 20);
    format!("| {healthy} | {stalled} | {processor} | {late} | {open} | {gap} | {mebibytes} MiB |\n")
}

/// Finds the figures in what the program prints.
fn read(printed: &str) -> Option<Figures> {
    let line = |word: &str| printed.lines().find(|line| line.contains(word));
    let (processor, late) =
        line("a listener-second")?.split_once(" a listener-second, wheel late ")?;
    let receiver = line("receiver: ")?.strip_prefix("receiver: ")?;
    let (open, _) = receiver.split_once(" open")?;
    let (_, gap) = receiver.rsplit_once("longest gap ")?;
    let pages = line("warm: ")?.rsplit(' ').next()?;
    Some(Figures {
        processor: processor.to_owned(),
        late: shorten(late),
        open: open.to_owned(),
        gap: shorten(gap),
        kernel_pages: pages.parse().ok()?,
    })
}

/// A time as `Debug` writes it, with one decimal.
fn shorten(time: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    let unit = time.trim_start_matches(is_digit);
    let number = time.strip_suffix(unit).unwrap_or(time);
    number.parse::<f64>().map_or_else(|_| time.to_owned(), |number| format!("{number:.1} {unit}"))
}

#[cfg(test)]
mod tests;
