//! Buckets that fail: listeners notice nothing, and in the end the bucket has all.

use std::time::Duration;

use bytes::Bytes;
use playlists::conformance;
use tests::encoder::{Source, head};
use tests::faulty::{Faults, Faulty};
use tests::listener::Listener;
use tests::moto::Moto;
use tests::program::Setup;
use tests::{Program, Scratch, frames, hls, http};
use tokio::time::Instant;

/// Real time of a frame.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// Credentials as the SDKs' variables; moto takes any.
const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")];

/// Where the playlist lies in the bucket.
const FOLDER: &str = "skywave/x/public/radio/mp3-2s-128";

/// A station on a bucket with a way to it that fails.
struct Station {
    moto: Moto,
    way: Faulty,
    program: Program,
    _scratch: Scratch,
}

impl Station {
    async fn start() -> Self {
        let (moto, scratch) = (Moto::start().await, Scratch::default());
        moto.publish("x/public").await;
        let way = Faulty::start(&moto.endpoint, 7).await;
        let lines = format!("store = \"s3://skywave/x\"\ns3_endpoint = \"{}\"", way.endpoint);
        let setup = Setup { lines: &lines, environment: &CREDENTIALS };
        let mount =
            "dvr = \"10m\"\n[egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\nburst = \"0s\"";
        let manifest = tests::node::MP3.replace("[egress.mount]", mount);
        let program = Program::serve_as(&manifest, scratch.path(), setup).await;
        Self { moto, way, program, _scratch: scratch }
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{FOLDER}/{name}", self.moto.endpoint)
    }

    /// Follows the bucket's playlist for so long: each has to go on with the one before
    /// it, and to name what is there.
    async fn watch(&self, length: Duration) -> Vec<String> {
        let (until, mut seen) = (Instant::now() + length, Vec::<String>::new());
        while Instant::now() < until {
            let answer = http::get(&self.url("media.m3u8")).await;
            if answer.status == 200 && seen.last() != Some(&answer.text()) {
                let text = answer.text();
                conformance::assert_conforms(&text);
                if let Some(last) = seen.last() {
                    conformance::assert_follows(last, &text);
                }
                let newest = hls::listed(&text).pop().unwrap().to_owned();
                assert_eq!(http::get(&self.url(&newest)).await.status, 200, "{newest} is listed");
                seen.push(text);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        seen
    }
}

/// Sends in real time.
async fn send(mut source: Source, sent: Vec<Bytes>) {
    let began = Instant::now();
    for (number, frame) in (0..).zip(sent) {
        tokio::time::sleep_until(began + FRAME * number).await;
        source.send(&[frame]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_and_is_away_is_not_heard_and_gets_all_in_the_end() {
    let station = Station::start().await;
    let sent = demo::fixtures::mp3(50, 128, 44_100, 2);
    let (source, _) = Source::send_head(station.program.public, &head("audio/mpeg")).await;
    let sending = tokio::spawn(send(source, sent.clone()));
    let on_air = |egress: &serde_json::Value| egress["on_air"] == true;
    station.program.until_egress("audio", on_air).await;
    let mut listener = Listener::connect(station.program.public, "/radio").await;
    let hearing = tokio::spawn(async move { listener.hear(16_000 * 38).await });
    let bad = Faults { errors: 20, holes: 3, delay: Duration::from_millis(20), is_down: false };
    station.way.set(bad);
    let before = station.watch(Duration::from_secs(13)).await;
    assert!(before.len() > 2, "{} playlists on bad days", before.len());
    // Longer than the window.
    station.way.set(Faults { is_down: true, ..bad });
    let away = station.watch(Duration::from_secs(21)).await;
    assert!(away.len() <= 2, "{} playlists while it is away", away.len());
    station.way.set(Faults { holes: 0, ..bad });
    let after = station.watch(Duration::from_secs(8)).await;
    conformance::assert_follows(before.last().unwrap(), after.last().unwrap());
    let heard = hearing.await.unwrap();
    sending.abort();
    station.way.set(Faults::default());
    let lag = |egress: &serde_json::Value| egress["bucket_lag_segments"] == 0;
    station.program.until_egress("all stored", lag).await;

    // Who listened to the process has heard all of it.
    let heard = frames::whole(&heard.audio);
    let first = frames::position(&sent, &heard);
    assert!(first < 100 && heard.len() > 1_300, "{} frames from {first}", heard.len());
    // The bucket has every segment from the first one on.
    let last = hls::listed(after.last().unwrap()).pop().unwrap().to_owned();
    let (number, epoch) = last.split_once('-').unwrap();
    let number: u64 = number.parse().unwrap();
    let begin: u64 = hls::listed(&before[0])[0].split_once('-').unwrap().0.parse().unwrap();
    let mut stored = Vec::new();
    for number in begin..=number {
        let answer = http::get(&station.url(&format!("{number}-{epoch}"))).await;
        assert_eq!(answer.status, 200, "{number}-{epoch}");
        stored.extend(frames::of_segment(&answer.body));
    }
    frames::position(&sent, &stored);
    assert!(stored.len() > 1_200, "{}", stored.len());
}
