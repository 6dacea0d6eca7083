//! Lines of a head, with the limits on their length.

use super::{HEAD_LEN_MAX, HeadError, LINE_LEN_MAX};

/// One line without its end.
pub(crate) struct Line<'a> {
    pub(crate) content: &'a [u8],
    /// It ended with LF, not with CR LF.
    pub(crate) bare_lf: bool,
}

/// Takes the line that begins at `start`, with where the next one begins, or
/// `None` until its end is there.
///
/// Looks only as far as the limits allow, so that the same bytes give the same
/// error however many follow them.
///
/// # Errors
///
/// `too_long` for the line, [`HeadError::TooLong`] for the head.
pub(crate) fn next_line(
    bytes: &[u8],
    start: usize,
    too_long: HeadError,
) -> Result<Option<(Line<'_>, usize)>, HeadError> {
    let line_end_max = start + LINE_LEN_MAX + "\r\n".len();
    let end_max = line_end_max.min(HEAD_LEN_MAX);
    let window = bytes.get(start..end_max.min(bytes.len())).unwrap_or_default();
    let Some(lf) = window.iter().position(|byte| *byte == b'\n') else {
        return match bytes.len() >= end_max {
            true if line_end_max <= HEAD_LEN_MAX => Err(too_long),
            true => Err(HeadError::TooLong),
            false => Ok(None),
        };
    };
    let line = window.get(..lf).unwrap_or_default();
    let (content, bare_lf) = match line.strip_suffix(b"\r") {
        Some(content) => (content, false),
        None => (line, true),
    };
    if content.len() > LINE_LEN_MAX {
        return Err(too_long);
    }
    Ok(Some((Line { content, bare_lf }, start + lf + 1)))
}
