//! Encoders that speak SHOUTcast 1, and xaudiocast before it.
//!
//! The encoder sends its password and a line end, waits for [`GRANTED`], sends
//! headers until an empty line, and audio. Xaudiocast sends `SOURCE password
//! /mount` and the headers at once, and waits for [`GRANTED_XAUDIOCAST`].
//!
//! Lines end in LF, CR LF, CR CR LF or CR. Some encoders send no headers, or no
//! empty line behind them: a line whose name part holds a byte that no name
//! has, or is longer than [`NAME_LEN_MAX`], is audio. MPEG and ADTS frames
//! begin with 0xFF and ID3 tags have a byte below 0x20 behind `ID3`, so neither
//! is taken for a header.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};
use media::{Codec, text};

use crate::PASSWORD_LEN_MAX;
use crate::charset::Charset;
use crate::head::{HEADERS_MAX, digits, is_token_byte};
use crate::mount;
use crate::source::{StreamDescription, codec_of_media_type, exact};

/// Answers a right password. `icy-caps:11` says that titles may come in UTF-8
/// by `/admin.cgi`, as DNAS 1.9.8 has it.
pub const GRANTED: &[u8] = b"OK2\r\nicy-caps:11\r\n\r\n";

/// Answers a right password of xaudiocast, which looks for `OK`.
pub const GRANTED_XAUDIOCAST: &[u8] = b"OK\r\n\r\n";

/// Answers a wrong password; the connection ends behind it.
pub const DENIED: &[u8] = b"invalid password\r\n";

/// The most bytes of headers, line ends included.
pub const HEADERS_LEN_MAX: usize = 16 * 1024;

/// What libshout 2.4 says in place of a password, before it connects anew with
/// one: it wants to know whether something answers.
const PROBE: &str = "!POKE";

/// The longest header name. The longest in use is `x-audiocast-description`.
pub const NAME_LEN_MAX: usize = 64;

/// Reads an encoder's handshake. Holds what was pushed and not taken, and at
/// most [`HEADERS_LEN_MAX`] bytes of headers.
#[derive(Debug)]
pub struct Handshake {
    state: State,
    buffer: BytesMut,
    headers: Vec<(String, Vec<u8>)>,
    headers_len: usize,
}

/// What came, in this order: one login, one station, and audio again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The password: answer [`Login::granted`] or [`DENIED`].
    Login(Login),
    /// The headers are whole.
    Station(Station),
    /// Audio bytes.
    Audio(Bytes),
}

/// Who wants to send. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The mount, from `/mount:password` or xaudiocast; without leading slash.
    pub mount: Option<String>,
    /// The password as sent, without the mount and the stream's number.
    pub password: String,
    /// The stream's number, from `password:#sid` (SHOUTcast 2).
    pub sid: Option<u32>,
    /// Which protocol it was.
    pub dialect: Dialect,
}

/// Which protocol a login came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SHOUTcast 1.
    Shoutcast,
    /// `SOURCE password /mount`.
    Xaudiocast,
}

/// What the encoder says of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Station {
    /// The `icy-` headers.
    pub description: StreamDescription,
    /// `content-type`, clean.
    pub content_type: Option<String>,
}

/// Why a handshake is refused: end the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShoutcastError {
    /// The first line exceeds [`PASSWORD_LEN_MAX`].
    #[error("password line exceeds {PASSWORD_LEN_MAX} bytes")]
    LoginTooLong,
    /// The first line is empty, has control characters or an impossible mount.
    #[error("first line is no password")]
    Login,
    /// The headers exceed [`HEADERS_LEN_MAX`] or [`HEADERS_MAX`] lines.
    #[error("headers of the encoder exceed {HEADERS_LEN_MAX} bytes or {HEADERS_MAX} lines")]
    HeadersTooLong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Login,
    LoginEnd,
    Headers,
    Audio,
    Broken(ShoutcastError),
}

