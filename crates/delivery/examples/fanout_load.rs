//! Measures the ICY fan-out by hand: what a listener costs, and what stalled
//! ones do to the others.
//!
//! ```text
//! cargo run --release -p delivery --example fanout_load -- 5000 0 20 128
//!                                     listeners, stalled, seconds, kbit/s
//! ```
//!
//! The listeners are in processes of their own, so that the figure is the
//! engine's: its thread's time, with the loopback's receiving side in it. The
//! listeners connect all at once. The first ten seconds are not counted.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use delivery::fanout::{
    Fanout, FanoutSettings, MountHandle, MountSettings, MountWriter, NewListener, TimedFrame,
    prepare_listening_socket,
};
use runtime::clock::{Clock, SystemClock};
use socket2::{Domain, Socket, Type};

/// The length of an MP3 frame at 44,100 Hz.
const FRAME: Duration = Duration::from_nanos(26_122_449);
const METAINT: u32 = 16_000;
const BACKLOG: i32 = 4_096;

/// Listeners connect and burst during this time.
const WARM_UP: Duration = Duration::from_secs(10);

/// Time between two rounds of a receiver over its connections.
const ROUND: Duration = Duration::from_millis(200);

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["receive", address, count, secs] => {
            receive(parse(address)?, parse(count)?, Duration::from_secs(parse(secs)?))
        }
        ["stall", address, count] => stall(parse(address)?, parse(count)?),
        [listeners, stalled, secs, kbps] => {
            serve(parse(listeners)?, parse(stalled)?, parse(secs)?, parse(kbps)?)
        }
        _ => Err(io::Error::other("usage: fanout_load LISTENERS STALLED SECONDS KBPS")),
    }
}

fn parse<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| io::Error::other(format!("not a value: {word}")))
}

/// Runs the engine and the receivers, and reports.
fn serve(listeners: usize, stalled: usize, secs: u64, kbps: u32) -> io::Result<()> {
    let settings = FanoutSettings { listeners_max: 19_000, ..FanoutSettings::default() };
    let fanout = Fanout::start(settings, Arc::new(SystemClock))?;
    let writer = fanout.add_mount(MountSettings::new("load")).map_err(io::Error::other)?;
    let mount = writer.handle();
    let server = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    prepare_listening_socket(&server)?;
    server.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    server.listen(BACKLOG)?;
    let server = TcpListener::from(server);
    let address = server.local_addr()?.to_string();
    let accepting = mount.clone();
    let _detached = std::thread::spawn(move || accept(&server, &accepting));
    let mut source = Source { writer, kbps, next: SystemClock.monotonic(), batch: Vec::new() };
    source.run(Duration::ZERO, 400)?;
    let stop = secs + WARM_UP.as_secs();
    let mut children =
        vec![spawn(&["receive", &address, &listeners.to_string(), &stop.to_string()])?];
    if stalled > 0 {
        children.push(spawn(&["stall", &address, &stalled.to_string()])?);
    }
    source.run(WARM_UP, 0)?;
    report(&format!("warm: {:?}, kernel {}", mount.snapshot(), kernel_memory()?))?;
    let (began, cpu, _) = (SystemClock.monotonic(), engine_cpu()?, fanout.take_lateness());
    source.run(Duration::from_secs(secs), 0)?;
    let wall = SystemClock.monotonic().saturating_duration_since(began);
    let cpu = engine_cpu()?.saturating_sub(cpu);
    let micros = cpu.as_secs_f64() * 1e6;
    let each = micros / wall.as_secs_f64() / f64::from(u32::try_from(listeners).unwrap_or(1));
    report(&format!("{each:.2} µs a listener-second, wheel late {:?}", fanout.take_lateness()))?;
    report(&format!("end: {:?}, kernel {}", mount.snapshot(), kernel_memory()?))?;
    report(&std::fs::read_to_string("/proc/self/status")?.lines_with("VmRSS"))?;
    finish(children)
}

fn spawn(args: &[&str]) -> io::Result<Child> {
    Command::new(std::env::current_exe()?).args(args).stdin(Stdio::piped()).spawn()
}

/// Lets the receivers report, and ends them: they stop when their input does.
fn finish(children: Vec<Child>) -> io::Result<()> {
    for mut child in children {
        drop(child.stdin.take());
        child.wait()?;
    }
    Ok(())
}

