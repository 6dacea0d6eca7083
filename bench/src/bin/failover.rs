//! Failover in real time; see [`bench::failover`].
//!
//! ```text
//! cargo run --release -p bench --bin failover -- [--seed N] [--case SLUG] [--coding SLUG] \
//!     [--kills N]
//! ```
//!
//! `SLUG` is a case of the plan, `kills`, `roles` or `bucket`; without it all is played.
//! Prints Markdown; ends with 1 where a target is missed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use bench::failover::track::Coding;
use bench::failover::{bucket, kills, plan, roles, stage, table};

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    seed: Option<u64>,
    case: Option<String>,
    coding: Option<String>,
    kills: Option<u32>,
}

/// Kills unless it is said otherwise; of each role so many.
const KILLS: u32 = 200;

/// What `--case` takes beside the cases of the plan.
const PARTS: [&str; 3] = ["kills", "roles", "bucket"];

/// What there is to print, and what misses its target.
#[derive(Default)]
struct Page {
    text: String,
    missed: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let options = Options::read(std::env::args().skip(1))?;
    let page = options.play().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "Seed {}.\n\n{}", options.seed(), page.text)?;
    if !page.missed.is_empty() {
        writeln!(out, "## Missed\n")?;
    }
    for line in &page.missed {
        writeln!(out, "- {line}")?;
    }
    Ok(if page.missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Page {
    fn add(&mut self, heading: &str, tables: &str, missed: Vec<String>) {
        for part in ["\n## ", heading, "\n\n", tables] {
            self.text.push_str(part);
        }
        self.missed.extend(missed);
    }
}

impl Options {
    /// Plays what is asked for.
    async fn play(&self) -> Result<Page> {
        let (seed, kills) = (self.seed(), self.kills.unwrap_or(KILLS));
        let mut cases = plan::cases(seed);
        if let Some(wanted) = &self.case {
            let is_known = cases.iter().any(|case| case.slug == wanted);
            ensure!(is_known || PARTS.contains(&wanted.as_str()), "no such case");
            cases.retain(|case| is_known && (case.slug == "idle" || case.slug == wanted));
        }
        let is_wanted = |part| self.case.as_deref().is_none_or(|case| case == part);
        let mut codings = Coding::ALL.to_vec();
        codings.retain(|coding| self.coding.as_deref().is_none_or(|slug| slug == coding.slug()));
        ensure!(!codings.is_empty(), "no such coding");
        let folder = std::env::current_exe()?.with_file_name("failover-lab");
        let mut page = Page::default();
        if !cases.is_empty() {
            let runs = stage::runs(&cases, &codings, seed)?;
            let outcomes = stage::play(runs, &folder.join("cases")).await?;
            page.missed.extend(table::missed(&outcomes));
            page.text += &table::cases(&outcomes);
        }
        if is_wanted("kills") {
            let killed = kills::run(kills, &codings, seed, &folder.join("killed")).await?;
            let missed = killed.iter().flat_map(|outcome| outcome.faults.clone());
            page.add("kill -9", &table::kills(&killed), missed.collect());
        }
        // These wait most of the time: side by side.
        let roles_folder = folder.join("roles");
        let roles = async {
            let playing = roles::run(kills, &codings, seed, &roles_folder);
            if is_wanted("roles") { playing.await.map(Some) } else { Ok(None) }
        };
        let bucket_folder = folder.join("bucket");
        let bucket = async {
            let playing = bucket::run(&codings, seed, &bucket_folder);
            if is_wanted("bucket") { playing.await.map(Some) } else { Ok(None) }
        };
        let (roles, bucket) = tokio::try_join!(roles, bucket)?;
        if let Some(roles) = roles {
            page.add("kill -9 of each role", &table::roles(&roles), roles.faults);
        }
        if let Some(outcomes) = bucket {
            let missed = outcomes.iter().flat_map(|outcome| outcome.faults.clone());
            let heading = "A bucket that is away for ten minutes";
            page.add(heading, &table::bucket(&outcomes), missed.collect());
        }
        Ok(page)
    }

    fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--seed" => options.seed = Some(value.parse()?),
                "--case" => options.case = Some(value),
                "--kills" => options.kills = Some(value.parse()?),
                "--coding" => options.coding = Some(value),
                _ => bail!("usage: failover [--seed N] [--case SLUG] [--coding SLUG] [--kills N]"),
            }
        }
        Ok(options)
    }
}
