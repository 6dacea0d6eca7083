//! `${NAME}` in strings: environment variables.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::Env;

/// Puts environment variables into every string of a table, in place.
///
/// # Errors
///
/// The span of the string and what is wrong with it.
pub(crate) fn expand_table(
    table: &mut DeTable<'_>,
    env: Env<'_>,
) -> Result<(), (std::ops::Range<usize>, String)> {
    table.iter_mut().try_for_each(|(_, value)| expand_value(value, env))
}

fn expand_value(
    value: &mut Spanned<DeValue<'_>>,
    env: Env<'_>,
) -> Result<(), (std::ops::Range<usize>, String)> {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) => {
            if let Some(expanded) = expand(text, env).map_err(|what| (span, what))? {
                *text = expanded.into();
            }
            Ok(())
        }
        DeValue::Array(items) => items.iter_mut().try_for_each(|item| expand_value(item, env)),
        DeValue::Table(table) => expand_table(table, env),
        _ => Ok(()),
    }
}

/// The text with its variables, or `None` where there are none: `${NAME}` takes
/// a variable, `$${` stands for `${`, and any other `$` for itself.
fn expand(text: &str, env: Env<'_>) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let (name, after) = after.split_once('}').ok_or("`${` without its `}`")?;
        if !is_name(name) {
            return Err(format!("`${{{name}}}` names no environment variable"));
        }
        let value = env(name).ok_or(format!("the environment variable `{name}` is not set"))?;
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(Some(out))
}

/// As POSIX has it (Base Definitions, 8.1), with lower case too.
fn is_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests;
