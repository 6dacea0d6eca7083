//! Rule: nothing on main waits to be finished.

use crate::tidy::tree::{Tree, has_extension};

/// Written in two parts, so that this file passes its own rule.
const UNFINISHED: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimplemen", "ted!("),
    concat!("#[", "ignore"),
];

/// One line for each word that says «later», and each test that does not run.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let is_code = |path: &str| {
        has_extension(path, &["rs", "mjs", "js", "css", "html", "sh", "toml", "yml"])
            || path.starts_with(".ci/")
    };
    let code = tree.texts().filter(|(path, _)| is_code(path));
    code.flat_map(|(path, text)| {
        text.lines().enumerate().filter_map(move |(index, line)| {
            let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
            Some(format!("{path}:{}: `{word}`", index + 1))
        })
    })
    .collect()
}

/// Whether the word is there, not as a piece of a longer one: ID3's `TXXX` is
/// none.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |side: Option<char>| side.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let is_call = word.ends_with('(');
        !joins(before) && (is_call || !joins(after))
    })
}

#[cfg(test)]
mod tests;
