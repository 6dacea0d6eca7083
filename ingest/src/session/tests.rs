use std::sync::Arc;

use icy::charset::Charset;
use icy::source::Body as Framing;
use media::ChannelMode;
use media::synthetic::mp3_frame;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::metrics::Metrics;
use crate::slot::{Caller, Slot};
use crate::testing::{TokioClock, all, catalogue, kinds, mp3};

const TIMEOUT: Duration = Duration::from_secs(10);

/// A session under way, seen from its encoder.
struct Encoder {
    stream: DuplexStream,
    slot: Arc<Slot>,
    clock: Steady,
    shutdown: Shutdown,
    running: JoinHandle<End>,
}

impl Encoder {
    fn start(framing: Framing, metaint: Option<u32>, charset: Charset) -> Self {
        let started = tokio::time::Instant::now();
        let clock = Steady::new(Arc::new(TokioClock { started }));
        let ingest = catalogue().ingest("live").unwrap().clone();
        let metrics = Metrics::register(&mut Registry::default());
        let slot = Arc::new(Slot::new(ingest.clone(), metrics.of("live")));
        let caller = Caller { peer: "192.0.2.1:1".parse().unwrap(), user_agent: None };
        let claim = slot.claim(caller, &Arc::new(Semaphore::new(1)), clock.now()).unwrap();
        let mut session = Session {
            claim,
            body: Body::new(framing, metaint),
            intake: Intake::new(ingest.encoding, ingest.on_mismatch),
            conform: None,
            charset,
            clock: clock.clone(),
            source_timeout: TIMEOUT,
            heard: clock.now(),
        };
        let (stream, mut theirs) = tokio::io::duplex(1 << 16);
        let shutdown = Shutdown::default();
        let running = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { session.run(&mut theirs, &[], &shutdown).await }
        });
        Self { stream, slot, clock, shutdown, running }
    }

    fn plain() -> Self {
        Self::start(Framing::UntilClose, None, Charset::Auto)
    }

    async fn send(&mut self, bytes: &[u8]) {
        // An end in the middle is what some tests are about.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Waits for the end; what it was, when, and what is on the feed.
    async fn end(self) -> (String, Duration, String) {
        let Self { stream, slot, clock, running, .. } = self;
        let begun = slot.report(clock.now()).connected_secs.unwrap_or_default();
        let start = clock.now();
        let end = running.await.unwrap().to_string();
        drop(stream);
        let took = Duration::from_secs(begun) + clock.now().since(start);
        (end, took, kinds(&all(&slot.feed()).await))
    }

    async fn close(mut self) -> (String, String) {
        self.stream.shutdown().await.unwrap();
        let (end, _, kinds) = self.end().await;
        (end, kinds)
    }
}

/// A second of frames of `live`, nearly.
fn second(number: u64) -> Vec<u8> {
    mp3(number * 38..(number + 1) * 38).concat()
}

