use std::time::Duration;

use media::RenditionId;
use runtime::clock::SystemClock;

use super::*;
use crate::fanout::{Fanout, FanoutSettings, MountSettings};
use crate::station::StationSettings;
use crate::testing::Voice;

/// A station without listeners, since the engine of its mount has ended.
fn silent(settings: StationSettings) -> Arc<Station> {
    let fanout = Fanout::start(FanoutSettings::default(), Arc::new(SystemClock)).unwrap();
    let mount = fanout.add_mount(MountSettings::new(&settings.name)).unwrap();
    fanout.stop();
    let renditions = vec![Voice::default().settings(mount.handle())];
    Arc::new(Station::new(settings, renditions).unwrap())
}

fn stations() -> Stations {
    let station = |sid, name: &str, aliases: &[&str]| {
        silent(StationSettings {
            name: name.into(),
            aliases: aliases.iter().map(|alias| (*alias).into()).collect(),
            sid,
            title: name.to_uppercase(),
            default_rendition: RenditionId::new("mp3", 128),
            target_secs: 6,
            hold: Duration::ZERO,
            dvr: Duration::ZERO,
            segment_max_age: Duration::ZERO,
            geo: None,
            session_limit: None,
            protect_segments: false,
        })
    };
    // In the order of their names, whatever their numbers are.
    let acme = station(2, "acme", &["acme.mp3", "live/acme", "stream/7"]);
    Stations::new(vec![acme, station(1, "other", &[])])
}

#[track_caller]
fn check(path: &str, expected: Option<(&str, &Wanted)>) {
    let found = stations().resolve(path);
    let found = found.as_ref().map(|one| (one.station.settings().name.as_str(), &one.wanted));
    assert_eq!(found, expected, "{path}");
}

fn multivariant(prefix: &str) -> Wanted {
    Wanted::Multivariant { prefix: prefix.into() }
}

#[test]
fn every_mount_has_all_its_paths() {
    for mount in ["acme", "acme.mp3", "live/acme"] {
        let name = mount.rsplit('/').next().unwrap();
        check(&format!("/{mount}"), Some(("acme", &Wanted::Stream)));
        check(&format!("/{mount}/playlist.m3u8"), Some(("acme", &multivariant(""))));
        check(&format!("/{mount}.m3u8"), Some(("acme", &multivariant(&format!("{name}/")))));
        check(&format!("/{mount}/mp3-128"), Some(("acme", &Wanted::Stream)));
        let tune_in =
            Wanted::TuneIn { format: tune_in::Format::Pls, stream: "acme/mp3-128".into() };
        check(&format!("/{mount}/mp3-128.pls"), Some(("acme", &tune_in)));
        check(&format!("/{mount}/mp3-128/media.m3u8"), Some(("acme", &Wanted::Media)));
        let segment = Wanted::Segment { name: "17-0a1b2c3d.mp3".into() };
        check(&format!("/{mount}/mp3-128/17-0a1b2c3d.mp3"), Some(("acme", &segment)));
        for (extension, format) in [
            ("pls", tune_in::Format::Pls),
            ("m3u", tune_in::Format::M3u),
            ("xspf", tune_in::Format::Xspf),
        ] {
            let tune_in = Wanted::TuneIn { format, stream: "acme".into() };
            check(&format!("/{mount}.{extension}"), Some(("acme", &tune_in)));
        }
    }
}

#[test]
fn nothing_else_is_found() {
    for path in [
        "/",
        "",
        "acme",
        "/nobody",
        "/acme/",
        "//acme",
        "/acme/media.m3u8",
        "/acme/aac-64/media.m3u8",
        "/acme/mp3-128/",
        "/acme/mp3-128/x.mp3",
        "/acme/mp3-128/1-0a1b2c3d.exe",
        "/acme/mp3-128/1-0A1B2C3D.mp3",
        "/acme/mp3-128/-0a1b2c3d.mp3",
        "/acme.exe",
        "/acme/mp3-128/123456789012345678901-0a1b2c3d.mp3",
    ] {
        check(path, None);
    }
}

#[test]
fn a_path_is_decoded_once_and_never_leads_elsewhere() {
    check("/live%2Facme", Some(("acme", &Wanted::Stream)));
    for path in [
        "/acme/../other",
        "/acme/%2e%2e/other",
        "/acme/mp3-128/..%2f..%2fprivate/1-0a1b2c3d.mp3",
        "/%252e%252e/acme",
        "/acme%00",
        "/acme%ff",
        "/acme%0d%0a",
    ] {
        check(path, None);
    }
}

#[test]
fn a_long_path_is_not_looked_up() {
    let path = |len: usize| format!("/{}", "a".repeat(len));
    let long = silent(StationSettings {
        name: "a".repeat(PATH_LEN_MAX),
        ..stations().all()[0].settings().clone()
    });
    let longer =
        silent(StationSettings { name: "a".repeat(PATH_LEN_MAX + 1), ..long.settings().clone() });
    let stations = Stations::new(vec![long, longer]);
    assert!(stations.resolve(&path(PATH_LEN_MAX)).is_some());
    assert!(stations.resolve(&path(PATH_LEN_MAX + 1)).is_none());
}

#[test]
fn a_stream_is_found_at_shoutcasts_paths_by_its_number() {
    for path in ["/;", "/;stream.mp3", "/;stream.nsv", "/stream", "/stream/", "/stream/1", "/%3b"] {
        check(path, Some(("other", &Wanted::Stream)));
    }
    for path in ["/stream/2", "/stream/2/", "/stream/2/;", "/stream/2/;stream.mp3", "/stream/02"] {
        check(path, Some(("acme", &Wanted::Stream)));
    }
}

#[test]
fn a_mount_goes_before_shoutcasts_paths() {
    check("/stream/7", Some(("acme", &Wanted::Stream)));
    check("/stream/7/playlist.m3u8", Some(("acme", &multivariant(""))));
}

#[test]
fn what_is_no_number_of_a_stream_is_nothing() {
    for path in [
        "/",
        "/stream/3",
        "/stream/0",
        "/stream/+1",
        "/stream/-1",
        "/stream/99999999999",
        "/stream//",
        "/stream/1/x",
        "/stream1",
        "/streams",
        "/stream/one",
        "/stream.mp3",
    ] {
        check(path, None);
    }
}
