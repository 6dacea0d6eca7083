//! Listeners of a running server, many at once, for measuring by hand: what
//! counts is the audio that each of them got, not that it was let in.
//!
//! ```text
//! cargo run --release -p delivery --example crowd -- 127.0.0.1:8000 /radio listen 10000
//! ... stall 5000          ask and read nothing
//! ... churn 100000        come, hear something, and go, some hundred at a time
//! ```
//!
//! `listen` and `stall` stay until the input ends; each line of it is answered
//! by a line of figures, and the longest gap is counted anew from there.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use runtime::clock::{Clock, SystemClock};
use socket2::{Domain, Socket, Type};

/// Time between two rounds over all connections: what a time is good to.
const ROUND: Duration = Duration::from_millis(50);

/// Listeners that come and go together.
const CHURN: usize = 500;

/// Who has heard nothing for this long is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Receive buffer of one that stalls; the kernel doubles it.
const STALL_BUFFER: usize = 2_048;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [address, path, what, count] = words.as_slice() else {
        return Err(io::Error::other("usage: crowd ADDRESS PATH listen|stall|churn COUNT"));
    };
    let place = Place { address: parse(address)?, request: format!("GET {path} HTTP/1.0\r\n\r\n") };
    let count = parse(count)?;
    match *what {
        "listen" => listen(&place, count),
        "stall" => stall(&place, count),
        "churn" => churn(&place, count),
        _ => Err(io::Error::other("listen, stall or churn")),
    }
}

fn parse<T: std::str::FromStr>(word: &str) -> io::Result<T> {
    word.parse().map_err(|_| io::Error::other(format!("not a value: {word}")))
}

/// Where the listeners go.
struct Place {
    address: SocketAddr,
    request: String,
}

impl Place {
    /// Begins a connection and waits for nothing.
    fn connect(&self, buffer: Option<usize>) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        if let Some(len) = buffer {
            socket.set_recv_buffer_size(len)?;
        }
        // At the end no port is left waiting.
        socket.set_linger(Some(Duration::ZERO))?;
        socket.set_nonblocking(true)?;
        match socket.connect(&self.address.into()) {
            Err(error) if error.raw_os_error() != Some(EINPROGRESS) => Err(error),
            _ => Ok(socket.into()),
        }
    }
}

/// What Linux says of a connection that has begun.
const EINPROGRESS: i32 = 115;

/// One listener.
struct Ear {
    stream: TcpStream,
    began: Instant,
    state: State,
    first: Option<Duration>,
    last: Instant,
    gap: Duration,
    bytes: u64,
}

/// How far a listener has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    /// In the head; so many bytes of its end have been seen.
    Head(usize),
    Audio,
    Closed,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl Ear {
    fn new(stream: TcpStream) -> Self {
        let now = SystemClock.monotonic();
        let (state, gap) = (State::Connecting, Duration::ZERO);
        Self { stream, began: now, state, first: None, last: now, gap, bytes: 0 }
    }

    /// Goes on as far as it can.
    fn step(&mut self, place: &Place, buffer: &mut [u8]) {
        if self.state == State::Connecting {
            self.state = match self.stream.write(place.request.as_bytes()) {
                Ok(_) => State::Head(0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => State::Closed,
            };
        }
        if self.state == State::Closed {
            return;
        }
        match self.stream.read(buffer) {
            Ok(0) => self.state = State::Closed,
            Ok(len) => self.hear(buffer.get(..len).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.state = State::Closed,
        }
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while let (State::Head(seen), Some((byte, rest))) = (self.state, bytes.split_first()) {
            bytes = rest;
            let seen = if HEAD_END.get(seen) == Some(byte) {
                seen + 1
            } else {
                usize::from(HEAD_END.first() == Some(byte))
            };
            self.state = if seen == HEAD_END.len() { State::Audio } else { State::Head(seen) };
        }
        if bytes.is_empty() {
            return;
        }
        let now = SystemClock.monotonic();
        if self.first.is_some() {
            self.gap = self.gap.max(now.saturating_duration_since(self.last));
        }
        self.first.get_or_insert(now.saturating_duration_since(self.began));
        self.last = now;
        self.bytes += bytes.len() as u64;
    }
}

/// Tunes in at once, and reads until the input ends.
fn listen(place: &Place, count: usize) -> io::Result<()> {
    let mut ears = Vec::with_capacity(count);
    for _ in 0..count {
        ears.push(Ear::new(place.connect(None)?));
    }
    let asked = lines();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let round = SystemClock.monotonic();
        for ear in &mut ears {
            ear.step(place, &mut buffer);
        }
        match asked.try_recv() {
            Ok(()) => report(&mut ears)?,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        let rest = (round + ROUND).saturating_duration_since(SystemClock.monotonic());
        std::thread::park_timeout(rest);
    }
}

/// The lines of the input, as they come.
fn lines() -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        io::stdin().lock().lines().map_while(Result::ok).try_for_each(|_| sender.send(()))
    });
    receiver
}

/// Says how it stands, and counts gaps anew.
fn report(ears: &mut [Ear]) -> io::Result<()> {
    let now = SystemClock.monotonic();
    let mut first: Vec<_> = ears.iter().filter_map(|ear| ear.first).collect();
    first.sort_unstable();
    let at = |percent| first.get(first.len().saturating_sub(1) * percent / 100).copied();
    let millis = |time: Option<Duration>| time.unwrap_or_default().as_millis();
    let open = ears.iter().filter(|ear| ear.state != State::Closed).count();
    // One that is silent now has a gap too, if it is not over yet.
    let gap = ears.iter().filter(|ear| ear.first.is_some() && ear.state != State::Closed);
    let gap = gap.map(|ear| ear.gap.max(now.saturating_duration_since(ear.last))).max();
    let least = ears.iter().map(|ear| ear.bytes).min().unwrap_or_default();
    say(&format!(
        "open={open} heard={} p50_ms={} p99_ms={} last_ms={} gap_ms={} least_bytes={least}",
        first.len(),
        millis(at(50)),
        millis(at(99)),
        millis(first.last().copied()),
        millis(gap),
    ))?;
    for ear in ears {
        ear.gap = Duration::ZERO;
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Asks and reads nothing, until the input ends.
fn stall(place: &Place, count: usize) -> io::Result<()> {
    let mut deaf = Vec::with_capacity(count);
    for _ in 0..count {
        let stream = place.connect(Some(STALL_BUFFER))?;
        stream.set_nonblocking(false)?;
        (&stream).write_all(place.request.as_bytes())?;
        deaf.push(stream);
    }
    say("stalled")?;
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// Comes, hears something and goes, `count` times in all.
fn churn(place: &Place, count: usize) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let (mut came, mut heard) = (0, 0);
    while came < count {
        let some = CHURN.min(count - came);
        let ears: io::Result<Vec<_>> =
            (0..some).map(|_| place.connect(None).map(Ear::new)).collect();
        let mut ears = ears?;
        came += some;
        while !ears.is_empty() {
            for ear in &mut ears {
                ear.step(place, &mut buffer);
            }
            heard += ears.iter().filter(|ear| ear.first.is_some()).count();
            ears.retain(|ear| {
                let waited = SystemClock.monotonic().saturating_duration_since(ear.began);
                ear.first.is_none() && ear.state != State::Closed && waited < PATIENCE
            });
            std::thread::park_timeout(ROUND / 10);
        }
    }
    say(&format!("came={came} heard={heard}"))
}
