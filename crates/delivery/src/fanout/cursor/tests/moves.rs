//! Through an intro, and from one mount to another.

use super::*;

/// An intro of three frames of 100 bytes, `x`, `y` and `z`, which last 300 ms.
fn intro() -> Intro {
    let frame = |letter: u8| TimedFrame {
        data: vec![letter; 100].into(),
        duration: Duration::from_millis(100),
    };
    Intro::new(&[b'x', b'y', b'z'].map(frame)).unwrap()
}

fn intro_audio() -> Vec<u8> {
    [[b'x'; 100], [b'y'; 100], [b'z'; 100]].concat()
}

/// A ring of `count` frames of 100 bytes and 100 ms, each of a letter of its own.
fn ring(count: u8) -> Ring {
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    for number in 0..count {
        assert!(ring.push(&[b'A' + number; 100], Duration::from_millis(100)));
    }
    ring
}

/// The audio of frames of [`ring`].
fn frames(numbers: std::ops::Range<u8>) -> Vec<u8> {
    numbers.flat_map(|number| [b'A' + number; 100]).collect()
}

/// Writes `room` bytes at a time and settles when the intro is through, until
/// nothing is left.
fn write_on(cursor: &mut Cursor, ring: &Ring, room: usize, at: (Duration, Instant)) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        while write(cursor, ring, room, &mut out) > 0 {}
        if !cursor.settle(ring, at.0, at.1) {
            return out;
        }
    }
}

#[test]
fn an_intro_comes_between_the_head_and_the_ring_on_one_grid() {
    let now = ManualClock::default().monotonic();
    for metaint in [None, NonZeroU32::new(1), NonZeroU32::new(7), NonZeroU32::new(16_000)] {
        for room in [1, 3, 100, usize::MAX] {
            let mut ring = ring(10);
            ring.set_title(block("now"));
            ring.push(&[b'K'; 100], Duration::from_millis(100));
            let cursor = Cursor::new(Bytes::from_static(HEAD), 0, metaint);
            let mut cursor = cursor.behind(intro(), now);
            let at = (Duration::from_millis(500), now);
            let out = write_on(&mut cursor, &ring, room, at);
            let (audio, blocks) = play(&out, metaint);
            // Of the burst of five frames the intro has given three.
            assert_eq!(audio, [intro_audio(), frames(9..11)].concat(), "{metaint:?} {room}");
            let titles = [block("now"), block(""), block("now")];
            let expected: Vec<(usize, Bytes)> = match metaint.map_or(0, NonZeroU32::get) {
                1 => [1, 300, 400].into_iter().zip(titles).collect(),
                7 => [7, 301, 406].into_iter().zip(titles).collect(),
                _ => Vec::new(),
            };
            assert_eq!(blocks, expected, "{metaint:?} {room}");
        }
    }
}

#[test]
fn the_grid_of_a_usual_interval_runs_through_the_intro() {
    let now = ManualClock::default().monotonic();
    let frame = TimedFrame { data: vec![b'i'; 9_000].into(), duration: FRAME };
    let intro = Intro::new(&[frame]).unwrap();
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    ring.push(&[b'r'; 9_000], FRAME);
    let cursor = Cursor::new(Bytes::from_static(HEAD), 0, NonZeroU32::new(16_000));
    let mut cursor = cursor.behind(intro, now);
    let out = write_on(&mut cursor, &ring, usize::MAX, (FRAME * 10, now));
    let expected = [HEAD, &[b'i'; 9_000], &[b'r'; 7_000], &block(""), &[b'r'; 2_000]].concat();
    assert!(out == expected);
}

#[test]
fn the_burst_is_what_the_intro_leaves_of_it() {
    #[track_caller]
    fn check(burst: u64, later: u64, frames_of_burst: u8) {
        let now = ManualClock::default().monotonic();
        let mut cursor = Cursor::new(Bytes::new(), 0, None).behind(intro(), now);
        let at = (Duration::from_millis(burst), now + Duration::from_millis(later));
        let out = write_on(&mut cursor, &ring(10), usize::MAX, at);
        assert_eq!(out, [intro_audio(), frames(10 - frames_of_burst..10)].concat());
        assert_eq!(cursor.position(), 1_000);
    }
    check(500, 0, 2);
    check(300, 0, 0);
    check(100, 0, 0);
    check(0, 0, 0);
    // A player that took the intro no faster than it plays has none of it ahead.
    check(500, 100, 3);
    check(500, 300, 5);
    check(500, 60_000, 5);
}

