//! Heads of replies, written so that no value can end its line.

use bytes::Bytes;

use crate::head::is_token_byte;

/// What this server calls itself.
pub(crate) const SERVER: &str = "Skywave";

/// The longest value of a header that is written; a longer one is cut.
pub(crate) const VALUE_LEN_MAX: usize = 1024;

/// A reply's head in the making.
#[derive(Debug)]
pub(crate) struct HeadWriter {
    text: String,
}

impl HeadWriter {
    /// Begins with a status line such as `HTTP/1.0 200 OK`.
    pub(crate) fn new(protocol: &str, status: u16, reason: &str) -> Self {
        let mut writer = Self { text: format!("{protocol} {status} ") };
        writer.push_safe(reason);
        writer.text.push_str("\r\n");
        writer
    }

    /// Adds `name: value`, unless the name is there already or is no token.
    pub(crate) fn header(&mut self, name: &str, value: &str) -> &mut Self {
        self.line(name, ": ", value)
    }

    /// Adds `name:value`, as ICY headers are written.
    pub(crate) fn icy(&mut self, name: &str, value: &str) -> &mut Self {
        self.line(name, ":", value)
    }

    /// Adds `name:value` unless the value is empty.
    pub(crate) fn icy_if_any(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() { self } else { self.icy(name, value) }
    }

    /// Ends the head.
    pub(crate) fn finish(self) -> Bytes {
        self.with_body("")
    }

    /// Ends the head and appends a body.
    pub(crate) fn with_body(mut self, body: &str) -> Bytes {
        self.text.push_str("\r\n");
        self.text.push_str(body);
        Bytes::from(self.text)
    }

    fn line(&mut self, name: &str, separator: &str, value: &str) -> &mut Self {
        if name.is_empty() || !name.bytes().all(is_token_byte) || self.has(name) {
            return self;
        }
        self.text.push_str(name);
        self.text.push_str(separator);
        self.push_safe(value);
        self.text.push_str("\r\n");
        self
    }

    fn has(&self, name: &str) -> bool {
        let mut names = self.text.lines().filter_map(|line| line.split_once(':'));
        names.any(|(there, _)| there.eq_ignore_ascii_case(name))
    }

    /// Everything of the text but control characters, cut at [`VALUE_LEN_MAX`].
    fn push_safe(&mut self, value: &str) {
        let end = value.floor_char_boundary(VALUE_LEN_MAX);
        let value = value.get(..end).unwrap_or_default();
        self.text.extend(value.chars().filter(|c| !c.is_control()));
    }
}

/// A whole refusal: `HTTP/1.x`, one line of `text/plain`, and the end of the
/// connection. `more` adds headers.
pub(crate) fn refusal(
    protocol: &str,
    status: u16,
    reason: &str,
    text: &str,
    more: impl FnOnce(&mut HeadWriter),
) -> Bytes {
    let body = format!("{}\r\n", text.replace(char::is_control, " "));
    let mut writer = HeadWriter::new(protocol, status, reason);
    writer
        .header("Server", SERVER)
        .header("Content-Type", "text/plain; charset=utf-8")
        .header("Content-Length", &body.len().to_string())
        .header("Cache-Control", "no-store")
        .header("Connection", "close");
    more(&mut writer);
    writer.with_body(&body)
}

/// The usual reason phrase (RFC 9110 §15).
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests;
