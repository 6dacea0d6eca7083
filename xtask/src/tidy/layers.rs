//! Rule: an import goes strictly downward.
//!
//! Each manifest says its crate's layer under `[package.metadata.architecture]`,
//! and a crate imports only crates of lower layers, in its tests too. So a
//! role never imports a role.

use crate::tidy::tree::{Import, Member, Tree};

/// One line for each import that does not go down, and for each crate without
/// a layer.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    tree.members.iter().flat_map(|member| check_one(tree, member)).collect()
}

fn check_one(tree: &Tree, member: &Member) -> Vec<String> {
    let manifest = format!("{}/Cargo.toml", member.dir);
    let (Some(own), Some(_)) = (member.layer, member.sans_io) else {
        return vec![format!(
            "{manifest}: no `layer` and `sans_io` in [package.metadata.architecture]"
        )];
    };
    let fault = |import: &Import| {
        let ours = tree.members.iter().find(|other| other.name == import.name)?;
        let other = ours.layer?;
        let kind = if import.dev { "imports in its tests" } else { "imports" };
        (other >= own).then(|| {
            format!(
                "{manifest}: {} (layer {own}) {kind} {} (layer {other}), which is not below it",
                member.name, ours.name
            )
        })
    };
    member.imports.iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests;
