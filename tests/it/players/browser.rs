//! Players in a browser: hls.js, Shaka, Video.js, and Chromium's own.

use std::time::Duration;

use serde_json::Value;
use tests::tools;

use super::outage::Outage;
use super::seconds::{self, Heard};
use super::station::{
    ARTIST, HEAD_START_SECS, SEGMENT_SECS, Sound, Station, TITLE_SECS, song, song_second,
};

/// What `play.mjs` printed.
pub(super) struct Played {
    player: String,
    pub(super) report: Value,
}

/// How much sound is looked at at a time, and so how much has to be played
/// before a look sees nothing else.
const LOOK_SECS: f64 = 0.2;

/// How often `play.mjs` looks.
const LOOK_EVERY_SECS: f64 = 0.1;

/// How far a second may be off in the browser.
const LOOKED: f64 = 0.35;

/// A player may wait, and skip what it cannot decode alone, before this time of
/// the element: the first frame of MP3 wants the ones before it.
const START: f64 = 0.5;

/// What is no stall yet, in seconds: a machine with other work is as late at
/// times, whatever it plays.
const HITCH: f64 = 0.3;

/// How far a title may be from its second, with what the encoder needs to send it.
const TITLED: f64 = 0.35;

/// What a station has sent when a player joins that asks for a window with room
/// behind it: Shaka seeks after some seconds where it began at the first segment.
const LONG_SECS: u32 = 44;

impl Played {
    async fn with(player: &str, station: &Station, secs: u32) -> Self {
        let arguments = ["--player", player, "--url", &station.hls()];
        Self::run(&arguments, player, station.rendition, secs).await
    }

    /// The element by itself, on the ICY mount.
    async fn by_icy(station: &Station, secs: u32) -> Self {
        let arguments = ["--icy", "--url", &station.icy()];
        Self::run(&arguments, "Chromium by ICY", station.rendition, secs).await
    }

    pub(super) async fn run(arguments: &[&str], player: &str, rendition: &str, secs: u32) -> Self {
        let length = secs.to_string();
        let arguments = [arguments, &["--seconds", &length]].concat();
        let limit = Duration::from_secs(u64::from(secs) + 75);
        let output = tools::run("play.mjs", &arguments, limit).await;
        let said = tools::said(&output);
        assert!(output.status.success(), "play.mjs: {said}: `cargo xtask test` installs its needs");
        let report = serde_json::from_slice(&output.stdout).unwrap();
        Self { player: format!("{player} with {rendition}"), report }
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        self.report[name].as_array().unwrap()
    }

    pub(super) fn summary(&self, name: &str) -> f64 {
        self.report["summary"][name].as_f64().unwrap_or(f64::NAN)
    }

    /// The longest time from a `waiting` after the start to the next `playing`, in
    /// seconds.
    fn longest_wait(&self) -> f64 {
        let time = |event: &Value| event["t"].as_f64().unwrap();
        let events = self.list("events");
        let end = time(self.list("samples").last().unwrap());
        let waits = events.iter().enumerate().filter(|(_, event)| {
            event["type"] == "waiting" && event["at"].as_f64().unwrap() > START
        });
        let lengths = waits.map(|(index, event)| {
            let playing = events[index..].iter().find(|later| later["type"] == "playing");
            playing.map_or(end, time) - time(event)
        });
        lengths.fold(0.0, f64::max)
    }

    /// The longest time without sound after the start, in seconds.
    pub(super) fn longest_silence(&self) -> f64 {
        let begin = self.summary("first_sound_t") + START;
        let silences = self.list("silences").iter();
        let later = silences.filter(|silence| silence["t"].as_f64().unwrap() > begin);
        later.map(|silence| silence["ms"].as_f64().unwrap() / 1_000.0).fold(0.0, f64::max)
    }

    /// The seconds heard, on the element's clock.
    pub(super) fn heard(&self) -> Heard {
        self.heard_between(0.0, f64::INFINITY)
    }

