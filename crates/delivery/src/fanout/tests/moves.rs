//! Listeners that are ended one by one, moved, and greeted.

use std::sync::{Arc, Mutex};

use super::*;

/// An intro of `count` frames, which say numbers from a million on.
fn intro(count: usize) -> (Intro, Vec<u8>) {
    let numbers = 1_000_000..1_000_000 + count;
    let frames: Vec<_> = numbers.map(frame).collect();
    let timed = |data: &Vec<u8>| TimedFrame { data: data.clone().into(), duration: FRAME };
    (Intro::new(&frames.iter().map(timed).collect::<Vec<_>>()).unwrap(), frames.concat())
}

/// All whole frames, and none of them cut.
#[track_caller]
fn check_frames(audio: &[u8]) -> Vec<usize> {
    assert_eq!(audio.len() % LEN, 0, "a frame is cut");
    let number = |heard: &[u8]| {
        let number = u32::from_be_bytes(heard[2..6].try_into().unwrap()) as usize;
        assert!(heard == frame(number), "frame {number} is not whole");
        number
    };
    audio.chunks_exact(LEN).map(number).collect()
}

fn rest(client: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    heard
}

/// What an observer heard, in order.
#[derive(Clone, Default)]
pub(super) struct Heard(pub(super) Arc<Mutex<Vec<String>>>);

impl Observer for Heard {
    fn moved(&mut self, mount: &str, rendition: Option<&RenditionId>) {
        let rendition = rendition.map(|one| format!("/{one}")).unwrap_or_default();
        self.0.lock().unwrap().push(format!("{mount}{rendition}"));
    }

    fn ended(self: Box<Self>, end: End) {
        self.0.lock().unwrap().push(format!("{:?}", end.why));
    }
}

#[test]
fn one_that_is_killed_ends_after_a_whole_frame_and_nobody_else_does() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let before = bench.push(10);
    let mut other = bench.join();
    let (mut client, socket) = bench.connect();
    let (listener, ends) = watched();
    let id = listener.id;
    bench.mount.seat().unwrap().join(socket, listener).unwrap();
    check(&mut client, HEAD);
    check(&mut client, &before);
    bench.mount.end(id).unwrap();
    bench.mount.end(id).unwrap();
    assert_eq!(rest(&mut client), b"");
    let bytes_sent = (HEAD.len() + before.len()) as u64;
    assert_eq!(
        ends.recv_timeout(PATIENCE).unwrap(),
        End { bytes_sent, media: 10 * FRAME, why: Why::Killed }
    );
    eventually(|| bench.mount.snapshot().killed_total == 1);
    eventually(|| bench.mount.listeners() == 1);
    let snapshot = bench.mount.snapshot();
    assert_eq!((snapshot.killed_total, snapshot.ended_total, snapshot.left_total), (1, 0, 0));
    let live = bench.push(3);
    check(&mut other, HEAD);
    check(&mut other, &before);
    check(&mut other, &live);
    bench.mount.end(id).unwrap();
    bench.mount.end(ListenerId::fresh()).unwrap();
    let live = bench.push(3);
    check(&mut other, &live);
    assert_eq!(bench.mount.snapshot().killed_total, 1);
}

#[test]
fn one_that_is_killed_and_takes_nothing_is_cut_off() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let (listener, ends) = watched();
    let id = listener.id;
    let _pipe = bench.mount.seat().unwrap().join_pipe(listener).unwrap();
    bench.push(10);
    eventually(|| bench.mount.snapshot().bytes_sent_total >= (4 * LEN) as u64);
    // More than the pipe holds waits.
    bench.push(300);
    bench.mount.end(id).unwrap();
    assert_eq!(ends.recv_timeout(PATIENCE).unwrap().why, Why::Killed);
    eventually(|| bench.mount.listeners() == 0);
}

