mod house;
mod silence;
mod sim;

use std::time::Duration;

use crate::merge::{
    Continuation, Event, Fallback, LINE_UNITS_MAX, Output, PENDING_BYTES_MAX, RUN_LEN, RUN_LEN_MAX,
    Rank, STASH_UNITS_MAX,
};
use house::{Happening, House, UNIT, secs};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn one_path_is_passed_on_at_once() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..1000, 5 * MS);
    house.run();
    house.assert_heard(0..1000);
    assert_eq!(house.longest_gap(), 24);
    let (first, _) = house.out[0];
    assert_eq!(first, 5);
}

#[test]
fn a_path_that_dies_costs_nothing_while_another_is_there() {
    for (a, b) in [(0, 0), (40, 900), (2900, 10), (10, 2900)] {
        for dies in [0, 1] {
            let mut house = House::new(2, 3 * SECOND);
            let lives = |rank| if rank == dies { secs(20) } else { secs(60) };
            house.carry(0, 0..lives(0), a * MS);
            house.carry(1, 0..lives(1), b * MS);
            house.run();
            house.assert_heard(0..secs(60));
            assert!(house.longest_gap() <= 48, "{a} {b} {dies}: {}", house.longest_gap());
        }
    }
}

#[test]
fn paths_that_flap_in_turn_are_not_heard() {
    for skew in [0, 500, 2000] {
        let mut house = House::new(2, 3 * SECOND);
        for turn in 0..10 {
            let begin = turn * secs(12);
            house.carry(0, begin..begin + secs(9), 20 * MS);
            let begin = begin + secs(6);
            house.carry(1, begin..begin + secs(9), (20 + skew) * MS);
        }
        house.run();
        house.assert_heard(0..secs(12) * 9 + secs(6) + secs(9));
        assert!(house.longest_gap() <= 48, "{skew}: {}", house.longest_gap());
    }
}

#[test]
fn a_path_that_comes_back_first_waits_for_one_that_sends_again_what_is_missing() {
    for late in [100, 300, 900] {
        let mut house = House::new(2, 3 * SECOND);
        house.carry(0, 0..secs(20), 20 * MS);
        house.carry(1, 0..secs(20), 20 * MS);
        // An encoder goes on with what is live; a relay sends its burst again.
        house.carry(0, secs(21)..secs(60), 20 * MS);
        let at = 24 * secs(21) + late;
        house.plan(at, 1, Happening::Connect);
        for unit in secs(17)..secs(60) {
            house.plan(at.max(24 * unit + 20), 1, Happening::Unit(unit));
        }
        house.run();
        house.assert_heard(0..secs(60));
        assert!(house.longest_gap() <= 48, "{late}: {}", house.longest_gap());
    }
}

#[test]
fn a_path_far_behind_is_waited_for() {
    for skew in [20, 29] {
        let mut house = House::new(2, 3 * SECOND);
        house.carry(0, 0..secs(60), 20 * MS);
        house.carry(1, 0..secs(120), skew * SECOND);
        house.run();
        house.assert_heard(0..secs(120));
        let wait = u64::try_from((skew * SECOND).as_millis()).unwrap();
        assert!(house.longest_gap() <= wait - 2900, "{}", house.longest_gap());
    }
}

#[test]
fn a_path_too_far_behind_is_not_waited_for() {
    let mut house = House::new(2, 3 * SECOND);
    house.carry(0, 0..secs(60), 20 * MS);
    house.carry(1, 0..secs(120), 31 * SECOND);
    house.run();
    // It goes on air as what it is: something that was heard already.
    let heard = house.heard();
    let (first, second) = heard.strip_prefix('|').unwrap().split_once('|').unwrap();
    assert_eq!(first.split_whitespace().count() as u64, secs(60));
    let again: u64 = second.split(' ').next().unwrap().parse().unwrap();
    assert!((secs(29)..secs(34)).contains(&again), "{again}");
    assert!(house.longest_gap() <= 2_500, "{}", house.longest_gap());
}

