use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::clock::{Clock, SystemClock};
use tokio::sync::mpsc;

use super::super::intro::Intro;
use super::super::seat::{Crowd, Process, Shared};
use super::super::sink::{PIPE_CHUNK_MAX, PIPE_CHUNKS_MAX};
use super::super::{MountSettings, TimedFrame};
use super::*;

const FRAME: Duration = Duration::from_millis(26);

/// What the pipe of one listener holds.
const PIPE: usize = PIPE_CHUNKS_MAX * PIPE_CHUNK_MAX;

/// A mount for one listener.
fn mount(name: &str) -> Arc<Shared> {
    let crowd = Crowd::new(None, Arc::new(Process::new(1)));
    Arc::new(Shared::new(&MountSettings::new(name), Arc::new(crowd)))
}

/// A listener from position 0 on, and the end it writes to.
fn listener(farewell: Farewell, until: Option<Instant>) -> (Listener, mpsc::Receiver<Bytes>) {
    let place = Place::take(&mount("demo")).unwrap();
    let (sink, receiver) = Sink::pipe();
    let cursor = Cursor::new(Bytes::new(), 0, None);
    (Listener::new(ListenerId::fresh(), cursor, sink, place).with(farewell, until, 0), receiver)
}

fn plain() -> (Listener, mpsc::Receiver<Bytes>) {
    listener(Farewell::new(None), None)
}

/// A ring with `count` frames of 1,000 bytes.
fn ring(count: usize) -> Ring {
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    push(&mut ring, count);
    ring
}

fn push(ring: &mut Ring, count: usize) {
    for _ in 0..count {
        assert!(ring.push(&[b'a'; 1_000], FRAME));
    }
}

fn drain(receiver: &mut mpsc::Receiver<Bytes>) -> usize {
    std::iter::from_fn(|| receiver.try_recv().ok()).map(|chunk| chunk.len()).sum()
}

/// A visit at `turn`, when stalled listeners are dropped after three.
fn at(turn: u32) -> Visit {
    Visit {
        now: SystemClock.monotonic(),
        turn,
        stalled_turns: 3,
        danger: 0,
        skip_to: 0,
        burst: FRAME * 10,
        is_last_call: false,
    }
}

#[track_caller]
fn check(listener: &mut Listener, ring: &Ring, visit: Visit, expected: Verdict) -> Tally {
    let mut tally = Tally::default();
    assert_eq!(listener.visit(ring, &visit, &mut tally), expected);
    tally
}

#[test]
fn a_listener_that_takes_all_stays() {
    let (mut listener, mut receiver) = plain();
    let tally = check(&mut listener, &ring(10), at(0), Verdict::Stay);
    assert_eq!(tally, Tally { bytes: 10_000, skipped: 0 });
    assert_eq!(drain(&mut receiver), 10_000);
}

#[test]
fn one_that_takes_a_part_is_visited_soon() {
    let (mut listener, mut receiver) = plain();
    let ring = ring(100);
    let tally = check(&mut listener, &ring, at(0), Verdict::Soon);
    assert_eq!(tally.bytes, PIPE as u64);
    assert_eq!(drain(&mut receiver), PIPE);
    check(&mut listener, &ring, at(0), Verdict::Stay);
    assert_eq!(drain(&mut receiver), 100_000 - PIPE);
}

#[test]
fn one_that_takes_nothing_is_dropped_after_the_turns_allowed() {
    let (mut listener, _receiver) = plain();
    let ring = ring(100);
    check(&mut listener, &ring, at(7), Verdict::Soon);
    check(&mut listener, &ring, at(8), Verdict::Stay);
    check(&mut listener, &ring, at(9), Verdict::Stay);
    check(&mut listener, &ring, at(10), Verdict::Leave(Why::Slow));
}

#[test]
fn a_byte_taken_begins_the_turns_again() {
    let (mut listener, mut receiver) = plain();
    let ring = ring(200);
    check(&mut listener, &ring, at(7), Verdict::Soon);
    check(&mut listener, &ring, at(9), Verdict::Stay);
    receiver.try_recv().unwrap();
    check(&mut listener, &ring, at(10), Verdict::Soon);
    check(&mut listener, &ring, at(12), Verdict::Stay);
    check(&mut listener, &ring, at(13), Verdict::Leave(Why::Slow));
}

#[test]
fn silence_on_the_air_is_no_stall() {
    let (mut listener, _receiver) = plain();
    let ring = ring(1);
    for turn in 0..10 {
        check(&mut listener, &ring, at(turn), Verdict::Stay);
    }
}

