//! Rule: versions stand in the root manifest alone, and every crate is under
//! the workspace's lints.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::tidy::tree::{Member, Tree};

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// One line for each dependency with a version of its own, each crate without
/// the lints, and each line of the root table that no crate uses.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for member in &tree.members {
        faults.extend(check_one(tree, member, &mut used));
    }
    let root = tree.text("Cargo.toml").and_then(|text| text.parse::<Table>().ok());
    let listed = root.as_ref().and_then(|root| table(root.get("workspace")?, "dependencies"));
    let unused = listed.into_iter().flatten().filter(|(name, value)| {
        // A crate of ours may be in the table before another one needs it.
        !used.contains(*name) && value.get("path").is_none()
    });
    faults.extend(unused.map(|(name, _)| {
        format!("Cargo.toml: no crate uses `{name}` of [workspace.dependencies]")
    }));
    faults
}

fn check_one(tree: &Tree, member: &Member, used: &mut BTreeSet<String>) -> Vec<String> {
    let path = format!("{}/Cargo.toml", member.dir);
    // A manifest that does not parse never gets here: cargo reads it first.
    let Some(manifest) = tree.text(&path).and_then(|text| text.parse::<Table>().ok()) else {
        return vec![format!("{path}: cannot be read, or git does not have it")];
    };
    let mut faults = Vec::new();
    if !is_inherited(manifest.get("lints")) {
        faults.push(format!("{path}: no `[lints] workspace = true`"));
    }
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.as_table());
    for table in tables.chain([&manifest]) {
        for (name, dependency) in dependencies(table) {
            if !is_inherited(Some(dependency)) {
                faults.push(format!("{path}: `{name}` without `workspace = true`"));
            }
            used.insert(name.clone());
        }
    }
    faults
}

fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let tables = KINDS.iter().filter_map(|kind| manifest.get(*kind)?.as_table());
    tables.flatten()
}

fn table<'a>(value: &'a Value, key: &str) -> Option<&'a Table> {
    value.get(key)?.as_table()
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")?.as_bool()) == Some(true)
}

#[cfg(test)]
mod tests;