#[test]
fn the_output_waits_once_and_stays_late() {
    let mut house = House::new(2, 3 * SECOND);
    house.join(1, 0..secs(300), 20 * SECOND);
    // The one ahead dies again and again.
    for turn in 0..5 {
        let begin = turn * secs(60);
        house.carry(0, begin..begin + secs(30), 20 * MS);
    }
    house.run();
    house.assert_heard(0..secs(300));
    let times = house.times();
    let waits = times.windows(2).filter(|pair| pair[1] - pair[0] > 100);
    let waits: Vec<_> = waits.map(|pair| (pair[0], pair[1] - pair[0])).collect();
    assert_eq!(waits.len(), 1, "{waits:?} {:?}", house.events);
}

#[test]
fn a_path_ahead_joins_without_a_jump() {
    for skew in [2, 20, 29] {
        let mut house = House::new(2, 3 * SECOND);
        house.carry(0, 0..secs(120), skew * SECOND);
        // It comes while the other one is on air.
        let begin = secs(u64::from(skew) + 5);
        house.carry(1, begin..secs(90), 10 * MS);
        house.run();
        house.assert_heard(0..secs(120));
        assert!(house.longest_gap() <= 48, "{skew}: {}", house.longest_gap());
    }
}

/// Digital silence from the tenth to the fiftieth second of each minute.
fn with_silence(unit: u64) -> String {
    let second = unit * 24 / 1000 % 60;
    if (10..50).contains(&second) { "silence".into() } else { unit.to_string() }
}

#[test]
fn a_drop_inside_digital_silence_is_not_heard() {
    for (a, b) in [(10, 10), (10, 1500), (1500, 10)] {
        let mut house = House::new(2, 3 * SECOND).with_content(with_silence);
        house.carry(0, 0..secs(25), a * MS);
        house.carry(0, secs(30)..secs(180), a * MS);
        house.carry(1, 0..secs(85), b * MS);
        house.carry(1, secs(95)..secs(200), b * MS);
        house.run();
        house.assert_heard(0..secs(200));
        assert!(house.longest_gap() <= 48, "{a} {b}: {}", house.longest_gap());
    }
}

/// The same four seconds again and again, with two of their own between.
fn with_jingle(unit: u64) -> String {
    let place = unit % secs(6);
    if place < secs(4) { format!("jingle-{place}") } else { unit.to_string() }
}

#[test]
fn a_jingle_that_is_played_again_is_not_taken_for_the_one_before() {
    for (a, b) in [(10, 10), (10, 1900), (1900, 10)] {
        for at in (0..secs(12)).step_by(37) {
            let mut house = House::new(2, 3 * SECOND).with_content(with_jingle);
            house.carry(0, 0..secs(40) + at, a * MS);
            house.carry(0, secs(45) + at..secs(80), a * MS);
            house.carry(1, secs(20) + at..secs(70), b * MS);
            house.run();
            house.assert_heard(0..secs(80));
        }
    }
}

#[test]
fn what_the_path_ahead_has_left_out_is_mended() {
    let mut house = House::new(2, 3 * SECOND);
    house.join(0, 0..500, 10 * MS);
    house.deliver(0, 520..1000, 10 * MS);
    house.carry(1, 0..1000, 900 * MS);
    house.run();
    house.assert_heard(0..1000);
}

#[test]
fn a_reconnect_that_overlaps_goes_on() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..1000, 10 * MS);
    // The encoder sends its buffer again, at once.
    let again = 24 * 1050;
    house.plan(again, 0, Happening::Connect);
    (900..1050).for_each(|unit| house.plan(again, 0, Happening::Unit(unit)));
    house.deliver(0, 1050..1200, 10 * MS);
    house.run();
    house.assert_heard(0..1200);
}

#[test]
fn a_burst_and_another_one_behind_a_loss_are_two_lines() {
    let mut house = House::new(1, Duration::ZERO);
    house.plan(0, 0, Happening::Connect);
    (0..1000).for_each(|unit| house.plan(0, 0, Happening::Unit(unit)));
    house.plan(1, 0, Happening::Gone);
    house.plan(1, 0, Happening::Connect);
    (1100..2200).for_each(|unit| house.plan(1, 0, Happening::Unit(unit)));
    house.run();
    let (first, second) = (house.frames(0..1000), house.frames(1100..2200));
    assert!(house.heard() == format!("|{first}|{second}."), "{}", house.times().len());
}

