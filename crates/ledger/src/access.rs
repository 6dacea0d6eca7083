//! A session as a line of Icecast's access log.
//!
//! `ip - user [time] "request" status bytes "referer" "agent" seconds`: the combined log
//! format, and behind it how long the listener has listened. The time is that of its
//! end. An HLS session is under its mount's path, so that what reads such logs counts it.

use std::fmt::{self, Write as _};

use media::WallTime;

use crate::Session;
use crate::day::timestamp;

/// The line, with its end.
pub fn access_line(session: &Session) -> String {
    let Session { user, path, bytes, referer, user_agent, .. } = session;
    let ip = session.address.to_canonical();
    let user = Word(or_dash(user.as_deref().unwrap_or_default()));
    let ended = Date(session.ended);
    let (referer, agent) = (Field(or_dash(referer)), Field(or_dash(user_agent)));
    let (path, secs) = (Field(path), session.length().as_secs());
    format!(
        "{ip} - {user} [{ended}] \"GET {path} HTTP/1.0\" 200 {bytes} \"{referer}\" \"{agent}\" \
         {secs}\n"
    )
}

pub(crate) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// `22/Nov/2026:18:32:09 +0000`.
struct Date(WallTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", timestamp(self.0).strftime("%d/%b/%Y:%H:%M:%S +0000"))
    }
}

/// A stranger's text: what could end the field or the line is written as `\xHH`,
/// as nginx has it.
struct Field<'a>(&'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            if matches!(char, '"' | '\\') || char.is_control() {
                let mut utf8 = [0; 4];
                for byte in char.encode_utf8(&mut utf8).bytes() {
                    write!(f, "\\x{byte:02X}")?;
                }
            } else {
                f.write_char(char)?;
            }
        }
        Ok(())
    }
}

/// The same without quotes around it: blanks and brackets would end it too.
struct Word<'a>(&'a str);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| !c.is_whitespace() && !matches!(c, '[' | ']');
        for char in self.0.chars().map(|c| if is_plain(c) { c } else { '_' }) {
            write!(f, "{}", Field(char.encode_utf8(&mut [0; 4])))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
