//! Paths that carry silence, and programmes that leave them.

use std::time::Duration;

use super::house::{House, OWN, UNIT, secs};
use super::{MS, SECOND, jingle};
use crate::merge::{Begin, Cause, Event, Output, Rank};

/// How long a path may be silent here.
const SILENCE: Duration = Duration::from_secs(6);

fn house(paths: u8) -> House {
    House::without_silence(paths, 3 * SECOND, SILENCE)
}

/// Sound, but for the time from 10 s to 40 s.
fn silent_for_30_s(unit: u64) -> String {
    if (secs(10)..secs(40)).contains(&unit) { "silence".into() } else { unit.to_string() }
}

/// The frames of each line.
fn lines(house: &House) -> Vec<String> {
    let heard = house.heard();
    heard.trim_matches(['|', '.']).split('|').map(ToOwned::to_owned).collect()
}

fn first(line: &str) -> u64 {
    line.split(' ').next().unwrap().parse().unwrap()
}

fn begun(house: &House) -> Vec<(Option<Rank>, Cause)> {
    let begun = house.out.iter().filter_map(|(_, output)| match output {
        Output::Begins(Begin { rank, cause, .. }) => Some((*rank, *cause)),
        _ => None,
    });
    begun.collect()
}

#[test]
fn a_silent_path_is_left_and_gone_back_to_once_it_has_had_sound_for_five_seconds() {
    let mut house = house(2).with_content(silent_for_30_s);
    house.carry(0, 0..secs(80), 10 * MS);
    house.carry_own(1, 0..secs(79), 10 * MS);
    house.run();
    let causes: Vec<_> = begun(&house);
    let wanted = [
        (Some(Rank(0)), Cause::OnAir),
        (Some(Rank(1)), Cause::Silence),
        (Some(Rank(0)), Cause::Preferred),
    ];
    assert_eq!(causes, wanted, "{:?}", house.events);
    let lines = lines(&house);
    let silent = lines[0].matches("silence").count();
    assert_eq!(UNIT * u32::try_from(silent).unwrap(), SILENCE);
    assert!((secs(45) - 2..secs(45) + 2).contains(&first(&lines[2])), "{}", first(&lines[2]));
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
    assert!(house.events.contains(&Event::Silent(Rank(0))));
    assert!(house.events.contains(&Event::Sounds(Rank(0))));
}

#[test]
fn a_silence_that_is_a_unit_shorter_than_the_limit_is_heard() {
    for (units, switches) in [(249, false), (250, true)] {
        // 6 s are 250 units.
        let mut house = house(2).with_content(|unit| match unit {
            500..750 => "silence".into(),
            _ => unit.to_string(),
        });
        house.join(0, 0..500 + units, 10 * MS);
        house.deliver(0, 750..secs(20), 10 * MS);
        house.carry_own(1, 0..secs(20), 10 * MS);
        house.run();
        let left = begun(&house).contains(&(Some(Rank(1)), Cause::Silence));
        assert_eq!(left, switches, "{units}");
    }
}

#[test]
fn a_silent_path_that_cracks_now_and_then_is_not_gone_back_to() {
    let mut house = house(2).with_content(|unit| {
        let is_crack = unit % secs(20) == 0;
        let is_silent = (secs(10)..OWN).contains(&unit) && !is_crack;
        if is_silent { "silence".into() } else { unit.to_string() }
    });
    house.carry(0, 0..secs(200), 10 * MS);
    house.carry_own(1, 0..secs(200), 10 * MS);
    house.run();
    assert_eq!(lines(&house).len(), 2, "{:?}", begun(&house));
}

#[test]
fn speech_with_pauses_is_sound() {
    let mut house = house(2).with_content(|unit| {
        let pauses = unit % secs(3) < secs(1) && unit < OWN;
        if pauses { "silence".into() } else { unit.to_string() }
    });
    house.carry_own(1, 0..secs(80), 10 * MS);
    house.carry(0, secs(20)..secs(80), 10 * MS);
    house.run();
    // It may be ahead with the same for as long as the merge waits for that.
    let wanted = [(Some(Rank(1)), Cause::OnAir), (Some(Rank(0)), Cause::Preferred)];
    assert_eq!(begun(&house), wanted);
}

#[test]
fn where_all_paths_are_silent_the_fallback_plays_until_one_has_sound() {
    let mut house = house(2).with_content(silent_for_30_s).with_fallback(jingle());
    house.carry(0, 0..secs(80), 10 * MS);
    house.carry(1, 0..secs(80), 500 * MS);
    house.run_until(78_000);
    let wanted =
        [(Some(Rank(0)), Cause::OnAir), (None, Cause::Silence), (Some(Rank(0)), Cause::Preferred)];
    assert_eq!(begun(&house), wanted, "{:?}", house.events);
    let lines = lines(&house);
    assert!(lines[1].starts_with("x y z x "), "{}", &lines[1][..20]);
    // All that is held back of what is live.
    assert!((secs(42) - 2..secs(42) + 2).contains(&first(&lines[2])), "{}", first(&lines[2]));
    assert!(house.longest_gap() <= 48, "{}", house.longest_gap());
}

#[test]
fn where_nothing_else_is_left_silence_stays_on_air() {
    let mut house = house(2).with_content(silent_for_30_s);
    house.carry(0, 0..secs(80), 10 * MS);
    house.carry(1, 0..secs(60), 500 * MS);
    house.run();
    house.assert_heard(0..secs(80));
    let status = |rank| house.merger.status(Rank(rank), house.now).unwrap();
    assert!(!status(0).is_silent);
}

#[test]
fn one_that_is_silent_does_not_take_over_from_one_that_is() {
    let mut house = house(2).with_content(|unit| {
        let silent = secs(10)..secs(40);
        let is_silent = silent.contains(&unit) || silent.contains(&unit.wrapping_sub(OWN));
        if is_silent { format!("silence-{}", u8::from(unit >= OWN)) } else { unit.to_string() }
    });
    house.carry(0, 0..secs(60), 10 * MS);
    house.carry_own(1, 0..secs(60), 10 * MS);
    house.run();
    assert_eq!(lines(&house).len(), 1, "{:?}", begun(&house));
}

#[test]
fn without_a_limit_silence_is_as_good_as_anything() {
    let mut house = House::new(2, 3 * SECOND).with_content(silent_for_30_s);
    house.carry(0, 0..secs(80), 10 * MS);
    house.carry_own(1, 0..secs(80), 10 * MS);
    house.run();
    assert_eq!(lines(&house).len(), 1, "{:?}", begun(&house));
}

#[test]
fn a_process_that_begins_goes_back_to_a_path_only_once_it_has_heard_it() {
    let mut house = house(2).with_content(silent_for_30_s);
    // Nobody knows that it has been silent for a while, and its silence goes on.
    house.carry_own(1, 0..secs(60), 10 * MS);
    house.carry(0, secs(11)..secs(38), 10 * MS);
    house.run();
    assert_eq!(lines(&house).len(), 1, "{:?}", begun(&house));
}

#[test]
fn a_silent_path_that_connects_again_is_still_silent() {
    let mut house = house(2).with_content(silent_for_30_s);
    house.carry(0, 0..secs(20), 10 * MS);
    house.carry_own(1, 0..secs(80), 10 * MS);
    house.carry(0, secs(21)..secs(39), 10 * MS);
    house.run();
    assert_eq!(lines(&house).len(), 2, "{:?}", begun(&house));
}
