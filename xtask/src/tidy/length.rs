//! Rule: a source file is at most 500 lines long, a test file 1,000.
//!
//! The length of functions is clippy's (`too-many-lines-threshold`).

use crate::tidy::tree::{Tree, has_extension, is_test};

/// Chosen: linkerd2-proxy's files are 385 lines at their 90th percentile.
const SOURCE_LINES_MAX: usize = 500;
/// Chosen: a test file is read in pieces.
const TEST_LINES_MAX: usize = 1_000;

/// One line for each file over its limit.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let code = tree.texts().filter(|(path, _)| has_extension(path, &["rs", "mjs", "js", "css"]));
    code.filter_map(|(path, text)| {
        let lines = text.lines().count();
        let most = if is_test(path) { TEST_LINES_MAX } else { SOURCE_LINES_MAX };
        (lines > most).then(|| format!("{path}: {lines} lines, at most {most}"))
    })
    .collect()
}

#[cfg(test)]
mod tests;
