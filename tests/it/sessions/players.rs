//! Real players at the end of their session, and where they are blocked.

use std::time::Duration;

use serde_json::Value;
use tests::{Scratch, countries, tools};

use super::live::Live;
use super::player::LIMITED;
use super::station::{Plan, announcement, announcement_file};
use crate::players::seconds::{DECODED, Heard, RATE_HZ};

/// The pitch of what is said.
const SAID_HZ: u32 = 1_600;

/// How long it is said.
const SAID_SECS: u32 = 4;

/// What a player hears from its start to its end: the limit, and the three target
/// durations that it is behind at the start; two more at either end, as its reloads
/// come.
const HEARD_SECS: std::ops::RangeInclusive<f64> = 22.0..=30.0;

/// What is no stall yet, in seconds.
const HITCH: f64 = 0.3;

/// What a player did until its sound had ended.
struct Played {
    report: Value,
}

impl Played {
    async fn to_the_end(player: &str, url: &str) -> Self {
        Self::run(&["--player", player, "--url", url, "--until-ended", "--seconds", "45"]).await
    }

    async fn run(arguments: &[&str]) -> Self {
        let output = tools::run("play.mjs", arguments, Duration::from_secs(90)).await;
        let said = tools::said(&output);
        assert!(output.status.success(), "play.mjs: {said}: `cargo xtask test` installs its needs");
        Self { report: serde_json::from_slice(&output.stdout).unwrap() }
    }

    fn told(&self) -> String {
        let Value::Object(report) = &self.report else { return self.report.to_string() };
        let of = |name: &str| format!("{name}: {}\n", report[name]);
        ["summary", "events", "errors", "requests", "console"].map(of).concat()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.report[name].as_array().unwrap()
    }

    /// Seconds of sound, from where it began.
    fn seconds(&self) -> f64 {
        self.report["summary"]["played_seconds"].as_f64().unwrap()
    }

    /// States that nothing went wrong on the way, nothing that a player forgives either.
    fn assert_without_error(&self) {
        let errors = self.list("errors").iter().filter(|error| !self.is_hitch(error));
        assert_eq!(errors.count(), 0, "{}", self.told());
        let failed = self
            .list("requests")
            .iter()
            .filter(|request| request["status"].as_u64().is_some_and(|status| status >= 300));
        assert_eq!(failed.count(), 0, "{}", self.told());
    }

    /// Whether an error is the machine's, which had other work for a moment: the sound
    /// stood still for less than [`HITCH`], though there was enough of it.
    fn is_hitch(&self, error: &Value) -> bool {
        let time = |event: &Value| event["t"].as_f64().unwrap();
        let at = time(error);
        let near = self.list("events").iter().filter(|event| (time(event) - at).abs() < HITCH);
        let plays_on = near.filter(|event| event["type"] == "playing").any(|one| time(one) > at);
        error["kind"] == "mediaError/bufferStalledError" && error["fatal"] == false && plays_on
    }

    /// States that it ended as a file does.
    fn assert_ended(&self) {
        self.assert_without_error();
        let ended = self.list("events").iter().filter(|event| event["type"] == "ended");
        assert_eq!(ended.count(), 1, "{}", self.told());
    }

    /// Seconds of what is said, and of the programme, and which of both came last.
    fn heard(&self) -> (f64, f64, bool) {
        let is_said = |sample: &Value| {
            let pitch = sample["peak_hz"].as_f64()?;
            Some((pitch - f64::from(SAID_HZ)).abs() < 12.0)
        };
        let heard: Vec<bool> = self.list("samples").iter().filter_map(is_said).collect();
        let of =
            |said: bool| heard.iter().filter(|one| **one == said).fold(0.0, |sum, _| sum + 0.1);
        (of(true), of(false), heard.last() == Some(&true))
    }
}

