//! The form that every name has.

/// Whether a text is a name: `^[a-z0-9][a-z0-9-]{0,62}$`, as resources, nodes,
/// regions and places bear it.
pub fn is_name(text: &str) -> bool {
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let starts_well = text.bytes().next().is_some_and(small);
    starts_well && text.len() <= 63 && text.bytes().all(|b| small(b) || b == b'-')
}
