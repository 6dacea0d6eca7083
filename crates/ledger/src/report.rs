//! What is said of who has listened in a period.
//!
//! The figures are those of the field (Triton's definitions of session starts, active
//! sessions, listening hours and time spent listening): how long a session lasted is
//! what lies between its start and its end, and its listening falls into the hours where
//! it was, clipped to the period. All is counted in whole milliseconds.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use catalogue::Country;
use media::{SessionId, WallTime};

use crate::day::millis;
use crate::{Day, Protocol, RESUME_WITHIN, Session, is_short, shortened};

mod shown;
mod sweep;

/// A session that is no longer than this has not started: players open streams and close
/// them again to see what they are.
pub const START_MIN: Duration = Duration::from_secs(1);

/// A session of at least this length is active; a shorter one is a bounce.
pub const ACTIVE_MIN: Duration = Duration::from_mins(1);

/// Days of a period at most: a leap year.
pub const PERIOD_DAYS_MAX: u32 = 366;

/// Days behind a period whose records are read for it: a session that ended later is not
/// in it. Chosen: a listener who never turns off is cut off within a month.
pub const LATER_DAYS: u32 = 31;

/// Sessions of a report at most, which are held in memory, with some 200 bytes for each
/// while sums are made. Chosen: 130,000 a day for a month.
pub const SESSIONS_MAX: usize = 4_000_000;

/// A row of UTC days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: Day,
    to: Day,
}

/// Why days are no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPeriod {
    /// The last day lies before the first.
    Backwards,
    /// It has more than [`PERIOD_DAYS_MAX`].
    TooLong,
}

/// There are more than [`SESSIONS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySessions;

/// Takes the sessions of a period, each as often as it comes.
#[derive(Debug)]
pub struct Collector {
    period: Period,
    /// By their start, too: the parts of one that was on several nodes.
    sessions: HashMap<(SessionId, u64), Taken>,
    /// Names of egresses, by their number, and the other way round.
    egresses: Vec<String>,
    numbers: HashMap<String, u32>,
    hasher: RandomState,
    /// [`SESSIONS_MAX`]; tests have fewer.
    most: usize,
}

/// What is kept of a session; moments in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Taken {
    started: u64,
    ended: u64,
    /// Hashes of its address, whole and shortened, with its player's name: with 64 bits two
    /// of four million listeners are one for the other in one of two million reports.
    listener: u64,
    network: u64,
    egress: u32,
    country: Option<Country>,
    protocol: Protocol,
    is_short: bool,
}

/// What is said of some sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Sessions that started within the period and were longer than [`START_MIN`].
    pub starts: u64,
    /// Those of them that were shorter than [`ACTIVE_MIN`].
    pub bounces: u64,
    /// Sessions of at least [`ACTIVE_MIN`], whenever they started, that were there in the
    /// period.
    pub active: u64,
    /// For how long these listened within the period, in milliseconds.
    pub listening_ms: u64,
    /// How many listeners they were: different in address or player.
    pub unique: u64,
    /// How many there were at a time at most.
    pub peak: u64,
    /// The first moment when there were.
    pub peak_at: Option<WallTime>,
}

/// What is said of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub begins: WallTime,
    /// Sessions that started within it, as [`Figures::starts`] has them.
    pub starts: u64,
    /// Active sessions that were there.
    pub active: u64,
    /// For how long they listened within it, in milliseconds.
    pub listening_ms: u64,
    /// How many there were at a time at most.
    pub peak: u64,
}

/// What is said of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which.
    pub period: Period,
    /// The egress that it is of, where it is of one alone.
    pub egress: Option<String>,
    /// Of all sessions.
    pub all: Figures,
    /// Of each egress, by its name.
    pub egresses: Vec<(String, Figures)>,
    /// Of each country, by its code; first those where nobody knows it.
    pub countries: Vec<(Option<Country>, Figures)>,
    /// Of each way to listen.
    pub protocols: Vec<(Protocol, Figures)>,
    /// Of every hour of the period.
    pub hours: Vec<Hour>,
    /// Active sessions of whose address the network is left. If there are any, all
    /// listeners are told apart by their networks.
    pub shortened: u64,
}

impl Period {
    /// The days from one to another, both in it.
    ///
    /// # Errors
    ///
    /// [`NoPeriod`].
    pub fn new(from: Day, to: Day) -> Result<Self, NoPeriod> {
        if to < from {
            return Err(NoPeriod::Backwards);
        }
        if to.since(from) >= PERIOD_DAYS_MAX {
            Err(NoPeriod::TooLong)
        } else {
            Ok(Self { from, to })
        }
    }

    /// Its first day.
    pub fn from(self) -> Day {
        self.from
    }

    /// Its last day.
    pub fn to(self) -> Day {
        self.to
    }

    /// The days whose records tell of it.
    pub fn days_to_read(self) -> impl Iterator<Item = Day> {
        (0..=self.to.since(self.from) + LATER_DAYS).map(move |days| self.from.plus(days))
    }

    fn begins(self) -> u64 {
        millis(self.from.start())
    }

    fn ends(self) -> u64 {
        millis(self.to.end())
    }
}

