//! Rule: a crate says first what it is.

use crate::tidy::tree::Tree;

/// One line for each `lib.rs` or `main.rs` that does not begin with `//!`.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let roots = tree
        .members
        .iter()
        .flat_map(|member| ["lib.rs", "main.rs"].map(|file| format!("{}/src/{file}", member.dir)));
    let silent = roots
        .filter(|root| tree.text(root).is_some_and(|text| !text.trim_start().starts_with("//! ")));
    silent.map(|root| format!("{root}: does not begin with `//!`")).collect()
}

#[cfg(test)]
mod tests;
