//! Failover in real time; see [`bench::failover`].
//!
//! ```text
//! cargo run --release -p bench --bin failover -- [--seed N] [--case SLUG] [--coding SLUG] \
//!     [--kills N]
//! ```
//!
//! Prints Markdown; ends with 1 where a target is missed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use bench::failover::track::Coding;
use bench::failover::{kills, plan, stage, table};

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    case: Option<String>,
    coding: Option<String>,
    kills: Option<u32>,
}

/// Kills unless it is said otherwise.
const KILLS: u32 = 200;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::read(std::env::args().skip(1))?;
    let seed = options.seed.unwrap_or(1);
    let mut cases = plan::cases(seed);
    if let Some(wanted) = &options.case {
        cases.retain(|case| case.slug == "idle" && wanted != "kills" || case.slug == wanted);
    }
    let mut codings = Coding::ALL.to_vec();
    codings.retain(|coding| options.coding.as_deref().is_none_or(|slug| slug == coding.slug()));
    ensure!(!codings.is_empty(), "no such coding");
    let folder = std::env::current_exe()?.with_file_name("failover-lab");
    let runs = stage::runs(&cases, &codings, seed)?;
    let outcomes = stage::play(runs, &folder.join("cases")).await?;
    let kills = options.kills.unwrap_or(KILLS);
    let killed = kills::run(kills, &codings, seed, &folder.join("killed")).await?;
    let mut missed = table::missed(&outcomes);
    missed.extend(killed.iter().flat_map(|outcome| outcome.faults.clone()));
    let mut out = io::stdout().lock();
    writeln!(out, "Seed {seed}.\n\n{}\n## kill -9\n", table::cases(&outcomes))?;
    writeln!(out, "{}", table::kills(&killed))?;
    if !missed.is_empty() {
        writeln!(out, "## Missed\n")?;
    }
    for line in &missed {
        writeln!(out, "- {line}")?;
    }
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Options {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--seed" => options.seed = Some(value.parse()?),
                "--case" => options.case = Some(value),
                "--kills" => options.kills = Some(value.parse()?),
                "--coding" => options.coding = Some(value),
                _ => bail!("usage: failover [--seed N] [--case SLUG] [--coding SLUG]"),
            }
        }
        Ok(options)
    }
}
