//! Writers of XML 1.0, JSON (RFC 8259) and HTML that no text can break out of.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A value of a document.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// A number everywhere.
    Number(u64),
    /// A number, but a string in JSON.
    Digits(u64),
    /// A text.
    Text(Cow<'a, str>),
}

/// Named values, in the order of the document.
pub(super) type Fields<'a> = Vec<(&'static str, Value<'a>)>;

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// An XML document in the making. Names are the caller's and are not checked.
#[derive(Debug)]
pub(super) struct Xml(String);

impl Xml {
    /// Begins with the declaration.
    pub(super) fn new(declaration: &str) -> Self {
        Self(format!("{declaration}\n"))
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &str) {
        let _ = write!(self.0, "<{name}>");
    }

    /// Opens an element that has one attribute.
    pub(super) fn open_with(&mut self, name: &str, attribute: &str, value: &str) {
        let _ = write!(self.0, "<{name} {attribute}=\"");
        push_xml(&mut self.0, value);
        self.0.push_str("\">");
    }

    /// Closes an element.
    pub(super) fn close(&mut self, name: &str) {
        let _ = write!(self.0, "</{name}>");
    }

    /// Writes an element that has a value and nothing else.
    pub(super) fn element(&mut self, name: &str, value: &Value<'_>) {
        self.open(name);
        match value {
            Value::Number(number) | Value::Digits(number) => {
                let _ = write!(self.0, "{number}");
            }
            Value::Text(text) => push_xml(&mut self.0, text),
        }
        self.close(name);
    }

    /// Writes an element for each field.
    pub(super) fn elements(&mut self, fields: &Fields<'_>) {
        for (name, value) in fields {
            self.element(name, value);
        }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.0.push('\n');
        self.0
    }
}

/// A JSON text in the making; commas come by themselves.
#[derive(Debug, Default)]
pub(super) struct Json(String);

impl Json {
    /// Opens an object or an array: `{` or `[`.
    pub(super) fn open(&mut self, bracket: char) {
        self.comma();
        self.0.push(bracket);
    }

    /// Closes it: `}` or `]`.
    pub(super) fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// Writes the name of what follows.
    pub(super) fn key(&mut self, name: &str) {
        self.comma();
        push_json(&mut self.0, name);
        self.0.push(':');
    }

    /// Writes a value.
    pub(super) fn value(&mut self, value: &Value<'_>) {
        self.comma();
        let _ = match value {
            Value::Number(number) => write!(self.0, "{number}"),
            Value::Digits(number) => write!(self.0, "\"{number}\""),
            Value::Text(text) => {
                push_json(&mut self.0, text);
                Ok(())
            }
        };
    }

    /// Writes named values into an open object.
    pub(super) fn fields(&mut self, fields: &Fields<'_>) {
        for (name, value) in fields {
            self.key(name);
            self.value(value);
        }
    }

    /// Writes an object of named values.
    pub(super) fn object(&mut self, fields: &Fields<'_>) {
        self.open('{');
        self.fields(fields);
        self.close('}');
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn comma(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
}

/// Text of HTML, for between tags and for between quotes.
pub(super) fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_xml(&mut html, &to_line(text));
    html
}

/// The text without what could end a line.
pub(super) fn to_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect()
}

/// Character data that reads as the text does in every parser. What XML 1.0
/// cannot carry (§2.2) is left out; white space other than a space goes as a
/// reference, since parsers change it (§2.11, §3.3.3).
fn push_xml(xml: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&#39;"),
            '\t' => xml.push_str("&#9;"),
            '\n' => xml.push_str("&#10;"),
            '\r' => xml.push_str("&#13;"),
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => xml.push(char),
        }
    }
}

/// A JSON string (RFC 8259 §7). `<` is escaped for pages that embed the
/// document, U+2028 and U+2029 for scripts.
fn push_json(json: &mut String, text: &str) {
    json.push('"');
    for char in text.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\u{0}'..='\u{1F}' | '\u{7F}' | '<' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(char));
            }
            _ => json.push(char),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests;
