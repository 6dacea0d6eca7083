//! Several ingests of one egress: one dies, comes back, lags, or carries
//! something else. A listener hears on, and the playlist goes on.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use catalogue::report::EgressReport;
use codec::mp3::Decoder;
use demo::{Bursts, Encoding, Programme, Source as _};
use media::{ChannelMode, synthetic};
use tests::encoder::{AUTHORIZATION, Source};
use tests::hls::{Fetched, fetch};
use tests::listener::Listener;
use tests::{Scratch, TestNode, frames, http, wait};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Frames in so many seconds, nearly.
const fn secs(secs: usize) -> usize {
    secs * 38
}

/// The egress `radio` of ingests `in` and `far`, with a second of `hold_back` and
/// short segments.
fn station() -> String {
    let far = "[[ingest]]\nname = \"far\"\npublisher = \"acme\"\nencoding = { codec = \"mp3\", \
               bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"joint_stereo\" }\n\
               push = { mount = \"far\", user = \"source\", password = \"secret\" }\n[[egress]]";
    let egress =
        "hold_back = \"1s\"\nhold = \"1s\"\n[egress.mount]\nsegment = \"2s\"\nburst = \"0s\"";
    let text = tests::node::MP3.replace("[[egress]]", far).replace("[egress.mount]", egress);
    text.replace("ingests = [\"in\"]", "ingests = [\"in\", \"far\"]")
}

/// A node, and encoders that send to it in real time from one moment on.
struct OnAir {
    node: TestNode,
    began: Instant,
    /// How many times as fast as they are played frames are sent.
    pace: u32,
    sending: JoinSet<()>,
}

impl OnAir {
    async fn start() -> Self {
        Self::start_with(&station()).await
    }

    async fn start_with(manifest: &str) -> Self {
        let limits = "[limits]\nsource_timeout = \"4s\"\n";
        let node = TestNode::start_configured(manifest, limits).await;
        Self { node, began: Instant::now(), pace: 1, sending: JoinSet::new() }
    }

    /// A mount's encoder sends these frames, each `late` after its time, and closes.
    fn send(&mut self, mount: &str, sent: &[Bytes], range: Range<usize>, late: Duration) {
        let head = format!(
            "SOURCE /{mount} HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\n\
             Content-Type: audio/mpeg\r\n\r\n"
        );
        let frame = FRAME / self.pace;
        let due = move |number: usize| frame * u32::try_from(number).unwrap() + late;
        let (public, began, first) = (self.node.public(), self.began, range.start);
        let frames = sent[range].to_vec();
        self.sending.spawn(async move {
            tokio::time::sleep_until(began + due(first)).await;
            let (mut source, answer) = Source::send_head(public, &head).await;
            assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
            for (number, frame) in (first..).zip(frames) {
                tokio::time::sleep_until(began + due(number)).await;
                source.send(&[frame]).await;
            }
        });
    }

    /// Hears from the beginning to the end, that all encoders are gone.
    async fn hear(&mut self) -> Vec<Bytes> {
        self.node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
        let mut listener = Listener::connect(self.node.public(), "/radio").await;
        let heard = listener.hear_until(|_| false).await;
        while let Some(sent) = self.sending.join_next().await {
            sent.unwrap();
        }
        frames::whole(&heard.audio)
    }

    /// What is listed in the end.
    async fn fetch(&self) -> Fetched {
        fetch(&self.node.url(&format!("/radio/{}", self.egress().rendition))).await
    }

    fn egress(&self) -> EgressReport {
        self.node.egress("radio")
    }

    /// What has happened, the oldest first.
    async fn all_events(&self) -> Vec<serde_json::Value> {
        let answer = http::get(&self.node.control_url("/api/v1/events")).await;
        let events: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        events["events"].as_array().unwrap().iter().rev().cloned().collect()
    }

