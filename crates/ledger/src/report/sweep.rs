//! The figures of sessions: sums, and how many there were at a time.

use std::collections::BTreeMap;

use media::WallTime;

use super::{Figures, Hour, Period, Taken};

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

/// What all figures of a report have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) period: Period,
    /// Listeners are told apart by network.
    pub(super) by_network: bool,
}

/// Somebody comes or goes. Who goes at a moment is not there any more, so goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event<G> {
    at: u64,
    is_coming: bool,
    group: G,
}

impl Context {
    /// The figures of each group that sessions fall into.
    pub(super) fn figures<'a, G: Ord + Copy>(
        self,
        sessions: &'a [Taken],
        group: impl Fn(&'a Taken) -> G,
    ) -> BTreeMap<G, Figures> {
        let mut figures: BTreeMap<G, Figures> = BTreeMap::new();
        let mut listeners = Vec::new();
        for session in sessions {
            let group = group(session);
            let is_start = session.is_start() && self.starts_within(session);
            if !is_start && !session.is_active() {
                continue;
            }
            let figures = figures.entry(group).or_default();
            figures.starts += u64::from(is_start);
            figures.bounces += u64::from(is_start && !session.is_active());
            if session.is_active() {
                let (from, to) = self.clipped(session);
                figures.active += 1;
                figures.listening_ms += to - from;
                let by = if self.by_network { session.network } else { session.listener };
                listeners.push((group, by));
            }
        }
        listeners.sort_unstable();
        listeners.dedup();
        for (group, _) in listeners {
            figures.entry(group).or_default().unique += 1;
        }
        self.set_peaks(sessions, group, &mut figures);
        figures
    }

    /// Every hour of the period.
    pub(super) fn hours(self, sessions: &[Taken]) -> Vec<Hour> {
        let count = (self.period.ends() - self.period.begins()) / HOUR;
        let begins = |nth| moment(self.period.begins() + nth * HOUR);
        let hour =
            |nth| Hour { begins: begins(nth), starts: 0, active: 0, listening_ms: 0, peak: 0 };
        let mut hours: Vec<_> = (0..count).map(hour).collect();
        for session in sessions {
            if session.is_start()
                && self.starts_within(session)
                && let Some(hour) = self.hour_mut(&mut hours, session.started)
            {
                hour.starts += 1;
            }
            if session.is_active() {
                self.listen(session, &mut hours);
            }
        }
        self.set_hourly_peaks(sessions, &mut hours);
        hours
    }

    /// Adds a session's listening to the hours where it was.
    fn listen(self, session: &Taken, hours: &mut [Hour]) {
        let (mut from, to) = self.clipped(session);
        while from < to
            && let Some(hour) = self.hour_mut(hours, from)
        {
            let until = to.min((from / HOUR + 1) * HOUR);
            hour.active += 1;
            hour.listening_ms += until - from;
            from = until;
        }
    }

    fn set_peaks<'a, G: Ord + Copy>(
        self,
        sessions: &'a [Taken],
        group: impl Fn(&'a Taken) -> G,
        figures: &mut BTreeMap<G, Figures>,
    ) {
        let mut there: BTreeMap<G, u64> = BTreeMap::new();
        for event in self.events(sessions, group) {
            let there = there.entry(event.group).or_default();
            if !event.is_coming {
                *there -= 1;
                continue;
            }
            *there += 1;
            let figures = figures.entry(event.group).or_default();
            if *there > figures.peak {
                (figures.peak, figures.peak_at) = (*there, Some(moment(event.at)));
            }
        }
    }

    fn set_hourly_peaks(self, sessions: &[Taken], hours: &mut [Hour]) {
        let (mut there, mut before) = (0_u64, self.period.begins());
        let events = self.events(sessions, |_| ());
        for events in events.chunk_by(|one, next| one.at == next.at) {
            let Some(at) = events.first().map(|event| event.at) else { continue };
            // Until now there were as many all the time.
            while before < at
                && let Some(hour) = self.hour_mut(hours, before)
            {
                hour.peak = hour.peak.max(there);
                before = at.min((before / HOUR + 1) * HOUR);
            }
            for event in events {
                there = if event.is_coming { there + 1 } else { there - 1 };
            }
            before = at;
        }
    }

    /// Who comes and goes, in the order of time.
    fn events<'a, G: Ord + Copy>(
        self,
        sessions: &'a [Taken],
        group: impl Fn(&'a Taken) -> G,
    ) -> Vec<Event<G>> {
        let mut events = Vec::new();
        for session in sessions.iter().filter(|session| session.is_active()) {
            let ((from, to), group) = (self.clipped(session), group(session));
            events.push(Event { at: from, is_coming: true, group });
            events.push(Event { at: to, is_coming: false, group });
        }
        events.sort_unstable();
        events
    }

    /// The part of a session that is in the period.
    fn clipped(self, session: &Taken) -> (u64, u64) {
        let (begins, ends) = (self.period.begins(), self.period.ends());
        (session.started.clamp(begins, ends), session.ended.clamp(begins, ends))
    }

    fn starts_within(self, session: &Taken) -> bool {
        (self.period.begins()..self.period.ends()).contains(&session.started)
    }

    /// The hour of a moment in the period.
    fn hour_mut(self, hours: &mut [Hour], at: u64) -> Option<&mut Hour> {
        let nth = at.checked_sub(self.period.begins())? / HOUR;
        hours.get_mut(usize::try_from(nth).ok()?)
    }
}

fn moment(millis: u64) -> WallTime {
    WallTime::from_nanos(millis * 1_000_000)
}
