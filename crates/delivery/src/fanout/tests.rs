//! The whole engine, with sockets.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::sync::mpsc::Receiver;

use runtime::clock::SystemClock;
use socket2::{Domain, Socket, Type};

use super::*;

const HEAD: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n";
const FRAME: Duration = Duration::from_millis(26);
const LEN: usize = 417;

/// No test waits longer than this for what has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

struct Bench {
    fanout: Fanout,
    writer: MountWriter,
    mount: MountHandle,
    server: TcpListener,
    pushed: usize,
}

impl Bench {
    fn new(settings: FanoutSettings, mount: MountSettings) -> Self {
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let writer = fanout.add_mount(mount).unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        prepare_listening_socket(&server).unwrap();
        let mount = writer.handle();
        Self { fanout, writer, mount, server, pushed: 0 }
    }

    /// Pushes `count` frames, each of which says its number, and gives them back.
    fn push(&mut self, count: usize) -> Vec<u8> {
        let numbers = self.pushed..self.pushed + count;
        let frames: Vec<_> = numbers.map(frame).collect();
        let timed = |data: &Vec<u8>| TimedFrame { data: data.clone().into(), duration: FRAME };
        let mut batch: Vec<_> = frames.iter().map(timed).collect();
        eventually(|| self.writer.push(&mut batch).is_ok());
        self.pushed += count;
        frames.concat()
    }

    /// A connection, and the engine's end of it.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.server.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        (client, self.server.accept().unwrap().0)
    }

    /// As [`Self::connect`], with little room to receive.
    fn connect_narrow(&self) -> (Socket, TcpStream) {
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        client.set_recv_buffer_size(4_096).unwrap();
        client.connect(&self.server.local_addr().unwrap().into()).unwrap();
        (client, self.server.accept().unwrap().0)
    }

    fn join(&self) -> TcpStream {
        let (client, socket) = self.connect();
        self.mount.seat().unwrap().join(socket, listener()).unwrap();
        client
    }
}

fn frame(number: usize) -> Vec<u8> {
    let mut frame = vec![0xFF, 0xFB];
    frame.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    frame.resize(LEN, u8::try_from(number % 251).unwrap());
    frame
}

fn listener() -> NewListener {
    NewListener { head: Bytes::from_static(HEAD), ..NewListener::default() }
}

/// A listener whose end can be waited for.
fn watched() -> (NewListener, Receiver<End>) {
    let (sender, ends) = std::sync::mpsc::channel();
    let on_end = Box::new(move |end| sender.send(end).unwrap());
    (NewListener { observer: Some(on_end), ..listener() }, ends)
}

fn fast() -> FanoutSettings {
    let interval = Duration::from_millis(10);
    FanoutSettings { interval, slots: 10, ..FanoutSettings::default() }
}

#[track_caller]
fn eventually(mut happens: impl FnMut() -> bool) {
    let deadline = SystemClock.monotonic() + PATIENCE;
    while !happens() {
        assert!(SystemClock.monotonic() < deadline, "it does not happen");
        std::thread::yield_now();
    }
}

/// Reads as many bytes as are expected, and compares.
#[track_caller]
fn check(client: &mut TcpStream, expected: &[u8]) {
    let mut heard = vec![0; expected.len()];
    client.read_exact(&mut heard).unwrap();
    assert!(heard == expected, "other bytes than expected");
}

#[test]
fn a_listener_gets_the_head_the_burst_and_what_comes_after() {
    let burst = FRAME * 20;
    let mut bench = Bench::new(fast(), MountSettings { burst, ..MountSettings::new("demo") });
    let before = bench.push(100);
    let mut client = bench.join();
    check(&mut client, HEAD);
    check(&mut client, &before[80 * LEN..]);
    for _ in 0..50 {
        let live = bench.push(7);
        check(&mut client, &live);
    }
    let bytes = (HEAD.len() + 370 * LEN) as u64;
    eventually(|| bench.mount.snapshot().bytes_sent_total == bytes);
}

#[test]
fn a_title_stands_before_the_frame_it_was_set_before() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let (mut client, socket) = bench.connect();
    let metaint = NonZeroU32::new(u32::try_from(LEN).unwrap());
    bench.mount.seat().unwrap().join(socket, NewListener { metaint, ..listener() }).unwrap();
    let one = bench.push(1);
    let block = Bytes::from_static(b"\x01StreamTitle='';\0");
    let title = Bytes::from_static(b"\x02StreamTitle='Artist - Title';\0\0\0");
    bench.writer.title(title.clone()).unwrap();
    let two = bench.push(1);
    bench.writer.title(title.clone()).unwrap();
    let three = bench.push(1);
    bench.writer.title(block.clone()).unwrap();
    let four = bench.push(1);
    let expected = [HEAD, &one, &title, &two, b"\0", &three, &block, &four].concat();
    check(&mut client, &expected);
}

