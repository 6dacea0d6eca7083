//! A healthy station that has to go on as if nothing were.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::encoder::Source;
use crate::listener::{Heard, Listener};
use crate::wait;

/// Audio that is there to be sent: more than any test lasts.
const SECONDS: u32 = 100;

/// How much of it is sent at once: more than a burst.
const AT_ONCE: usize = 230;

/// The length of a frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_micros(26_122);

/// The source of ingest `in` in real time, and listeners of egress `radio`.
#[derive(Debug)]
pub struct Watch {
    sent: Arc<Vec<Bytes>>,
    stop: Arc<AtomicBool>,
    last: Arc<OnceLock<Bytes>>,
    sending: JoinHandle<usize>,
    hearing: Vec<JoinHandle<Heard>>,
    address: SocketAddr,
}

impl Watch {
    /// Puts the station on air with so many listeners.
    pub async fn start(address: SocketAddr, listeners: usize) -> Self {
        let sent = Arc::new(demo::fixtures::mp3(SECONDS, 128, 44_100, 2));
        let (stop, last) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let source = Source::connect(address, "audio/mpeg").await;
        let sending =
            tokio::spawn(send(source, Arc::clone(&sent), Arc::clone(&stop), Arc::clone(&last)));
        let mut watch = Self { sent, stop, last, sending, hearing: Vec::new(), address };
        for _ in 0..listeners {
            watch.add_listener().await;
        }
        watch
    }

    /// One more listener, who hears the rest.
    pub async fn add_listener(&mut self) {
        let mut listener = tune_in(self.address, "/radio").await;
        let last = Arc::clone(&self.last);
        self.hearing.push(tokio::spawn(async move {
            let is_last = |audio: &[u8]| last.get().is_some_and(|last| audio.ends_with(last));
            listener.hear_until(is_last).await
        }));
    }

    /// Ends the station, and states that every listener has heard every byte
    /// from where it began to the last frame.
    ///
    /// # Panics
    ///
    /// One has not.
    pub async fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        let frames = &self.sent[..self.sending.await.unwrap()];
        let whole = frames.concat();
        let mut starts = vec![0];
        starts.extend(frames.iter().scan(0, |at, frame| {
            *at += frame.len();
            Some(*at)
        }));
        assert!(!self.hearing.is_empty());
        for heard in self.hearing {
            let audio = heard.await.unwrap().audio;
            assert!(whole.ends_with(&audio), "{} bytes are not as they were sent", audio.len());
            let start = whole.len() - audio.len();
            assert!(starts.binary_search(&start).is_ok(), "it began within a frame");
            assert!(!audio.is_empty());
        }
    }
}

/// Connects a listener once the mount is on air.
pub async fn tune_in(address: SocketAddr, path: &str) -> Listener {
    wait::until("audio", || async {
        Some(Listener::connect(address, path).await)
            .filter(|listener| listener.head.starts_with("HTTP/1.0 200"))
    })
    .await
}

/// Sends until it is stopped; gives how many frames were.
async fn send(
    mut source: Source,
    frames: Arc<Vec<Bytes>>,
    stop: Arc<AtomicBool>,
    last: Arc<OnceLock<Bytes>>,
) -> usize {
    source.send(&frames[..AT_ONCE]).await;
    let mut ticks = tokio::time::interval(FRAME);
    let mut sent = AT_ONCE;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let frame = frames.get(sent).expect("a test lasts less than its audio");
        source.send(std::slice::from_ref(frame)).await;
        sent += 1;
    }
    last.get_or_init(|| frames[sent - 1].clone());
    sent
}