#[test]
fn a_source_that_only_begins_like_what_was_on_air_loses_nothing() {
    let mut house = House::new(1, Duration::ZERO).with_content(|unit| {
        // The same jingle, and then another song.
        if unit >= 2000 { (unit - 1980).to_string() } else { unit.to_string() }
    });
    house.carry(0, 0..100, 10 * MS);
    house.plan(2500, 0, Happening::Connect);
    for unit in (2000..2020).chain(500..530) {
        house.plan(2500 + unit % 1000 * 24, 0, Happening::Unit(unit));
    }
    house.run();
    let heard = house.heard();
    let (_, second) = heard.strip_prefix('|').unwrap().split_once('|').unwrap();
    assert_eq!(second, house.frames(500..530) + ".");
}

#[test]
fn a_source_that_leaves_before_it_is_known_loses_nothing() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..3, 10 * MS);
    house.carry(0, 10..12, 10 * MS);
    house.carry(0, 20..28, 10 * MS);
    house.run();
    assert_eq!(house.heard(), "|0 1 2 |10 11 |20 21 22 23 24 25 26 27 .");
}

#[test]
fn a_source_that_stalls_in_its_overlap_goes_on_with_what_comes() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..100, 10 * MS);
    house.plan(2500, 0, Happening::Connect);
    (80..90).for_each(|unit| house.plan(2500, 0, Happening::Unit(unit)));
    (90..93).for_each(|unit| house.plan(20_000, 0, Happening::Unit(unit)));
    house.run();
    assert!(house.heard().ends_with(" 98 99 |90 91 92 ."));
}

#[test]
fn the_line_ends_at_the_time_out() {
    let mut house = House::new(2, 3 * SECOND);
    house.carry(0, 0..100, 10 * MS);
    house.run();
    let (ended, last) = house.out.last().unwrap();
    assert_eq!(last, &Output::Ends);
    assert_eq!(*ended, 99 * 24 + 10 + 10_000);
}

#[test]
fn a_reconnect_without_an_overlap_is_a_new_line() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..100, 10 * MS);
    house.carry(0, 200..300, 10 * MS);
    house.run();
    let first = house.frames(0..100);
    let second = house.frames(200..300);
    assert_eq!(house.heard(), format!("|{first}|{second}."));
}

#[test]
fn a_file_that_is_played_again_is_a_new_line_soon() {
    let mut house = House::new(1, Duration::ZERO).with_content(|unit| (unit % 1000).to_string());
    house.carry(0, 0..1000, 10 * MS);
    house.carry(0, 1000..2000, 10 * MS);
    house.run();
    let heard = house.heard();
    let (_, again) = heard.strip_prefix('|').unwrap().split_once('|').unwrap();
    let first: u32 = again.split(' ').next().unwrap().parse().unwrap();
    assert!((UNIT * first) < 4 * SECOND, "silent for {first} units");
}

#[test]
fn another_programme_takes_over_when_the_first_is_gone() {
    let mut house = House::new(2, 3 * SECOND);
    house.carry(0, 0..secs(20), 10 * MS);
    // Frames of its own.
    let own = 1_000_000;
    for unit in 0..secs(40) {
        house.plan(unit * 24 + 11, 1, Happening::Unit(own + unit));
    }
    house.plan(0, 1, Happening::Connect);
    house.run();
    let heard = house.heard();
    let (first, second) = heard.strip_prefix('|').unwrap().split_once('|').unwrap();
    assert_eq!(first.split_whitespace().count() as u64, secs(20));
    assert!(second.starts_with(&format!("{} ", own + secs(20) - 1)), "{}", &second[..40]);
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
}

