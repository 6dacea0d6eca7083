use std::time::Duration;

use catalogue::manifest;
use catalogue::report::{IngestReport, IngestState};
use catalogue::{Mismatch, Setting};
use expect_test::{Expect, expect};

use super::*;

/// Two egresses of one publisher; the first has two ingests.
const MANIFEST: &str = r#"
[[publisher]]
name = "acme"
title = "Acme"
[[ingest]]
name = "a"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }
push = { mount = "a", user = "source", password = "secret" }
[[ingest]]
name = "b"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }
push = { mount = "b", user = "source", password = "secret" }
[[egress]]
name = "one"
publisher = "acme"
ingests = ["a", "b"]
[[egress]]
name = "two"
publisher = "acme"
ingests = ["b"]
"#;

/// A station that a test changes, and who watches it.
struct Station {
    watch: Watch,
    report: Report,
    now: WallTime,
}

impl Station {
    fn new() -> Self {
        let catalogue = manifest::parse(MANIFEST, "stations.toml", &|_| None).unwrap();
        let started = WallTime::from_nanos(1_700_000_000_000_000_000);
        let ingest = |name: &str| IngestReport { name: name.into(), ..IngestReport::default() };
        let egress = |name: &str| EgressReport { name: name.into(), ..EgressReport::default() };
        let report = Report {
            node: "fra-1".into(),
            started: String::new(),
            ingests: vec![ingest("a"), ingest("b")],
            egresses: vec![egress("one"), egress("two")],
            geo: None,
        };
        Self { watch: Watch::new(&catalogue, "fra-1", started), report, now: started }
    }

    fn ingest(&mut self, name: &str) -> &mut IngestReport {
        self.report.ingests.iter_mut().find(|ingest| ingest.name == name).unwrap()
    }

    fn egress(&mut self, name: &str) -> &mut EgressReport {
        self.report.egresses.iter_mut().find(|egress| egress.name == name).unwrap()
    }

    fn connect(&mut self, name: &str) {
        let ingest = self.ingest(name);
        ingest.state = IngestState::Connected;
        ingest.connects_total += 1;
    }

    fn send(&mut self, name: &str) {
        self.ingest(name).frames_total += 40;
    }

    fn leave(&mut self, name: &str) {
        let ingest = self.ingest(name);
        ingest.state = IngestState::Offline;
        ingest.mismatch.clear();
    }

    fn off_by(&mut self, name: &str, setting: Setting, got: &str) {
        let (wanted, got) = ("128".into(), got.into());
        let mismatch = Mismatch { setting, wanted, got, is_other_codec: false };
        self.ingest(name).mismatch.push(mismatch);
    }

    fn look(&mut self) -> Vec<Event> {
        self.now = self.now.plus(Duration::from_secs(1));
        self.watch.handle_report(&self.report, self.now)
    }

    /// What a look tells: a line for each event.
    fn check(&mut self, expected: &Expect) {
        let line = |event: Event| {
            let kind = serde_json::to_value(event.kind).unwrap();
            let kind = kind.as_str().unwrap().to_owned();
            let ingest = event.ingest.unwrap_or_else(|| "-".into());
            format!("{} {kind} {ingest}: {}\n", event.egress, event.detail)
        };
        expected.assert_eq(&self.look().into_iter().map(line).collect::<String>());
    }
}

#[test]
fn a_process_that_begins_off_air_tells_nothing() {
    let mut station = Station::new();
    station.check(&expect![""]);
    station.check(&expect![""]);
}