#[test]
fn a_pipe_gets_what_a_socket_gets() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let before = bench.push(10);
    let mut pipe = bench.mount.seat().unwrap().join_pipe(listener()).unwrap();
    let live = bench.push(300);
    let expected = [HEAD, &before, &live].concat();
    let mut heard = Vec::new();
    while heard.len() < expected.len() {
        heard.extend_from_slice(&pipe.blocking_recv().unwrap());
    }
    assert!(heard == expected);
    drop(pipe);
    eventually(|| bench.mount.listeners() == 0);
    assert_eq!(bench.mount.snapshot().left_total, 1);
}

#[test]
fn two_thousand_that_stall_are_dropped_and_the_healthy_miss_nothing() {
    const STALLED: usize = 2_000;
    let settings = FanoutSettings {
        interval: Duration::from_millis(100),
        stalled_after: Duration::from_secs(1),
        ..FanoutSettings::default()
    };
    let mut bench = Bench::new(settings, MountSettings::new("demo"));
    let (sender, ends) = std::sync::mpsc::channel();
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let (client, socket) = bench.connect_narrow();
        let sender = sender.clone();
        let on_end = Box::new(move |end| sender.send(end).unwrap());
        let joined = NewListener { observer: Some(on_end), ..listener() };
        bench.mount.seat().unwrap().join(socket, joined).unwrap();
        stalled.push(client);
    }
    let mut healthy: Vec<_> = (0..100).map(|_| bench.join()).collect();
    for client in &mut healthy {
        check(client, HEAD);
    }
    eventually(|| {
        let audio = bench.push(40);
        for client in &mut healthy {
            check(client, &audio);
        }
        bench.mount.listeners() == healthy.len()
    });
    let snapshot = bench.mount.snapshot();
    assert_eq!((snapshot.dropped_slow_total, snapshot.left_total), (STALLED as u64, 0));
    drop(sender);
    let ends: Vec<End> = ends.iter().collect();
    assert_eq!(ends.len(), STALLED);
    let most = ends.iter().map(|end| end.bytes_sent).max().unwrap();
    assert!(most <= 100_000, "the kernel took {most} bytes for one that reads nothing");
    let reset = loop {
        match stalled[0].read(&mut [0; 4_096]) {
            Ok(taken) => assert_ne!(taken, 0, "a plain close keeps the kernel's memory"),
            Err(error) => break error,
        }
    };
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_slow_listener_is_skipped_once_at_whole_frames_and_then_dropped() {
    let settings = FanoutSettings { stalled_after: Duration::from_hours(1), ..fast() };
    let mount = MountSettings {
        burst: FRAME * 10,
        ring: FRAME * 100,
        ring_bytes_max: 64 * 1024,
        ..MountSettings::new("demo")
    };
    let mut bench = Bench::new(settings, mount);
    let mut pipe = bench.mount.seat().unwrap().join_pipe(NewListener::default()).unwrap();
    eventually(|| {
        bench.push(1);
        bench.mount.snapshot().skipped_total == 1
    });
    let mut heard = Vec::new();
    while let Ok(chunk) = pipe.try_recv() {
        heard.extend_from_slice(&chunk);
    }
    eventually(|| {
        bench.push(1);
        bench.mount.snapshot().dropped_slow_total == 1
    });
    while let Some(chunk) = pipe.blocking_recv() {
        heard.extend_from_slice(&chunk);
    }
    let numbers: Vec<usize> = heard
        .chunks_exact(LEN)
        .map(|heard| {
            let number = u32::from_be_bytes(heard[2..6].try_into().unwrap()) as usize;
            assert!(heard == frame(number), "frame {number} is not whole");
            number
        })
        .collect();
    let gaps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(gaps, 1, "{numbers:?}");
    assert_eq!(bench.mount.snapshot().skipped_total, 1);
}

#[test]
fn a_silent_mount_holds_its_listeners_and_then_ends_them() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let audio = bench.push(10);
    let mut client = bench.join();
    bench.writer.off_air(Duration::from_millis(50)).unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert!(heard == [HEAD, &audio].concat());
    eventually(|| bench.mount.listeners() == 0);
    assert_eq!(bench.mount.seat().unwrap_err(), JoinRefused::OffAir);

    let audio = bench.push(1);
    eventually(|| bench.mount.seat().is_ok());
    let mut client = bench.join();
    check(&mut client, HEAD);
    check(&mut client, &audio);
}

