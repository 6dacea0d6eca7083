//! `Range` requests: one range of bytes (RFC 9110 §14).

use std::ops::Range;

/// What a `Range` header asks of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: no header, another unit, several ranges, or nonsense, which a
    /// server may ignore.
    Whole,
    /// These bytes.
    Part(Range<usize>),
    /// Nothing that the body has.
    Unsatisfiable,
}

/// Reads a `Range` header for a body of `len` bytes.
pub fn wanted(header: Option<&[u8]>, len: usize) -> Wanted {
    let text = header.and_then(|value| std::str::from_utf8(value).ok());
    let Some(range) = text.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    match range.split_once('-') {
        Some(("", last)) => suffix(last, len),
        Some((first, last)) => from(first, last, len),
        None => Wanted::Whole,
    }
}

/// The last so many bytes.
fn suffix(count: &str, len: usize) -> Wanted {
    match number(count) {
        Some(0) => Wanted::Unsatisfiable,
        Some(count) if len > 0 => Wanted::Part(len.saturating_sub(count)..len),
        Some(_) => Wanted::Unsatisfiable,
        None => Wanted::Whole,
    }
}

fn from(first: &str, last: &str, len: usize) -> Wanted {
    let Some(first) = number(first) else { return Wanted::Whole };
    let end = match last {
        "" => len,
        last => match number(last) {
            Some(last) if last >= first => last.saturating_add(1).min(len),
            _ => return Wanted::Whole,
        },
    };
    if first >= len { Wanted::Unsatisfiable } else { Wanted::Part(first..end) }
}

/// Digits alone; more than fit count as very many.
fn number(digits: &str) -> Option<usize> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