#[test]
fn a_preferred_path_has_to_be_stable_first() {
    let mut house = House::new(2, 3 * SECOND).with_content(|unit| unit.to_string());
    house.carry(0, 0..secs(20), 10 * MS);
    let own = 1_000_000;
    house.plan(0, 1, Happening::Connect);
    for unit in 0..secs(79) {
        house.plan(unit * 24 + 11, 1, Happening::Unit(own + unit));
    }
    // Back for three seconds, and then for good.
    house.carry(0, secs(30)..secs(33), 10 * MS);
    house.carry(0, secs(40)..secs(80), 10 * MS);
    house.run();
    let heard = house.heard();
    let lines: Vec<&str> = heard.trim_matches(['|', '.']).split('|').collect();
    assert_eq!(lines.len(), 3);
    let back: u64 = lines[2].split(' ').next().unwrap().parse().unwrap();
    assert!((secs(45)..secs(46)).contains(&back), "{back}");
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
}

#[test]
fn digital_silence_is_a_new_line_in_the_end() {
    let mut house = House::new(1, Duration::ZERO).with_content(|_| "silence".into());
    house.carry(0, 0..200, 10 * MS);
    house.carry(0, 210..410, 10 * MS);
    house.run();
    let heard = house.heard();
    let lines: Vec<_> = heard.trim_matches(['|', '.']).split('|').collect();
    let lines: Vec<_> = lines.iter().map(|line| line.split_whitespace().count()).collect();
    assert_eq!(lines, [200, 200]);
    let times = house.times();
    let wait = times[200] - times[199];
    let decided = 24 * (10 + RUN_LEN_MAX as u64);
    assert!((decided - 24..=decided).contains(&wait), "{wait}");
}

#[test]
fn old_units_are_forgotten() {
    let line = LINE_UNITS_MAX as u64;
    // The second path sends at once what came so many units ago.
    for (ago, is_known) in [(line, true), (line + 1, false)] {
        let mut house = House::new(2, Duration::ZERO);
        house.join(0, 0..5000, 10 * MS);
        let at = 24 * 4999 + 11;
        house.plan(at, 1, Happening::Connect);
        let first = 5000 - ago;
        for unit in first..first + RUN_LEN as u64 {
            house.plan(at, 1, Happening::Unit(unit));
        }
        house.run();
        let locked = house.events.iter().any(|event| matches!(event, Event::Locked { .. }));
        assert_eq!(locked, is_known, "{ago}");
    }
}

#[test]
fn so_many_units_of_a_path_are_kept_while_its_place_is_sought() {
    for (ahead, is_known) in [(STASH_UNITS_MAX, true), (STASH_UNITS_MAX + 1, false)] {
        let mut house = House::new(2, Duration::ZERO);
        house.join(0, 0..100, 10 * MS);
        // It has all that follows before the other one goes on with the first of it.
        let (at, end) = (24 * 99 + 11, 100 + ahead as u64);
        house.plan(at, 1, Happening::Connect);
        (100..end).for_each(|unit| house.plan(at, 1, Happening::Unit(unit)));
        house.deliver(0, 100..100 + RUN_LEN as u64, 10 * MS);
        house.run();
        let locked = house.events.iter().any(|event| matches!(event, Event::Locked { .. }));
        assert_eq!(locked, is_known, "{ahead}");
    }
}

#[test]
fn what_waits_is_bounded() {
    const UNIT_LEN: usize = 60_000;
    let mut house = House::new(2, 30 * SECOND).with_content(|unit| format!("{unit:0UNIT_LEN$}"));
    house.join(0, 0..400, 10 * MS);
    house.run();
    let early = house.out.iter().filter(|(at, _)| *at < 30_000).count();
    // 8 MiB wait, and the begin is no unit.
    assert_eq!(early, 400 - PENDING_BYTES_MAX / UNIT_LEN + 1);
    house.assert_heard(0..400);
}

