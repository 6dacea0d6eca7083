#![expect(clippy::disallowed_methods, reason = "any instant will do to count from")]

use super::*;

const SCALE: Timescale = Timescale::new(44_100).expect("not zero");

fn check(sample: u64, elapsed_micros: u64, wait_micros: u128) {
    let start = Instant::now();
    let pace = Pace::new(start, 1_000, SCALE, Duration::from_secs(2));
    let wait = pace.wait(sample, start + Duration::from_micros(elapsed_micros));
    assert_eq!(wait.as_micros(), wait_micros, "sample {sample} after {elapsed_micros} us");
}

#[test]
fn the_head_start_is_sent_at_once() {
    check(1_000, 0, 0);
    check(1_000 + 2 * 44_100, 0, 0);
    check(1_000 + 2 * 44_100 + 441, 0, 10_000);
}

#[test]
fn what_is_late_is_sent_at_once() {
    check(1_000 + 10 * 44_100, 8_000_000, 0);
    check(1_000 + 10 * 44_100, 7_999_000, 1_000);
    check(1_000 + 10 * 44_100, 60_000_000, 0);
}

#[test]
fn a_sample_before_the_first_does_not_wait() {
    check(0, 0, 0);
}

#[test]
fn a_day_of_frames_does_not_drift() {
    let frames = 86_400_u64 * 44_100 / 1_152;
    let sample = frames * 1_152;
    let exact_micros = u128::from(sample) * 1_000_000 / 44_100;
    check(1_000 + sample, 0, exact_micros - 2_000_000);
}
