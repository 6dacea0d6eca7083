//! The TOML library's and serde's messages in the operator's words.

use crate::nearest::nearest;

/// The complaint, and the name that was probably meant.
pub(super) fn with_nearest(complaint: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("{complaint}; did you mean `{name}`?"),
        None => complaint.to_owned(),
    }
}

/// Rewrites what serde says of fields and variants; the rest stays as it is.
pub(super) fn rephrase(message: &str) -> String {
    unknown_key(message)
        .or_else(|| unknown_variant(message))
        .or_else(|| invalid_type(message))
        .or_else(|| message.strip_prefix("missing field ").map(|key| format!("missing key {key}")))
        .unwrap_or_else(|| message.to_owned())
}

fn unknown_key(message: &str) -> Option<String> {
    let (given, known) = split(message.strip_prefix("unknown field `")?)?;
    Some(match nearest(given, known.iter().copied()) {
        near @ Some(_) => with_nearest("unknown key", near),
        None => format!("unknown key; known here: {}", listed(&known)),
    })
}

fn unknown_variant(message: &str) -> Option<String> {
    let (given, known) = split(message.strip_prefix("unknown variant `")?)?;
    let complaint = format!("`{given}` is none of {}", listed(&known));
    Some(with_nearest(&complaint, nearest(given, known.iter().copied())))
}

/// The given name, and those that were expected, from serde's words behind the
/// first backtick.
fn split(message: &str) -> Option<(&str, Vec<&str>)> {
    // From the right, because the given name may hold anything.
    let (given, expected) =
        message.rsplit_once("`, expected ").or_else(|| message.rsplit_once("`, there are no"))?;
    Some((given, expected.split('`').skip(1).step_by(2).collect()))
}

/// Without the value, which may be a secret at the wrong place.
fn invalid_type(message: &str) -> Option<String> {
    let (got, expected) = message.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    let kind = got.split(['`', '"']).next().unwrap_or_default().trim_end();
    Some(format!("invalid type: {kind}, expected {expected}"))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