#[test]
fn a_merge_goes_on_where_another_process_was() {
    // Of two paths the one is ahead of what was released, the other behind.
    let mut house = House::new(2, 3 * SECOND).with_content(|_| "silence".into());
    let header = house::info(48_000).header;
    let units = (0..500).map(|_| bytes::Bytes::from("silence")).collect();
    let paths = vec![(Rank(0), 0), (Rank(1), 40)];
    let from = Continuation { header, profile: None, units, paths };
    house.merger.resume(from, house::T0);
    house.deliver(0, 0..200, 10 * MS);
    house.deliver(1, 0..300, 12 * MS);
    house.run();
    // Every one of them is like the others: only their places tell.
    assert_eq!(house.times().len(), 260);
    assert!(!house.heard().contains('|'));
}

/// A fallback of three frames.
fn jingle() -> Fallback {
    let frames = ["x", "y", "z"].map(bytes::Bytes::from).to_vec();
    Fallback { header: house::info(48_000).header, profile: None, frames }
}

#[test]
fn the_fallback_plays_in_real_time_until_an_ingest_is_stable_again() {
    let mut house = House::new(2, 3 * SECOND).with_fallback(jingle());
    house.carry(0, 0..secs(20), 10 * MS);
    house.carry(1, 0..secs(20), 10 * MS);
    // Back for a moment, and for good.
    house.carry(1, secs(30)..secs(33), 10 * MS);
    house.carry(0, secs(40)..secs(80), 10 * MS);
    house.run_until(80_000);
    let heard = house.heard();
    let lines: Vec<_> = heard.trim_matches('|').split('|').collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0], house.frames(0..secs(20)));
    assert!(lines[1].starts_with("x y z x y z "), "{}", &lines[1][..20]);
    let first: u64 = lines[2].split(' ').next().unwrap().parse().unwrap();
    assert!((secs(42) - 2..secs(43)).contains(&first), "{first}");
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
    // From the end of what waited to the first of those that are stable.
    let played = lines[1].split_whitespace().count() as u64;
    assert!((secs(22)..secs(23)).contains(&played), "{played}");
}

#[test]
fn a_stall_of_less_than_two_seconds_brings_no_fallback() {
    let mut house = House::new(1, Duration::ZERO).with_fallback(jingle());
    house.join(0, 0..500, 10 * MS);
    let pause = Duration::from_millis(1_900);
    house.deliver(0, 500..1000, pause);
    house.run_until(24 * 1000 + 1_900);
    house.assert_heard(0..1000);
}

#[test]
fn the_fallback_waits_for_encoders_when_a_process_begins() {
    let mut house = House::new(1, Duration::ZERO).with_fallback(jingle());
    house.run_until(10_500);
    let (first, _) = house.out[0];
    assert_eq!(first, 10_000);
    assert!(house.heard().starts_with("|x y z x "));
}

#[test]
fn programmes_that_share_a_jingle_are_two() {
    let mut house = House::new(2, 3 * SECOND).with_content(|unit| match unit % 1_000_000 {
        place @ 700..750 => format!("jingle-{place}"),
        _ => unit.to_string(),
    });
    house.carry(0, 0..secs(20), 10 * MS);
    house.carry(0, secs(40)..secs(80), 10 * MS);
    let own = 1_000_000;
    house.plan(0, 1, Happening::Connect);
    (0..secs(79)).for_each(|unit| house.plan(unit * 24 + 611, 1, Happening::Unit(own + unit)));
    house.run();
    assert!(!house.events.iter().any(|event| matches!(event, Event::Locked { .. })));
    let begins = house.out.iter().filter(|(_, output)| matches!(output, Output::Begins(_)));
    let begins: Vec<_> = begins.map(|(at, _)| at / 1000).collect();
    // The one at once; the other when that is gone, and what waited is out; and 5 s
    // after it is back, behind what waits.
    assert_eq!(begins, [0, 22, 47]);
}

#[test]
fn titles_are_those_of_the_preferred_path_that_tells_any() {
    let mut house = House::new(2, SECOND);
    house.carry(0, 0..300, 10 * MS);
    house.carry(1, 0..600, 500 * MS);
    house.title(0, 0, "A");
    house.title(100, 0, "B");
    // In another spelling, and a little later.
    house.title(500 / 24, 1, "a");
    house.title(110 + 500 / 24, 1, "b");
    house.title(400 + 500 / 24, 1, "c");
    house.run();
    let mut titles = Vec::new();
    let mut units = 0;
    for (_, output) in &house.out {
        match output {
            Output::Title(title) => titles.push((units, title.stream_title.clone())),
            Output::Unit(_) => units += 1,
            _ => {}
        }
    }
    let titles: Vec<_> = titles.iter().map(|(at, title)| (*at, title.as_str())).collect();
    assert_eq!(titles, [(0, "A"), (100, "B"), (300, "b"), (400, "c")]);
}

