use fastrand::Rng;

use super::*;
use crate::testing::{any_session, at, session};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// 2026-11-22 and the day after.
fn period() -> Period {
    Period::new(day("2026-11-22"), day("2026-11-23")).unwrap()
}

fn report(sessions: &[Session]) -> Report {
    let mut collector = Collector::new(period());
    for session in sessions {
        collector.take(session).unwrap();
    }
    collector.report(None)
}

/// A session from a moment on, so many milliseconds long.
fn lasting(id: u8, started: WallTime, millis: u64) -> Session {
    Session { started, ended: started.plus(Duration::from_millis(millis)), ..session(id) }
}

#[test]
fn a_period_has_its_days() {
    let (first, last) = (day("2024-01-01"), day("2024-12-31"));
    let year = Period::new(first, last).unwrap();
    assert_eq!((year.from(), year.to()), (first, last));
    assert_eq!(Period::new(first, last.plus(1)), Err(NoPeriod::TooLong));
    assert_eq!(Period::new(last, first), Err(NoPeriod::Backwards));
    let day = Period::new(first, first).unwrap();
    let read: Vec<_> = day.days_to_read().collect();
    assert_eq!((read[0], read.len()), (first, 32));
    assert_eq!(read[31], first.plus(LATER_DAYS));
}

#[test]
fn a_start_is_longer_than_a_second_and_an_active_session_has_a_minute() {
    let figures = |millis| {
        let Figures { starts, bounces, active, .. } =
            report(&[lasting(1, at(9, 0, 0), millis)]).all;
        (starts, bounces, active)
    };
    assert_eq!(figures(0), (0, 0, 0));
    assert_eq!(figures(1_000), (0, 0, 0));
    assert_eq!(figures(1_001), (1, 1, 0));
    assert_eq!(figures(59_999), (1, 1, 0));
    assert_eq!(figures(60_000), (1, 0, 1));
}

#[test]
fn listening_falls_into_the_hours_where_it_was_and_outside_the_period_it_is_nobodys() {
    // From half an hour before the period to half an hour behind it.
    let begins = at(0, 0, 0);
    let whole = Session {
        started: begins.minus(Duration::from_mins(30)),
        ended: at(48, 30, 0),
        ..session(1)
    };
    let report = report(&[whole, lasting(2, at(9, 59, 0), 120_001)]);
    assert_eq!((report.all.starts, report.all.active), (1, 2));
    assert_eq!(report.all.listening_ms, 48 * 3_600_000 + 120_001);
    assert_eq!(report.hours.len(), 48);
    let hour = |nth: usize| {
        let Hour { begins, starts, active, listening_ms, peak } = report.hours[nth];
        assert_eq!(begins, at(nth as u64, 0, 0));
        (starts, active, listening_ms, peak)
    };
    assert_eq!(hour(0), (0, 1, 3_600_000, 1));
    assert_eq!(hour(9), (1, 2, 3_660_000, 2));
    assert_eq!(hour(10), (0, 2, 3_660_001, 2));
    assert_eq!(hour(11), (0, 1, 3_600_000, 1));
    assert_eq!(hour(47), (0, 1, 3_600_000, 1));
}

#[test]
fn what_only_touches_the_period_is_not_in_it() {
    let begins = at(0, 0, 0);
    let before = Session { ended: begins, started: begins.minus(crate::DAY), ..session(1) };
    let behind = lasting(2, at(48, 0, 0), 600_000);
    assert_eq!(report(&[before.clone(), behind.clone()]).all, Figures::default());
    let by_a_millisecond = Session { ended: at(0, 0, 1), ..before };
    let started = behind.started.minus(Duration::from_millis(1));
    let report = report(&[by_a_millisecond, Session { started, ..behind }]);
    assert_eq!((report.all.starts, report.all.active, report.all.listening_ms), (1, 2, 2));
}

#[test]
fn who_goes_as_another_comes_is_not_there_with_him() {
    let one = lasting(1, at(9, 0, 0), 600_000);
    let next = lasting(2, one.ended, 600_000);
    let told = report(&[one.clone(), next.clone()]);
    assert_eq!((told.all.peak, told.all.peak_at), (1, Some(one.started)));
    let early = Session { started: one.ended.minus(Duration::from_millis(1)), ..next };
    let report = report(&[one, early.clone()]);
    assert_eq!((report.all.peak, report.all.peak_at), (2, Some(early.started)));
    assert_eq!(report.hours[9].peak, 2);
}

