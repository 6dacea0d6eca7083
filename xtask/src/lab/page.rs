//! The pages under `docs/lab/`: what was measured, when, and on what.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell::{command, printed, say};

/// A page to be.
pub(super) struct Page<'a> {
    /// Its file's name, without the extension, and the experiment's.
    pub(super) name: &'a str,
    /// Its heading.
    pub(super) title: &'a str,
    /// What was measured and how.
    pub(super) method: &'a str,
    /// The tables.
    pub(super) figures: &'a str,
}

/// Writes a page, and prints its tables.
///
/// # Errors
///
/// The file cannot be written.
pub(super) fn write(root: &Path, page: &Page<'_>) -> Result<()> {
    let text = text(page, &date(root), &machine(root));
    let path = format!("docs/lab/{}.md", page.name);
    let whole = root.join(&path);
    if let Some(folder) = whole.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(&whole, text).with_context(|| format!("cannot write {path}"))?;
    say(page.figures);
    say(&format!("written to {path}"));
    Ok(())
}

fn text(page: &Page<'_>, date: &str, machine: &str) -> String {
    let Page { name, title, method, figures } = page;
    let (method, figures) = (method.trim(), figures.trim());
    format!(
        "# {title}\n\n{method}\n\nMeasured on {date}, on {machine}. To repeat it: `cargo xtask lab {name}`.\n\n{figures}\n"
    )
}

fn date(root: &Path) -> String {
    let date = printed(&mut command(root, "date", ["--utc", "+%Y-%m-%d"]));
    date.map_or_else(|| "an unknown day".to_owned(), |date| date.trim().to_owned())
}

/// Processor, how many, the system, and how busy it is: the measurement's own
/// load is in it.
fn machine(root: &Path) -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models: Vec<&str> = cpus
        .lines()
        .filter(|line| line.starts_with("model name"))
        .filter_map(|line| line.split_once(':'))
        .map(|(_, model)| model.trim())
        .collect();
    let model = models.first().copied().unwrap_or("an unknown processor");
    let system = printed(&mut command(root, "uname", ["-sr"])).unwrap_or_default();
    let loads = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = loads.split(' ').next().unwrap_or("?");
    format!("{} × {model}, {}, at a load of {load}", models.len().max(1), system.trim())
}

#[cfg(test)]
mod tests;
