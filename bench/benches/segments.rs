//! Where the time goes between frames and segments: each stage for itself, on a
//! tenth of an hour.

use bench::chain::{Chain, TARGET_SECS};
use bench::hour;
use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use feed::{Cutter, PathUnit, Record, Resume, Timeline};
use media::{Frame, Framer, MediaSequence, WallTime};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// What a read gives: the payload of an Ethernet packet.
const READ_LEN: usize = 1_460;

fn main() {
    divan::main();
}

fn six_minutes() -> Vec<u8> {
    let mut bytes = hour::mp3();
    bytes.truncate(bytes.len() / 10);
    bytes
}

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    for piece in bytes.chunks(READ_LEN) {
        framer.push(piece);
        while let Ok(Some(frame)) = framer.next_frame() {
            frames.push(frame);
        }
    }
    frames
}

fn records(frames: &[Frame]) -> Vec<Record> {
    let resume = Resume {
        next_number: MediaSequence(0),
        next_discontinuity: 0,
        not_before: WallTime::default(),
        title: None,
    };
    let mut timeline = Timeline::new(TARGET_SECS, resume);
    let mut records = Vec::new();
    for (number, frame) in (0_u64..).zip(frames) {
        let arrival = WallTime::from_nanos(number * 26_122_449);
        timeline.handle_unit(&PathUnit { header: frame.header, data: frame.data.clone(), arrival });
        records.extend(std::iter::from_fn(|| timeline.next_record()));
    }
    records
}

#[divan::bench]
fn framer(bencher: Bencher<'_, '_>) {
    let bytes = six_minutes();
    let count = ItemsCount::new(frames(&bytes).len());
    bencher.counter(count).bench_local(|| frames(black_box(&bytes)));
}

#[divan::bench]
fn timeline(bencher: Bencher<'_, '_>) {
    let frames = frames(&six_minutes());
    let count = ItemsCount::new(frames.len());
    bencher.counter(count).bench_local(|| records(black_box(&frames)));
}

#[divan::bench]
fn cutter(bencher: Bencher<'_, '_>) {
    let frames = frames(&six_minutes());
    let records = records(&frames);
    bencher.counter(ItemsCount::new(frames.len())).bench_local(|| {
        let mut cutter = Cutter::new(TARGET_SECS);
        records.iter().map(|record| cutter.handle(black_box(record)).len()).sum::<usize>()
    });
}

#[divan::bench]
fn whole(bencher: Bencher<'_, '_>) {
    let bytes = six_minutes();
    let count = ItemsCount::new(frames(&bytes).len());
    bencher.counter(count).bench_local(|| {
        let mut chain = Chain::default();
        let pushed = bytes.chunks(READ_LEN).zip(1_u64..);
        pushed
            .flat_map(|(piece, number)| {
                chain.push(piece, WallTime::from_nanos(number * 91_250_000))
            })
            .map(|published| published.segment.body.len())
            .sum::<usize>()
    });
}

/// Keeps the frames' bytes comparable: what a copy of them alone would take.
#[divan::bench]
fn copy_alone(bencher: Bencher<'_, '_>) {
    let frames = frames(&six_minutes());
    let bodies: Vec<Bytes> = frames.into_iter().map(|frame| frame.data).collect();
    bencher.counter(ItemsCount::new(bodies.len())).bench_local(|| black_box(&bodies).concat());
}
