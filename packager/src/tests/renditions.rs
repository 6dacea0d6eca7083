//! Renditions that are made of a programme, in the bucket.

use bytes::Bytes;
use demo::Source;
use demo::tones::TimeCode;
use playlists::conformance::{check_multivariant, check_renditions};

use super::*;
use crate::testing::segments;

/// The egress of these tests: AAC beside MP3, and HE-AAC as a third.
const THREE: &str = "auto_aac = true\ndvr = \"2m\"\n\
    encodings = [ { codec = \"aac\", bitrate_kbps = 128, sample_rate_hz = 48000, channel_mode = \"stereo\" },\n\
    { codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 48000, channel_mode = \"stereo\" },\n\
    { codec = \"he_aac\", bitrate_kbps = 48, sample_rate_hz = 44100, channel_mode = \"stereo\" } ]\n\
    [egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\n";

const AAC: &str = "aac-2s-128";

const HE_AAC: &str = "he-aac-2s-48";

/// A minute of sound, as an encoder sends it.
fn frames() -> Vec<Bytes> {
    demo::fixtures::mp3(60, 128, 48_000, 2)
}

/// What lies in a rendition's folder, by name.
fn bodies(bench: &Bench, rendition: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = bench.folder_of(rendition);
    let read = |name: String| (name.clone(), std::fs::read(folder.join(name)).unwrap());
    segments(&folder).into_iter().map(read).collect()
}

fn media(bench: &Bench, rendition: &str) -> String {
    std::fs::read_to_string(bench.folder_of(rendition).join("media.m3u8")).unwrap()
}

fn multivariant(bench: &Bench) -> String {
    std::fs::read_to_string(bench.bucket().join("public/acme/playlist.m3u8")).unwrap()
}

/// Waits until a rendition lists as much as the programme does.
async fn settled(process: &Process, bench: &Bench, rendition: &str) {
    process.settle().await;
    let newest = |folder: PathBuf| segments(&folder).last().map(|name| number(name));
    eventually(|| newest(bench.folder_of(rendition)) == newest(bench.folder())).await;
}

fn assert_alike(bench: &Bench, rendition: &str) {
    let (own, other) = (bench.media().unwrap(), media(bench, rendition));
    assert_conforms(&other);
    assert_eq!(check_renditions(own.as_bytes(), other.as_bytes()), [], "{own}\n{other}");
    let dates = |text: &str| -> Vec<String> {
        let tags = text.lines().filter(|line| line.starts_with("#EXT-X-DATERANGE"));
        tags.map(str::to_owned).collect()
    };
    assert_eq!(dates(&own), dates(&other));
}

#[tokio::test(start_paused = true)]
async fn renditions_are_stored_and_listed_beside_the_programme() {
    let bench = Bench::new(THREE);
    let mut encoder = Encoder::new(1, 0, &bench.clock).with_frames(frames());
    let process = bench.start(&[&encoder]).await;
    for nth in 0..6 {
        encoder.title(&format!("A - {nth}"));
        encoder.play(SECOND * 5).await;
    }
    // What is behind a boundary tells how the segment before it sounds at its end.
    encoder.play(SECOND / 2).await;
    for rendition in [AAC, HE_AAC] {
        settled(&process, &bench, rendition).await;
        assert_alike(&bench, rendition);
    }
    let text = multivariant(&bench);
    let uris: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(uris, ["aac-2s-128/media.m3u8", "he-aac-2s-48/media.m3u8"], "what all can play");
    assert_eq!(check_multivariant(text.as_bytes()), []);
    assert!(text.contains("mp4a.40.2\"") && text.contains("mp4a.40.5\""), "{text}");
    let metrics = process.metrics();
    assert!(
        metrics.contains(
            "packager_rendition_frames_concealed_total{egress=\"acme\",rendition=\"aac-2s-128\"} 0"
        ),
        "{metrics}"
    );
    process.kill().await;
}

/// Whether both buckets have the same segments, byte for byte.
fn assert_same(bench: &Bench, whole: &Bench, rendition: &str) {
    let (made, wanted) = (bodies(bench, rendition), bodies(whole, rendition));
    assert!(made.keys().eq(wanted.keys()), "{:?} {:?}", made.keys(), wanted.keys());
    for (name, body) in &made {
        assert!(wanted.get(name) == Some(body), "{rendition}/{name} differs");
    }
}