#[test]
fn a_burst_at_a_reconnect_makes_nobody_wait() {
    let mut house = House::new(2, 3 * SECOND);
    house.carry(0, 0..secs(20), 10 * MS);
    house.carry(1, 0..secs(30), 60 * MS);
    // The one that fed the line comes back, and half a second brings what is old.
    let (at, live) = (20_010, 856);
    house.plan(at, 0, Happening::Connect);
    for (nth, unit) in (live - 500..live).enumerate() {
        house.plan(at + nth as u64, 0, Happening::Unit(unit));
    }
    house.deliver(0, live..secs(30), 10 * MS);
    house.run();
    house.assert_heard(0..secs(30));
    assert_eq!(house.merger.late(), Duration::ZERO);
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
}

#[test]
fn what_a_path_ahead_has_left_out_before_it_died_is_mended() {
    // So few units after it that they alone prove no place; and so many.
    for rest in [1, 3, RUN_LEN as u64 - 1, RUN_LEN as u64, 30] {
        for is_told in [true, false] {
            let mut house = House::new(2, 3 * SECOND);
            house.join(0, 0..500, 10 * MS);
            house.deliver(0, 510..510 + rest, 10 * MS);
            if is_told {
                house.plan((510 + rest) * 24, 0, Happening::Gone);
            }
            house.carry(1, 0..1000, 500 * MS);
            house.run();
            house.assert_heard(0..1000);
        }
    }
}

#[test]
fn two_paths_mend_what_the_one_ahead_has_left_out() {
    // One of them dies before it has proven its place.
    let mut house = House::new(3, 6 * SECOND);
    house.join(0, 0..500, 10 * MS);
    house.deliver(0, 520..550, 10 * MS);
    house.plan(550 * 24, 0, Happening::Gone);
    house.carry(1, 0..525, 2000 * MS);
    house.carry(2, 0..1000, 2020 * MS);
    house.run();
    house.assert_heard(0..1000);
}

#[test]
fn a_path_that_leaves_frames_out_takes_nothing_back() {
    // The newest of the others is ahead when it comes to what it has left out.
    let mut house = House::new(3, 10 * SECOND);
    house.carry(2, 0..2000, 550 * MS);
    house.carry(0, 100..130, 10 * MS);
    house.join(0, 200..300, 10 * MS);
    house.deliver(0, 329..334, 10 * MS);
    house.plan(334 * 24, 0, Happening::Gone);
    house.carry(1, 220..800, 50 * MS);
    house.run();
    house.assert_heard(0..2000);
}

#[test]
fn units_that_waited_for_their_place_are_kept_when_one_differs() {
    let mut house = House::new(3, 10 * SECOND);
    house.join(0, 0..700, 5000 * MS);
    house.join(1, 600..700, 10 * MS);
    house.deliver(1, 717..900, 10 * MS);
    house.plan(900 * 24, 1, Happening::Gone);
    // It has what the one ahead has left out before either has its place.
    house.carry(2, 650..1500, 800 * MS);
    house.run();
    house.assert_heard(0..1500);
}

/// Digital silence of three frames in turn, from the twentieth second on.
fn with_frames_of_silence(unit: u64) -> String {
    if (secs(20)..secs(21)).contains(&unit) {
        format!("silence-{}", unit % 3)
    } else {
        unit.to_string()
    }
}

#[test]
fn what_is_left_out_at_the_end_of_silence_is_mended() {
    let mut house = House::new(2, 3 * SECOND).with_content(with_frames_of_silence);
    house.join(0, 0..secs(21) - 9, 10 * MS);
    house.deliver(0, secs(21)..secs(40), 10 * MS);
    house.carry(1, 0..secs(40), 900 * MS);
    house.run();
    house.assert_heard(0..secs(40));
}