#[test]
fn a_session_counts_once_by_what_was_known_last() {
    let lost = Session { ended: at(18, 30, 0), ..session(1) };
    for order in [[session(1), lost.clone()], [lost, session(1)]] {
        let report = report(&order);
        assert_eq!((report.all.active, report.all.listening_ms), (1, 3_600_005));
    }
    let elsewhere = Session { egress: "jazz".to_owned(), ..session(1) };
    let report = report(&[session(1), elsewhere]);
    assert_eq!(report.egresses.len(), 1);
    assert_eq!(report.egresses[0].0, "jazz");
}

#[test]
fn a_session_that_goes_on_at_another_node_is_one_and_who_comes_back_later_is_another() {
    let first = lasting(1, at(9, 0, 0), 600_000);
    let pause = |millis: u64| first.ended.plus(Duration::from_millis(millis));
    let resume = u64::try_from(RESUME_WITHIN.as_millis()).unwrap();
    for (after, sessions, listened) in
        [(0, 1, 1_200_000), (resume - 1, 1, 1_379_999), (resume, 2, 1_200_000)]
    {
        let second = lasting(1, pause(after), 600_000);
        let report = report(&[second, first.clone()]);
        let told = (report.all.starts, report.all.active, report.all.listening_ms);
        assert_eq!(told, (sessions, sessions, listened), "{after} ms");
    }
    // Both nodes have it for a while: variants may come from different ones.
    let beside = lasting(1, first.started.plus(Duration::from_mins(1)), 60_000);
    let told = report(&[first, beside]);
    assert_eq!((told.all.active, told.all.listening_ms), (1, 600_000));
}

#[test]
fn listeners_differ_in_address_or_player() {
    let one = session(1);
    let again = Session { id: session(2).id, ..one.clone() };
    let player = Session { id: session(3).id, user_agent: "mpv".to_owned(), ..one.clone() };
    let neighbour = Session { address: "192.0.2.8".parse().unwrap(), ..session(4) };
    let sessions = [one, again, player, neighbour];
    let told = report(&sessions);
    assert_eq!((told.all.unique, told.shortened), (3, 0));
    // Where of one address the network alone is left, it is of all.
    let short = Session { address: "192.0.2.0".parse().unwrap(), ..session(5) };
    let told = report(&[&sessions[..], &[short]].concat());
    assert_eq!((told.all.unique, told.shortened), (2, 1));
}

#[test]
fn a_report_may_be_of_one_egress() {
    let mut collector = Collector::new(period());
    collector.take(&session(1)).unwrap();
    collector.take(&Session { egress: "jazz".to_owned(), ..session(2) }).unwrap();
    assert_eq!(collector.egresses(), BTreeSet::from(["jazz", "radio"]));
    assert_eq!(collector.report(None).all.active, 2);
    let jazz = collector.report(Some("jazz"));
    assert_eq!((jazz.all.active, jazz.egresses.len()), (1, 1));
    assert_eq!(jazz.hours.iter().map(|hour| hour.starts).sum::<u64>(), 1);
    assert_eq!(collector.report(Some("news")).all, Figures::default());
}

#[test]
fn an_average_and_a_rate_are_rounded_to_the_nearest() {
    let figures = Figures { active: 3, listening_ms: 200_000, ..Figures::default() };
    assert_eq!(figures.average_ms(), 66_667);
    let figures = Figures { starts: 3, bounces: 1, ..Figures::default() };
    assert_eq!(figures.bounces_per_million(), 333_333);
    assert_eq!(Figures::default().average_ms(), 0);
    assert_eq!(Figures::default().bounces_per_million(), 0);
}

#[test]
fn a_report_has_so_many_sessions_and_no_more() {
    let mut collector = Collector::new(period());
    assert_eq!(collector.most, SESSIONS_MAX);
    collector.most = 2;
    collector.take(&session(3)).unwrap();
    collector.take(&session(1)).unwrap();
    assert_eq!(collector.take(&session(2)), Err(TooManySessions));
    collector.take(&session(1)).unwrap();
}

/// The same, slowly.
mod model {
    use super::*;

    pub(super) fn overlap(session: &Session, from: WallTime, to: WallTime) -> u64 {
        let (from, to) = (session.started.max(from), session.ended.min(to));
        u64::try_from(to.since(from).as_millis()).unwrap()
    }

