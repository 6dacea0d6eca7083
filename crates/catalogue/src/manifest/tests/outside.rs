//! What a manifest names beyond itself: servers to ask and files to play.

use std::time::Duration;

use media::synthetic::{adts_frame, mp3_frame};

use super::*;
use crate::{Delivery, WebhookEvent};

/// A manifest whose intro is this file.
fn parse_intro(file: &[u8]) -> Result<Catalogue, String> {
    parse_with("mount.intro = \"file:hello.mp3\"", file)
}

/// A manifest with a line in its egress that names this file.
fn parse_with(line: &str, file: &[u8]) -> Result<Catalogue, String> {
    let text = manifest("", line);
    let files = |path: &str| match path {
        "hello.mp3" => Ok(file.to_vec()),
        _ => Err("is not there".to_owned()),
    };
    let parsed = parse_with_files(&text, "stations.toml", &env, &files);
    parsed.map_err(|error| format!("{}: {}", error.key(), error.what()))
}

fn check_intro_refused(file: &[u8], expected: &str) {
    assert_eq!(parse_intro(file).unwrap_err(), format!("egress.mount.intro: hello.mp3 {expected}"));
}

fn mp3(frames: u64, rate_hz: u32, mode: ChannelMode) -> Vec<u8> {
    (0..frames).flat_map(|seed| mp3_frame(128, rate_hz, mode, seed)).collect()
}

#[test]
fn an_ingest_is_pushed_or_pulled() {
    let pulled = manifest("", "").replace(
        "push = { mount = \"acme-b\", password = \"s3cret-b\" }",
        "pull = { url = \"https://u:hush@radio.example/live\" }",
    );
    let catalogue = check_parses(&pulled);
    let ingest = catalogue.ingest("acme-b").unwrap();
    let Delivery::Pull(pull) = &ingest.delivery else { panic!("it is pulled") };
    assert_eq!(pull.url.expose(), "https://u:hush@radio.example/live");
    assert!(!format!("{catalogue:?}").contains("hush"));
    assert!(catalogue.ingest_at("acme-b").is_none());
    let both = "ingest.pull: an ingest has one delivery: `push` or `pull`";
    check_ingest_refused("pull = { url = \"http://a.example\" }", both);
    let neither = pulled.replace("pull = {", "#");
    let expected = "ingest.name: missing key `push`, the encoder's mount and password, or `pull`";
    assert_eq!(complaint(&neither), expected);
}

#[test]
fn only_http_is_asked() {
    for (url, expected) in [
        ("ftp://a.example", "is neither `http://` nor `https://`"),
        ("live", "is no URL such as `https://example.org/path`"),
    ] {
        let text = manifest("", "").replace(
            "push = { mount = \"acme-b\", password = \"s3cret-b\" }",
            &format!("pull = {{ url = \"{url}\" }}"),
        );
        assert_eq!(complaint(&text), format!("ingest.pull.url: {expected}"));
    }
}

#[test]
fn a_push_has_a_password_or_someone_to_ask() {
    let with = |push: &str| manifest("", "").replace("password = \"s3cret-b\"", push);
    let catalogue = check_parses(&with("stream_auth = \"http://127.0.0.1/auth\""));
    let push = catalogue.ingest("acme-b").unwrap().push().unwrap().clone();
    assert!(push.password.is_none() && !push.is_password(b""));
    assert_eq!(push.stream_auth.unwrap().to_string(), "http://127.0.0.1/auth");
    let expected = "ingest.push.mount: missing key `password`, or `stream_auth`: whom to ask";
    assert_eq!(complaint(&with("user = \"me\"")), expected);
}

