//! What the merge of an egress's paths costs, a unit and path: on a tenth of an
//! hour of 128 kbit/s MP3.

use bench::hour;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use feed::merge::{Merger, Rank, Settings};
use feed::{PathUnit, SourceInfo};
use media::{Frame, Framer, WallTime};
use std::time::Duration;

/// Length of a frame of 44.1 kHz.
const FRAME_NANOS: u64 = 26_122_449;

/// How far behind the next path each path is, in frames.
const SKEW: usize = 20;

fn main() {
    divan::main();
}

fn frames() -> Vec<Frame> {
    let mut bytes = hour::mp3();
    bytes.truncate(bytes.len() / 10);
    let mut framer = Framer::default();
    framer.push(&bytes);
    std::iter::from_fn(|| framer.next_frame().ok().flatten()).collect()
}

fn merger(paths: u8, frames: &[Frame]) -> Merger {
    let hold_back = Duration::from_secs(3);
    let settings = Settings { hold_back, source_timeout: Duration::from_secs(10), silence: None };
    let mut merger = Merger::new(paths, settings);
    let header = frames.first().expect("there are frames").header;
    for rank in (0..paths).map(Rank) {
        merger.handle_connected(rank, SourceInfo { header, profile: None });
    }
    merger
}

fn at(frame: usize) -> WallTime {
    WallTime::from_nanos(1_700_000_000_000_000_000 + frame as u64 * FRAME_NANOS)
}

/// Every path delivers in real time, each a little behind the one before.
fn run(merger: &mut Merger, paths: u8, frames: &[Frame]) {
    for now in 0..frames.len() {
        for rank in 0..paths {
            let number = now.checked_sub(usize::from(rank) * SKEW);
            let Some(frame) = number.and_then(|number| frames.get(number)) else { continue };
            let arrival = at(now);
            let unit = PathUnit { header: frame.header, data: frame.data.clone(), arrival };
            merger.handle_unit(Rank(rank), unit, arrival);
        }
        while let Some(output) = merger.next_output() {
            black_box(output);
        }
    }
}

/// Units of all paths together are counted.
#[divan::bench(args = [1, 2, 4, 8])]
fn locked(bencher: Bencher<'_, '_>, paths: u8) {
    let frames = frames();
    bencher
        .counter(ItemsCount::new(frames.len() * usize::from(paths)))
        .with_inputs(|| merger(paths, &frames))
        .bench_local_values(|mut merger| run(&mut merger, paths, &frames));
}

/// The second path carries something else all the time, and its place is sought.
#[divan::bench]
fn sought(bencher: Bencher<'_, '_>) {
    let frames = frames();
    let other: Vec<PathUnit> = frames
        .iter()
        .enumerate()
        .map(|(number, frame)| {
            let mut data = frame.data.to_vec();
            data.reverse();
            PathUnit { header: frame.header, data: data.into(), arrival: at(number) }
        })
        .collect();
    bencher
        .counter(ItemsCount::new(frames.len() * 2))
        .with_inputs(|| merger(2, &frames))
        .bench_local_values(|mut merger| {
            for (frame, other) in frames.iter().zip(&other) {
                let unit = PathUnit { data: frame.data.clone(), ..other.clone() };
                merger.handle_unit(Rank(0), unit, other.arrival);
                merger.handle_unit(Rank(1), other.clone(), other.arrival);
                while let Some(output) = merger.next_output() {
                    black_box(output);
                }
            }
        });
}