impl Collector {
    /// Of nothing yet.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            sessions: HashMap::new(),
            egresses: Vec::new(),
            numbers: HashMap::new(),
            hasher: RandomState::new(),
            most: SESSIONS_MAX,
        }
    }

    /// Takes a session, if it was there in the period. Of several with one id and one
    /// start the one that ended last counts, and of those the one that came last.
    ///
    /// # Errors
    ///
    /// [`TooManySessions`].
    pub fn take(&mut self, session: &Session) -> Result<(), TooManySessions> {
        let (started, ended) = (millis(session.started), millis(session.ended));
        if started >= self.period.ends() || ended <= self.period.begins() || ended < started {
            return Ok(());
        }
        let key = (session.id, started);
        let known = self.sessions.get(&key);
        if known.is_some_and(|known| known.ended > ended) {
            return Ok(());
        }
        if known.is_none() && self.sessions.len() >= self.most {
            return Err(TooManySessions);
        }
        let listener = |address| self.hasher.hash_one((address, &session.user_agent));
        let taken = Taken {
            started,
            ended,
            listener: listener(session.address),
            network: listener(shortened(session.address)),
            egress: 0,
            country: session.country,
            protocol: session.protocol,
            is_short: is_short(session.address),
        };
        let egress = self.egress(&session.egress);
        self.sessions.insert(key, Taken { egress, ..taken });
        Ok(())
    }

    /// What there is to say of all sessions, or of those of an egress.
    pub fn report(&self, egress: Option<&str>) -> Report {
        let name = |session: &Taken| self.name(session.egress);
        let is_wanted = |session: &Taken| egress.is_none_or(|egress| egress == name(session));
        let mut sessions = self.whole();
        sessions.retain(is_wanted);
        let active = sessions.iter().filter(|session| session.is_active());
        let shortened = active.filter(|session| session.is_short).count() as u64;
        let context = sweep::Context { period: self.period, by_network: shortened > 0 };
        let of_all = context.figures(&sessions, |_| ());
        let egresses = context.figures(&sessions, name);
        Report {
            period: self.period,
            egress: egress.map(str::to_owned),
            all: of_all.get(&()).copied().unwrap_or_default(),
            egresses: egresses.into_iter().map(|(name, of)| (name.to_owned(), of)).collect(),
            countries: context.figures(&sessions, |session| session.country).into_iter().collect(),
            protocols: context.figures(&sessions, |session| session.protocol).into_iter().collect(),
            hours: context.hours(&sessions),
            shortened,
        }
    }

    /// Sessions whose parts are put together: one that went to another node goes on there,
    /// and one that comes back later than [`RESUME_WITHIN`] is another.
    fn whole(&self) -> Vec<Taken> {
        let mut parts: Vec<_> = self.sessions.iter().collect();
        parts.sort_unstable_by_key(|(key, _)| **key);
        let mut whole: Vec<(SessionId, Taken)> = Vec::with_capacity(parts.len());
        for ((id, _), part) in parts {
            let resume = u64::try_from(RESUME_WITHIN.as_millis()).unwrap_or(u64::MAX);
            match whole.last_mut() {
                Some((last, before)) if last == id && part.started < before.ended + resume => {
                    before.ended = before.ended.max(part.ended);
                }
                _ => whole.push((*id, *part)),
            }
        }
        whole.into_iter().map(|(_, session)| session).collect()
    }

    /// The names of egresses that were met.
    pub fn egresses(&self) -> BTreeSet<&str> {
        self.egresses.iter().map(String::as_str).collect()
    }

    /// The number of an egress.
    fn egress(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.egresses.len()).unwrap_or(u32::MAX);
        self.egresses.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn name(&self, egress: u32) -> &str {
        let number = usize::try_from(egress).unwrap_or(usize::MAX);
        self.egresses.get(number).map_or("", String::as_str)
    }
}

impl Taken {
    fn length(&self) -> u64 {
        self.ended - self.started
    }

    fn is_active(&self) -> bool {
        u128::from(self.length()) >= ACTIVE_MIN.as_millis()
    }

    /// Whether it counts as a start, where it started in the period.
    fn is_start(&self) -> bool {
        u128::from(self.length()) > START_MIN.as_millis()
    }
}

impl Figures {
    /// How long an active session listened in the period on average, in milliseconds,
    /// rounded to the nearest.
    pub fn average_ms(&self) -> u64 {
        (self.listening_ms + self.active / 2).checked_div(self.active).unwrap_or_default()
    }

    /// Bounces of a million starts, rounded to the nearest.
    pub fn bounces_per_million(&self) -> u64 {
        (self.bounces * 1_000_000 + self.starts / 2).checked_div(self.starts).unwrap_or_default()
    }
}

impl fmt::Display for NoPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backwards => f.write_str("lies before --from"),
            Self::TooLong => write!(f, "a period has at most {PERIOD_DAYS_MAX} days"),
        }
    }
}

impl fmt::Display for TooManySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {SESSIONS_MAX} sessions: ask for a shorter period")
    }
}

impl std::error::Error for TooManySessions {}

#[cfg(test)]
mod tests;