    pub(super) fn figures(sessions: &[&Session], from: WallTime, to: WallTime) -> Figures {
        let within = |session: &&&Session| overlap(session, from, to) > 0;
        let active: Vec<_> = sessions
            .iter()
            .filter(|session| session.length() >= Duration::from_mins(1))
            .filter(within)
            .collect();
        let starts: Vec<_> = sessions
            .iter()
            .filter(|session| from <= session.started && session.started < to)
            .filter(|session| session.length() > Duration::from_secs(1))
            .collect();
        let there = |at: WallTime| {
            active.iter().filter(|session| session.started <= at && at < session.ended).count()
        };
        // Only when somebody comes there may be more than before.
        let moments = active.iter().map(|session| session.started.max(from));
        let peak = moments.clone().map(there).max().unwrap_or_default();
        let listener = |session: &&&&Session| (session.address, session.user_agent.clone());
        let count = |n: usize| n as u64;
        Figures {
            starts: count(starts.len()),
            bounces: count(starts.iter().filter(|one| one.length().as_secs() < 60).count()),
            active: count(active.len()),
            listening_ms: active.iter().map(|session| overlap(session, from, to)).sum(),
            unique: count(active.iter().map(|one| listener(&one)).collect::<BTreeSet<_>>().len()),
            peak: count(peak),
            peak_at: moments.filter(|at| peak > 0 && there(*at) == peak).min(),
        }
    }
}

/// Sessions around the period of all lengths, of few listeners.
fn random_sessions(rng: &mut Rng) -> Vec<Session> {
    let sessions = (0..rng.usize(..120)).map(|_| {
        let started = at(0, 0, 0).plus(Duration::from_millis(rng.u64(..200_000_000)));
        let started = started.minus(Duration::from_hours(6));
        // Often at a whole hour, so that they meet there.
        let started = if rng.bool() { started } else { at(rng.u64(..48), 0, 0) };
        let most = [1_500, 90_000, 3_600_000, 300_000_000][rng.usize(..4)];
        let ended = started.plus(Duration::from_millis(rng.u64(..=most)));
        let ended = if rng.u8(..4) == 0 { ended.max(at(rng.u64(..48), 0, 0)) } else { ended };
        let address = std::net::Ipv4Addr::new(192, 0, 2, rng.u8(1..9)).into();
        let user_agent = ["a", "b"][rng.usize(..2)].to_owned();
        Session { started, ended: ended.max(started), address, user_agent, ..any_session(rng) }
    });
    sessions.collect()
}

#[test]
fn every_figure_is_the_models() {
    for seed in 0..300 {
        let mut rng = Rng::with_seed(seed);
        let sessions = random_sessions(&mut rng);
        let report = report(&sessions);
        let (from, to) = (at(0, 0, 0), at(48, 0, 0));
        let of = |is_of: &dyn Fn(&Session) -> bool| {
            let sessions: Vec<_> = sessions.iter().filter(|session| is_of(session)).collect();
            model::figures(&sessions, from, to)
        };
        assert_eq!(report.all, of(&|_| true), "{seed}");
        for (name, figures) in &report.egresses {
            assert_eq!(*figures, of(&|session| session.egress == *name), "{seed} {name}");
        }
        for (country, figures) in &report.countries {
            assert_eq!(*figures, of(&|session| session.country == *country), "{seed}");
        }
        for (protocol, figures) in &report.protocols {
            assert_eq!(*figures, of(&|session| session.protocol == *protocol), "{seed}");
        }
        let all: Vec<_> = sessions.iter().collect();
        for hour in &report.hours {
            let ends = hour.begins.plus(Duration::from_hours(1));
            let expected = model::figures(&all, hour.begins, ends);
            let Figures { starts, active, listening_ms, peak, .. } = expected;
            assert_eq!(*hour, Hour { begins: hour.begins, starts, active, listening_ms, peak });
        }
    }
}

#[test]
fn hours_and_groups_add_up_to_the_whole() {
    for seed in 300..400 {
        let report = report(&random_sessions(&mut Rng::with_seed(seed)));
        let (all, hours) = (report.all, &report.hours);
        assert_eq!(hours.iter().map(|hour| hour.starts).sum::<u64>(), all.starts);
        assert_eq!(hours.iter().map(|hour| hour.listening_ms).sum::<u64>(), all.listening_ms);
        assert_eq!(hours.iter().map(|hour| hour.peak).max(), Some(all.peak));
        let groups: [Vec<Figures>; 3] = [
            report.egresses.iter().map(|(_, of)| *of).collect(),
            report.countries.iter().map(|(_, of)| *of).collect(),
            report.protocols.iter().map(|(_, of)| *of).collect(),
        ];
        for group in groups {
            let sum = |of: fn(&Figures) -> u64| group.iter().map(of).sum::<u64>();
            assert_eq!(sum(|of| of.starts), all.starts);
            assert_eq!(sum(|of| of.bounces), all.bounces);
            assert_eq!(sum(|of| of.active), all.active);
            assert_eq!(sum(|of| of.listening_ms), all.listening_ms);
        }
    }
}
