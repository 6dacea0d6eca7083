//! Renditions that are made here, and processes that are killed: the next one, or the other
//! of two, goes on with the same segments.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use playlists::conformance::{self, ListedSegment};
use store::SegmentName;
use tests::encoder::{Source, head};
use tests::hls::{self, Fetched};
use tests::program::Setup;
use tests::{Program, Scratch, frames, http, tones, wait};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::players::seconds::{DECODED, Heard, RATE_HZ};

/// The encoder's own bytes, and what is made of them.
const RENDITIONS: [&str; 3] = [PROGRAMME, "aac-2s-128", "he-aac-2s-48"];
const PROGRAMME: &str = "mp3-2s-128";

/// Real time of a frame of the encoder's.
const FRAME: Duration = Duration::from_nanos(26_122_449);

/// The station, with short segments that are kept.
fn station() -> String {
    let encoding = |codec: &str, kbps: u32, mode: &str| {
        format!(
            "{{ codec = \"{codec}\", bitrate_kbps = {kbps}, sample_rate_hz = 44100, \
             channel_mode = \"{mode}\" }}"
        )
    };
    let encodings = [
        encoding("aac", 128, "stereo"),
        encoding("he_aac", 48, "stereo"),
        encoding("mp3", 128, "joint_stereo"),
    ];
    let encodings = format!("dvr = \"10m\"\nencodings = [{}]\naliases", encodings.join(", "));
    let manifest = tests::node::MP3.replace("aliases", &encodings);
    manifest.replace("[egress.mount]", "[egress.mount]\nsegment = \"2s\"")
}

/// Sound that tells its second, as the encoder sends it.
fn sound(seconds: u32) -> Vec<Bytes> {
    demo::fixtures::mp3(seconds, 128, 44_100, 2)
}

/// What a bucket has of the station.
struct Shelf(PathBuf);

impl Shelf {
    /// The one of a process that has it in its own folder.
    fn of(folder: &Scratch) -> Self {
        Self(folder.path().join("data/bucket/public/radio"))
    }

    fn playlist(&self, rendition: &str) -> PathBuf {
        self.0.join(rendition).join("media.m3u8")
    }

    fn text(&self, rendition: &str) -> String {
        std::fs::read_to_string(self.playlist(rendition)).unwrap_or_default()
    }

    fn listed(&self, rendition: &str) -> Vec<ListedSegment> {
        conformance::read(self.text(rendition).as_bytes()).0.segments
    }

    /// The names of a rendition's segments, by number.
    fn names(&self, rendition: &str) -> BTreeMap<u64, String> {
        let names = hls::stored(&self.0.join(rendition)).into_iter();
        names.map(|name| (SegmentName::parse(&name).unwrap().number.0, name)).collect()
    }

    fn body(&self, rendition: &str, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(rendition).join(name)).unwrap()
    }

    fn bodies(&self, rendition: &str) -> Vec<Vec<u8>> {
        self.names(rendition).values().map(|name| self.body(rendition, name)).collect()
    }

    /// The number of the programme's first segment.
    fn first(&self) -> u64 {
        *self.names(PROGRAMME).keys().next().unwrap()
    }

    /// Waits until all renditions list the nth segment of the programme, or a later one.
    async fn until_listed(&self, nth: u64) {
        for rendition in RENDITIONS {
            wait::until(&format!("segment {nth} of {rendition}"), || async {
                let last = self.listed(rendition).pop()?;
                (last.number >= self.first() + nth).then_some(())
            })
            .await;
        }
    }

    /// Where the discontinuities of the programme are: each rendition has the same, no
    /// number is missing in any, and all that is said of segments agrees.
    fn discontinuities(&self) -> Vec<u64> {
        let own = self.text(PROGRAMME);
        let first = self.first();
        for rendition in RENDITIONS {
            let text = self.text(rendition);
            conformance::assert_conforms(&text);
            let differences = conformance::check_renditions(own.as_bytes(), text.as_bytes());
            assert_eq!(differences, [], "{own}\n{text}");
            let names = self.names(rendition);
            assert_eq!(names.len(), hls::stored(&self.0.join(rendition)).len(), "{names:?}");
            let numbers = first..first + names.len() as u64;
            assert!(names.keys().copied().eq(numbers), "{rendition}: {names:?}");
        }
        let [own, made @ ..] = RENDITIONS.map(|rendition| breaks(&self.listed(rendition)));
        assert!(made.iter().all(|breaks| *breaks == own), "{own:?} {made:?}");
        own
    }

    /// States that there has never been one.
    fn assert_without_break(&self) {
        assert_eq!(self.discontinuities(), Vec::<u64>::new());
        for rendition in RENDITIONS {
            let sequence = self.listed(rendition).pop().unwrap().discontinuity_sequence;
            assert_eq!(sequence, 0, "{rendition}");
        }
    }

    /// States that the segments, of which there are `least`, are byte for byte those of
    /// another bucket, as far as that has as many.
    fn assert_same_as(&self, other: &Self, least: usize) {
        for rendition in RENDITIONS {
            let (made, wanted) = (self.bodies(rendition), other.bodies(rendition));
            let both = made.len().min(wanted.len());
            assert!(both >= least, "{rendition}: {} and {}", made.len(), wanted.len());
            for (nth, (made, wanted)) in made.iter().zip(&wanted).enumerate() {
                assert!(made == wanted, "segment {nth} of {rendition} differs");
            }
        }
    }

    /// States that what is heard of the segments from the nth on, joined together, are the seconds of the
    /// sound one after the other, without any silence.
    async fn assert_unbroken(&self, from: usize) {
        for rendition in RENDITIONS {
            assert_heard(rendition, &self.bodies(rendition)[from..]).await;
        }
    }
}

