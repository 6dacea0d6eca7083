//! The page in a real browser.

mod browser;

use std::sync::Arc;

use catalogue::report::{
    EgressReport, GeoReport, IngestReport, IngestState, PathReport, RenditionProgress,
    RenditionReport, Report,
};
use catalogue::{Mismatch, Setting, WebhookEvent};
use control::watch::Event;
use media::WallTime;

use crate::browser::{Look, Seen};

/// What names and titles may try: markup, handlers, URLs, templates, names of
/// every object's own, a change of the reading direction, a NUL.
const HOSTILE: [&str; 8] = [
    "<img src=/stolen onerror=alert(1)>",
    "</bdi></template></script><script>document.title='taken'</script>",
    "\"><svg onload=alert(1)>",
    "javascript:alert(1)//%0Aalert(1)",
    "{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "__proto__",
    "\u{202E}\u{2066}gnp.exe",
    "&lt;b&gt;\u{0}\u{1b}[31m",
];

fn egress(name: &str) -> EgressReport {
    EgressReport {
        name: name.into(),
        title: format!("Station {name}"),
        on_air: true,
        codec: "mp3".into(),
        codecs: Some("mp4a.40.34".into()),
        rendition: "mp3-128".into(),
        renditions: vec![rendition("mp3", 128)],
        now_playing: Some(format!("Song of {name}")),
        icy_listeners: 12_345,
        media_sequence: Some(1_700_000_123),
        window_segments: 10,
        epoch: Some("epoch-1".into()),
        source: Some("acme-a".into()),
        paths: vec![name.into(), format!("live/{name}")],
        ..EgressReport::default()
    }
}

/// The ingest's own bytes in this codec.
fn rendition(codec: &str, bitrate_kbps: u32) -> RenditionReport {
    RenditionReport {
        id: format!("{codec}-{bitrate_kbps}").replace('_', "-"),
        codec: codec.into(),
        bitrate_kbps,
        sample_rate_hz: 44_100,
        own_bytes: true,
        window_segments: 10,
        ..RenditionReport::default()
    }
}

/// One that is encoded here.
fn made(
    codec: &str,
    bitrate_kbps: u32,
    (progress, behind_ms): (RenditionProgress, Option<u64>),
) -> RenditionReport {
    let progress = Some(progress);
    RenditionReport { own_bytes: false, progress, behind_ms, ..rendition(codec, bitrate_kbps) }
}

fn ingest(name: &str) -> IngestReport {
    IngestReport {
        name: name.into(),
        mount: Some(name.into()),
        state: IngestState::Connected,
        peer_address: Some("192.0.2.7:51234".into()),
        user_agent: Some("Liquidsoap/2.2.5".into()),
        connected_secs: Some(3_700),
        format: Some("mp3 128 kbit/s cbr, 44100 Hz, joint_stereo".into()),
        bitrate_bps: Some(127_600),
        frames_total: 7_654_321,
        ..IngestReport::default()
    }
}

fn report(ingests: Vec<IngestReport>, egresses: Vec<EgressReport>) -> Report {
    let started = "2026-01-02T03:04:05.000Z".into();
    Report { node: "fra-1".into(), started, ingests, egresses, geo: None }
}

async fn look_at(report: Report, look: Look<'_>) -> Seen {
    browser::look(Arc::new(move || report.clone()), look).await
}

/// Nothing went wrong, and nothing came from elsewhere.
fn assert_clean(seen: &Seen) {
    assert!(seen.errors.is_empty(), "{:?}", seen.errors);
    assert!(seen.violations.is_empty(), "{:?}", seen.violations);
    assert!(seen.missing.is_empty(), "{:?}", seen.missing);
    assert!(!seen.is_too_wide, "the page is wider than the window");
    for path in &seen.requests {
        let is_ours = path == "/" || path.starts_with("/assets/") || path == "/favicon.svg";
        let is_api = path == "/api/v1/status" || path == "/api/v1/events";
        assert!(is_ours || is_api, "the page asked for {path}");
    }
}

fn assert_tells(seen: &Seen, expected: &[&str]) {
    for text in expected {
        assert!(seen.text.contains(text), "no {text:?} in:\n{}", seen.text);
    }
}