/// A jingle of eight seconds in the tenth and in the thirtieth second.
fn with_two_jingles(unit: u64) -> String {
    let first = secs(30) - secs(10);
    if (secs(30)..secs(38)).contains(&unit) { (unit - first).to_string() } else { unit.to_string() }
}

#[test]
fn a_path_ahead_that_brings_a_jingle_again_is_not_taken_for_behind() {
    // While it does, the line is within the first one, and where it is not.
    for lag in [14, 20, 22, 25] {
        let mut house = House::new(2, SECOND).with_content(with_two_jingles);
        house.carry(0, 0..secs(50), lag * SECOND);
        house.carry(1, secs(28)..secs(80), 10 * MS);
        house.run();
        house.assert_heard(0..secs(80));
    }
}

#[test]
fn a_path_that_left_the_line_does_not_go_back_to_a_jingle() {
    // What the one ahead has left out is the second one's end.
    let mut house = House::new(2, 6 * SECOND).with_content(with_two_jingles);
    house.join(0, 0..secs(38) - 20, 10 * MS);
    house.deliver(0, secs(38) + 10..secs(40), 10 * MS);
    house.carry(1, 0..secs(60), 3000 * MS);
    house.run();
    house.assert_heard(0..secs(60));
}

/// Digital silence for a while, and music before and after it.
fn with_a_silent_half_minute(unit: u64) -> String {
    if (secs(40)..secs(70)).contains(&unit) { "silence".into() } else { unit.to_string() }
}

#[test]
fn a_preferred_path_in_silence_may_be_ahead_for_longer() {
    for begin in [39, 41, 60] {
        let mut house = House::new(2, 3 * SECOND).with_content(with_a_silent_half_minute);
        house.carry(1, 0..secs(130), 25 * SECOND);
        house.carry(0, secs(begin) + 38..secs(150), 10 * MS);
        house.run();
        house.assert_heard(0..secs(150));
    }
}

#[test]
fn a_title_that_waits_for_its_path_s_place_is_not_early_and_not_lost() {
    let mut house = House::new(2, SECOND);
    house.carry(1, 0..1000, 500 * MS);
    // It is ahead, and its place is known half a second later.
    house.carry(0, 400..1000, 10 * MS);
    house.plan(400 * 24 + 9, 0, Happening::Title("A"));
    house.plan(415 * 24 + 9, 0, Happening::Title("B"));
    house.run();
    let heard = house.heard();
    assert!(heard.contains(" 399 [A]400 ") && heard.contains(" 414 [B]415 "), "{heard}");
}

#[test]
fn a_title_from_before_another_one_is_not_told_again() {
    let mut house = House::new(2, SECOND);
    house.carry(1, 0..1000, 10 * MS);
    house.plan(5, 1, Happening::Title("a"));
    house.plan(450 * 24 + 9, 1, Happening::Title("b"));
    // The preferred one is five seconds behind.
    house.carry(0, 250..1000, 5000 * MS);
    house.plan(250 * 24 + 5000, 0, Happening::Title("A"));
    house.run();
    let heard = house.heard();
    assert!(!heard.contains("[A]"), "{heard}");
}

#[test]
fn a_line_that_never_has_a_unit_ends() {
    let mut house = House::new(1, Duration::ZERO);
    house.carry(0, 0..100, 10 * MS);
    // It comes back with what was on air, and with nothing else.
    house.plan(2500, 0, Happening::Connect);
    (80..90).for_each(|unit| house.plan(2500, 0, Happening::Unit(unit)));
    house.plan(20_000, 0, Happening::Gone);
    house.run();
    assert!(house.heard().ends_with(" 98 99 |."), "{}", house.heard());
}

