use std::time::Duration;

use proptest::prelude::*;
use runtime::clock::{Clock, ManualClock};

use super::super::TimedFrame;
use super::*;

const FRAME: Duration = Duration::from_millis(26);
const HEAD: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n";

/// A metadata block with a title of its own length.
fn block(title: &str) -> Bytes {
    let text = format!("StreamTitle='{title}';");
    let units = text.len().div_ceil(16);
    let mut block = vec![u8::try_from(units).unwrap()];
    block.extend_from_slice(text.as_bytes());
    block.resize(1 + units * 16, 0);
    block.into()
}

/// Writes up to `room` bytes of what the cursor has, as a socket would.
fn write(cursor: &mut Cursor, ring: &Ring, room: usize, out: &mut Vec<u8>) -> usize {
    let plan = cursor.plan(ring);
    let planned: Vec<u8> = plan.slices().iter().flat_map(|slice| slice.to_vec()).collect();
    assert_eq!(planned.len(), plan.len());
    let taken = room.min(planned.len());
    out.extend_from_slice(&planned[..taken]);
    cursor.advance(ring, taken);
    taken
}

fn write_all(cursor: &mut Cursor, ring: &Ring, out: &mut Vec<u8>) {
    while write(cursor, ring, usize::MAX, out) > 0 {}
}

/// What a player makes of the bytes: the audio, and before which byte of it
/// which block stood. A block of length 0 is left out.
fn play(bytes: &[u8], metaint: Option<NonZeroU32>) -> (Vec<u8>, Vec<(usize, Bytes)>) {
    let mut rest = bytes.strip_prefix(HEAD).expect("the head comes first");
    let (mut audio, mut blocks) = (Vec::new(), Vec::new());
    let Some(metaint) = metaint else { return (rest.to_vec(), blocks) };
    loop {
        let (piece, after) = rest.split_at(rest.len().min(metaint.get() as usize));
        audio.extend_from_slice(piece);
        let Some(&length) = after.first() else { return (audio, blocks) };
        let (block, after) = after.split_at(1 + usize::from(length) * 16);
        if length > 0 {
            blocks.push((audio.len(), Bytes::copy_from_slice(block)));
        }
        rest = after;
    }
}

/// What happens to a mount and one of its listeners, in order.
#[derive(Debug, Clone)]
enum Event {
    Frame(usize),
    Title(u8),
    Write(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (1..1_500_usize).prop_map(Event::Frame),
        1 => any::<u8>().prop_map(Event::Title),
        4 => prop_oneof![0..40_usize, 0..5_000_usize].prop_map(Event::Write),
    ];
    prop::collection::vec(event, 0..200)
}

/// The reference: all audio and all titles, without a ring.
#[derive(Default)]
struct Model {
    audio: Vec<u8>,
    boundaries: Vec<usize>,
    titles: Vec<(usize, Bytes)>,
}

impl Model {
    fn apply(&mut self, ring: &mut Ring, event: &Event) {
        match *event {
            Event::Frame(len) => {
                let seed = self.boundaries.len() * 7;
                let frame: Vec<u8> = (0..=252).cycle().skip(seed % 253).take(len).collect();
                assert!(ring.push(&frame, FRAME));
                self.boundaries.push(self.audio.len());
                self.audio.extend_from_slice(&frame);
            }
            Event::Title(number) => {
                // Few titles, of lengths that differ: some come twice in a row.
                let block = block(&"x".repeat(usize::from(number % 5) * 30));
                ring.set_title(block.clone());
                self.titles.push((self.audio.len(), block));
            }
            Event::Write(_) => {}
        }
    }

    fn title_at(&self, position: usize) -> Bytes {
        let title = self.titles.iter().rev().find(|(from, _)| *from <= position);
        title.map_or(block(""), |(_, block)| block.clone())
    }

    /// The blocks a listener has to see that hears the `heard` bytes from
    /// `start` on: the first always, then those that differ from the one before.
    fn blocks(&self, start: usize, heard: usize, metaint: usize) -> Vec<(usize, Bytes)> {
        let mut blocks: Vec<(usize, Bytes)> = Vec::new();
        for at in (metaint..heard).step_by(metaint) {
            let block = self.title_at(start + at);
            if blocks.last().is_none_or(|(_, last)| *last != block) {
                blocks.push((at, block));
            }
        }
        blocks
    }
}

fn metaints() -> impl Strategy<Value = Option<NonZeroU32>> {
    prop_oneof![
        Just(None),
        (1..64_u32).prop_map(NonZeroU32::new),
        Just(NonZeroU32::new(8_192)),
        Just(NonZeroU32::new(16_000)),
    ]
}

