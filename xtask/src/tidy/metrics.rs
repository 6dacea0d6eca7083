//! Rule: every metric is in the reference, and the reference has no other.
//!
//! A metric is found where the source registers it: `registry.register(` or
//! `registry.register_with_unit(`, with its name as a literal. A source that
//! encodes descriptors itself, as a collector does, has the names in a table or
//! in the call: each literal right behind a bracket that looks like a name is
//! one. The exporter adds the unit, and `_total` to a counter's name, and a sub-registry puts its
//! prefix before it; the reference has the name that a scrape shows, as the
//! code in the first cell of a table row.

use std::collections::BTreeSet;

use crate::tidy::tree::{Tree, is_test};

const REFERENCE: &str = "docs/reference/metrics.md";
/// How the source registers one, without the spaces that a formatter puts in.
/// Written in two parts, so that this file passes its own rule.
const REGISTER: [&str; 2] =
    [concat!("registry.", "register("), concat!("registry.", "register_with_unit(")];
/// What a collector's source has.
const DESCRIBE: &str = concat!("encode_", "descriptor(");
/// What the exporter adds to a name for its unit: those that Skywave uses.
const UNITS: [&str; 4] = ["", "_seconds", "_bytes", "_ratio"];

/// One line for each metric that only one of source and reference has.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    let listed = tree.text(REFERENCE).map(listed).unwrap_or_default();
    let mut met = BTreeSet::new();
    for (path, text) in tree.sources().filter(|(path, _)| !is_test(path)) {
        for registered in registered(text) {
            let Some(name) = registered else {
                faults.push(format!("{path}: a metric's name is not a literal"));
                continue;
            };
            let rows: Vec<_> = listed.iter().filter(|row| is_row_of(row, &name)).collect();
            if rows.is_empty() {
                faults.push(format!("{path}: metric `{name}` is not in {REFERENCE}"));
            }
            met.extend(rows);
        }
    }
    let stale = listed.iter().filter(|row| !met.contains(row));
    faults.extend(stale.map(|row| format!("{REFERENCE}: no source registers `{row}`")));
    faults
}

/// The names that a source registers; `None` for one that is not a literal.
fn registered(text: &str) -> Vec<Option<String>> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let dense: String = code.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    let calls = REGISTER.iter().flat_map(|call| dense.split(call).skip(1));
    let mut names: Vec<_> = calls.map(literal).collect();
    if dense.contains(DESCRIBE) {
        let tuples = dense.split('(').skip(1).filter_map(literal);
        names.extend(tuples.filter(|name| is_name(name)).map(Some));
    }
    names
}

/// The literal with which the code begins.
fn literal(code: &str) -> Option<String> {
    code.strip_prefix('"')?.split_once('"').map(|(name, _)| name.into())
}

/// Whether a text is made as metrics' names are: `role_noun`.
fn is_name(text: &str) -> bool {
    text.contains('_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The code in the first cell of each table row that begins with code.
fn listed(text: &str) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.trim_start().strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`').map(|(name, _)| name.to_owned())).collect()
}

fn is_row_of(row: &str, name: &str) -> bool {
    let bare = row.strip_suffix("_total").unwrap_or(row);
    let shown = UNITS.iter().filter_map(|unit| bare.strip_suffix(unit)).chain([row]);
    let mut prefixes = shown.filter_map(|shown| shown.strip_suffix(name));
    prefixes.any(|prefix| prefix.is_empty() || prefix.ends_with('_'))
}

#[cfg(test)]
mod tests;
