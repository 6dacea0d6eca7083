//! What samples and references mention, so that tests can hold them against the
//! types: every key in both, and no other.
//!
//! In a sample a commented-out key has no blank after its `#`; in a reference a
//! key stands alone in the first cell of a table's row, in backticks.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use crate::error::Error;

/// The sample with its commented-out keys in force; comments proper, which have
/// a blank after their `#`, stay.
pub fn uncommented(sample: &str) -> String {
    let lines = sample.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => key,
        _ => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The path of every key of a TOML text, tables and their contents alike.
///
/// # Errors
///
/// Broken syntax.
pub fn keys_in_sample(text: &str) -> Result<BTreeSet<String>, Error> {
    let root = DeTable::parse(text).map_err(|e| Error::new("sample", e.message()))?;
    let mut keys = BTreeSet::new();
    collect(root.get_ref(), "", &mut keys);
    Ok(keys)
}

/// The keys in the first cells of a Markdown text's tables.
pub fn keys_in_reference(markdown: &str) -> BTreeSet<String> {
    let cells = markdown.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    cells.map(|(key, _)| key.to_owned()).collect()
}

fn collect(table: &DeTable<'_>, above: &str, keys: &mut BTreeSet<String>) {
    for (key, value) in table {
        let dot = if above.is_empty() { "" } else { "." };
        let path = format!("{above}{dot}{}", key.get_ref());
        let below: &[toml::Spanned<DeValue<'_>>] = match value.get_ref() {
            DeValue::Array(items) => items,
            _ => std::slice::from_ref(value),
        };
        for inner in below {
            if let DeValue::Table(inner) = inner.get_ref() {
                collect(inner, &path, keys);
            }
        }
        keys.insert(path);
    }
}

#[cfg(test)]
mod tests;
