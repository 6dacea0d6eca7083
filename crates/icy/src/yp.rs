//! The YP directory protocol: a mount's entry at a directory such as
//! `dir.xiph.org`.
//!
//! After Icecast 2.4.4 (`yp.c`): `add` gives an entry its number (`SID`), `touch`
//! keeps it and tells the title and the listeners, `remove` takes it away. The
//! waits are Icecast's too. The sending is the caller's, and one [`Listing`] is
//! one mount at one directory.

use std::time::{Duration, Instant};

use media::text::NAME_LEN_MAX;

use crate::charset::Charset;
use crate::form::Form;
use crate::head::digits;

pub use crate::form::MEDIA_TYPE;

/// The longest body in bytes: of the longest texts that a mount may have, all
/// percent-encoded, twice as much.
pub const BODY_LEN_MAX: usize = 32 * 1024;

/// The longest number of an entry that is kept, in bytes; with a longer one the
/// entry counts as refused. Chosen: directories give UUIDs.
pub const SID_LEN_MAX: usize = 255;

/// The least time between two regular touches, as Icecast has it.
pub const TOUCH_EVERY_MIN: Duration = Duration::from_secs(30);

/// The greatest. Chosen: a day.
pub const TOUCH_EVERY_MAX: Duration = Duration::from_hours(24);

/// Where a directory names none; Icecast's manual has it so.
const TOUCH_EVERY_DEFAULT: Duration = Duration::from_mins(10);

/// How long a mount is on air before it is listed.
const ADD_AFTER: Duration = Duration::from_mins(1);

/// From the listing to the first touch, which brings the title.
const FIRST_TOUCH_AFTER: Duration = Duration::from_secs(5);

/// From a new title to its touch.
const TITLE_AFTER: Duration = Duration::from_secs(3);

/// The least time from any touch to one for a title.
const TITLE_SPACING: Duration = Duration::from_mins(1);

/// From an `add` that was refused to the next.
const REFUSED_PAUSE: Duration = Duration::from_hours(2);

/// From a touch that was refused, and from a directory that did not answer, to
/// the next `add`.
const LOST_PAUSE: Duration = Duration::from_mins(20);

/// A mount as the directory shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The station's name.
    pub name: String,
    /// Its genre.
    pub genre: String,
    /// The password of a cluster: entries of one name and password are one.
    pub cluster_password: String,
    /// Its description.
    pub description: String,
    /// Its web page.
    pub url: String,
    /// Where it is heard, absolute.
    pub listen_url: String,
    /// The media type, such as `audio/mpeg`.
    pub media_type: String,
    /// In kbit/s.
    pub bitrate_kbps: u32,
    /// In Hz.
    pub sample_rate_hz: u32,
    /// How many.
    pub channels: u8,
}

/// What a touch tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Playing {
    /// The title, as `StreamTitle` has it.
    pub title: String,
    /// Listeners at the moment.
    pub listeners: u64,
    /// The greatest number of them.
    pub max_listeners: u64,
}

/// What is asked of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// List the mount.
    Add,
    /// Keep it listed.
    Touch,
    /// Take it off.
    Remove,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// `YPResponse: 1`.
    pub is_accepted: bool,
    /// `YPMessage`, clean, at most 255 bytes; empty where there is none.
    pub message: String,
    /// `SID`, of 1 to [`SID_LEN_MAX`] bytes.
    pub sid: Option<String>,
    /// `TouchFreq`, from [`TOUCH_EVERY_MIN`] to [`TOUCH_EVERY_MAX`].
    pub touch_every: Option<Duration>,
}

/// One mount's entry at one directory: says what to ask, and when.
///
/// One request is under way at a time; a listing that has one waits for
/// [`Self::handle_answer`] or [`Self::handle_silence`].
#[derive(Debug)]
pub struct Listing {
    is_on_air: bool,
    /// The entry's number, while it is listed.
    sid: Option<String>,
    touch_every: Duration,
    touched: Option<Instant>,
    due: Option<Instant>,
    under_way: Option<Command>,
}

impl Answer {
    /// Reads an answer; of a header that stands twice the last counts, as in
    /// Icecast.
    pub fn from_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut answer = Self::default();
        for (name, value) in headers {
            let value = value.trim_ascii();
            if name.eq_ignore_ascii_case("ypresponse") {
                answer.is_accepted = value == b"1";
            } else if name.eq_ignore_ascii_case("ypmessage") {
                answer.message = Charset::Auto.decode(value, NAME_LEN_MAX);
            } else if name.eq_ignore_ascii_case("sid") {
                answer.sid = sid(value);
            } else if name.eq_ignore_ascii_case("touchfreq") {
                answer.touch_every = digits(value)
                    .map(Duration::from_secs)
                    .map(|every| every.clamp(TOUCH_EVERY_MIN, TOUCH_EVERY_MAX));
            }
        }
        answer
    }
}