async fn check_limit(player: &str) {
    let live = Live::start(&Plan::of_egress(LIMITED)).await;
    let played = Played::to_the_end(player, &live.node.url("/radio/playlist.m3u8")).await;
    played.assert_ended();
    assert!(HEARD_SECS.contains(&played.seconds()), "{}", played.told());
    let (said, programme, _) = played.heard();
    assert!(said < 0.3 && programme > *HEARD_SECS.start() - 2.0, "{said} {programme}");
}

async fn check_announced(player: &str) {
    let scratch = Scratch::default();
    let said = announcement(SAID_HZ, SAID_SECS);
    let file = announcement_file(scratch.path(), &said);
    let plan = Plan::of_egress(&format!("{LIMITED}\nlimit_announcement = \"{file}\""));
    let live = Live::start(&plan).await;
    let played = Played::to_the_end(player, &live.node.url("/radio/playlist.m3u8")).await;
    played.assert_ended();
    let (said, programme, is_last) = played.heard();
    let seconds = played.seconds() - f64::from(SAID_SECS);
    assert!(HEARD_SECS.contains(&seconds), "{}", played.told());
    let is_heard = (f64::from(SAID_SECS) - said).abs() < 1.0 && is_last;
    assert!(is_heard && programme > *HEARD_SECS.start() - 2.0, "{said} of {}", played.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_ends_at_the_limit_as_at_the_end_of_a_file() {
    check_limit("hlsjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_says_at_the_limit_what_is_to_be_said() {
    check_announced("hlsjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shaka_says_at_the_limit_what_is_to_be_said() {
    check_announced("shaka").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_where_it_may_and_elsewhere_what_is_said_there() {
    let scratch = Scratch::default();
    let file = announcement_file(scratch.path(), &announcement(SAID_HZ, SAID_SECS));
    // Where Chromium comes from.
    let networks = [("127.0.0.0/24", "US")];
    let database = countries::database(&networks, countries::Layout::Nested, scratch.path());
    let geo = |country: &str| {
        format!("geo = {{ allow_none_except = ['{country}'], announcement = \"{file}\" }}")
    };
    let plan = Plan::of_egress(&geo("DE")).and_egress("other", &geo("US"));
    let plan = plan.with(&format!("[geo]\ndatabase = \"{}\"\n", database.display()));
    let live = Live::start(&plan).await;
    let blocked = Played::to_the_end("hlsjs", &live.node.url("/radio/playlist.m3u8")).await;
    blocked.assert_ended();
    let (said, programme, _) = blocked.heard();
    assert!((f64::from(SAID_SECS) - said).abs() < 1.0, "{said} s of {}", blocked.told());
    assert!(programme < 0.3, "{programme} s of {}", blocked.told());
    let url = live.node.url("/other/playlist.m3u8");
    let admitted = Played::run(&["--player", "hlsjs", "--url", &url, "--seconds", "10"]).await;
    admitted.assert_without_error();
    let (said, programme, _) = admitted.heard();
    assert!(said < 0.3 && programme > 5.0, "{programme} s of {}", admitted.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_comes_to_the_end_of_the_file_at_the_limit() {
    let live = Live::start(&Plan::of_egress(LIMITED)).await;
    let (url, rate) = (live.node.url("/radio/playlist.m3u8"), RATE_HZ.to_string());
    let input = ["-nostdin", "-v", "error", "-i", &url, "-af", "asetpts=N/SR/TB"];
    let output = ["-f", "s16le", "-ac", "1", "-ar", &rate, "-"];
    let arguments = [input.as_slice(), &output].concat();
    let output = tools::run("ffmpeg", &arguments, Duration::from_secs(45)).await;
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let samples = output.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let pcm: Vec<i16> = samples.collect();
    let seconds = f64::from(u32::try_from(pcm.len()).unwrap()) / f64::from(RATE_HZ);
    assert!(HEARD_SECS.contains(&seconds), "{seconds} s");
    Heard::in_pcm(&pcm).assert_unbroken("ffmpeg", 20, DECODED);
}
