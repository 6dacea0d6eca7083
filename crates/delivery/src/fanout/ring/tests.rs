use super::*;

const FRAME: Duration = Duration::from_millis(100);

/// Frame `index`, of `len` bytes that all say which.
fn frame(index: usize, len: usize) -> Vec<u8> {
    vec![u8::try_from(index % 251).unwrap(); len]
}

/// A ring of `keep` that got `count` frames of 100 ms and `len` bytes.
fn filled(keep: Duration, bytes_max: usize, count: usize, len: usize) -> Ring {
    let mut ring = Ring::new(keep, bytes_max);
    for index in 0..count {
        assert!(ring.push(&frame(index, len), FRAME));
    }
    ring
}

fn read(ring: &Ring, mut position: u64) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let piece = ring.piece(position, u64::MAX);
        if piece.is_empty() {
            return all;
        }
        all.extend_from_slice(piece);
        position += piece.len() as u64;
    }
}

/// Pushes `count` frames of `len` bytes and expects the newest ones unharmed.
#[track_caller]
fn check(keep: Duration, bytes_max: usize, count: usize, len: usize, kept: usize) {
    let ring = filled(keep, bytes_max, count, len);
    let expected: Vec<u8> = (count - kept..count).flat_map(|index| frame(index, len)).collect();
    assert_eq!(ring.tail().position, ((count - kept) * len) as u64);
    assert_eq!(
        ring.head(),
        Mark { position: (count * len) as u64, time: FRAME * u32::try_from(count).unwrap() }
    );
    assert_eq!(read(&ring, ring.tail().position), expected);
    assert_eq!(ring.len(), expected.len() as u64);
}

#[test]
fn the_time_asked_for_is_kept() {
    check(FRAME * 10, 1 << 20, 9, 417, 9);
    check(FRAME * 10, 1 << 20, 10, 417, 10);
    check(FRAME * 10, 1 << 20, 11, 417, 10);
    check(FRAME * 10, 1 << 20, 5_000, 417, 10);
}

#[test]
fn the_bytes_allowed_are_not_exceeded() {
    check(FRAME * 100, 1_000, 10, 100, 10);
    check(FRAME * 100, 1_000, 11, 100, 10);
    check(FRAME * 100, 1_050, 999, 100, 10);
}

#[test]
fn storage_grows_without_harm_to_what_is_held() {
    check(FRAME * 1_000, 1 << 20, 300, 417, 300);
    check(FRAME * 200, 1 << 20, 1_000, 1_441, 200);
}

#[test]
fn frames_held_are_limited() {
    let ring = filled(Duration::MAX, 1 << 20, FRAMES_MAX, 1);
    assert_eq!(ring.len(), FRAMES_MAX as u64);
    let ring = filled(Duration::MAX, 1 << 20, FRAMES_MAX + 1, 1);
    assert_eq!(ring.len(), FRAMES_MAX as u64);
}

#[test]
fn a_frame_longer_than_the_ring_is_not_taken() {
    let mut ring = Ring::new(FRAME, 100);
    assert!(!ring.push(&[0; 101], FRAME));
    assert!(!ring.push(&[], FRAME));
    assert_eq!(ring.head(), Mark::default());
    assert!(ring.push(&[0; 100], FRAME));
}

#[test]
fn nothing_is_read_where_the_ring_has_forgotten_nor_beyond_the_head() {
    let ring = filled(FRAME * 10, 1 << 20, 20, 10);
    assert!(ring.piece(99, 5).is_empty());
    assert_eq!(ring.piece(100, 5), [10; 5]);
    assert!(ring.piece(200, 5).is_empty());
    assert!(ring.piece(1_000, 5).is_empty());
}

#[test]
fn boundaries_are_found_by_position() {
    let ring = filled(FRAME * 10, 1 << 20, 20, 10);
    assert_eq!(ring.boundary_from(0), 100);
    assert_eq!(ring.boundary_from(110), 110);
    assert_eq!(ring.boundary_from(111), 120);
    assert_eq!(ring.boundary_from(191), 200);
}

#[test]
fn boundaries_are_found_by_time() {
    let ring = filled(FRAME * 10, 1 << 20, 20, 10);
    assert_eq!(ring.boundary_behind(Duration::ZERO), 200);
    assert_eq!(ring.boundary_behind(FRAME), 190);
    assert_eq!(ring.boundary_behind(FRAME * 3 / 2), 180, "at least as far back");
    assert_eq!(ring.boundary_behind(FRAME * 100), 100, "the oldest there is");
    assert_eq!(Ring::new(FRAME, 10).boundary_behind(FRAME), 0);
}