/// Lets in whoever connects, every other one with metadata.
fn accept(server: &TcpListener, mount: &MountHandle) {
    let head = Bytes::from_static(b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n");
    for (number, socket) in server.incoming().filter_map(Result::ok).enumerate() {
        let metaint = if number % 2 == 0 { NonZeroU32::new(METAINT) } else { None };
        let listener = NewListener { head: head.clone(), metaint, ..NewListener::default() };
        let Ok(seat) = mount.seat() else { continue };
        if seat.join(socket, listener).is_err() {
            let _ = report("a listener found the queue full");
        }
    }
}

/// An encoder.
struct Source {
    writer: MountWriter,
    kbps: u32,
    next: Instant,
    batch: Vec<TimedFrame>,
}

impl Source {
    /// Pushes `ahead` frames at once, then frames in real time for `length`.
    fn run(&mut self, length: Duration, ahead: u32) -> io::Result<()> {
        let bytes = f64::from(self.kbps) * 125.0 * FRAME.as_secs_f64();
        let data = Bytes::from(vec![0x55; format!("{bytes:.0}").parse().unwrap_or(1)]);
        let frame = TimedFrame { data, duration: FRAME };
        for _ in 0..ahead {
            self.batch.push(frame.clone());
        }
        let until = SystemClock.monotonic() + length;
        self.next = self.next.max(SystemClock.monotonic());
        while SystemClock.monotonic() < until {
            let wait = self.next.saturating_duration_since(SystemClock.monotonic());
            std::thread::park_timeout(wait);
            while self.next <= SystemClock.monotonic() {
                self.batch.push(frame.clone());
                self.next += FRAME;
            }
            let _full = self.writer.push(&mut self.batch);
        }
        self.writer.push(&mut self.batch).map_err(io::Error::other)
    }
}

/// One connection of the receiver.
struct Ear {
    stream: TcpStream,
    bytes: u64,
    first: Option<Duration>,
    last: Instant,
    gap: Duration,
    is_open: bool,
}

/// Connects `count` times at once, reads for `length`, and reports.
fn receive(address: SocketAddr, count: usize, length: Duration) -> io::Result<()> {
    let clock = SystemClock;
    let began = clock.monotonic();
    let mut ears = Vec::new();
    for _ in 0..count {
        let stream = TcpStream::connect(address)?;
        stream.set_nonblocking(true)?;
        let last = clock.monotonic();
        let gap = Duration::ZERO;
        ears.push(Ear { stream, bytes: 0, first: None, last, gap, is_open: true });
    }
    let connected = clock.monotonic().saturating_duration_since(began);
    let mut buffer = vec![0; 256 * 1024];
    while clock.monotonic() < began + length {
        let round = clock.monotonic();
        for ear in &mut ears {
            ear.read(&mut buffer, began)?;
        }
        std::thread::park_timeout((round + ROUND).saturating_duration_since(clock.monotonic()));
    }
    let mut first: Vec<_> = ears.iter().filter_map(|ear| ear.first).collect();
    first.sort_unstable();
    let p99 = first.get(first.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
    let open = ears.iter().filter(|ear| ear.is_open).count();
    let least = ears.iter().map(|ear| ear.bytes).min().unwrap_or(0);
    let gap = ears.iter().map(|ear| ear.gap).max().unwrap_or_default();
    report(&format!(
        "receiver: {open} of {count} open, all connected in {connected:?}, first byte p99 {p99:?}, \
         {} heard something, least {least} bytes, longest gap {gap:?}",
        first.len(),
    ))
}

impl Ear {
    fn read(&mut self, buffer: &mut [u8], began: Instant) -> io::Result<()> {
        if !self.is_open {
            return Ok(());
        }
        let now = SystemClock.monotonic();
        match self.stream.read(buffer) {
            Ok(0) => self.is_open = false,
            Ok(taken) => {
                if self.first.is_some() {
                    self.gap = self.gap.max(now.saturating_duration_since(self.last));
                }
                self.first.get_or_insert(now.saturating_duration_since(began));
                self.bytes += taken as u64;
                self.last = now;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.is_open = false,
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Connects `count` times and reads nothing until the input ends.
fn stall(address: SocketAddr, count: usize) -> io::Result<()> {
    let mut deaf = Vec::new();
    for _ in 0..count {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(4_096)?;
        socket.connect(&address.into())?;
        deaf.push(socket);
    }
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// Time on a processor of the thread named `fanout`.
fn engine_cpu() -> io::Result<Duration> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let path = task?.path();
        if std::fs::read_to_string(path.join("comm"))?.trim() == "fanout" {
            let stat = std::fs::read_to_string(path.join("schedstat"))?;
            return Ok(Duration::from_nanos(parse(stat.split(' ').next().unwrap_or(""))?));
        }
    }
    Err(io::Error::other("there is no thread named fanout"))
}

/// What the kernel holds for TCP, in pages, as it says itself.
fn kernel_memory() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/net/sockstat")?.lines_with("TCP"))
}

fn report(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// The lines that begin with a word.
trait LinesWith {
    fn lines_with(&self, start: &str) -> String;
}

impl LinesWith for String {
    fn lines_with(&self, start: &str) -> String {
        self.lines().filter(|line| line.starts_with(start)).collect()
    }
}