    /// The same, with the ingest's name.
    async fn events(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let events = self.all_events().await;
        events.iter().map(|event| (text(&event["event"]), text(&event["ingest"]))).collect()
    }

    /// What is said of the events of one kind.
    async fn details(&self, kind: &str) -> Vec<String> {
        let events = self.all_events().await;
        let of_kind = events.iter().filter(|event| event["event"] == kind);
        of_kind.map(|event| event["detail"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The encoder's frames come by both paths, until one of them dies; gives the
/// egress and its events when all is over.
async fn dies(mount: &str, late: Duration) -> (EgressReport, Vec<(String, String)>) {
    let sent = demo::fixtures::mp3(16, 128, 44_100, 2);
    let mut on_air = OnAir::start().await;
    let (first, second) = if mount == "in" { (6, 14) } else { (14, 6) };
    on_air.send("in", &sent, 0..secs(first), Duration::ZERO);
    on_air.send("far", &sent, 0..secs(second), late);
    let heard = on_air.hear().await;
    let at = frames::position(&sent, &heard);
    // The last frame of a source is known to be whole when it has left.
    assert!(at + heard.len() >= secs(14) - 1, "{at} and {} frames", heard.len());
    let listed = on_air.fetch().await;
    assert!(listed.discontinuities().is_empty());
    assert_eq!(frames::position(&sent, &listed.frames()), 0);
    assert_eq!(listed.frames().len(), secs(14));
    (on_air.egress(), on_air.events().await)
}

fn kinds(events: &[(String, String)]) -> Vec<(&str, &str)> {
    events.iter().map(|(kind, ingest)| (kind.as_str(), ingest.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preferred_ingest_that_dies_is_not_heard() {
    let (egress, events) = dies("in", Duration::from_millis(300)).await;
    assert_eq!((egress.breaks_total, egress.frames_lost_total), (0, 0));
    assert_eq!(
        kinds(&events),
        [
            ("on_air", "-"),
            ("path_down", "in"),
            ("switched", "far"),
            ("path_down", "far"),
            ("off_air", "-")
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ingest_that_dies_is_not_heard() {
    let (egress, events) = dies("far", Duration::from_millis(300)).await;
    assert_eq!((egress.breaks_total, egress.frames_lost_total), (0, 0));
    assert_eq!(
        kinds(&events),
        [("on_air", "-"), ("path_down", "far"), ("path_down", "in"), ("off_air", "-")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_far_behind_is_waited_for() {
    let (egress, _) = dies("in", Duration::from_secs(5)).await;
    assert_eq!((egress.breaks_total, egress.frames_lost_total), (0, 0));
    assert!(egress.longest_gap_ms > 3_000, "{egress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ingests_that_flap_in_turn_are_not_heard() {
    let sent = demo::fixtures::mp3(22, 128, 44_100, 2);
    let mut on_air = OnAir::start().await;
    for turn in 0..4 {
        let begin = secs(5 * turn);
        on_air.send("in", &sent, begin..begin + secs(4), Duration::ZERO);
        let begin = secs(5 * turn + 2);
        on_air.send("far", &sent, begin..begin + secs(4), Duration::from_millis(200));
    }
    let heard = on_air.hear().await;
    let at = frames::position(&sent, &heard);
    assert!(at + heard.len() >= secs(21) - 1, "{at} and {} frames", heard.len());
    let listed = on_air.fetch().await;
    assert!(listed.discontinuities().is_empty());
    let egress = on_air.egress();
    assert_eq!((egress.breaks_total, egress.frames_lost_total), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programme_follows_at_a_frame_and_goes_when_the_preferred_is_back() {
    let (sent, other) = (music(1), music(2));
    let mut on_air = OnAir::start().await;
    on_air.send("in", &sent, 0..secs(5), Duration::ZERO);
    on_air.send("far", &other, secs(1)..secs(22), Duration::ZERO);
    on_air.send("in", &sent, secs(9)..secs(20), Duration::ZERO);
    let heard = on_air.hear().await;
    let (own, others) = (count(&heard, &sent), count(&heard, &other));
    assert!(others >= secs(8) && own >= secs(9), "{own} and {others}");
    let primers = heard.len() - own - others;
    assert!((3..=6).contains(&primers), "{primers} frames between");
    assert_decodes_as(&heard, &other);
    let egress = on_air.egress();
    assert_eq!(egress.breaks_total, 3, "{egress:?}");
    let events = on_air.events().await;
    let switched: Vec<_> =
        kinds(&events).into_iter().filter(|(kind, _)| *kind == "switched").collect();
    assert_eq!(switched, [("switched", "far"), ("switched", "in"), ("switched", "far")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_is_on_air_until_an_ingest_is_stable_again() {
    let (sent, loops) = (music(1), music(3));
    let scratch = Scratch::default();
    let file = scratch.path().join("loop.mp3");
    std::fs::write(&file, loops[..secs(2)].concat()).unwrap();
    let fallback = format!("fallback = \"file:{}\"\nhold_back", file.display());
    let mut on_air = OnAir::start_with(&station().replace("hold_back", &fallback)).await;
    on_air.send("in", &sent, 0..secs(5), Duration::ZERO);
    on_air.send("in", &sent, secs(9)..secs(20), Duration::ZERO);
    on_air.node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    let mut listener = Listener::connect(on_air.node.public(), "/radio").await;
    let hearing = tokio::spawn(async move { listener.hear_until(|_| false).await });
    on_air.node.until("the fallback", |report| report.egress("radio").unwrap().on_fallback).await;
    let back = |egress: &EgressReport| !egress.on_fallback && egress.breaks_total == 2;
    on_air.node.until("the ingest", |report| back(report.egress("radio").unwrap())).await;
    // It is on air for good then: nobody is closed.
    on_air.node.until("the fallback", |report| report.egress("radio").unwrap().on_fallback).await;
    let events = on_air.events().await;
    let switched: Vec<_> =
        kinds(&events).into_iter().filter(|(kind, _)| *kind == "switched").collect();
    assert_eq!(switched[..2], [("switched", "-"), ("switched", "in")]);
    on_air.node.stop().await;
    let heard = frames::whole(&hearing.await.unwrap().audio);
    let (own, looped) = (count(&heard, &sent), count(&heard, &loops[..secs(2)]));
    assert!(own >= secs(9) && looped >= secs(6), "{own} and {looped}");
    assert!(heard.len() - own - looped <= 2, "a primer, and no other frame");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_ingest_is_left_until_it_has_had_sound_for_five_seconds() {
    let (mut sent, other) = (music(1), music(2));
    let frame = synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, 1);
    sent[secs(4)..secs(9)].fill(Bytes::from(frame));
    let manifest = station().replace("hold_back", "silence = \"2s\"\nhold_back");
    let mut on_air = OnAir::start_with(&manifest).await;
    on_air.send("in", &sent, 0..secs(20), Duration::ZERO);
    on_air.send("far", &other, secs(1)..secs(18), Duration::ZERO);
    let heard = on_air.hear().await;
    let egress = on_air.egress();
    assert_eq!(egress.breaks_total, 2, "{egress:?}");
    let events = on_air.events().await;
    let switched: Vec<_> =
        kinds(&events).into_iter().filter(|(kind, _)| *kind == "switched").collect();
    assert_eq!(switched, [("switched", "far"), ("switched", "in")]);
    let why = on_air.details("switched").await;
    assert!(why[0].ends_with("far: those on air are silent"), "{why:?}");
    assert!(why[1].ends_with("in: it is preferred, and stable"), "{why:?}");
    // Two seconds of silence were heard, then the other one until five seconds of sound.
    let (silence, between) = (count(&heard, &sent[secs(4)..secs(9)]), count(&heard, &other));
    assert!((secs(2)..secs(2) + 4).contains(&silence), "{silence}");
    assert!((secs(7)..secs(10)).contains(&between), "{between}");
    assert_decodes_as(&heard, &other);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_between_two_encoders_of_one_programme_is_shown() {
    let encoding = Encoding::Mp3 { kbps: 128 };
    // What the first one plays the second one plays 800 ms later.
    let mut ahead = Bursts::new(1, 44_100, 2);
    ahead.fill(&mut vec![0; 44_100 * 2 * 8 / 10]);
    let sent = demo::fixtures::frames(encoding, &mut ahead, 56);
    let other = demo::fixtures::frames(encoding, &mut Bursts::new(1, 44_100, 2), 56);
    let mut on_air = OnAir::start().await;
    on_air.pace = 4;
    on_air.send("in", &sent, 0..secs(44), Duration::ZERO);
    on_air.send("far", &other, secs(2)..secs(56), Duration::ZERO);
    let metrics = on_air.node.control_url("/metrics");
    let is_offset = |line: &&str| line.starts_with("skywave_packager_path_offset_seconds{");
    let shown = tokio::spawn(async move {
        let find = || async {
            http::try_get(&metrics).await?.text().lines().find(is_offset).map(str::to_owned)
        };
        wait::until("an offset among the metrics", find).await
    });
    let heard = on_air.hear().await;
    let shown = shown.await.unwrap();
    assert!(shown.contains("ingest=\"far\"") && shown.contains("} 0."), "{shown}");
    let (egress, events) = (on_air.egress(), on_air.details("switched").await);
    let offset = egress.last_break_offset_ms.unwrap_or_default();
    assert!((offset - 800).abs() < 20, "{egress:?}");
    let told = format!("another encoder of the same programme, {offset} ms of it is heard twice");
    assert!(events[0].starts_with(&told), "{events:?}");
    // What is said of it is what is heard: the second one's first frame was made of the
    // same sound as a frame of the first one so long before its last.
    let place = |frames: &[Bytes], frame: &Bytes| frames.iter().position(|one| one == frame);
    let last = heard.iter().rev().find_map(|frame| place(&sent, frame)).unwrap();
    let next = heard.iter().find_map(|frame| place(&other, frame)).unwrap();
    let frame = i64::try_from(FRAME.as_nanos()).unwrap();
    let frames = i64::try_from(last + 1).unwrap() - i64::try_from(next).unwrap();
    let twice = 800 + frames * frame / 1_000_000;
    assert!((twice - offset).abs() <= 60, "{twice} {offset}");
}

/// States that the first frames which are these are decoded, behind what was heard
/// before, as by a decoder that has heard nothing else.
fn assert_decodes_as(heard: &[Bytes], programme: &[Bytes]) {
    let seam = heard.iter().position(|frame| programme.contains(frame)).unwrap();
    let at = programme.iter().position(|frame| *frame == heard[seam]).unwrap();
    let (mut behind, mut alone) = (Decoder::new(), Decoder::new());
    for frame in &heard[..seam] {
        behind.decode(frame);
    }
    for frame in &programme[..at] {
        alone.decode(frame);
    }
    for (behind_the_seam, frame) in heard[seam..].iter().take(50).enumerate() {
        let (wanted, got) = (alone.decode(frame).map(<[i16]>::to_vec), behind.decode(frame));
        assert!(wanted.is_some() && wanted.as_deref() == got, "frame {behind_the_seam}");
    }
}

/// Half a minute of music, another with each seed.
fn music(seed: u64) -> Vec<Bytes> {
    demo::fixtures::frames(Encoding::Mp3 { kbps: 128 }, &mut Programme::new(seed), 24)
}

/// How many of the frames are some of these.
fn count(heard: &[Bytes], sent: &[Bytes]) -> usize {
    heard.iter().filter(|frame| sent.contains(frame)).count()
}