fn sid(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    ((1..=SID_LEN_MAX).contains(&text.len())).then(|| text.to_owned())
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            is_on_air: false,
            sid: None,
            touch_every: TOUCH_EVERY_DEFAULT,
            touched: None,
            due: None,
            under_way: None,
        }
    }
}

impl Listing {
    /// The mount is on air: it will be listed if it stays so for a minute.
    pub fn handle_on_air(&mut self, now: Instant) {
        if self.is_on_air {
            return;
        }
        self.is_on_air = true;
        self.due = Some(now + ADD_AFTER);
    }

    /// The mount is off air, or is no longer public: its entry, if there is one,
    /// is to be removed at once.
    pub fn handle_off_air(&mut self, now: Instant) {
        if self.is_on_air {
            self.is_on_air = false;
            self.due = self.sid.is_some().then_some(now);
        }
    }

    /// A new title: a touch comes sooner, but at least a minute after the last.
    pub fn handle_title(&mut self, now: Instant) {
        if !self.is_on_air || self.sid.is_none() {
            return;
        }
        let soonest = self.touched.map_or(now, |touched| touched + TITLE_SPACING);
        let due = soonest.max(now + TITLE_AFTER);
        self.due = self.due.map(|before| before.min(due));
    }

    /// When to ask for the next request; `None` while there is nothing to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.filter(|_| self.under_way.is_none())
    }

    /// The body to send by POST as [`MEDIA_TYPE`], once it is due, with what it
    /// asks for.
    ///
    /// A body that would exceed [`BODY_LEN_MAX`] is none; the entry is tried
    /// again as after a refusal.
    pub fn next_request(
        &mut self,
        entry: &Entry,
        playing: &Playing,
        now: Instant,
    ) -> Option<(Command, String)> {
        self.poll_timeout().filter(|due| *due <= now)?;
        let (command, body) = match (&self.sid, self.is_on_air) {
            (None, true) => (Command::Add, add_body(entry)),
            (Some(sid), true) => (Command::Touch, touch_body(sid, playing)),
            (Some(sid), false) => (Command::Remove, remove_body(sid)),
            (None, false) => return None,
        };
        self.due = None;
        let Some(body) = body else {
            self.lose(now + REFUSED_PAUSE);
            return None;
        };
        self.under_way = Some(command);
        Some((command, body))
    }

    /// The directory's answer to the request under way.
    pub fn handle_answer(&mut self, answer: Answer, now: Instant) {
        let Some(command) = self.under_way.take() else { return };
        if let Some(every) = answer.touch_every {
            self.touch_every = every;
        }
        match (command, answer.is_accepted, answer.sid) {
            (Command::Add, true, Some(sid)) => {
                self.sid = Some(sid);
                self.touched = None;
                self.due = Some(if self.is_on_air { now + FIRST_TOUCH_AFTER } else { now });
            }
            (Command::Add, ..) => self.lose(now + REFUSED_PAUSE),
            (Command::Touch, true, _) => {
                self.touched = Some(now);
                self.due = Some(if self.is_on_air { now + self.touch_every } else { now });
            }
            (Command::Touch, false, _) => self.lose(now + LOST_PAUSE),
            // Whatever is said, there is no more to do.
            (Command::Remove, ..) => self.lose(now + ADD_AFTER),
        }
    }

    /// No answer came to the request under way.
    pub fn handle_silence(&mut self, now: Instant) {
        if self.under_way.take().is_some() {
            self.lose(now + LOST_PAUSE);
        }
    }

    /// Whether the mount is listed, as far as is known.
    pub fn is_listed(&self) -> bool {
        self.sid.is_some()
    }

    /// There is no entry, or none that is known; the next comes at `retry`.
    fn lose(&mut self, retry: Instant) {
        self.sid = None;
        self.due = self.is_on_air.then_some(retry);
    }
}

fn add_body(entry: &Entry) -> Option<String> {
    let mut form = Form::new("add", BODY_LEN_MAX);
    form.field("sn", &entry.name)
        .field("genre", &entry.genre)
        .field("cpswd", &entry.cluster_password)
        .field("desc", &entry.description)
        .field("url", &entry.url)
        .field("listenurl", &entry.listen_url)
        .field("type", &entry.media_type)
        // The codec within Ogg, which there is none of.
        .field("stype", "")
        .number("b", entry.bitrate_kbps.into())
        .number("samplerate", entry.sample_rate_hz.into())
        .number("channels", entry.channels.into());
    form.finish()
}

fn touch_body(sid: &str, playing: &Playing) -> Option<String> {
    let mut form = Form::new("touch", BODY_LEN_MAX);
    form.field("sid", sid)
        .field("st", &playing.title)
        .number("listeners", playing.listeners)
        .number("max_listeners", playing.max_listeners)
        .field("stype", "");
    form.finish()
}

fn remove_body(sid: &str) -> Option<String> {
    let mut form = Form::new("remove", BODY_LEN_MAX);
    form.field("sid", sid);
    form.finish()
}

#[cfg(test)]
mod tests;