#[test]
fn one_in_danger_is_skipped_once_and_dropped_the_second_time() {
    let (mut listener, mut receiver) = plain();
    let mut ring = ring(100);
    let danger = Visit { danger: 70_000, skip_to: 98_000, ..at(0) };
    let tally = check(&mut listener, &ring, danger, Verdict::Soon);
    assert_eq!(tally.skipped, 1);
    assert_eq!(drain(&mut receiver), PIPE);

    // What was left of the frame that had begun, then on from where it was put.
    let rest = PIPE.next_multiple_of(1_000) - PIPE;
    check(&mut listener, &ring, at(0), Verdict::Stay);
    assert_eq!(drain(&mut receiver), rest + 2_000);

    push(&mut ring, 100);
    let danger = Visit { danger: 180_000, skip_to: 198_000, ..at(0) };
    check(&mut listener, &ring, danger, Verdict::Leave(Why::Slow));
}

#[test]
fn one_overtaken_by_the_ring_is_skipped() {
    let (mut listener, mut receiver) = plain();
    let mut ring = Ring::new(FRAME * 10, 1 << 20);
    push(&mut ring, 100);
    let visit = Visit { skip_to: 99_000, ..at(0) };
    assert_eq!(check(&mut listener, &ring, visit, Verdict::Stay).skipped, 1);
    assert_eq!(drain(&mut receiver), 1_000);
    push(&mut ring, 100);
    check(&mut listener, &ring, visit, Verdict::Leave(Why::Slow));
}

#[test]
fn a_session_ends_in_its_time_after_a_whole_frame() {
    let early = SystemClock.monotonic();
    let until = early + Duration::from_nanos(1);
    let (mut listener, mut receiver) = listener(Farewell::new(None), Some(until));
    let ring = ring(100);
    check(&mut listener, &ring, Visit { now: early, ..at(0) }, Verdict::Soon);
    assert_eq!(drain(&mut receiver), PIPE);
    check(&mut listener, &ring, Visit { now: until, ..at(0) }, Verdict::Leave(Why::Limit));
    assert_eq!(drain(&mut receiver), PIPE.next_multiple_of(1_000) - PIPE);
}

#[test]
fn the_last_call_cuts_off_who_should_have_ended() {
    let (mut listener, _receiver) = plain();
    let ring = ring(200);
    let last_call = Visit { is_last_call: true, ..at(0) };
    check(&mut listener, &ring, last_call, Verdict::Soon);
    listener.cursor.end_at(200_000);
    check(&mut listener, &ring, last_call, Verdict::Leave(Why::Slow));
}

#[test]
fn one_that_closed_has_left_though_nothing_is_on_the_air() {
    let (mut listener, receiver) = plain();
    drop(receiver);
    check(&mut listener, &ring(0), at(0), Verdict::Leave(Why::Left));
}

#[test]
fn one_that_is_killed_ends_after_its_frame_in_the_ring_and_in_the_intro() {
    let frames = vec![TimedFrame { data: vec![b'i'; 1_000].into(), duration: FRAME }; 100];
    for intro in [None, Intro::new(&frames)] {
        let (mut listener, mut receiver) = plain();
        if let Some(intro) = intro {
            listener.cursor = Cursor::new(Bytes::new(), 0, None).behind(intro, at(0).now);
        }
        let ring = ring(100);
        check(&mut listener, &ring, at(0), Verdict::Soon);
        assert_eq!(drain(&mut receiver), PIPE);
        listener.kill(&ring);
        check(&mut listener, &ring, at(0), Verdict::Leave(Why::Killed));
        assert_eq!(drain(&mut receiver), PIPE.next_multiple_of(1_000) - PIPE);
    }
}

#[test]
fn one_that_is_killed_and_takes_nothing_is_cut_off_after_three_turns() {
    let (mut listener, _receiver) = plain();
    let ring = ring(100);
    let patient = |turn| Visit { stalled_turns: 100, ..at(turn) };
    check(&mut listener, &ring, patient(7), Verdict::Soon);
    listener.kill(&ring);
    check(&mut listener, &ring, patient(7 + KILLED_TURNS - 1), Verdict::Stay);
    check(&mut listener, &ring, patient(7 + KILLED_TURNS), Verdict::Leave(Why::Killed));
}

#[test]
fn one_that_ends_already_is_neither_killed_nor_moved() {
    let (mut listener, _receiver) = plain();
    let (ring, other) = (ring(100), ring(1));
    listener.cursor.end_at(100_000);
    listener.kill(&ring);
    assert_eq!(listener.farewell.end.why, Why::Ended);
    let shared = mount("other");
    assert!(!listener.move_to(&ring, (&other, &shared), FRAME));
    assert_eq!(shared.crowd.listeners(), 0);
}

#[test]
fn the_end_is_told_once() {
    let (sender, ends) = std::sync::mpsc::channel();
    let hook = Box::new(move |end| sender.send(end).unwrap());
    let (mut listener, _receiver) = listener(Farewell::new(Some(hook)), None);
    check(&mut listener, &ring(3), at(0), Verdict::Stay);
    listener.leave(Why::Slow);
    let told: Vec<End> = ends.iter().collect();
    assert_eq!(told, [End { bytes_sent: 3_000, media: 3 * FRAME, why: Why::Slow }]);
}

#[test]
fn a_listener_is_small() {
    assert!(size_of::<Listener>() <= 176, "{}", size_of::<Listener>());
}