#[tokio::test]
async fn the_page_tells_what_the_node_does() {
    let mismatch = Mismatch {
        setting: Setting::BitrateKbps,
        wanted: "192".into(),
        got: "128".into(),
        is_other_codec: false,
    };
    let ingest = IngestReport {
        mismatch: vec![mismatch],
        junk_bytes_total: 4_711,
        title: Some("Sent last".into()),
        last_refusal: Some("wrong password".into()),
        ..ingest("acme-a")
    };
    let egress = EgressReport { bucket_lag_segments: 5, ..egress("acme") };
    let seen = look_at(report(vec![ingest], vec![egress]), Look::default()).await;
    assert_clean(&seen);
    assert_eq!(seen.title, "fra-1 · Skywave");
    assert_tells(
        &seen,
        &["Station acme", "Song of acme", "On air", "12,345", "mp4a.40.34", "mp3-128", "epoch-1"],
    );
    assert_tells(&seen, &["1700000123", "5 segments behind", "/live/acme", "/acme/playlist.m3u8"]);
    assert_tells(&seen, &["/acme.pls", "/acme.m3u", "/acme.xspf", "Connected", "192.0.2.7:51234"]);
    assert_tells(&seen, &["Liquidsoap/2.2.5", "127.6 kbit/s", "7,654,321", "4,711 bytes"]);
    assert_tells(&seen, &["Bit rate: wanted 192 kbit/s, got 128 kbit/s", "wrong password"]);
    assert_tells(&seen, &["1 h 1 min", "Sent last"]);
}

#[tokio::test]
async fn paths_that_are_silent_and_other_encoders_are_told() {
    let path = |ingest: &str| PathReport {
        ingest: ingest.into(),
        state: "locked".into(),
        ..PathReport::default()
    };
    let silent = PathReport { silent: true, ..path("acme-a") };
    let other = PathReport { state: "other".into(), offset_ms: Some(-1_240), ..path("acme-b") };
    let egress = EgressReport {
        ingests: vec![silent, other],
        breaks_total: 1,
        last_break: Some("acme-a: it is preferred, and stable".into()),
        last_break_offset_ms: Some(1_240),
        ..egress("acme")
    };
    let seen = look_at(report(vec![ingest("acme-a")], vec![egress]), Look::default()).await;
    assert_clean(&seen);
    assert_tells(&seen, &["Locked, silent", "Another encoder", "1.24 s ahead"]);
    assert_tells(&seen, &["another encoder of the same programme (1.24 s heard twice)"]);
}

#[tokio::test]
async fn each_rendition_is_told_and_those_that_do_not_keep_up_are_warned_of() {
    let renditions = vec![
        made("aac", 128, (RenditionProgress::OnTime, Some(20))),
        made("he_aac", 48, (RenditionProgress::Late, Some(4_200))),
        made("he_aac_v2", 32, (RenditionProgress::Failed, None)),
        rendition("mp3", 128),
    ];
    let egress = EgressReport { renditions, ..egress("acme") };
    for width in [1280, 390] {
        let node = report(vec![ingest("acme-a")], vec![egress.clone()]);
        let seen = look_at(node, Look { width, ..Look::default() }).await;
        assert_clean(&seen);
        let row = ["AAC 128 kbit/s", "HE-AAC 48 kbit/s", "and 2 more"];
        assert_tells(&seen, &row);
        assert_tells(
            &seen,
            &[
                "he-aac-48 is late: the programme has waited 4.2 s to be encoded.",
                "he-aac-v2-32 has failed: it is not made until the restart.",
                "Renditions, in the order of the multivariant playlist",
            ],
        );
        assert_tells(
            &seen,
            &["On time", "AAC 128 kbit/s, 44100 Hz", "encoded here, 0.02 s behind"],
        );
        assert_tells(
            &seen,
            &["Late", "encoded here, 4.2 s behind", "HE-AAC v2 32 kbit/s, 44100 Hz"],
        );
        assert_tells(&seen, &["Failed", "not made until the restart", "the ingest's own bytes"]);
        assert_tells(&seen, &["10 segments listed", "Warnings\n1"]);
    }
}