/// Plays half a minute, ends the process and goes on with another one.
async fn interrupted(bench: &Bench, stops: bool) {
    let mut encoder = Encoder::new(1, 0, &bench.clock).with_frames(frames());
    let first = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 21).await;
    settled(&first, bench, AAC).await;
    if stops {
        first.stop().await;
    } else {
        first.kill().await;
    }
    encoder.play(SECOND).await;
    let second = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 20).await;
    encoder.play(SECOND / 2).await;
    for rendition in [AAC, HE_AAC] {
        settled(&second, bench, rendition).await;
        assert_alike(bench, rendition);
    }
    second.kill().await;
}

/// What an uninterrupted process makes of the same.
async fn uninterrupted(bench: &Bench) {
    let mut encoder = Encoder::new(1, 0, &bench.clock).with_frames(frames());
    let process = bench.start(&[&encoder]).await;
    encoder.play(SECOND * 42).await;
    encoder.play(SECOND / 2).await;
    for rendition in [AAC, HE_AAC] {
        settled(&process, bench, rendition).await;
    }
    process.kill().await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_goes_on_with_the_same_segments() {
    let whole = Bench::new(THREE);
    uninterrupted(&whole).await;
    let bench = Bench::new(THREE);
    interrupted(&bench, false).await;
    for rendition in [AAC, HE_AAC] {
        assert_same(&bench, &whole, rendition);
        assert!(!media(&bench, rendition).contains("DISCONTINUITY\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_bucket_that_was_away_for_long_gets_all_of_each_rendition_in_the_end() {
    let bench = Bench::new(THREE);
    let mut encoder = Encoder::new(1, 0, &bench.clock).with_frames(frames());
    let (process, ..) = away_with(&bench, &mut encoder, SECOND * 36).await;
    let numbers = |folder: PathBuf| -> Vec<u64> {
        segments(&folder).iter().map(|name| number(name)).collect()
    };
    let own = numbers(bench.folder());
    assert_eq!(own.len(), 27, "three windows");
    for rendition in [AAC, HE_AAC] {
        eventually(|| numbers(bench.folder_of(rendition)) == own).await;
        assert_alike(&bench, rendition);
    }
    process.kill().await;
}

/// One rendition, whose loudness follows from more than listeners get.
const LOUD: &str = "loudness = { target_lufs = -30 }\n\
    encodings = [ { codec = \"aac\", bitrate_kbps = 64, sample_rate_hz = 48000, channel_mode = \"stereo\" } ]\n\
    [egress.mount]\nsegment = \"2s\"\nwindow = \"18s\"\n";

/// Tones that are louder and quieter by the second.
struct Swell {
    tones: TimeCode,
    second: usize,
}

impl Source for Swell {
    fn sample_rate_hz(&self) -> u32 {
        self.tones.sample_rate_hz()
    }

    fn channels(&self) -> u8 {
        self.tones.channels()
    }

    /// A second of it.
    fn fill(&mut self, pcm: &mut [i16]) {
        self.tones.fill(pcm);
        // The first half of the minute by 6 dB louder in the mean.
        let by = if self.second < 30 { 1 } else { 2 } + i16::try_from(self.second % 2).unwrap();
        for sample in pcm {
            *sample /= by;
        }
        self.second += 1;
    }

    fn title_at(&self, _: u64) -> String {
        String::new()
    }
}

/// What the newest segments of [`LOUD`] are after so many seconds; the process is killed after
/// as many of them as are given.
async fn newest(manifest: &str, killed_at: Option<u32>, secs: u32) -> Vec<(String, Vec<u8>)> {
    const ID: &str = "aac-2s-64";
    let bench = Bench::new(manifest);
    let mut swell = Swell { tones: TimeCode::new(48_000, 2), second: 0 };
    let frames = demo::fixtures::frames(demo::Encoding::Mp3 { kbps: 128 }, &mut swell, secs);
    let mut encoder = Encoder::new(1, 0, &bench.clock).with_frames(frames);
    let mut process = bench.start(&[&encoder]).await;
    if let Some(at) = killed_at {
        encoder.play(SECOND * at).await;
        settled(&process, &bench, ID).await;
        process.kill().await;
        process = bench.start(&[&encoder]).await;
    }
    let rest = secs - killed_at.unwrap_or(0) - 1;
    encoder.play(SECOND * rest + SECOND / 2).await;
    settled(&process, &bench, ID).await;
    process.kill().await;
    let mut all: Vec<_> = bodies(&bench, ID).into_iter().collect();
    all.split_off(all.len() - 5)
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_goes_on_as_loud_as_it_was() {
    let whole = newest(LOUD, None, 96).await;
    assert!(newest(LOUD, Some(84), 96).await == whole);
    let (_, unchanged) = LOUD.split_once('\n').unwrap();
    let unchanged = newest(unchanged, None, 96).await;
    for ((name, loud), (other, body)) in whole.iter().zip(&unchanged) {
        assert!(name == other && loud != body, "{name} {other}");
    }
}

/// Units of all encoders, in real time.
async fn play_all(encoders: &mut [Encoder], length: Duration) {
    for _ in 0..length.as_nanos() / UNIT.as_nanos() {
        for encoder in &mut *encoders {
            encoder.send(1);
        }
        tokio::time::sleep(UNIT).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_packager_makes_the_same_segments_and_takes_over() {
    let whole = Bench::new(THREE);
    uninterrupted(&whole).await;
    let bench = Bench::new(THREE);
    let encoder = || Encoder::new(1, 0, &bench.clock).with_frames(frames());
    let mut encoders = [encoder(), encoder(), encoder(), encoder()];
    let [one, other, third, fourth] = &encoders;
    let first = bench.start_with([&one.feed, &other.feed]).await;
    let feeds = [third.feed.clone(), fourth.feed.clone()];
    play_all(&mut encoders, SECOND * 15).await;
    let second = bench.start_beside("second", [&feeds[0], &feeds[1]]).await;
    play_all(&mut encoders, SECOND * 13).await;
    for rendition in [AAC, HE_AAC] {
        settled(&second, &bench, rendition).await;
    }
    first.kill().await;
    play_all(&mut encoders, SECOND * 14 + SECOND / 2).await;
    for rendition in [AAC, HE_AAC] {
        settled(&second, &bench, rendition).await;
        assert_alike(&bench, rendition);
        assert_same(&bench, &whole, rendition);
        assert!(!media(&bench, rendition).contains("DISCONTINUITY\n"));
    }
    second.kill().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_has_nothing_of_what_was_before_lists_what_the_other_has_stored() {
    let bench = Bench::new(THREE);
    let encoder = |sent: u64| Encoder::new(1, sent, &bench.clock).with_frames(frames());
    let mut encoders = vec![encoder(0), encoder(0)];
    let first = bench.start_with([&encoders[0].feed, &encoders[1].feed]).await;
    play_all(&mut encoders, SECOND * 20).await;
    // Between what is stored and what it hears first there is a second that it has not.
    play_all(&mut encoders, SECOND).await;
    let sent = encoders[0].sent;
    encoders.extend([encoder(sent), encoder(sent)]);
    let second = bench.start_beside("second", [&encoders[2].feed, &encoders[3].feed]).await;
    let mut watched = Watched::new(&bench);
    let epoch = |process: &Process| process.programme.status().epoch;
    // It has an epoch of its own, until it finds its place in the first one's.
    for is_one in [false, true] {
        while (epoch(&first) == epoch(&second)) != is_one {
            watched.play(&mut encoders, SECOND / 4).await;
        }
    }
    // Until it has made some by itself.
    watched.play(&mut encoders, SECOND * 7).await;
    first.kill().await;
    watched.play(&mut encoders, SECOND * 8).await;
    for rendition in [AAC, HE_AAC] {
        settled(&second, &bench, rendition).await;
        assert_alike(&bench, rendition);
        assert!(!media(&bench, rendition).contains("DISCONTINUITY\n"));
    }
    second.kill().await;
}

/// What the bucket's playlists have said last.
struct Watched<'a> {
    bench: &'a Bench,
    texts: [String; 2],
}

impl<'a> Watched<'a> {
    fn new(bench: &'a Bench) -> Self {
        Self { bench, texts: [AAC, HE_AAC].map(|rendition| media(bench, rendition)) }
    }

    /// Each has to go on with the one before it.
    async fn play(&mut self, encoders: &mut [Encoder], length: Duration) {
        for _ in 0..length.as_nanos() / (SECOND / 4).as_nanos() {
            play_all(encoders, SECOND / 4).await;
            for (last, rendition) in self.texts.iter_mut().zip([AAC, HE_AAC]) {
                let text = media(self.bench, rendition);
                assert_follows(last, &text);
                *last = text;
            }
        }
    }
}
