//! Header lines, of requests and of answers.

use std::fmt;

use super::{HeadError, is_token_byte};

/// The headers of a head, in order.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Headers(Vec<Header>);

/// One header: its name as sent, its value without the spaces around it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    name: String,
    value: Vec<u8>,
}

impl Headers {
    pub(crate) fn push(&mut self, header: Header) {
        self.0.push(header);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|header| (header.name.as_str(), header.value.as_slice()))
    }

    /// The values of all headers of this name, without regard to case.
    pub(crate) fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl fmt::Debug for Headers {
    /// The names alone: credentials are among the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// Reads a header line without its end; `number` is the line's, for the error.
///
/// # Errors
///
/// [`HeadError::ControlCharacter`], [`HeadError::Folded`], [`HeadError::HeaderLine`].
pub(crate) fn header_line(content: &[u8], number: usize) -> Result<Header, HeadError> {
    no_control_characters(content, number)?;
    if content.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
        return Err(HeadError::Folded(number));
    }
    let colon = content.iter().position(|byte| *byte == b':');
    let (name, value) = colon
        .and_then(|colon| content.split_at_checked(colon))
        .ok_or(HeadError::HeaderLine(number))?;
    if name.is_empty() || !name.iter().copied().all(is_token_byte) {
        return Err(HeadError::HeaderLine(number));
    }
    let name = String::from_utf8_lossy(name).into_owned();
    let value = value.get(1..).unwrap_or_default().trim_ascii().to_vec();
    Ok(Header { name, value })
}

pub(super) fn no_control_characters(content: &[u8], number: usize) -> Result<(), HeadError> {
    if content.contains(&0) || content.contains(&b'\r') {
        return Err(HeadError::ControlCharacter(number));
    }
    Ok(())
}