#[tokio::test]
async fn renditions_that_keep_up_or_are_made_elsewhere_are_no_trouble() {
    let elsewhere = RenditionReport { own_bytes: false, ..rendition("aac", 128) };
    let on_time = made("aac", 96, (RenditionProgress::OnTime, Some(0)));
    let renditions = vec![elsewhere, on_time, rendition("mp3", 128)];
    let egress = EgressReport { renditions, ..egress("acme") };
    let seen = look_at(report(vec![ingest("acme-a")], vec![egress]), Look::default()).await;
    assert_clean(&seen);
    assert_tells(&seen, &["encoded on another node", "encoded here, 0 s behind"]);
    assert_tells(&seen, &["Warnings\nNone"]);
    for text in [" is late", "has failed"] {
        assert!(!seen.text.contains(text), "{text:?} in:\n{}", seen.text);
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_database_of_countries_is_told_loudly() {
    let in_use = || GeoReport { database: Some("Acme-Country".into()), ..GeoReport::default() };
    for (geo, told) in [
        (GeoReport::default(), "No database of countries (none is configured)"),
        (
            GeoReport { error: Some("no such file".into()), ..GeoReport::default() },
            "(no such file)",
        ),
        (
            GeoReport { error: Some("half a file".into()), ..in_use() },
            "not read again: half a file",
        ),
        (GeoReport { is_old: true, ..in_use() }, "is more than 30 days old"),
    ] {
        let geo = Some(GeoReport { egresses: 1, ..geo });
        let node = Report { geo, ..report(vec![ingest("acme-a")], vec![egress("acme")]) };
        let seen = look_at(node, Look::default()).await;
        assert_clean(&seen);
        assert_tells(&seen, &[told]);
    }
    let geo = Some(GeoReport { egresses: 1, ..in_use() });
    let well = Report { geo, ..report(vec![ingest("acme-a")], vec![egress("acme")]) };
    let seen = look_at(well, Look::default()).await;
    assert!(!seen.text.contains("database of countries"), "{}", seen.text);
}

/// Late, so that it stands in a warning too.
fn hostile_rendition(text: &str) -> RenditionReport {
    let late = made(text, 128, (RenditionProgress::Late, Some(4_200)));
    RenditionReport { id: text.into(), ..late }
}

#[tokio::test]
async fn hostile_names_and_titles_are_text() {
    let egresses = HOSTILE.map(|text| EgressReport {
        title: text.into(),
        codec: text.into(),
        codecs: Some(text.into()),
        rendition: text.into(),
        renditions: vec![hostile_rendition(text)],
        now_playing: Some(text.into()),
        epoch: Some(text.into()),
        source: Some(text.into()),
        paths: vec![text.into()],
        ..egress(text)
    });
    let ingests = HOSTILE.map(|text| IngestReport {
        mount: Some(text.into()),
        peer_address: Some(text.into()),
        user_agent: Some(text.into()),
        format: Some(text.into()),
        title: Some(text.repeat(2_000)),
        last_refusal: Some(text.into()),
        mismatch: vec![Mismatch {
            setting: Setting::Codec,
            wanted: text.into(),
            got: text.into(),
            is_other_codec: true,
        }],
        ..ingest(text)
    });
    let hostile = report(ingests.into(), egresses.into());
    let look = Look { click: Some("#egress-rows .more"), width: 390, ..Look::default() };
    let seen = look_at(hostile, look).await;
    assert_clean(&seen);
    assert_eq!(seen.title, "fra-1 · Skywave");
    // Controls have no glyph, so the last is not looked for.
    assert_tells(&seen, &HOSTILE[..7]);
}

fn event(kind: WebhookEvent, ingest: Option<&str>, detail: &str, id: usize) -> Event {
    Event {
        kind,
        egress: "acme".into(),
        publisher: "acme".into(),
        ingest: ingest.map(str::to_owned),
        at: WallTime::from_nanos(1_700_000_000_000_000_000),
        node: "fra-1".into(),
        detail: detail.into(),
        id: id.to_string(),
    }
}

#[tokio::test]
async fn what_has_happened_is_listed_and_silence_is_warned_of() {
    let mut events = vec![
        event(WebhookEvent::OnAir, None, "the oldest of them", 0),
        event(WebhookEvent::OffAir, None, "no audio goes out", 1),
        event(WebhookEvent::Silence, None, "below -50 dBFS", 2),
        event(WebhookEvent::PathDown, Some("acme-a"), "its source was lost", 3),
    ];
    let hostile = HOSTILE.iter().zip(4..);
    events.extend(hostile.map(|(text, id)| event(WebhookEvent::Mismatch, Some(text), text, id)));
    let egress = EgressReport { silent: Some(true), ..egress("acme") };
    let look =
        Look { wait_for: "#event-rows > li", width: 390, events: &events, ..Look::default() };
    let seen = look_at(report(vec![ingest("acme-a")], vec![egress]), look).await;
    assert_clean(&seen);
    assert_tells(&seen, &["Events", "On air", "Off air", "Silence", "Path down", "Mismatch"]);
    assert_tells(&seen, &["acme \u{2190} acme-a", "the oldest of them", "its source was lost"]);
    assert_tells(&seen, &["Silent: there has been no sound for 15 s."]);
    assert_tells(&seen, &HOSTILE[..7]);
}

#[tokio::test]
async fn a_thousand_egresses_are_shown() {
    let names = (0..1_000).map(|number| format!("station-{number:04}"));
    let (egresses, ingests) = names.map(|name| (egress(&name), ingest(&name))).unzip();
    let look = Look { wait_for: "#egress-rows > li:nth-child(1000)", ..Look::default() };
    let seen = look_at(report(ingests, egresses), look).await;
    assert_clean(&seen);
    assert_tells(&seen, &["1,000 of 1,000", "12,345,000", "Filter"]);
}

#[tokio::test]
async fn a_node_that_fails_is_said_to() {
    let look = Look { wait_for: "#banner p", ..Look::default() };
    let seen = browser::look(Arc::new(|| panic!("the report fails")), look).await;
    assert_tells(&seen, &["The node does not answer.", "No answer"]);
    assert_eq!(seen.title, "No answer · Skywave");
    assert!(seen.violations.is_empty(), "{:?}", seen.violations);
}