/// What stands at the front of the buffer, in the headers.
enum Front {
    /// A header line: where the colon is, where the line ends and the next begins.
    Header { colon: usize, end: usize, next: usize },
    /// A line without a colon, and where the next begins.
    Other { next: usize },
    /// The empty line, and where the audio begins.
    Empty { next: usize },
    /// No header.
    Audio,
    /// Not told yet.
    Unknown,
}

impl Default for Handshake {
    fn default() -> Self {
        Self::new()
    }
}

impl Handshake {
    /// Starts at the first byte of the connection.
    pub fn new() -> Self {
        Self { state: State::Login, buffer: BytesMut::new(), headers: Vec::new(), headers_len: 0 }
    }

    /// Adds bytes as they came off the wire.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Broken(_)) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Takes the next event, or `None` until more bytes are pushed.
    ///
    /// # Errors
    ///
    /// [`ShoutcastError`], again at each call after.
    pub fn next_event(&mut self) -> Result<Option<Event>, ShoutcastError> {
        let event = match self.state {
            State::Login => self.login(),
            State::LoginEnd | State::Headers => self.station(),
            State::Audio => Ok(self.audio()),
            State::Broken(error) => Err(error),
        };
        if let Err(error) = event {
            self.state = State::Broken(error);
            self.buffer.clear();
        }
        event
    }

    fn login(&mut self) -> Result<Option<Event>, ShoutcastError> {
        let mut window = self.buffer.iter().take(PASSWORD_LEN_MAX + 1);
        let Some(end) = window.position(|byte| matches!(byte, b'\r' | b'\n')) else {
            let too_long = self.buffer.len() > PASSWORD_LEN_MAX;
            return if too_long { Err(ShoutcastError::LoginTooLong) } else { Ok(None) };
        };
        let login = Login::parse(&self.buffer.split_to(end)).ok_or(ShoutcastError::Login)?;
        self.state = State::LoginEnd;
        Ok(Some(Event::Login(login)))
    }

    fn station(&mut self) -> Result<Option<Event>, ShoutcastError> {
        if self.state == State::LoginEnd {
            let ends = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.buffer.advance(ends);
            if self.buffer.is_empty() {
                return Ok(None);
            }
            self.state = State::Headers;
        }
        loop {
            let room = HEADERS_LEN_MAX - self.headers_len;
            let window = self.buffer.get(..room.min(self.buffer.len())).unwrap_or_default();
            match front(window) {
                Front::Header { colon, end, next } => self.header(colon, end, next)?,
                Front::Other { next } => self.skip(next),
                Front::Empty { next } => {
                    self.skip(next);
                    return Ok(Some(self.headers_end()));
                }
                Front::Audio => return Ok(Some(self.headers_end())),
                Front::Unknown if self.buffer.len() >= room => {
                    return Err(ShoutcastError::HeadersTooLong);
                }
                Front::Unknown => return Ok(None),
            }
        }
    }

    fn header(&mut self, colon: usize, end: usize, next: usize) -> Result<(), ShoutcastError> {
        if self.headers.len() == HEADERS_MAX {
            return Err(ShoutcastError::HeadersTooLong);
        }
        let name = self.buffer.get(..colon).unwrap_or_default();
        let value = self.buffer.get(colon + 1..end).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        self.headers.push((name, value.trim_ascii().to_vec()));
        self.skip(next);
        Ok(())
    }

    fn skip(&mut self, length: usize) {
        self.buffer.advance(length);
        self.headers_len += length;
    }

    fn headers_end(&mut self) -> Event {
        self.state = State::Audio;
        let headers = std::mem::take(&mut self.headers);
        let content_type = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| Charset::Auto.decode(value, text::NAME_LEN_MAX))
            .filter(|text| !text.is_empty());
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let description = StreamDescription::from_headers(headers);
        Event::Station(Station { description, content_type })
    }

    fn audio(&mut self) -> Option<Event> {
        (!self.buffer.is_empty()).then(|| Event::Audio(self.buffer.split().freeze()))
    }
}