#[test]
fn what_was_put_in_its_place_is_no_more_to_remember() {
    let mut house = House::new(2, 3 * SECOND);
    let end = LINE_UNITS_MAX as u64 + 100;
    house.join(0, 0..end, 10 * MS);
    house.deliver(0, end + 30..end + 200, 10 * MS);
    house.carry(1, 0..end + 38, 900 * MS);
    house.run();
    let mended = house.events.iter().any(|event| matches!(event, Event::Mended { .. }));
    assert!(mended, "{:?}", house.events);
    assert!(house.most_remembered <= LINE_UNITS_MAX, "{}", house.most_remembered);
}

#[test]
fn a_path_that_takes_over_has_told_its_title_before() {
    let mut house = House::new(2, SECOND);
    house.carry(0, 0..secs(20), 10 * MS);
    house.plan(0, 1, Happening::Connect);
    house.plan(5, 1, Happening::Title("B"));
    for unit in 0..secs(60) {
        // Frames of its own.
        house.plan(unit * 24 + 11, 1, Happening::Unit(1_000_000 + unit));
    }
    house.run();
    let heard = house.heard();
    let (_, second) = heard.strip_prefix('|').unwrap().split_once('|').unwrap();
    assert!(second.starts_with("[B]1000"), "{}", &second[..40]);
}

#[test]
fn a_title_is_told_again_where_its_place_was_wrong() {
    // The second path is taken to be where the jingle was played first.
    let mut house = House::new(2, 3 * SECOND).with_content(|unit| match unit {
        500..510 => (unit - 100).to_string(),
        _ => unit.to_string(),
    });
    house.carry(0, 0..1000, 2400 * MS);
    house.carry(1, 500..1000, 10 * MS);
    house.plan(500 * 24 + 9, 1, Happening::Title("A"));
    house.plan(520 * 24 + 9, 1, Happening::Title("B"));
    house.run();
    let heard = house.heard();
    assert!(heard.contains(" 519 [B]520 "), "{heard} {:?}", house.events);
    assert_eq!(heard.matches('[').count(), 2, "{heard}");
}

/// Two jingles in a row, and the same two again after two seconds of music.
fn with_jingles_in_a_row(unit: u64) -> String {
    let unit_of = |unit: u64| (unit - secs(20)) % secs(12);
    match unit {
        _ if (secs(20)..secs(44)).contains(&unit) => format!("jingle-{}", unit_of(unit)),
        _ if (secs(46)..secs(70)).contains(&unit) => format!("jingle-{}", unit_of(unit - secs(26))),
        _ => unit.to_string(),
    }
}

#[test]
fn a_place_that_is_not_the_right_one_holds_nobody_up() {
    let mut house = House::new(2, SECOND).with_content(with_jingles_in_a_row);
    house.carry(0, 0..secs(46), 20 * SECOND);
    house.carry(1, secs(44) + 10..secs(100), 10 * MS);
    house.run();
    house.assert_heard(0..secs(100));
}

#[test]
fn a_title_holds_though_its_unit_was_put_somewhere_else_first() {
    let mut house = House::new(2, 3 * SECOND);
    house.carry(1, 0..1000, 1500 * MS);
    // It leaves frames out soon after its place was found, and is taken back.
    house.join(0, 400..412, 10 * MS);
    house.deliver(0, 417..1000, 10 * MS);
    house.plan(400 * 24 + 9, 0, Happening::Title("A"));
    house.plan(450 * 24 + 9, 0, Happening::Title("B"));
    house.run();
    let heard = house.heard();
    assert!(heard.contains(" 399 [A]400 ") && heard.contains(" 449 [B]450 "), "{heard}");
    assert_eq!(heard.matches('[').count(), 2, "{heard}");
}

#[test]
fn a_run_whose_place_is_forgotten_holds_nobody_up() {
    // What the second path brings first was on air just before it is forgotten.
    let again = LINE_UNITS_MAX as u64 - 5;
    for len in 1..12 {
        let mut house = House::new(2, 3 * SECOND);
        house.join(0, 0..5000, 10 * MS);
        let at = again * 24 + 11;
        house.plan(at, 1, Happening::Connect);
        (0..len).for_each(|unit| house.plan(at, 1, Happening::Unit(unit)));
        house.deliver(1, again + 100..6000, 900 * MS);
        house.run();
        house.assert_heard(0..6000);
    }
}
