//! Rule: no file knows on which machine it was written.

use crate::tidy::tree::Tree;

/// Written in two parts, so that this file passes its own rule.
const MACHINE_FOLDERS: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// One line for each line of text with the absolute path of somebody's folder.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    tree.texts()
        .flat_map(|(path, text)| {
            text.lines().enumerate().filter_map(move |(index, line)| {
                let folder = MACHINE_FOLDERS.iter().find(|folder| has_path(line, folder))?;
                Some(format!("{path}:{}: a path below {folder}", index + 1))
            })
        })
        .collect()
}

/// Whether a path begins with the folder; in the midst of a path or of a URL
/// it means something else.
fn has_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-~}/".contains(c)))
    })
}

#[cfg(test)]
mod tests;