#[test]
fn webhooks_are_told_each_event_once() {
    let hook = "{ url = \"https://a.example/x\", on = [\"silence\", \"off_air\", \"silence\"], \
                secret = \"hush\" }";
    let catalogue = check_parses(&manifest("", &format!("webhooks = [{hook}]")));
    let [webhook] = &catalogue.egress("acme").unwrap().webhooks[..] else { panic!("one") };
    assert_eq!(webhook.on, [WebhookEvent::OffAir, WebhookEvent::Silence]);
    assert!(webhook.secret.as_ref().unwrap().matches(b"hush"));
    check_egress_refused(
        "webhooks = [{ url = \"https://a.example\", on = [] }]",
        "egress.webhooks.on: a webhook is told one event at least",
    );
    let hooks = |count| format!("webhooks = [{}]", vec![hook; count].join(", "));
    check_parses(&manifest("", &hooks(limits::WEBHOOKS_MAX)));
    let expected = "egress.webhooks: at most 8 webhooks";
    check_egress_refused(&hooks(limits::WEBHOOKS_MAX + 1), expected);
}

#[test]
fn url_authentication_is_said_as_icecast_says_it() {
    let auth = "auth = { listener_add = \"http://127.0.0.1/add\", auth_header = \"x-ok: yes\", \
                timelimit_header = \"x-limit:\", headers = [\"X-Pass\"], header_prefix = \"c-\" }";
    let catalogue = check_parses(&manifest("", auth));
    let auth = catalogue.egress("acme").unwrap().auth.clone().unwrap();
    assert_eq!(auth.auth_header.as_deref(), Some("x-ok: yes"));
    assert_eq!(auth.timelimit_header.as_deref(), Some("x-limit"));
    assert_eq!((auth.headers, auth.header_prefix), (vec!["X-Pass".to_owned()], "c-".to_owned()));
    check_egress_refused(
        "auth = { header_prefix = \"c-\" }",
        "egress.auth: it says nobody to ask: `listener_add`, `listener_remove`, `mount_add`, \
         `mount_remove`",
    );
    let with = |more: &str| format!("auth = {{ mount_add = \"http://a.example\", {more} }}");
    for bad in ["auth_header = \"\"", "auth_header = \"a\\nb: c\"", "headers = [\"a b\"]"] {
        let error = complaint(&manifest("", &with(bad)));
        assert!(error.starts_with("egress.auth."), "{error}");
    }
    let names = |count: usize| format!("headers = {:?}", vec!["x-a"; count]);
    check_parses(&manifest("", &with(&names(limits::AUTH_HEADERS_MAX))));
    let expected = "egress.auth.headers: at most 8 headers";
    check_egress_refused(&with(&names(limits::AUTH_HEADERS_MAX + 1)), expected);
}

#[test]
fn an_intro_is_the_frames_of_its_file() {
    let frames = mp3(20, 44_100, ChannelMode::JointStereo);
    let tagged = [b"ID3\x04\0\0\0\0\0\x02\0\0".as_slice(), &frames, b"TAG", &[0; 125]].concat();
    let catalogue = parse_intro(&tagged).unwrap();
    let intro = catalogue.egress("acme").unwrap().mount.intro.clone().unwrap();
    let read: Vec<u8> = intro.frames.iter().flat_map(|frame| frame.data.clone()).collect();
    assert_eq!(read, frames);
    assert_eq!(intro.duration().as_millis(), 20 * 1_152 * 1_000 / 44_100);
}

#[test]
fn an_intro_has_the_form_of_its_mount() {
    let mount = "but the mount mp3 128 kbit/s cbr, 44100 Hz, joint_stereo";
    check_intro_refused(
        &mp3(9, 48_000, ChannelMode::JointStereo),
        &format!("has mp3, 48000 Hz, 2 channels, {mount}"),
    );
    check_intro_refused(
        &mp3(9, 44_100, ChannelMode::Mono),
        &format!("has mp3, 44100 Hz, 1 channels, {mount}"),
    );
    let aac: Vec<u8> = (0..9).flat_map(|seed| adts_frame(44_100, 2, 300, seed)).collect();
    check_intro_refused(&aac, &format!("has aac, 44100 Hz, 2 channels, {mount}"));
    assert!(parse_intro(&b"<html>".repeat(1_000)).unwrap_err().contains("is not taken: "));
    check_intro_refused(&[], "has no frame of MP3 or AAC");
}

/// So many seconds of frames, in the mount's form.
fn frames(secs: u64) -> Vec<u8> {
    mp3(secs * 44_100 / 1_152, 44_100, ChannelMode::JointStereo)
}

