//! Bodies of `application/x-www-form-urlencoded`, as Icecast writes them.

/// The `Content-Type` of such a body.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A form in the making, of a limited length.
///
/// Whatever a name or a value has in it, it stays one field: all but ASCII
/// letters and digits is percent-encoded, in lower case, as Icecast 2.4 has it.
#[derive(Debug)]
pub(crate) struct Form {
    text: String,
    len_max: usize,
    is_whole: bool,
}

impl Form {
    /// A form that begins with `action`.
    pub(crate) fn new(action: &'static str, len_max: usize) -> Self {
        Self { text: format!("action={action}"), len_max, is_whole: true }
    }

    /// Adds a field; its name is written as it is.
    pub(crate) fn field(&mut self, name: &'static str, value: impl AsRef<[u8]>) -> &mut Self {
        self.push("&");
        self.push(name);
        self.value(value.as_ref())
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        self.field(name, value.to_string())
    }

    /// Adds a field whose name is an operator's. Icecast writes it as it is;
    /// here only what it commonly has in it stays: letters, digits, `-`, `.`, `_`.
    pub(crate) fn named(&mut self, prefix: &str, name: &str, value: &[u8]) -> &mut Self {
        self.push("&");
        for byte in prefix.bytes().chain(name.bytes()) {
            self.encode(byte, b"-._");
        }
        self.value(value)
    }

    /// The body, or `None` where it would exceed its greatest length.
    pub(crate) fn finish(self) -> Option<String> {
        self.is_whole.then_some(self.text)
    }

    fn value(&mut self, value: &[u8]) -> &mut Self {
        self.push("=");
        for &byte in value.iter().take(self.len_max) {
            self.encode(byte, b"");
        }
        // None of the rest fits, and a mebibyte of it is not looked at.
        self.is_whole = self.is_whole && value.len() <= self.len_max;
        self
    }

    fn encode(&mut self, byte: u8, kept: &[u8]) {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            self.push(char::from(byte).encode_utf8(&mut [0; 4]));
        } else {
            self.push(&format!("%{byte:02x}"));
        }
    }

    fn push(&mut self, text: &str) {
        self.is_whole = self.is_whole && self.text.len() + text.len() <= self.len_max;
        if self.is_whole {
            self.text.push_str(text);
        }
    }
}
