//! Failover in real time; see [`bench::failover`].
//!
//! ```text
//! cargo run --release -p bench --bin failover -- [--seed N] [--case SLUG] [--coding SLUG]
//! ```
//!
//! Prints Markdown; ends with 1 where a target is missed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use bench::failover::track::Coding;
use bench::failover::{plan, stage, table};

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    case: Option<String>,
    coding: Option<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::read(std::env::args().skip(1))?;
    let seed = options.seed.unwrap_or(1);
    let mut cases = plan::cases(seed);
    cases.retain(|case| case.slug == "idle" || options.case.as_deref().is_none_or(|slug| slug == case.slug));
    let mut codings = Coding::ALL.to_vec();
    codings.retain(|coding| options.coding.as_deref().is_none_or(|slug| slug == coding.slug()));
    ensure!(!cases.is_empty() && !codings.is_empty(), "no such case, or no such coding");
    let folder = std::env::current_exe()?.with_file_name("failover-lab");
    let runs = stage::runs(&cases, &codings, seed)?;
    let outcomes = stage::play(runs, &folder.join("cases")).await?;
    let missed = table::missed(&outcomes);
    let mut out = io::stdout().lock();
    writeln!(out, "Seed {seed}.\n\n{}", table::cases(&outcomes))?;
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
                "--coding" => options.coding = Some(value),
                _ => bail!("usage: failover [--seed N] [--case SLUG] [--coding SLUG]"),
            }
        }
        Ok(options)
    }
}