#[test]
fn on_air_and_off_air_are_told_once_each() {
    let mut station = Station::new();
    station.egress("two").on_air = true;
    station.egress("two").source = Some("b".into());
    station.check(&expect![[r#"
        two on_air -: audio comes from b
    "#]]);
    station.check(&expect![""]);
    station.egress("two").on_air = false;
    station.check(&expect![[r#"
        two off_air -: no audio goes out
    "#]]);
    station.check(&expect![""]);
}

#[test]
fn a_lost_source_is_told_to_every_egress_of_its_ingest() {
    let mut station = Station::new();
    station.connect("b");
    station.send("b");
    station.check(&expect![""]);
    station.leave("b");
    station.check(&expect![[r#"
        one path_down b: its source was lost
        two path_down b: its source was lost
    "#]]);
    station.check(&expect![""]);
}

#[test]
fn a_flap_between_two_looks_is_told() {
    let mut station = Station::new();
    station.connect("a");
    station.send("a");
    station.check(&expect![""]);
    station.connect("a");
    station.check(&expect![[r#"
        one path_down a: its source was lost and is back
    "#]]);
    // Came, sent and went, all unseen.
    station.leave("a");
    station.send("a");
    station.check(&expect![[r#"
        one path_down a: its source was lost
    "#]]);
    station.ingest("a").connects_total += 3;
    station.send("a");
    station.check(&expect![[r#"
        one path_down a: its source was lost
    "#]]);
}

#[test]
fn a_source_that_never_sends_a_frame_is_no_path() {
    let mut station = Station::new();
    station.connect("a");
    station.check(&expect![""]);
    station.leave("a");
    station.check(&expect![""]);
    station.ingest("a").connects_total += 5;
    station.check(&expect![""]);
}

#[test]
fn a_mismatch_is_told_once_for_each_setting_of_a_connection() {
    let mut station = Station::new();
    station.connect("b");
    station.send("b");
    station.off_by("b", Setting::BitrateKbps, "96");
    station.check(&expect![[r#"
        one mismatch b: bitrate_kbps: wanted 128, got 96
        two mismatch b: bitrate_kbps: wanted 128, got 96
    "#]]);
    station.ingest("b").mismatch[0].got = "96.3".into();
    station.check(&expect![""]);
    station.ingest("b").mismatch.clear();
    station.check(&expect![""]);
    station.off_by("b", Setting::BitrateKbps, "95.9");
    station.check(&expect![""]);
    station.off_by("b", Setting::ChannelMode, "mono");
    station.check(&expect![[r#"
        one mismatch b: bitrate_kbps: wanted 128, got 95.9; channel_mode: wanted 128, got mono
        two mismatch b: bitrate_kbps: wanted 128, got 95.9; channel_mode: wanted 128, got mono
    "#]]);
    station.connect("b");
    station.check(&expect![[r#"
        one path_down b: its source was lost and is back
        one mismatch b: bitrate_kbps: wanted 128, got 95.9; channel_mode: wanted 128, got mono
        two path_down b: its source was lost and is back
        two mismatch b: bitrate_kbps: wanted 128, got 95.9; channel_mode: wanted 128, got mono
    "#]]);
}

#[test]
fn silence_is_told_when_it_begins() {
    let mut station = Station::new();
    station.egress("one").silent = Some(false);
    station.check(&expect![""]);
    station.egress("one").silent = Some(true);
    station.check(&expect![[r#"
        one silence -: below -50 dBFS for 15 s
    "#]]);
    station.check(&expect![""]);
    station.egress("one").silent = Some(false);
    station.check(&expect![""]);
    station.egress("one").silent = Some(true);
    station.check(&expect![[r#"
        one silence -: below -50 dBFS for 15 s
    "#]]);
}

#[test]
fn what_leads_to_the_other_is_told_before_it() {
    let mut station = Station::new();
    station.connect("a");
    station.send("a");
    station.off_by("a", Setting::ChannelMode, "mono");
    station.egress("one").on_air = true;
    station.egress("one").silent = Some(true);
    station.check(&expect![[r#"
        one on_air -: audio comes from an ingest
        one mismatch a: channel_mode: wanted 128, got mono
        one silence -: below -50 dBFS for 15 s
    "#]]);
    station.leave("a");
    station.egress("one").on_air = false;
    station.check(&expect![[r#"
        one path_down a: its source was lost
        one off_air -: no audio goes out
    "#]]);
}

#[test]
fn an_event_says_who_when_and_where_and_its_id_is_its_own() {
    let mut station = Station::new();
    station.egress("one").on_air = true;
    station.egress("two").on_air = true;
    let events = station.look();
    expect![[r#"
        {
          "event": "on_air",
          "egress": "one",
          "publisher": "acme",
          "ingest": null,
          "at": "2023-11-14T22:13:21.000000Z",
          "node": "fra-1",
          "detail": "audio comes from an ingest",
          "id": "fra-1-17979cfe362a0000-1"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&events[0]).unwrap());
    assert_ne!(events[0].id, events[1].id);
}

#[test]
fn a_node_that_has_the_ingests_alone_tells_of_their_sources() {
    let mut station = Station::new();
    station.report.egresses.clear();
    station.connect("b");
    station.send("b");
    station.check(&expect![""]);
    station.leave("b");
    station.check(&expect![[r#"
        one path_down b: its source was lost
        two path_down b: its source was lost
    "#]]);
}

#[test]
fn a_node_without_ingests_tells_of_programmes() {
    let mut station = Station::new();
    station.report.ingests.clear();
    station.egress("two").on_air = true;
    station.egress("two").source = Some("b".into());
    station.check(&expect![[r#"
        two on_air -: audio comes from b
    "#]]);
}
