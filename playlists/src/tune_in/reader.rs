//! Tune-in files of others, read for the URLs in them.
//!
//! `.pls` and `.m3u`, told apart by what is in them: servers name the media type
//! of the one for the other. Neither has a standard. A playlist of HLS looks
//! like an `.m3u` and is none; it is refused by its name, as `.xspf` is.

use std::borrow::Cow;

/// The longest file that is read, in bytes. Chosen: a thousand entries.
pub const FILE_LEN_MAX: usize = 64 * 1024;

/// The most URLs that are given; further ones are not read. Chosen: more than a
/// server has ever been tried at.
pub const URLS_MAX: usize = 32;

/// The longest URL that is given, in bytes; a longer one is passed over. What
/// browsers take.
pub const URL_LEN_MAX: usize = 2048;

/// Why a file has no URL for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It exceeds [`FILE_LEN_MAX`].
    #[error("tune-in file exceeds {FILE_LEN_MAX} bytes")]
    TooLong,
    /// It is a playlist of HLS (RFC 8216 §4.3).
    #[error("the file is a playlist of HLS, not a tune-in file")]
    Hls,
    /// It is XML, as `.xspf` and `.asx` are.
    #[error("the file is XML; only .pls and .m3u are read")]
    Xml,
    /// There is no absolute URL of `http` or `https` in it.
    #[error("tune-in file has no URL of http or https")]
    NoUrl,
}

/// The URLs of a tune-in file in their order, at least one and at most
/// [`URLS_MAX`].
///
/// Each begins with `http://` or `https://` in any case and has no control
/// characters; more is not checked. What is not UTF-8 is Latin-1. Other entries
/// are passed over: relative paths, and addresses of other protocols.
///
/// # Errors
///
/// [`ReadError`].
pub fn read(file: &[u8]) -> Result<Vec<String>, ReadError> {
    if file.len() > FILE_LEN_MAX {
        return Err(ReadError::TooLong);
    }
    let text = decode(file);
    let mut lines = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.clone().next() else { return Err(ReadError::NoUrl) };
    if first.starts_with('<') {
        return Err(ReadError::Xml);
    }
    if lines.clone().any(|line| line.starts_with("#EXT-X-")) {
        return Err(ReadError::Hls);
    }
    let is_pls = lines.any(|line| line.eq_ignore_ascii_case("[playlist]"));
    let urls = if is_pls { pls(&text) } else { m3u(&text) };
    if urls.is_empty() { Err(ReadError::NoUrl) } else { Ok(urls) }
}

fn decode(file: &[u8]) -> Cow<'_, str> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    match std::str::from_utf8(file) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => file.iter().copied().map(char::from).collect(),
    }
}

/// The values of `FileN`, by their numbers; of a number that stands twice the
/// first counts.
fn pls(text: &str) -> Vec<String> {
    let mut entries: Vec<(u32, &str)> = text.split(['\r', '\n']).filter_map(file_entry).collect();
    entries.sort_by_key(|(number, _)| *number);
    entries.dedup_by_key(|(number, _)| *number);
    entries.into_iter().filter_map(|(_, value)| url(value)).take(URLS_MAX).collect()
}

fn file_entry(line: &str) -> Option<(u32, &str)> {
    let (key, value) = line.split_once('=')?;
    let (name, number) = key.trim().split_at_checked("File".len())?;
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?;
    name.eq_ignore_ascii_case("File").then_some((number?, value))
}

fn m3u(text: &str) -> Vec<String> {
    let lines = text.split(['\r', '\n']).map(str::trim);
    lines.filter(|line| !line.starts_with('#')).filter_map(url).take(URLS_MAX).collect()
}

fn url(text: &str) -> Option<String> {
    let text = text.trim();
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        let begin = text.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)) && text.len() > scheme.len()
    });
    let is_clean = text.len() <= URL_LEN_MAX && !text.contains(char::is_control);
    (is_web && is_clean).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