#[tokio::test(start_paused = true)]
async fn a_source_that_leaves_has_all_its_frames_taken() {
    let mut encoder = Encoder::plain();
    encoder.send(&mp3(0..10).concat()).await;
    assert_eq!(encoder.close().await, ("the source has gone".to_owned(), "C 10 G".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_falls_silent_is_gone_after_the_time_out() {
    let mut encoder = Encoder::plain();
    encoder.send(&mp3(0..10).concat()).await;
    let (end, took, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("nothing came for 10 s", "C 10 G"));
    assert_eq!(took, TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_speaks_is_gone_after_the_time_out() {
    let (end, took, kinds) = Encoder::plain().end().await;
    assert_eq!((end.as_str(), took, kinds.as_str()), ("nothing came for 10 s", TIMEOUT, "G"));
}

#[tokio::test(start_paused = true)]
async fn a_stall_up_to_the_time_out_changes_nothing() {
    let mut encoder = Encoder::plain();
    for number in 0..3 {
        encoder.send(&second(number)).await;
        tokio::time::sleep(TIMEOUT.saturating_sub(Duration::from_millis(1))).await;
    }
    assert_eq!(encoder.close().await.1, "C 114 G");
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_and_silence_is_silence() {
    let mut encoder = Encoder::plain();
    encoder.send(&second(0)).await;
    encoder.send(&mp3(99..100).concat()[..200]).await;
    let (end, took, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), took), ("nothing came for 10 s", TIMEOUT));
    assert!(kinds == "C 38 G" || kinds == "C 37 G", "{kinds}");
}

#[tokio::test(start_paused = true)]
async fn garbage_for_ever_is_no_sign_of_life() {
    let mut encoder = Encoder::plain();
    encoder.send(&second(0)).await;
    for _ in 0..3600 {
        encoder.send(&[0; 16_000]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (end, _, kinds) = encoder.end().await;
    // Of the last frame only the header behind it would tell that it was whole.
    assert_eq!((end.as_str(), kinds.as_str()), ("nothing came for 10 s", "C 37 G"));
}

#[tokio::test(start_paused = true)]
async fn garbage_from_the_start_is_refused_within_two_seconds() {
    let mut encoder = Encoder::plain();
    encoder.send(&[0; 99]).await;
    let (end, took, kinds) = encoder.end().await;
    assert_eq!(end, "no MP3 or AAC frame in the first 99 bytes");
    assert_eq!((took, kinds.as_str()), (crate::FIRST_FRAME_TIME, "G"));
    let mut encoder = Encoder::plain();
    for _ in 0..8 {
        encoder.send(&[0; 99]).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (end, _, _) = encoder.end().await;
    assert_eq!(end, "no MP3 or AAC frame in the first 693 bytes");
}

#[tokio::test(start_paused = true)]
async fn an_endless_tag_is_refused_and_allocates_nothing() {
    let mut encoder = Encoder::plain();
    encoder.send(b"ID3\x04\0\0\x7f\x7f\x7f\x7f").await;
    for _ in 0..30 {
        encoder.send(&vec![0; 60_000]).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (end, _, kinds) = encoder.end().await;
    let expected = "no audio came behind an ID3 tag of 268435465 bytes";
    assert_eq!((end.as_str(), kinds.as_str()), (expected, "G"));
}

#[tokio::test(start_paused = true)]
async fn chunks_are_taken_apart_and_end_the_stream() {
    let mut encoder = Encoder::start(Framing::Chunked, None, Charset::Auto);
    for frame in mp3(0..10) {
        for half in frame.chunks(300) {
            encoder.send(format!("{:x}\r\n", half.len()).as_bytes()).await;
            encoder.send(half).await;
            encoder.send(b"\r\n").await;
        }
    }
    encoder.send(b"0\r\n\r\n").await;
    let (end, _, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("the source has ended", "C 10 G"));
}

#[tokio::test(start_paused = true)]
async fn broken_chunks_end_it_behind_the_last_frame() {
    let mut encoder = Encoder::start(Framing::Chunked, None, Charset::Auto);
    let frames = mp3(0..4).concat();
    encoder
        .send(&[format!("{:x}\r\n", frames.len()).as_bytes(), &frames, b"\r\nzz\r\n"].concat())
        .await;
    let (end, _, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("chunk size is not a hexadecimal number", "C 4 G"));
}

#[tokio::test(start_paused = true)]
async fn a_length_ends_the_stream() {
    let frames = mp3(0..4).concat();
    let framing = Framing::Length(frames.len() as u64);
    let mut encoder = Encoder::start(framing, None, Charset::Auto);
    encoder.send(&frames).await;
    let (end, _, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("the source has ended", "C 4 G"));
}

/// Audio with a block behind each `interval` bytes; every other one is empty.
fn with_titles(audio: &[u8], interval: usize, text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, piece) in audio.chunks(interval).enumerate() {
        bytes.extend_from_slice(piece);
        if piece.len() == interval && number % 2 == 0 {
            let units = text.len().div_ceil(16);
            bytes.push(u8::try_from(units).unwrap());
            bytes.extend_from_slice(text);
            bytes.resize(bytes.len() + units * 16 - text.len(), 0);
        } else if piece.len() == interval {
            bytes.push(0);
        }
    }
    bytes
}

async fn check_titles(charset: Charset, text: &[u8], expected: &str) {
    let mut encoder = Encoder::start(Framing::UntilClose, Some(1000), charset);
    let frames = mp3(0..10);
    encoder.send(&with_titles(&frames.concat(), 1000, text)).await;
    let slot = Arc::clone(&encoder.slot);
    encoder.close().await;
    let items = all(&slot.feed()).await;
    let got: Vec<_> = crate::testing::units(&items).iter().map(|unit| unit.data.to_vec()).collect();
    assert!(got == frames, "the audio is untouched");
    let titles: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            PathItem::Title(title) => Some(title.stream_title.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(titles, [expected, expected]);
}

#[tokio::test(start_paused = true)]
async fn titles_between_the_audio_are_read_in_the_ingests_charset() {
    check_titles(Charset::Auto, "StreamTitle='Zoë';".as_bytes(), "Zoë").await;
    check_titles(Charset::Auto, b"StreamTitle='Zo\xeb';", "Zoë").await;
    let cyrillic: Charset = "windows-1251".parse().unwrap();
    check_titles(cyrillic, b"StreamTitle='\xc7\xee\xff';", "Зоя").await;
    check_titles(cyrillic, "StreamTitle='Зоя';".as_bytes(), "Зоя").await;
}

#[tokio::test(start_paused = true)]
async fn metadata_out_of_step_ends_it() {
    let mut encoder = Encoder::start(Framing::UntilClose, Some(1000), Charset::Auto);
    encoder.send(&with_titles(&mp3(0..10).concat(), 1000, b"\xff\xfb no title \xff")).await;
    let (end, _, _) = encoder.end().await;
    assert_eq!(end, "metadata block does not begin with a name and a value");
}

#[tokio::test(start_paused = true)]
async fn a_source_ahead_of_its_time_is_made_to_wait_and_is_not_silent_meanwhile() {
    let mut encoder = Encoder::plain();
    let slow: Vec<_> =
        (0..6_000).map(|seed| mp3_frame(8, 8_000, ChannelMode::Mono, seed)).collect();
    // 72 ms each: 432 s at once.
    encoder.send(&slow.concat()).await;
    let taken = encoder.slot.report(encoder.clock.now()).frames_total;
    let (end, kinds) = encoder.close().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("the source has gone", "C 6000 G"));
    assert!(taken < 6_000);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_source_is_told_and_its_last_frames_go_nowhere() {
    let mut encoder = Encoder::plain();
    encoder.send(&mp3(0..10).concat()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let caller = Caller { peer: "192.0.2.1:2".parse().unwrap(), user_agent: None };
    let places = Arc::new(Semaphore::new(0));
    let _next = encoder.slot.claim(caller, &places, encoder.clock.now()).unwrap();
    let (end, _, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("another source took its place", "C 9 G"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_process_ends_it() {
    let mut encoder = Encoder::plain();
    encoder.send(&mp3(0..10).concat()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    encoder.shutdown.trigger();
    let (end, _, kinds) = encoder.end().await;
    assert_eq!((end.as_str(), kinds.as_str()), ("the process ends", "C 10 G"));
}