/// Numbers of the segments before which a discontinuity stands.
fn breaks(listed: &[ListedSegment]) -> Vec<u64> {
    listed.iter().filter(|segment| segment.discontinuity).map(|one| one.number).collect()
}

/// States the same of some segments.
async fn assert_heard(rendition: &str, segments: &[Vec<u8>]) {
    let scratch = Scratch::default();
    let joined: Vec<u8> =
        segments.iter().flat_map(|body| frames::audio_of(body)).copied().collect();
    let pcm = tones::samples_of(scratch.path(), &joined).await;
    // The first and the last second may be cut.
    Heard::in_pcm(&pcm).assert_unbroken(rendition, segments.len() * 2 - 2, DECODED);
    // The tone has a level of 0.4 at its peaks. A decoder begins with half a frame of nothing,
    // and the last frame of an epoch may be longer than the sound.
    let tenth = RATE_HZ as usize / 10;
    let quiet = |piece: &[i16]| piece.iter().all(|sample| sample.unsigned_abs() < 6_000);
    let hole = pcm[tenth..pcm.len() - tenth].chunks_exact(RATE_HZ as usize / 100).position(quiet);
    assert_eq!(hole, None, "{rendition}: a hundredth of a second of silence");
}

/// A process that is left alone until it has all, on a bucket of its own.
struct Undisturbed {
    program: Program,
    shelf: Shelf,
    _scratch: Scratch,
}

impl Undisturbed {
    async fn start() -> Self {
        let scratch = Scratch::default();
        let program = Program::serve(&station(), scratch.path()).await;
        Self { program, shelf: Shelf::of(&scratch), _scratch: scratch }
    }

    /// What becomes of a sound of less than a minute.
    async fn whole(sent: &[Bytes]) -> Self {
        let undisturbed = Self::start().await;
        let mut source = Source::connect(undisturbed.program.public, "audio/mpeg").await;
        source.send(sent).await;
        undisturbed.shelf.until_listed(27).await;
        undisturbed.shelf.assert_without_break();
        undisturbed
    }
}

/// What a process serves of all renditions.
async fn served(program: &Program) -> Vec<Fetched> {
    let mut all = Vec::new();
    for rendition in RENDITIONS {
        all.push(hls::fetch(&program.url(&format!("/radio/{rendition}"))).await);
    }
    all
}

/// States that a listener may see these playlists one after the other.
fn assert_follow(before: &[Fetched], after: &[Fetched]) {
    for (before, after) in before.iter().zip(after) {
        conformance::assert_follows(&before.text, &after.text);
        assert!(after.bodies.starts_with(&before.bodies), "what is listed stays as it is");
    }
}

/// A process that is killed in mid-segment, and the one after it, to which the encoder comes
/// back with what follows a frame.
struct Killed {
    sent: Vec<Bytes>,
    /// The number of segments that the first process has stored.
    before: u64,
    shelf: Shelf,
    _scratch: Scratch,
}

impl Killed {
    /// Fourteen whole segments, and the greater part of the next.
    const SENT: usize = 1_130;

