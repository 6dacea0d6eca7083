use super::*;

const T0: u64 = 1_700_000_000_000_000_000;

/// Feeds `secs` seconds of media in units of 20 ms, arriving when `arrival`
/// (seconds of media to seconds of wall clock) says; gives the greatest step of
/// the mapping and whether the clock was ever off.
fn run(secs: u32, arrival: impl Fn(f64) -> f64) -> (MediaClock, Duration, bool) {
    let mut clock = MediaClock::new(6, WallTime::default());
    let (mut step_max, mut off) = (Duration::ZERO, false);
    for unit in 0..secs * 50 {
        let media = Duration::from_millis(u64::from(unit) * 20);
        if unit > 0 && unit % 300 == 0 {
            clock.fix();
            let before = clock.wall(media);
            clock.end_segment();
            let after = clock.wall(media);
            step_max = step_max.max(after.since(before)).max(before.since(after));
            off |= clock.is_off();
        }
        let late = Duration::from_secs_f64(arrival(media.as_secs_f64()));
        let at = T0 + u64::try_from(late.as_nanos()).unwrap();
        clock.observe(media, WallTime::from_nanos(at));
    }
    (clock, step_max, off)
}

fn origin_error(clock: &MediaClock, expected: Duration) -> Duration {
    let (got, want) = (clock.wall(Duration::ZERO), WallTime::from_nanos(T0).plus(expected));
    got.since(want).max(want.since(got))
}

#[test]
fn a_burst_at_the_start_does_not_put_the_clock_ahead() {
    // Four seconds at once, as an Icecast relay does.
    let (clock, step, off) = run(60, |media| (media - 4.0).max(0.0) + 4.0);
    assert!(origin_error(&clock, Duration::ZERO) < Duration::from_millis(1));
    assert_eq!((step, off), (Duration::ZERO, false));
}

#[test]
fn a_drift_of_200_ppm_is_followed_in_steps_below_10_ms() {
    for ppm in [200.0, -200.0] {
        let (clock, step, off) = run(3600, |media| 10.0 + media * (1.0 + ppm / 1e6));
        assert!(step <= STEP_MAX && step > Duration::ZERO, "{step:?}");
        assert!(!off);
        // After an hour the media is 0.72 s off; the mapping has followed. A
        // slow clock shows at once, a fast one only when the least of the
        // minute before has passed.
        let end = WallTime::from_nanos(T0)
            .plus(Duration::from_secs_f64(10.0 + 3600.0 * (1.0 + ppm / 1e6)));
        let got = clock.wall(Duration::from_hours(1));
        assert!(got.since(end).max(end.since(got)) < Duration::from_millis(40), "{ppm}");
    }
}

#[test]
fn a_stall_of_10_s_and_the_burst_after_it_change_nothing() {
    let stall =
        |media: f64| if (30.0..40.0).contains(&media) { 40.0 + media / 100.0 } else { media };
    let (clock, step, off) = run(120, |media| 10.0 + stall(media).max(media));
    assert!(origin_error(&clock, Duration::from_secs(10)) < Duration::from_millis(1));
    assert_eq!((step, off), (Duration::ZERO, false));
}

#[test]
fn a_stall_whose_audio_never_came_is_off_after_a_minute() {
    let (_, _, off) = run(80, |media| if media < 30.0 { media } else { media + 2.5 });
    assert!(!off, "not for a whole minute yet");
    let (_, _, off) = run(120, |media| if media < 30.0 { media } else { media + 2.5 });
    assert!(off);
    let (_, step, off) = run(120, |media| if media < 30.0 { media } else { media + 1.5 });
    assert!(!off, "1.5 s are followed");
    assert_eq!(step, STEP_MAX);
}

#[test]
fn a_burst_that_stays_ahead_is_followed_in_steps() {
    // Thirty seconds at ten times real time, then real time.
    let arrival = |media: f64| 30.0 + if media < 30.0 { media / 10.0 } else { media - 27.0 };
    let (_, step, off) = run(3600, arrival);
    assert_eq!((step, off), (STEP_MAX, false));
}

#[test]
fn an_epoch_does_not_begin_before_the_one_before_it_ended() {
    let ended = WallTime::from_nanos(T0).plus(Duration::from_secs(20));
    let mut clock = MediaClock::new(6, ended);
    clock.observe(Duration::ZERO, WallTime::from_nanos(T0));
    clock.fix();
    assert_eq!(clock.wall(Duration::ZERO), ended);
}