#[test]
fn a_listener_moves_with_its_grid_and_hears_the_others_title() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let other = bench.fanout.add_mount(MountSettings::new("other")).unwrap();
    let title = |text: &str| {
        let mut block = vec![2];
        block.extend_from_slice(text.as_bytes());
        block.resize(33, 0);
        Bytes::from(block)
    };
    bench.writer.title(title("StreamTitle='demo';")).unwrap();
    other.title(title("StreamTitle='other';")).unwrap();
    let numbers = |from: usize, count: usize| (from..from + count).map(frame).collect::<Vec<_>>();
    let push_other = |from: usize, count: usize| {
        let timed = |data: Vec<u8>| TimedFrame { data: data.into(), duration: FRAME };
        let mut batch: Vec<_> = numbers(from, count).into_iter().map(timed).collect();
        eventually(|| other.push(&mut batch).is_ok());
        numbers(from, count).concat()
    };
    push_other(500, 300);
    let before = bench.push(2);
    let (mut client, socket) = bench.connect();
    let heard = Heard::default();
    let listener = NewListener {
        metaint: NonZeroU32::new(500),
        observer: Some(Box::new(heard.clone())),
        ..listener()
    };
    let id = listener.id;
    bench.mount.seat().unwrap().join(socket, listener).unwrap();
    check(&mut client, HEAD);
    check(&mut client, &before[..500]);
    check(&mut client, &title("StreamTitle='demo';"));
    check(&mut client, &before[500..]);
    bench.mount.move_to(&other.handle(), Which::One(id)).unwrap();
    eventually(|| other.handle().snapshot().joins_total == 1);
    bench.push(5);
    let live = push_other(800, 5);
    let after = [&before[500..], &live].concat();
    check(&mut client, &live[..166]);
    check(&mut client, &title("StreamTitle='other';"));
    check(&mut client, &after[500..1_000]);
    check(&mut client, &[0]);
    check(&mut client, &after[1_000..1_500]);
    check(&mut client, &[0]);
    eventually(|| bench.mount.snapshot().moved_total == 1);
    let (from, to) = (bench.mount.snapshot(), other.handle().snapshot());
    assert_eq!((from.listeners, from.joins_total, from.moved_total), (0, 1, 1));
    assert_eq!((to.listeners, to.joins_total, to.listeners_peak), (1, 1, 1));
    // Ended by its number, wherever it is.
    bench.mount.end(id).unwrap();
    eventually(|| bench.fanout.listeners() == 0);
    assert_eq!(other.handle().snapshot().killed_total, 1);
    assert_eq!(*heard.0.lock().unwrap(), ["other", "Killed"]);
}

#[test]
fn all_move_as_far_as_there_are_places() {
    let bench = Bench::new(fast(), MountSettings::new("demo"));
    let small = MountSettings { listeners_max: Some(3), ..MountSettings::new("small") };
    let small = bench.fanout.add_mount(small).unwrap();
    let clients: Vec<_> = (0..5).map(|_| bench.join()).collect();
    eventually(|| bench.mount.snapshot().joins_total == 5);
    bench.mount.move_to(&bench.mount, Which::All).unwrap();
    bench.mount.move_to(&small.handle(), Which::All).unwrap();
    eventually(|| small.handle().listeners() == 3);
    assert_eq!((bench.mount.listeners(), bench.fanout.listeners()), (2, 5));
    // Back again, and who came meanwhile with them.
    small.handle().move_to(&bench.mount, Which::All).unwrap();
    eventually(|| bench.mount.snapshot().joins_total == 8);
    let snapshot = bench.mount.snapshot();
    assert_eq!((snapshot.listeners, snapshot.moved_total, snapshot.listeners_peak), (5, 3, 5));
    drop(clients);
    eventually(|| bench.fanout.listeners() == 0);
    assert_eq!(bench.mount.snapshot().left_total, 5);
}

#[test]
fn nobody_moves_to_a_mount_off_the_air() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let silent = bench.fanout.add_mount(MountSettings::new("silent")).unwrap();
    silent.off_air(Duration::ZERO).unwrap();
    let mut client = bench.join();
    check(&mut client, HEAD);
    bench.mount.move_to(&silent.handle(), Which::All).unwrap();
    let live = bench.push(3);
    check(&mut client, &live);
    assert_eq!((bench.mount.listeners(), silent.handle().listeners()), (1, 0));
}

