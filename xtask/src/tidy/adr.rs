//! Rule: decisions are numbered from 1 without a gap, and each says the four
//! things a decision has to say, on one page.

use crate::tidy::tree::Tree;

const FOLDER: &str = "docs/adr/";
const PARTS: [&str; 4] =
    ["## Context", "## Decision", "## Consequences", "## What would change our mind"];
/// A page, at 66 lines of a terminal's print.
const LINES_MAX: usize = 66;

/// One line for each number that is missing or given twice, and each record
/// that is not in the form.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    let mut next = 1;
    for (path, text) in tree.texts() {
        let Some(name) = path.strip_prefix(FOLDER) else { continue };
        match number(name) {
            None => faults.push(format!("{path}: not named NNNN-title-in-small-letters.md")),
            Some(number) if number != next => {
                faults.push(format!("{path}: the number should be {next:04}"));
                next = number + 1;
            }
            Some(_) => next += 1,
        }
        faults.extend(form(path, text));
    }
    faults
}

fn number(name: &str) -> Option<u32> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let is_small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_named = number.len() == 4 && !title.is_empty() && title.chars().all(is_small);
    if is_named { number.parse().ok() } else { None }
}

fn form(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!("{path}: {lines} lines, at most {LINES_MAX}"));
    }
    let found: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    if !text.starts_with("# ") || found != PARTS {
        faults.push(format!("{path}: wants a `# ` title, then {}", PARTS.join(", ")));
    }
    faults
}

#[cfg(test)]
mod tests;
