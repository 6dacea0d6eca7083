use std::time::Duration;

use super::{Report, Scenario};

/// What players are promised of dates inside an epoch.
const STEP_MAX: Duration = Duration::from_millis(10);

const LENGTH: Duration = Duration::from_mins(10);

fn check(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let scenario = Scenario::ALL[usize::try_from(seed).unwrap() % Scenario::ALL.len()];
        let Report {
            frames,
            segments: _,
            gaps,
            repeated,
            foreign,
            lost,
            epochs,
            epochs_due,
            step_max,
            ahead_max: _,
            violations,
        } = scenario.run(seed, LENGTH);
        let told = format!("{scenario:?}, seed {seed}");
        assert!(frames > 15_000, "{frames} frames: {told}");
        assert_eq!(
            [gaps, repeated, foreign, lost],
            [0; 4],
            "gaps, repeated, foreign, lost: {told}"
        );
        assert_eq!(epochs, epochs_due, "epochs: {told}");
        assert!(step_max <= STEP_MAX, "a step of {step_max:?}: {told}");
        assert!(violations.is_empty(), "{violations:?}: {told}");
    }
}

// Four tests rather than one: each is a process of its own.

#[test]
fn ten_minutes_lose_nothing_whatever_the_line_does() {
    check(0..6);
}

#[test]
fn nor_with_other_seeds() {
    check(6..12);
}

#[test]
fn nor_with_a_third_of_them() {
    check(12..18);
}

#[test]
fn nor_with_the_last_of_them() {
    check(18..24);
}

#[test]
fn a_seed_gives_the_same_every_time() {
    let run = || Scenario::ALL[7].run(5, Duration::from_mins(2));
    assert_eq!(run(), run());
}