#[test]
fn a_listener_hears_the_intro_and_then_the_programme_from_a_frame() {
    for metaint in [None, NonZeroU32::new(1), NonZeroU32::new(7), NonZeroU32::new(16_000)] {
        let mount = MountSettings { burst: FRAME * 20, ..MountSettings::new("demo") };
        let mut bench = Bench::new(fast(), mount);
        let before = bench.push(100);
        let (intro, said) = intro(50);
        let (mut client, socket) = bench.connect();
        let greeted = NewListener { metaint, intro: Some(intro), ..listener() };
        bench.mount.seat().unwrap().join(socket, greeted).unwrap();
        check(&mut client, HEAD);
        // All of the intro, with its blocks, the first of which has a title.
        let blocks = metaint.map_or(0, |metaint| 16 + (said.len() - 1) / metaint.get() as usize);
        let intro_len = (HEAD.len() + said.len() + blocks) as u64;
        eventually(|| bench.mount.snapshot().bytes_sent_total >= intro_len);
        let live = bench.push(60);
        bench.writer.off_air(Duration::ZERO).unwrap();
        let heard = rest(&mut client);
        let audio = without_blocks(&heard, metaint);
        assert!(audio.starts_with(&said), "{metaint:?}");
        let rest = &audio[said.len()..];
        check_frames(rest);
        assert!(rest.ends_with(&live), "{metaint:?}");
        let burst = &rest[..rest.len() - live.len()];
        assert!(burst.len() <= 20 * LEN && before.ends_with(burst), "{metaint:?}");
    }
}

/// The audio between blocks: each is one byte of length 0, or the empty title.
fn without_blocks(bytes: &[u8], metaint: Option<NonZeroU32>) -> Vec<u8> {
    let Some(metaint) = metaint else { return bytes.to_vec() };
    let (mut audio, mut rest) = (Vec::new(), bytes);
    loop {
        let (piece, after) = rest.split_at(rest.len().min(metaint.get() as usize));
        audio.extend_from_slice(piece);
        let Some(&length) = after.first() else { return audio };
        assert!(length <= 1, "out of step with the interval");
        rest = &after[1 + usize::from(length) * 16..];
    }
}

#[test]
fn a_slow_reader_of_the_intro_is_not_skipped_however_long_it_takes() {
    let settings = FanoutSettings { stalled_after: Duration::from_hours(1), ..fast() };
    let mount = MountSettings {
        burst: FRAME * 10,
        ring: FRAME * 100,
        ring_bytes_max: 64 * 1024,
        ..MountSettings::new("demo")
    };
    let mut bench = Bench::new(settings, mount);
    let (intro, said) = intro(1_000);
    let greeted = NewListener { intro: Some(intro), ..NewListener::default() };
    let mut pipe = bench.mount.seat().unwrap().join_pipe(greeted).unwrap();
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        // The whole ring goes by for each piece that it takes, but for the last
        // ones, when the pipe may hold the ring's bytes already.
        if heard.len() < said.len() / 2 {
            bench.push(200);
        }
        heard.extend_from_slice(&pipe.blocking_recv().unwrap());
        assert_eq!(bench.mount.listeners(), 1);
    }
    let snapshot = bench.mount.snapshot();
    assert_eq!((snapshot.skipped_total, snapshot.dropped_slow_total), (0, 0));
    assert!(heard.starts_with(&said));
    while heard.len() < said.len() + 50 * LEN {
        bench.push(1);
        while let Ok(chunk) = pipe.try_recv() {
            heard.extend_from_slice(&chunk);
        }
    }
    let whole = (heard.len() - said.len()) / LEN * LEN;
    let numbers = check_frames(&heard[said.len()..said.len() + whole]);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn one_that_takes_nothing_of_the_intro_is_dropped_as_any_other() {
    let settings = FanoutSettings { stalled_after: Duration::from_millis(50), ..fast() };
    let bench = Bench::new(settings, MountSettings::new("demo"));
    let greeted = NewListener { intro: Some(intro(600).0), ..NewListener::default() };
    let _pipe = bench.mount.seat().unwrap().join_pipe(greeted).unwrap();
    eventually(|| bench.mount.listeners() == 0);
    assert_eq!(bench.mount.snapshot().dropped_slow_total, 1);
}

#[test]
fn a_mount_that_goes_off_the_air_lets_the_intro_be_heard_and_no_more() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    bench.push(100);
    let (intro, said) = intro(600);
    let (sender, ends) = std::sync::mpsc::channel();
    let on_end = Box::new(move |end| sender.send(end).unwrap());
    let greeted =
        NewListener { intro: Some(intro), observer: Some(on_end), ..NewListener::default() };
    let mut pipe = bench.mount.seat().unwrap().join_pipe(greeted).unwrap();
    let mut heard = pipe.blocking_recv().unwrap().to_vec();
    bench.writer.off_air(Duration::ZERO).unwrap();
    eventually(|| matches!(bench.mount.seat(), Err(JoinRefused::OffAir)));
    while let Some(chunk) = pipe.blocking_recv() {
        heard.extend_from_slice(&chunk);
    }
    assert!(heard == said);
    assert_eq!(ends.recv_timeout(PATIENCE).unwrap().why, Why::Ended);
}
