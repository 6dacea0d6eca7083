//! Media playlists with sessions, side by side with nginx; see [`bench::door`].
//!
//! ```text
//! cargo run --release -p bench --bin against-nginx -- 9 5
//!                                         rounds, seconds of each
//! ```
//!
//! Prints Markdown; ends with 1 where the goal is missed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bench::door::{self, table};

/// Rounds, unless said otherwise: enough for a median on a machine with company.
const ROUNDS: usize = 9;

/// Seconds of each server in each round.
const SECS: u64 = 5;

const USAGE: &str = "usage: against-nginx [ROUNDS [SECONDS]]";

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let rounds = words.next().map(|word| word.parse()).transpose().context(USAGE)?;
    let secs = words.next().map(|word| word.parse()).transpose().context(USAGE)?;
    let all = door::run(rounds.unwrap_or(ROUNDS), secs.unwrap_or(SECS)).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", table::render(&all))?;
    let missed = table::missed(&all);
    if !missed.is_empty() {
        writeln!(out, "## Missed\n")?;
    }
    for line in &missed {
        writeln!(out, "- {line}")?;
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