proptest! {
    #[test]
    fn any_pattern_of_partial_writes_gives_the_same_stream(
        before in events(),
        after in events(),
        metaint in metaints(),
        burst in 0..50_u32,
    ) {
        let mut ring = Ring::new(Duration::MAX, 1 << 20);
        let mut model = Model::default();
        for event in &before {
            model.apply(&mut ring, event);
        }
        let start = ring.burst_start(FRAME * burst);
        let mut cursor = Cursor::new(Bytes::from_static(HEAD), start, metaint);
        let mut out = Vec::new();
        for event in &after {
            model.apply(&mut ring, event);
            if let Event::Write(room) = *event {
                write(&mut cursor, &ring, room, &mut out);
            }
        }
        write_all(&mut cursor, &ring, &mut out);

        let start = usize::try_from(start).unwrap();
        let (audio, blocks) = play(&out, metaint);
        prop_assert_eq!(&audio[..], &model.audio[start..]);
        prop_assert!(start == model.audio.len() || model.boundaries.contains(&start)
            || model.boundaries.is_empty());
        if let Some(metaint) = metaint {
            // A title set twice at one place is sent again, which is harmless:
            // what counts is which one holds.
            let mut expected = model.blocks(start, audio.len(), metaint.get() as usize);
            let mut got = blocks;
            got.dedup_by(|next, last| next.1 == last.1);
            expected.dedup_by(|next, last| next.1 == last.1);
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn after_a_skip_the_stream_is_whole_frames_and_the_metaint_exact(
        frames in prop::collection::vec(1..1_500_usize, 4..60),
        taken in 0..20_000_usize,
        metaint in metaints(),
        behind in 0..10_u32,
    ) {
        let mut ring = Ring::new(Duration::MAX, 1 << 20);
        let mut model = Model::default();
        let mut cursor = Cursor::new(Bytes::from_static(HEAD), 0, metaint);
        let mut out = Vec::new();
        for (index, len) in frames.iter().enumerate() {
            if index == frames.len() / 2 {
                model.apply(&mut ring, &Event::Title(3));
            }
            model.apply(&mut ring, &Event::Frame(*len));
        }
        let mut room = taken;
        while room > 0 {
            let more = write(&mut cursor, &ring, room, &mut out);
            room = if more == 0 { 0 } else { room - more };
        }
        let from = ring.boundary_from(cursor.position());
        let to = ring.boundary_behind(FRAME * behind).max(from);
        cursor.skip(&ring, to);
        write_all(&mut cursor, &ring, &mut out);

        let (audio, _) = play(&out, metaint);
        let (from, to) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
        prop_assert_eq!(audio, [&model.audio[..from], &model.audio[to..]].concat());
    }
}

/// A ring of three frames of 100 bytes, `a`, `b` and `c`.
fn three_frames() -> Ring {
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    for letter in [b"a", b"b", b"c"] {
        ring.push(&letter.repeat(100), FRAME);
    }
    ring
}

#[test]
fn a_block_waits_for_the_audio_after_it() {
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    let mut cursor = Cursor::new(Bytes::new(), 0, NonZeroU32::new(10));
    let mut out = Vec::new();
    ring.push(&[b'a'; 10], FRAME);
    write_all(&mut cursor, &ring, &mut out);
    assert_eq!(out, [b'a'; 10]);
    ring.set_title(block("new"));
    ring.push(&[b'b'; 10], FRAME);
    write_all(&mut cursor, &ring, &mut out);
    assert_eq!(out, [&[b'a'; 10], &block("new")[..], &[b'b'; 10]].concat());
}

#[test]
fn the_first_block_is_sent_though_the_title_is_empty() {
    let ring = three_frames();
    let mut cursor = Cursor::new(Bytes::from_static(HEAD), 0, NonZeroU32::new(100));
    let mut out = Vec::new();
    write_all(&mut cursor, &ring, &mut out);
    let expected = [HEAD, &[b'a'; 100], &block("")[..], &[b'b'; 100], &[0], &[b'c'; 100]].concat();
    assert_eq!(out, expected);
}

#[test]
fn an_end_is_kept_at_its_boundary_and_only_moves_earlier() {
    let ring = three_frames();
    let mut cursor = Cursor::new(Bytes::from_static(HEAD), 0, None);
    assert!(!cursor.is_ending());
    cursor.end_at(200);
    cursor.end_at(300);
    let mut out = Vec::new();
    write_all(&mut cursor, &ring, &mut out);
    assert!(cursor.is_ending() && cursor.is_done());
    assert_eq!(out, [HEAD, &[b'a'; 100], &[b'b'; 100]].concat());
}

#[test]
fn an_end_waits_for_the_rest_of_a_block() {
    let ring = three_frames();
    let mut cursor = Cursor::new(Bytes::new(), 0, NonZeroU32::new(100));
    let mut out = Vec::new();
    write(&mut cursor, &ring, 105, &mut out);
    cursor.end_at(100);
    assert!(!cursor.is_done());
    write_all(&mut cursor, &ring, &mut out);
    assert!(cursor.is_done());
    assert_eq!(out.len(), 117);
}

#[test]
fn a_skip_from_where_the_ring_has_forgotten_goes_on_at_the_boundary() {
    let mut ring = Ring::new(FRAME * 2, 1 << 20);
    let mut cursor = Cursor::new(Bytes::new(), 0, None);
    let mut out = Vec::new();
    ring.push(&[b'a'; 100], FRAME);
    write(&mut cursor, &ring, 50, &mut out);
    for letter in [b"b", b"c", b"d"] {
        ring.push(&letter.repeat(100), FRAME);
    }
    assert_eq!(cursor.plan(&ring).len(), 0);
    cursor.skip(&ring, 300);
    write_all(&mut cursor, &ring, &mut out);
    assert_eq!(out, [[b'a'; 50].as_slice(), &[b'd'; 100]].concat());
}

#[test]
fn one_write_is_limited_in_bytes_and_in_pieces() {
    let mut ring = Ring::new(Duration::MAX, 1 << 20);
    for _ in 0..200 {
        ring.push(&[0; 1_000], FRAME);
    }
    let without = Cursor::new(Bytes::new(), 0, None);
    assert_eq!(without.plan(&ring).len(), WRITE_MAX);
    let with = Cursor::new(Bytes::new(), 0, NonZeroU32::new(1));
    assert_eq!(with.plan(&ring).slices().len(), SLICES_MAX);
}

#[test]
fn a_cursor_is_as_small_as_it_is_meant_to_be() {
    assert!(size_of::<Cursor>() <= 72, "{}", size_of::<Cursor>());
}

mod moves;