#[test]
fn an_intro_lasts_a_minute_at_most() {
    let max = Duration::from_millis(limits::INTRO_MS_MAX);
    assert!(parse_intro(&frames(max.as_secs())).is_ok());
    let error = parse_intro(&frames(max.as_secs() + 1)).unwrap_err();
    assert!(error.ends_with("an intro 1m at most"), "{error}");
    let huge = vec![0; usize::try_from(limits::INTRO_BYTES_MAX).unwrap() + 1];
    check_intro_refused(&huge, "has more than 4194304 bytes");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let of = |value: &str| complaint(&manifest("", &format!("mount.intro = \"{value}\"")));
    let expected = "egress.mount.intro: hello.mp3 there are no files here";
    assert_eq!(of("file:hello.mp3"), expected);
    for bad in ["hello.mp3", "file:", "http://a.example/hello.mp3"] {
        assert_eq!(of(bad), "egress.mount.intro: an intro is `file:PATH`");
    }
}

#[test]
fn a_fallback_has_the_form_of_its_mount_and_lasts_ten_minutes_at_most() {
    let line = "fallback = \"file:hello.mp3\"";
    let max = Duration::from_millis(limits::FALLBACK_MS_MAX);
    let catalogue = parse_with(line, &frames(max.as_secs())).unwrap();
    let fallback = catalogue.egress("acme").unwrap().fallback.clone().unwrap();
    assert!(fallback.duration() <= max && !fallback.frames.is_empty());
    let error = parse_with(line, &frames(max.as_secs() + 1)).unwrap_err();
    assert!(error.ends_with("a fallback 10m at most"), "{error}");
    let other = b"<html>".repeat(1_000);
    assert!(
        parse_with(line, &other)
            .unwrap_err()
            .starts_with("egress.fallback: hello.mp3 is not taken")
    );
}

#[test]
fn an_announcement_has_the_form_of_its_mount_and_lasts_a_minute_at_most() {
    let geo = "geo = { allow_none_except = [\"DE\"], announcement = \"file:hello.mp3\" }";
    for line in ["limit_announcement = \"file:hello.mp3\"", geo] {
        let max = Duration::from_millis(limits::ANNOUNCEMENT_MS_MAX);
        let catalogue = parse_with(line, &frames(max.as_secs())).unwrap();
        let egress = catalogue.egress("acme").unwrap();
        let read = egress.limit_announcement.as_ref().or(egress.geo_announcement.as_ref());
        assert!(read.unwrap().duration() <= max);
        let error = parse_with(line, &frames(max.as_secs() + 1)).unwrap_err();
        assert!(error.ends_with("an announcement 1m at most"), "{error}");
        let huge = vec![0; usize::try_from(limits::ANNOUNCEMENT_BYTES_MAX).unwrap() + 1];
        let error = parse_with(line, &huge).unwrap_err();
        assert!(error.ends_with("has more than 4194304 bytes"), "{error}");
    }
}

#[test]
fn a_session_is_limited_to_thirty_days_or_not_at_all() {
    let limit = |text: &str| {
        let line = format!("session_limit = \"{text}\"");
        let read = parse(&manifest("", &line), "stations.toml", &env);
        read.map(|read| read.egress("acme").unwrap().session_limit)
    };
    assert_eq!(limit("0s").unwrap(), None);
    assert_eq!(limit("20s").unwrap(), Some(Duration::from_secs(20)));
    let max = Duration::from_millis(limits::SESSION_LIMIT_MS_MAX);
    assert_eq!(limit("30d").unwrap(), Some(max));
    assert!(limit("721h").is_err());
}

#[test]
fn the_bucket_has_playlists_of_an_egress_that_anybody_may_have_and_no_other() {
    let is_open = |line: &str| check_parses(&manifest("", line)).egress("acme").unwrap().is_open();
    assert!(is_open("session_limit = \"0s\"\nprotect_segments = false"));
    for line in [
        "session_limit = \"4h\"",
        "protect_segments = true",
        "geo = { allow_all_except = [\"DE\"] }",
        "auth = { listener_add = \"http://a.example/\" }",
    ] {
        assert!(!is_open(line), "{line}");
    }
}