#[test]
fn the_place_is_taken_when_the_intro_is_through_and_not_before() {
    let now = ManualClock::default().monotonic();
    let mut ring = Ring::new(Duration::from_millis(400), 1 << 20);
    let mut cursor = Cursor::new(Bytes::new(), 0, None).behind(intro(), now);
    let mut out = Vec::new();
    for _ in 0..100 {
        ring.push(&[b'r'; 100], Duration::from_millis(100));
        write(&mut cursor, &ring, 2, &mut out);
        assert!(cursor.position() >= ring.tail().position, "no ring overtakes it");
        assert!(!cursor.settle(&ring, Duration::ZERO, now));
    }
    write_all(&mut cursor, &ring, &mut out);
    assert!(cursor.settle(&ring, Duration::ZERO, now));
    assert!(!cursor.settle(&ring, Duration::ZERO, now), "only once");
    assert_eq!((out, cursor.position()), (intro_audio(), 10_000));
}

#[test]
fn an_end_in_the_intro_comes_after_the_intro_or_after_its_frame() {
    let now = ManualClock::default().monotonic();
    let check = |written: usize, end: fn(&mut Cursor, &Ring), expected: usize| {
        let ring = ring(3);
        let mut cursor = Cursor::new(Bytes::new(), 0, None).behind(intro(), now);
        let mut out = Vec::new();
        if written > 0 {
            write(&mut cursor, &ring, written, &mut out);
        }
        end(&mut cursor, &ring);
        assert!(cursor.is_ending());
        out.extend(write_on(&mut cursor, &ring, 13, (FRAME, now)));
        assert!(cursor.is_done());
        assert_eq!(out, intro_audio()[..expected], "{written}");
    };
    for written in [0, 1, 100, 299] {
        check(written, |cursor, ring| cursor.end_at(ring.head().position), 300);
    }
    for (written, expected) in [(0, 0), (1, 100), (100, 100), (101, 200), (299, 300), (300, 300)] {
        check(written, Cursor::end_soon, expected);
    }
}

#[test]
fn a_move_finishes_the_frame_and_goes_on_at_the_others_frame() {
    for (written, finished) in [(0, 0), (1, 1), (100, 1), (101, 2), (250, 3), (1_000, 10)] {
        let (from, to) = (ring(10), three_frames());
        let mut cursor = Cursor::new(Bytes::from_static(HEAD), 0, None);
        let mut out = Vec::new();
        write(&mut cursor, &from, HEAD.len() + written, &mut out);
        cursor.move_to(&from, &to, Duration::ZERO);
        let mut to = to;
        to.push(&[b'd'; 100], FRAME);
        write_all(&mut cursor, &to, &mut out);
        assert_eq!(out, [HEAD, &frames(0..finished), &[b'd'; 100]].concat(), "{written}");
    }
}

#[test]
fn a_move_keeps_how_far_behind_one_was_but_gives_no_burst() {
    let check = |written: usize, behind_max: u64, expected: std::ops::Range<u8>| {
        let (from, to) = (ring(10), ring(8));
        let mut cursor = Cursor::new(Bytes::new(), 0, None);
        write(&mut cursor, &from, written, &mut Vec::new());
        cursor.move_to(&from, &to, Duration::from_millis(behind_max));
        let mut out = Vec::new();
        write_all(&mut cursor, &to, &mut out);
        assert_eq!(out, frames(expected));
    };
    check(1_000, 500, 8..8);
    check(700, 500, 5..8);
    check(500, 500, 3..8);
    check(100, 500, 3..8);
    check(100, 60_000, 0..8);
}