    async fn comes_back(at: usize) -> Self {
        let (scratch, sent) = (Scratch::default(), sound(58));
        let shelf = Shelf::of(&scratch);
        let first = Program::serve(&station(), scratch.path()).await;
        let mut source = Source::connect(first.public, "audio/mpeg").await;
        source.send(&sent[..Self::SENT]).await;
        let all = |ingest: &serde_json::Value| {
            ingest["frames_total"].as_u64() >= Some(Self::SENT as u64 - 1)
        };
        first.until_ingest("all frames", all).await;
        shelf.until_listed(13).await;
        let before = served(&first).await;
        first.kill().await;
        assert_eq!(source.read_to_end().await, b"");

        let second = Program::serve(&station(), scratch.path()).await;
        let resumed = served(&second).await;
        assert_follow(&before, &resumed);
        let mut source = Source::connect(second.public, "audio/mpeg").await;
        source.send(&sent[at..]).await;
        shelf.until_listed(27).await;
        let after = served(&second).await;
        assert_follow(&before, &after);
        assert_follow(&resumed, &after);
        second.kill().await;
        Self { sent, before: 14, shelf, _scratch: scratch }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_goes_on_with_the_same_segments() {
    let Killed { sent, shelf, _scratch, .. } = Killed::comes_back(1_050).await;
    shelf.assert_without_break();
    let undisturbed = Undisturbed::whole(&sent).await;
    shelf.assert_same_as(&undisturbed.shelf, 28);
    shelf.assert_unbroken(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_missing_are_one_discontinuity_in_all() {
    let Killed { before, shelf, _scratch, .. } = Killed::comes_back(1_200).await;
    // What the process had of the segment under way is in one of its own.
    let first = shelf.first();
    assert_eq!(shelf.discontinuities(), [first + before + 1]);
    for rendition in RENDITIONS {
        let bodies = shelf.bodies(rendition);
        let (old, new) = bodies.split_at(usize::try_from(before + 1).unwrap());
        assert_heard(rendition, old).await;
        assert_heard(rendition, new).await;
    }
}

/// An encoder that sends at four times the speed of real time until the connection breaks,
/// and says how far it came.
fn keep_sending(mut source: Source, sent: Arc<Vec<Bytes>>, from: usize) -> JoinHandle<usize> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(FRAME / 4);
        for (number, frame) in sent.iter().enumerate().skip(from) {
            ticks.tick().await;
            if source.stream.write_all(frame).await.is_err() {
                return number;
            }
        }
        // It stays connected: what comes behind the last segment tells how that ends.
        source.read_to_end().await;
        sent.len()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_killed_in_the_midst_of_encoding_leave_no_trace() {
    /// What an encoder sends again when it comes back: five seconds.
    const REPEATED: usize = 200;
    let (scratch, sent) = (Scratch::default(), Arc::new(sound(58)));
    let shelf = Shelf::of(&scratch);
    let mut gone = 0;
    for round in 0..3_u64 {
        let program = Program::serve(&station(), scratch.path()).await;
        let source = Source::connect(program.public, "audio/mpeg").await;
        let sending =
            keep_sending(source, Arc::clone(&sent), usize::saturating_sub(gone, REPEATED));
        // Not one of them at a boundary, and each at another place between two.
        let enough = 480 + 137 * round;
        let is_it = |ingest: &serde_json::Value| ingest["frames_total"].as_u64() >= Some(enough);
        program.until_ingest("some segments", is_it).await;
        program.kill().await;
        gone = sending.await.unwrap();
    }
    let program = Program::serve(&station(), scratch.path()).await;
    let source = Source::connect(program.public, "audio/mpeg").await;
    let sending = keep_sending(source, Arc::clone(&sent), gone - REPEATED);
    shelf.until_listed(27).await;
    program.kill().await;
    sending.await.unwrap();
    shelf.assert_without_break();
    let undisturbed = Undisturbed::whole(&sent).await;
    shelf.assert_same_as(&undisturbed.shelf, 28);
    shelf.assert_unbroken(0).await;
}

/// Two processes with one bucket, each with a folder of its own, and an encoder that sends
/// to both.
struct Pair {
    bucket: Scratch,
    folders: [Scratch; 2],
    sent: Arc<Vec<Bytes>>,
    began: Instant,
}

impl Pair {
    fn new() -> Self {
        let folders = [Scratch::default(), Scratch::default()];
        let (bucket, sent) = (Scratch::default(), Arc::new(sound(90)));
        Self { bucket, folders, sent, began: Instant::now() }
    }

    fn shelf(&self) -> Shelf {
        Shelf(self.bucket.path().join("public/radio"))
    }

    /// Starts one of them, and the encoder's connection to it, which begins with what was
    /// due so long ago.
    async fn start(&self, nth: usize, ago: Duration) -> (Program, JoinHandle<()>) {
        let lines = format!("store = \"file:{}\"", self.bucket.path().display());
        let setup = Setup { lines: &lines, ..Setup::default() };
        let program = Program::serve_as(&station(), self.folders[nth].path(), setup).await;
        let sending = self.send(&program, ago);
        (program, sending)
    }

    fn send(&self, program: &Program, ago: Duration) -> JoinHandle<()> {
        tokio::spawn(send(program.public, Arc::clone(&self.sent), self.began, ago))
    }
}

/// When a frame is sent: in real time.
///
/// An encoder that sends much at once would make the test shorter, but its media is ahead of
/// the clock from then on, and dates follow in small steps (ADR 9). Of these each process
/// tells its own, and where both are busy they may not have heard of each other's in time.
fn due(number: usize) -> Duration {
    FRAME * u32::try_from(number).unwrap()
}

/// Sends what is due, as long as the other side takes it.
async fn send(to: SocketAddr, sent: Arc<Vec<Bytes>>, began: Instant, ago: Duration) {
    let (mut source, _) = Source::send_head(to, &head("audio/mpeg")).await;
    let now = Instant::now();
    let live = (0..sent.len()).find(|number| began + due(*number) + ago >= now);
    for (number, frame) in sent.iter().enumerate().skip(live.unwrap_or(sent.len())) {
        tokio::time::sleep_until(began + due(number)).await;
        if source.stream.write_all(frame).await.is_err() {
            return;
        }
    }
}

/// The names of the segments behind a number that both processes serve, once there are
/// `count` of them.
async fn common(
    programs: [&Program; 2],
    rendition: &str,
    behind: u64,
    count: usize,
) -> Vec<String> {
    let listed = async |program: &Program| {
        let url = program.url(&format!("/radio/{rendition}/media.m3u8"));
        let answer = http::try_get(&url).await.filter(|answer| answer.status == 200)?;
        let text = answer.text();
        let names = hls::listed(&text).into_iter().map(str::to_owned);
        let new = |name: &String| SegmentName::parse(name).unwrap().number.0 > behind;
        Some(names.filter(new).collect::<Vec<_>>())
    };
    wait::until(&format!("segments of {rendition} that both have"), || async {
        let (one, other) = (listed(programs[0]).await?, listed(programs[1]).await?);
        let both: Vec<_> = one.into_iter().filter(|name| other.contains(name)).collect();
        (both.len() >= count).then_some(both)
    })
    .await
}

/// The second of two begins when the first has stored so many segments, and takes over from it
/// when it is killed; its encoder's connection begins with what was due so long ago.
async fn check_take_over(segments: u64, ago: Duration) {
    let pair = Pair::new();
    let shelf = pair.shelf();
    let undisturbed = Undisturbed::start().await;
    let to_third = pair.send(&undisturbed.program, Duration::from_mins(1));
    let (one, to_one) = pair.start(0, Duration::from_mins(1)).await;
    let watching = RENDITIONS.map(|rendition| tokio::spawn(hls::follow(shelf.playlist(rendition))));
    // More than is waited for at once.
    shelf.until_listed(segments / 2).await;
    shelf.until_listed(segments - 1).await;
    let (two, to_two) = pair.start(1, ago).await;
    // What it lists from before is not of its making.
    let before = shelf.listed(PROGRAMME).pop().unwrap().number;
    for rendition in RENDITIONS {
        for name in common([&one, &two], rendition, before + 1, 2).await {
            let url = format!("/radio/{rendition}/{name}");
            let made = [http::get(&one.url(&url)).await, http::get(&two.url(&url)).await];
            assert_eq!(made.each_ref().map(|answer| answer.status), [200, 200], "{url}");
            assert!(made[0].body == made[1].body, "{url}: each has made its own");
            // An origin has it before the bucket.
            let stored = wait::until("the segment in the bucket", || async {
                shelf.names(rendition).values().find(|one| **one == name)?;
                Some(shelf.body(rendition, &name))
            })
            .await;
            assert!(made[0].body == stored, "{url}: the bucket's differs");
        }
    }
    one.kill().await;
    let killed = shelf.listed(PROGRAMME).pop().unwrap().number - shelf.first();
    shelf.until_listed(killed + 3).await;
    two.kill().await;
    undisturbed.shelf.until_listed(killed + 3).await;
    for sending in [to_one, to_two, to_third] {
        sending.abort();
    }
    for watching in watching {
        watching.abort();
        assert!(watching.await.unwrap_err().is_cancelled(), "the playlist went on");
    }
    shelf.assert_without_break();
    let all = usize::try_from(killed + 3).unwrap();
    shelf.assert_same_as(&undisturbed.shelf, all + 1);
    shelf.assert_unbroken(all / 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_begun_later_makes_the_same_segments_and_takes_over() {
    // Forty seconds.
    check_take_over(20, Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_too_where_it_has_nothing_of_what_was_before() {
    // It has to find its place first, which takes some seconds more.
    check_take_over(5, Duration::ZERO).await;
}