#[test]
fn a_closed_mount_gives_all_it_has_and_ends() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let (mut client, socket) = bench.connect();
    let (listener, ends) = watched();
    bench.mount.seat().unwrap().join(socket, listener).unwrap();
    let audio = bench.push(100);
    bench.writer.close();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).unwrap();
    assert!(heard == [HEAD, &audio].concat());
    let end = ends.recv_timeout(PATIENCE).unwrap();
    let (bytes_sent, media) = (heard.len() as u64, 100 * FRAME);
    assert_eq!(end, End { bytes_sent, media, why: Why::Ended });
    eventually(|| bench.mount.listeners() == 0);
    assert_eq!(bench.mount.seat().unwrap_err(), JoinRefused::Closed);
}

#[test]
fn joins_are_taken_up_to_the_limits_and_not_above() {
    let settings = FanoutSettings { listeners_max: 3, ..fast() };
    let limited = MountSettings { listeners_max: Some(2), ..MountSettings::new("demo") };
    let bench = Bench::new(settings, limited);
    let other = bench.fanout.add_mount(MountSettings::new("other")).unwrap();
    let first = bench.join();
    let _second = bench.join();
    assert_eq!(bench.mount.seat().unwrap_err(), JoinRefused::MountFull);
    let _third = other.handle().seat().unwrap();
    assert_eq!(other.handle().seat().unwrap_err(), JoinRefused::ProcessFull);
    assert_eq!((bench.mount.listeners(), bench.fanout.listeners()), (2, 3));
    drop(first);
    eventually(|| bench.mount.listeners() == 1);
    assert!(bench.mount.seat().is_ok());
    assert_eq!(bench.fanout.listeners(), 2);
}

#[test]
fn a_listener_that_closes_is_noticed_whether_or_not_audio_comes() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    drop(bench.join());
    eventually(|| bench.mount.snapshot().left_total == 1);
    drop(bench.join());
    eventually(|| {
        bench.push(1);
        bench.mount.snapshot().left_total == 2
    });
    eventually(|| bench.mount.listeners() == 0);
}

#[test]
fn the_count_is_right_after_thousands_came_and_went() {
    const THREADS: usize = 4;
    const EACH: usize = 1_000;
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    bench.push(100);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let bench = &bench;
            scope.spawn(move || {
                let server = TcpListener::bind("127.0.0.1:0").unwrap();
                for number in 0..EACH {
                    let seat = bench.mount.seat().unwrap();
                    match (number + thread) % 4 {
                        0 => drop(seat),
                        1 => drop(seat.join_pipe(listener()).unwrap()),
                        _ => {
                            let address = server.local_addr().unwrap();
                            let mut client = TcpStream::connect(address).unwrap();
                            let socket = server.accept().unwrap().0;
                            seat.join(socket, listener()).unwrap();
                            if number % 2 == 0 {
                                check(&mut client, HEAD);
                            }
                        }
                    }
                }
            });
        }
    });
    eventually(|| {
        bench.push(1);
        bench.mount.listeners() == 0
    });
    let snapshot = bench.mount.snapshot();
    assert_eq!(snapshot.joins_total, (THREADS * EACH * 3 / 4) as u64);
    assert_eq!(snapshot.left_total, snapshot.joins_total);
    assert_eq!(bench.fanout.listeners(), 0);
}

#[test]
fn a_stopped_engine_ends_its_listeners_and_takes_no_more() {
    let mut bench = Bench::new(fast(), MountSettings::new("demo"));
    let mut client = bench.join();
    let audio = bench.push(100);
    check(&mut client, HEAD);
    check(&mut client, &audio);
    bench.fanout.stop();
    bench.fanout.wait().unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert_eq!(bench.mount.seat().unwrap_err(), JoinRefused::Closed);
    assert_eq!(bench.fanout.listeners(), 0);
    let refused = bench.fanout.add_mount(MountSettings::new("late"));
    assert_eq!(refused.unwrap_err(), PushError::Closed);
    bench.fanout.wait().unwrap();
}

#[test]
fn a_stopped_engine_does_not_wait_for_one_that_stalls() {
    let settings = FanoutSettings { stop_grace: Duration::from_millis(50), ..fast() };
    let mut bench = Bench::new(settings, MountSettings::new("demo"));
    let (_client, socket) = bench.connect_narrow();
    let (listener, ends) = watched();
    bench.mount.seat().unwrap().join(socket, listener).unwrap();
    bench.push(1_000);
    bench.fanout.stop();
    bench.fanout.wait().unwrap();
    assert_eq!(ends.recv_timeout(PATIENCE).unwrap().why, Why::Ended);
    assert_eq!(bench.fanout.listeners(), 0);
}

mod beside;
mod moves;