proptest! {
    #[test]
    fn a_move_at_any_byte_keeps_the_grid_and_names_the_title(
        written in 0..1_500_usize,
        metaint in metaints(),
        room in 1..200_usize,
    ) {
        let (mut from, mut to) = (ring(5), ring(5));
        from.set_title(block("old"));
        to.set_title(block("new"));
        for ring in [&mut from, &mut to] {
            for number in 5..10 {
                ring.push(&[b'A' + number; 100], FRAME);
            }
        }
        let mut cursor = Cursor::new(Bytes::from_static(HEAD), 0, metaint);
        let (mut out, mut left) = (Vec::new(), HEAD.len() + written);
        while left > 0 {
            let taken = write(&mut cursor, &from, left, &mut out);
            left = if taken == 0 { 0 } else { left - taken };
        }
        let boundary = from.boundary_from(cursor.position());
        cursor.move_to(&from, &to, Duration::ZERO);
        for number in 10..15 {
            to.push(&[b'A' + number; 100], FRAME);
        }
        while write(&mut cursor, &to, room, &mut out) > 0 {}
        let before = usize::try_from(boundary).unwrap();
        let (audio, blocks) = play(&out, metaint);
        prop_assert_eq!(audio, [&frames(0..10)[..before], &frames(10..15)].concat());
        if let Some(metaint) = metaint.map(|metaint| metaint.get() as usize)
            && metaint < 500
        {
            // Where a block was due at the very byte of the move, it may have
            // been sent before.
            let due = (before + 1).next_multiple_of(metaint);
            let after: Vec<_> = blocks.into_iter().filter(|(at, _)| *at >= before).collect();
            let new = |at| (at, block("new"));
            let expected = [vec![new(due)], vec![new(before)], vec![(before, block("old")), new(due)]];
            prop_assert!(expected.contains(&after), "{after:?}");
        }
    }
}

#[test]
fn a_block_in_the_frame_that_is_finished_does_not_hide_the_others_title() {
    let (mut from, mut to) = (three_frames(), three_frames());
    for (ring, title) in [(&mut from, "old"), (&mut to, "new")] {
        ring.set_title(block(title));
        ring.push(&[b'd'; 100], FRAME);
    }
    let mut cursor = Cursor::new(Bytes::new(), 300, NonZeroU32::new(60));
    let mut out = Vec::new();
    write(&mut cursor, &from, 10, &mut out);
    cursor.move_to(&from, &to, Duration::ZERO);
    to.push(&[b'e'; 100], FRAME);
    write_all(&mut cursor, &to, &mut out);
    let expected = [&[b'd'; 60], &block("old")[..], &[b'd'; 40], &[b'e'; 20], &block("new")];
    let expected = [&expected.concat(), &[b'e'; 60][..], &[0], &[b'e'; 20]].concat();
    assert_eq!(out, expected);
}

#[test]
fn a_move_in_the_intro_ends_in_the_others_ring() {
    let now = ManualClock::default().monotonic();
    let (from, to) = (ring(10), three_frames());
    let mut cursor = Cursor::new(Bytes::new(), 0, None).behind(intro(), now);
    let mut out = Vec::new();
    write(&mut cursor, &from, 150, &mut out);
    cursor.move_to(&from, &to, Duration::ZERO);
    out.extend(write_on(&mut cursor, &to, usize::MAX, (FRAME, now + FRAME * 100)));
    assert_eq!(out, [intro_audio(), vec![b'c'; 100]].concat());
}

#[test]
fn an_intro_is_frames_behind_each_other_held_once() {
    assert_eq!(Intro::new(&[]), None);
    let intro = intro();
    assert_eq!(intro.audio(), &intro_audio());
    assert_eq!(intro.duration(), Duration::from_millis(300));
    assert_eq!(intro.clone().audio().as_ptr(), intro.audio().as_ptr());
    for (position, boundary) in [(0, 0), (1, 100), (100, 100), (101, 200), (300, 300), (301, 300)] {
        assert_eq!(intro.boundary_from(position), boundary);
    }
    assert_eq!(intro.piece(250, 10), [b'z'; 10]);
    assert_eq!(intro.piece(295, 10), [b'z'; 5]);
    assert!(intro.piece(300, 10).is_empty() && intro.piece(301, 10).is_empty());
}
