use super::*;

/// A frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_nanos(26_122_448);

fn after(level: Option<f64>, length: Duration, frames: u32) -> Silence {
    let mut silence = Silence::default();
    for _ in 0..frames {
        silence.handle_frame(level, length);
    }
    silence
}

#[test]
fn silence_is_below_50_db_and_not_at_it() {
    assert!(!after(Some(-50.0), FRAME, 2_000).is_silent());
    assert!(after(Some(-50.01), FRAME, 2_000).is_silent());
    assert!(after(Some(f64::NEG_INFINITY), FRAME, 2_000).is_silent());
}

#[test]
fn silence_is_15_s_and_nothing_less() {
    assert!(after(Some(-80.0), SILENCE_AFTER, 1).is_silent());
    assert!(
        !after(Some(-80.0), SILENCE_AFTER.saturating_sub(Duration::from_nanos(1)), 1).is_silent()
    );
    assert!(!after(Some(-80.0), FRAME, 574).is_silent());
    assert!(after(Some(-80.0), FRAME, 575).is_silent());
}

#[test]
fn one_frame_of_sound_ends_it_and_it_may_come_again() {
    let mut silence = after(None, FRAME, 600);
    silence.handle_frame(Some(-49.0), FRAME);
    assert!(!silence.is_silent());
    for _ in 0..575 {
        silence.handle_frame(Some(-51.0), FRAME);
    }
    assert!(silence.is_silent());
}

#[test]
fn frames_that_do_not_decode_are_silence() {
    assert!(after(None, FRAME, 575).is_silent());
}

#[test]
fn a_gap_begins_anew() {
    let mut silence = after(None, FRAME, 600);
    silence.handle_gap();
    assert_eq!(silence, Silence::default());
    assert!(!silence.is_silent());
}