    /// The same between two times of the page.
    fn heard_between(&self, from: f64, to: f64) -> Heard {
        let time = |sample: &Value| sample["currentTime"].as_f64().unwrap();
        let is_between = |sample: &&Value| (from..to).contains(&sample["t"].as_f64().unwrap());
        let samples = self.list("samples").iter().filter(is_between);
        let mut played = samples.filter(|sample| time(sample) > 0.0).peekable();
        let begin = played.peek().map_or(0.0, |first| time(first)) + LOOK_SECS;
        let whole = played.filter(|sample| time(sample) >= begin);
        Heard::at(
            whole.map(|sample| {
                (time(sample), sample["peak_hz"].as_f64().and_then(seconds::of_pitch))
            }),
        )
    }

    /// States that it played without a fault for so long.
    pub(super) fn assert_plays(&self, secs: u32) {
        let Self { player, report } = self;
        let told = format!("{player}: {}\n{:?}", report["summary"], report["events"]);
        assert_eq!(report["errors"], Value::Array(vec![]), "{told}");
        assert!(self.summary("failed_requests") < 1.0, "{told}\n{:?}", report["requests"]);
        let rate = self.summary("rate");
        assert!((0.85..=1.15).contains(&rate), "{told}");
        // The browser's start is not the player's.
        let least = f64::from(secs) - 4.0;
        assert!(self.summary("played_seconds") >= least, "{told}");
        assert!(self.longest_wait() < HITCH, "{told}");
        assert!(self.summary("buffered_ranges_max") < 2.0, "{told}");
        assert!(self.longest_silence() < HITCH, "{told}\n{:?}", report["silences"]);
        let samples = self.list("samples");
        let last = samples.last().unwrap();
        assert_eq!(last["paused"], false, "{told}");
        let decoded = last["decoded_bytes"].as_f64().unwrap();
        assert!(decoded > 2_000.0 * least, "{decoded} bytes: {told}");
        self.heard().assert_unbroken(player, secs as usize - 6, LOOKED);
    }

    /// States that nothing stopped it, though requests may have failed meanwhile.
    fn assert_never_stops(&self, least: usize) {
        let Self { player, report } = self;
        let told = format!("{player}: {}\n{:?}", report["summary"], report["events"]);
        assert!(self.summary("fatal_errors") < 1.0, "{told}\n{:?}", report["errors"]);
        assert!(self.longest_wait() < HITCH, "{told}");
        assert!(self.longest_silence() < HITCH, "{told}\n{:?}", report["silences"]);
        assert_eq!(self.list("samples").last().unwrap()["paused"], false, "{told}");
        self.heard().assert_unbroken(player, least, LOOKED);
    }

    /// The element's time at second zero of the source. A second is seen when half
    /// of what is looked at is its own, and half a pause between two looks later.
    fn zero(&self) -> f64 {
        self.heard().zero() - f64::midpoint(LOOK_SECS, LOOK_EVERY_SECS)
    }

    /// Titles of date ranges, each with its second on the source's clock.
    fn dateranges(&self) -> Vec<(u32, f64)> {
        let zero = self.zero();
        let ranges = self.list("dateranges").iter().filter_map(|range| {
            let mut texts = range["attributes"].as_object()?.values().filter_map(Value::as_str);
            let second = texts.find_map(song_second)?;
            Some((second, range["start"].as_f64()? - zero))
        });
        ranges.collect()
    }

    /// States that every title that was sent while it played came as a date range
    /// where the source had it.
    fn assert_dateranges(&self) {
        let (ranges, (_, last)) = (self.dateranges(), self.heard().span());
        for sent in sent_after_the_head_start(last) {
            let told: Vec<f64> =
                ranges.iter().filter(|(second, _)| *second == sent).map(|(_, at)| *at).collect();
            let is_right = matches!(told[..], [at] if (at - f64::from(sent)).abs() < TITLED);
            assert!(is_right, "{} told {:?} at {told:?}: {ranges:?}", self.player, song(sent));
        }
    }

    /// The frames of this key, each with its second on the source's clock.
    fn id3(&self, key: &str) -> Vec<(f64, &str)> {
        let zero = self.zero();
        let cues = self.list("cues").iter().filter(|cue| cue["key"] == key);
        cues.map(|cue| (cue["start"].as_f64().unwrap() - zero, cue["text"].as_str().unwrap()))
            .collect()
    }

