use std::sync::Arc;

use super::*;
use crate::failover::plan;
use crate::failover::stage::Run;
use crate::failover::track::{Coding, Track};

/// What became of a case: nothing bad, and a gap.
fn outcome(slug: &str, gap_ms: u64) -> Outcome {
    let case = plan::cases(1).into_iter().find(|case| case.slug == slug).unwrap();
    let track = Arc::new(Track::of(Coding::Aac, Vec::new()).unwrap());
    let tally = Tally { frames: 100, ..Tally::default() };
    Outcome {
        run: Run { case, track },
        icy: tally,
        gap: Duration::from_millis(gap_ms),
        hls: tally,
        segments: 2,
        epochs: 1,
        faults: Vec::new(),
    }
}

fn check(slug: &str, change: impl FnOnce(&mut Outcome), wanted: &[&str]) {
    let mut other = outcome(slug, 1_100);
    change(&mut other);
    assert_eq!(missed(&[outcome("idle", 1_000), other]), wanted);
}

#[test]
fn without_a_fault_nothing_is_missed() {
    check("a-killed", |_| {}, &[]);
}

#[test]
fn lost_repeated_and_damaged_frames_are_told() {
    check(
        "a-killed",
        |outcome| outcome.icy.lost = 1,
        &["A killed, AAC: ICY: 1 lost, 0 repeated, 0 that nobody sent, 0 damaged"],
    );
    check(
        "a-killed",
        |outcome| (outcome.hls.repeated, outcome.hls.damaged) = (2, 3),
        &["A killed, AAC: HLS: 0 lost, 2 repeated, 0 that nobody sent, 3 damaged"],
    );
}

#[test]
fn a_gap_is_told_unless_the_path_is_too_far_behind() {
    let gap = |outcome: &mut Outcome| outcome.gap = Duration::from_millis(1_300);
    check("a-killed", gap, &["A killed, AAC: a gap of 1.3s, 1.25s are allowed"]);
    let wait = |outcome: &mut Outcome| outcome.gap = Duration::from_secs(18);
    check("b-20s", wait, &[]);
    let wait = |outcome: &mut Outcome| outcome.gap = Duration::from_secs(19);
    check(
        "b-20s",
        wait,
        &["B 20 s behind; A killed and back, then B, AAC: a gap of 19s, 18.25s are allowed"],
    );
}

#[test]
fn behind_a_seam_frames_may_be_muted_but_not_lost() {
    check("restart", |outcome| outcome.icy.damaged = 2, &[]);
    check(
        "restart",
        |outcome| outcome.icy.lost = 2,
        &[
            "the encoder is restarted, 2 s without a frame, AAC: ICY: 2 lost, 0 repeated, 0 that nobody sent, 0 damaged",
        ],
    );
}

#[test]
fn what_is_too_many_is_counted_apart() {
    let mut outcome = outcome("a-killed", 1_000);
    (outcome.hls.repeated, outcome.hls.foreign) = (1, 2);
    let text = cases(&[outcome]);
    assert!(
        text.contains("| A killed | AAC | 97 | 0 | 0 | 0 | 1.00 s | 2 | 0 | 1 + 2 new | 0 | 1 |"),
        "{text}"
    );
}