#[test]
fn a_burst_does_not_reach_back_over_a_cut() {
    let mut ring = filled(FRAME * 100, 1 << 20, 20, 10);
    assert_eq!(ring.burst_start(FRAME * 5), 150);
    ring.cut();
    assert_eq!(ring.burst_start(FRAME * 5), 200);
    ring.push(&[0; 10], FRAME);
    assert_eq!(ring.burst_start(FRAME * 5), 200);
}

#[test]
fn a_burst_lies_in_the_newer_half_of_a_full_ring() {
    let ring = filled(FRAME * 100, 100, 20, 10);
    assert_eq!(ring.burst_start(FRAME * 50), 150);
    assert!(ring.danger() < 150);
}

#[test]
fn danger_begins_when_the_ring_is_full() {
    assert_eq!(filled(FRAME * 20, 1 << 20, 20, 10).danger(), 0);
    assert_eq!(filled(FRAME * 20, 1 << 20, 21, 10).danger(), 10 + 50);
}

#[test]
fn an_eighth_of_the_ring_is_a_move_by_time_and_by_bytes() {
    let ring = filled(FRAME * 80, 1 << 20, 10, 10);
    assert!(!ring.has_moved(Mark::default()));
    assert!(filled(FRAME * 80, 1 << 20, 11, 10).has_moved(Mark::default()));
    assert!(!filled(FRAME * 80, 800, 10, 10).has_moved(Mark::default()));
    assert!(filled(FRAME * 800, 800, 11, 10).has_moved(Mark::default()));
}

#[test]
fn the_bit_rate_is_measured() {
    let ring = filled(FRAME * 100, 1 << 20, 200, 1_600);
    assert_eq!(ring.bytes_in(Duration::from_secs(2)), 32_000);
    assert_eq!(Ring::new(FRAME, 10).bytes_in(Duration::from_secs(2)), 0);
}

#[test]
fn a_title_holds_from_the_next_frame_on() {
    let mut ring = filled(FRAME * 100, 1 << 20, 2, 10);
    ring.set_title(Bytes::from_static(b"one"));
    assert_eq!(ring.title_at(19), (1, &Bytes::from_static(EMPTY_BLOCK)));
    assert_eq!(ring.title_at(20), (2, &Bytes::from_static(b"one")));
}

#[test]
fn the_same_title_again_is_no_change() {
    let mut ring = filled(FRAME * 100, 1 << 20, 2, 10);
    ring.set_title(Bytes::from_static(b"one"));
    ring.push(&[0; 10], FRAME);
    ring.set_title(Bytes::from_static(b"one"));
    ring.push(&[0; 10], FRAME);
    assert_eq!(ring.title_at(35).0, 2);
}

#[test]
fn a_title_that_held_for_no_frame_is_replaced() {
    let mut ring = Ring::new(FRAME, 100);
    ring.set_title(Bytes::from_static(b"one"));
    ring.set_title(Bytes::from_static(b"two"));
    assert_eq!(ring.title_at(0), (3, &Bytes::from_static(b"two")));
    assert_eq!(ring.titles.len(), 1);
}

#[test]
fn titles_are_forgotten_with_their_frames_and_are_limited() {
    let mut ring = Ring::new(FRAME * 10, 1 << 20);
    for index in 0..1_000_usize {
        ring.set_title(format!("{index}").into());
        ring.push(&frame(index, 10), FRAME);
        assert!(ring.titles.len() <= 10);
    }
    assert_eq!(ring.title_at(ring.tail().position).1, "990");

    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    for index in 0..=TITLES_MAX {
        ring.set_title(format!("{index}").into());
        ring.push(&frame(index, 10), FRAME);
    }
    assert_eq!(ring.titles.len(), TITLES_MAX);
    assert_eq!(ring.title_at(0).1, "1", "the oldest went, the next serves for it");
    assert_eq!(ring.title_at(u64::MAX).1, &TITLES_MAX.to_string());
}

#[test]
fn the_empty_block_is_as_long_as_it_says() {
    assert_eq!(EMPTY_BLOCK.len(), 1 + 16 * usize::from(EMPTY_BLOCK[0]));
}