    /// States that the tags at the segments' starts have the title that holds for
    /// the greater part of each segment.
    fn assert_id3(&self) {
        let (songs, artists) = (self.id3("TIT2"), self.id3("TPE1"));
        assert!(artists.iter().all(|(_, artist)| *artist == ARTIST), "{artists:?}");
        let (_, last) = self.heard().span();
        // A segment is read well before it is heard.
        let starts = (0..=last + 1).step_by(SEGMENT_SECS as usize);
        let mut told = 0;
        for start in starts.filter(|start| *start >= HEAD_START_SECS) {
            let near = |at: f64| (at - f64::from(start)).abs() < TITLED;
            let tag: Vec<&str> =
                songs.iter().filter(|(at, _)| near(*at)).map(|(_, song)| *song).collect();
            let expected = song(title_of_segment(start));
            assert_eq!(tag, [expected], "{} at {start} s: {songs:?}", self.player);
            told += 1;
        }
        assert!(told >= 2, "{} heard of too few segments: {songs:?}", self.player);
    }
}

/// The titles that went out in real time and were heard from their beginning.
fn sent_after_the_head_start(last_heard: u32) -> impl Iterator<Item = u32> {
    let first = HEAD_START_SECS + TITLE_SECS;
    (first..=last_heard).step_by(TITLE_SECS as usize)
}

/// The title that holds for the greater part of the segment from `start`.
fn title_of_segment(start: u32) -> u32 {
    let middle = start + SEGMENT_SECS / 2;
    middle / TITLE_SECS * TITLE_SECS
}

async fn check_hls_js(sound: Sound) {
    let station = Station::on_air(sound).await;
    let played = Played::with("hlsjs", &station, 30).await;
    played.assert_plays(30);
    played.assert_dateranges();
    played.assert_id3();
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_mp3_for_30_s_without_a_stall() {
    check_hls_js(Sound::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_aac_for_30_s_without_a_stall() {
    check_hls_js(Sound::Aac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_begins_in_the_past_and_seeks_back_through_it() {
    let station = Station::on_air_with_past(Sound::Mp3, LONG_SECS).await;
    let url = format!("{}?from=-1h", station.hls());
    let arguments = ["--player", "hlsjs", "--url", &url, "--seek-back", "5"];
    let played = Played::run(&arguments, "hlsjs", station.rendition, 20).await;
    let told = format!("{:#}\n{:?}", played.report["summary"], played.report["events"]);
    assert_eq!(played.report["errors"], Value::Array(vec![]), "{told}");
    let mut seeks = played.list("events").iter().filter(|event| event["type"] == "seeking");
    let seek = seeks.next_back().unwrap()["t"].as_f64().unwrap();
    let before = played.heard_between(0.0, seek);
    let after = played.heard_between(seek + 2.0 * LOOK_SECS, f64::INFINITY);
    // A live player begins three targets before the end, at second 26.
    let ((first, last), (again, end)) = (before.span(), after.span());
    assert!(first <= 1 && last >= 5, "{first} to {last}: {told}");
    assert!(again + 3 <= last && end > last, "{again} to {end}, after {last}: {told}");
    assert!((before.zero() - after.zero()).abs() < LOOKED, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_on_while_paths_and_the_server_are_killed() {
    let mut station = Outage::on_air().await;
    let url = station.hls();
    let arguments = ["--player", "hlsjs", "--url", &url];
    let playing = Played::run(&arguments, "hlsjs", "mp3-128", 48);
    let (played, ()) = tokio::join!(playing, station.kill());
    played.assert_never_stops(42);
}

async fn check(player: &str, sound: Sound) {
    let station = Station::on_air_ahead(sound, LONG_SECS).await;
    Played::with(player, &station, 12).await.assert_plays(12);
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_he_aac() {
    check("hlsjs", Sound::HeAac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_aac_by_itself() {
    check("native", Sound::Aac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shaka_plays_aac() {
    check("shaka", Sound::Aac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shaka_plays_mp3() {
    check("shaka", Sound::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn video_js_plays_aac() {
    check("videojs", Sound::Aac).await;
}

async fn check_icy(sound: Sound) {
    let station = Station::on_air(sound).await;
    Played::by_icy(&station, 12).await.assert_plays(12);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_mp3_by_icy() {
    check_icy(Sound::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_aac_by_icy() {
    check_icy(Sound::Aac).await;
}