impl Login {
    /// Reads a password line without its end, or the password of a title
    /// update. `None` if it is empty, has control characters or names an
    /// impossible mount.
    pub fn parse(line: &[u8]) -> Option<Self> {
        if line.is_empty() || line.iter().any(u8::is_ascii_control) {
            return None;
        }
        if let Some((password, mount)) = xaudiocast(line) {
            let mount = Some(mount::from_name(mount).ok()?);
            return Some(Self::new(mount, password, Dialect::Xaudiocast));
        }
        let colon = line.iter().position(|byte| *byte == b':');
        match colon.and_then(|colon| line.split_at_checked(colon)) {
            Some((mount, password)) if mount.starts_with(b"/") => {
                let mount = Some(mount::from_name(mount).ok()?);
                Some(Self::new(mount, password.get(1..)?, Dialect::Shoutcast))
            }
            _ => Some(Self::new(None, line, Dialect::Shoutcast)),
        }
    }

    /// What to answer when the password is right.
    pub fn granted(&self) -> &'static [u8] {
        match self.dialect {
            Dialect::Shoutcast => GRANTED,
            Dialect::Xaudiocast => GRANTED_XAUDIOCAST,
        }
    }

    /// Whether it asks nothing but what speaks here. Answer [`DENIED`], and do not
    /// count it as a wrong password: libshout asks before every connection.
    pub fn is_probe(&self) -> bool {
        self.mount.is_none() && self.password == PROBE
    }

    /// The user and the password, if the line is read as `user:password`, as
    /// SHOUTcast 2 encoders with a DJ's name send it.
    pub fn user_and_password(&self) -> Option<(&str, &str)> {
        self.password.split_once(':')
    }

    fn new(mount: Option<String>, password: &[u8], dialect: Dialect) -> Self {
        let password = exact(password);
        let (password, sid) = match password.rsplit_once(":#") {
            Some((rest, sid)) => match digits(sid.as_bytes()).and_then(|n| n.try_into().ok()) {
                Some(sid) => (rest.to_owned(), Some(sid)),
                None => (password, None),
            },
            None => (password, None),
        };
        Self { mount, password, sid, dialect }
    }
}

impl Station {
    /// The codec that the content type names, MP3 without one; `None` where it
    /// names another.
    pub fn codec(&self) -> Option<Codec> {
        match &self.content_type {
            Some(media_type) => codec_of_media_type(media_type),
            None => Some(Codec::Mp3),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("mount", &self.mount)
            .field("sid", &self.sid)
            .field("dialect", &self.dialect)
            .finish_non_exhaustive()
    }
}

/// `SOURCE password /mount`, split.
fn xaudiocast(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut words = line.strip_prefix(b"SOURCE ")?.splitn(2, |byte| *byte == b' ');
    let (password, mount) = (words.next()?, words.next()?);
    mount.starts_with(b"/").then_some((password, mount))
}

fn front(bytes: &[u8]) -> Front {
    let name_end = bytes.iter().take(NAME_LEN_MAX + 1).position(|byte| !is_token_byte(*byte));
    let Some(name_end) = name_end else {
        return if bytes.len() > NAME_LEN_MAX { Front::Audio } else { Front::Unknown };
    };
    match bytes.get(name_end) {
        Some(b':') if name_end > 0 => match line_end(bytes, name_end) {
            Some((end, next)) => Front::Header { colon: name_end, end, next },
            None => Front::Unknown,
        },
        Some(b'\r' | b'\n') => match line_end(bytes, name_end) {
            Some((0, next)) => Front::Empty { next },
            Some((_, next)) => Front::Other { next },
            None => Front::Unknown,
        },
        _ => Front::Audio,
    }
}

/// Where the line at `from` ends and where the next begins, or `None` until
/// that is certain: a CR is a line's end of its own only when no LF follows.
fn line_end(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..)?;
    let end = from + rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let returns = bytes.get(end..)?.iter().take_while(|byte| **byte == b'\r').count();
    match bytes.get(end + returns)? {
        b'\n' => Some((end, end + returns + 1)),
        _ => Some((end, end + 1)),
    }
}

#[cfg(test)]
mod tests;
