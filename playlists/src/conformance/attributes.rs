//! Attribute lists (RFC 8216 §4.2).

/// Attributes of one tag, chosen: no tag of the standard has as many.
pub(super) const ATTRIBUTES_MAX: usize = 64;

/// One attribute of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, of `A` to `Z`, `0` to `9` and `-`.
    pub name: String,
    /// Its value, without the quotes.
    pub value: String,
    /// Whether the value stood in quotes.
    pub quoted: bool,
}

/// Reads an attribute list; the error says what is wrong with it (rule SYN-4).
pub(super) fn parse(list: &str) -> Result<Vec<Attribute>, &'static str> {
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut rest = list;
    loop {
        let (attribute, after) = parse_one(rest)?;
        if attributes.iter().any(|other| other.name == attribute.name) {
            return Err("an attribute stands twice");
        }
        if attributes.len() >= ATTRIBUTES_MAX {
            return Err("too many attributes");
        }
        attributes.push(attribute);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(attributes),
            None => return Err("no comma between two attributes"),
        }
    }
}

fn parse_one(text: &str) -> Result<(Attribute, &str), &'static str> {
    let (name, rest) = text.split_once('=').ok_or("an attribute without a value")?;
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(allowed) {
        return Err("a name of other characters than A-Z, 0-9 and -");
    }
    let (value, quoted, after) = if let Some(inside) = rest.strip_prefix('"') {
        let (value, after) = inside.split_once('"').ok_or("a quoted string has no end")?;
        (value, true, after)
    } else {
        let (value, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
        (value, false, after)
    };
    if value.is_empty() {
        return Err("an empty value");
    }
    if !quoted && value.contains(|c: char| c.is_whitespace() || c == '"') {
        return Err("a space or a quote in a value that is not quoted");
    }
    Ok((Attribute { name: name.to_owned(), value: value.to_owned(), quoted }, after))
}
