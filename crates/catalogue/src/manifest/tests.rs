use std::collections::BTreeSet;
use std::time::Duration;

use expect_test::expect;
use media::ChannelMode;
use settings::reference::{keys_in_reference, keys_in_sample, uncommented};

use super::*;
use crate::limits;
use crate::{Charset, EncodingCodec, OnMismatch, RateControl};

const SAMPLE: &str = include_str!("../../../../docs/reference/stations.sample.toml");
const REFERENCE: &str = include_str!("../../../../docs/reference/manifest.md");

/// Two ingests and one egress; `ingest` and `egress` are put at the tables' ends.
fn manifest(ingest: &str, egress: &str) -> String {
    format!(
        r#"
[[publisher]]
name = "acme"
[[ingest]]
name = "acme-a"
publisher = "acme"
encoding = {{ codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }}
push = {{ mount = "acme-a", password = "s3cret", shoutcast = true }}
[[ingest]]
name = "acme-b"
publisher = "acme"
encoding = {{ codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }}
push = {{ mount = "acme-b", password = "s3cret-b" }}
{ingest}
[[egress]]
name = "acme"
publisher = "acme"
ingests = ["acme-a", "acme-b"]
{egress}
"#
    )
}

fn env(name: &str) -> Option<String> {
    name.strip_prefix("ACME_").map(str::to_lowercase)
}

fn check_parses(text: &str) -> Catalogue {
    parse(text, "stations.toml", &env).unwrap_or_else(|error| panic!("{error}"))
}

/// The complaint without the file's name and the line.
fn complaint(text: &str) -> String {
    let error = parse(text, "stations.toml", &env).expect_err(text);
    assert_eq!(error.place(), "stations.toml");
    assert!(error.line().is_some(), "{error}");
    format!("{}: {}", error.key(), error.what())
}

fn check_ingest_refused(line: &str, expected: &str) {
    assert_eq!(complaint(&manifest(line, "")), expected);
}

fn check_egress_refused(line: &str, expected: &str) {
    assert_eq!(complaint(&manifest("", line)), expected);
}

fn check_not_built(text: &str, key: &str) {
    assert_eq!(complaint(text), format!("{key}: not built yet"));
}

/// An egress's key with a value on each side of a bound.
fn check_bounds(key: &str, inside: &[&str], outside: &[&str]) {
    for value in inside {
        check_parses(&manifest("", &format!("{key} = {value}")));
    }
    for value in outside {
        let error = complaint(&manifest("", &format!("{key} = {value}")));
        assert!(error.starts_with(&format!("egress.{key}: ")), "{error}");
    }
}

#[test]
fn what_an_ingest_leaves_out_has_its_default() {
    let catalogue = check_parses(&manifest("", ""));
    let ingest = catalogue.ingest("acme-a").unwrap();
    assert_eq!((ingest.region.as_str(), &*ingest.push().unwrap().user), ("local", "source"));
    assert_eq!((ingest.on_mismatch, ingest.charset), (OnMismatch::Warn, Charset::Auto));
    assert_eq!(ingest.encoding.rate_control, RateControl::Cbr);
}

#[test]
fn what_is_left_out_has_its_default() {
    let catalogue = check_parses(&manifest("", ""));
    expect![[r#"
        Egress {
            name: Name(
                "acme",
            ),
            publisher: Name(
                "acme",
            ),
            sid: 1,
            region: Name(
                "local",
            ),
            ingests: [
                Name(
                    "acme-a",
                ),
                Name(
                    "acme-b",
                ),
            ],
            encoding: Encoding {
                codec: Mp3,
                bitrate_kbps: 128,
                sample_rate_hz: 44100,
                channel_mode: JointStereo,
                rate_control: Cbr,
            },
            aliases: [],
            renditions: aac-128 (aac 128 kbit/s cbr, 44100 Hz, stereo) + mp3-128,
            loudness: None,
            hold_back: 3s,
            silence: None,
            fallback: None,
            hold: 60s,
            dvr: 0ns,
            webhooks: [],
            auth: None,
            session_limit: None,
            limit_announcement: None,
            protect_segments: false,
            geo: None,
            geo_announcement: None,
            mount: MountConfig {
                icy_name: "acme",
                icy_description: "",
                icy_url: "",
                genre: "",
                burst: 4s,
                metaint: 16000,
                max_listeners: None,
                segment: 6s,
                window: 60s,
                headers: [],
                public: false,
                intro: None,
            },
        }
    "#]]
    .assert_debug_eq(catalogue.egress("acme").unwrap());
}

#[test]
fn the_sample_is_a_manifest() {
    let catalogue = check_parses(SAMPLE);
    let ingest = catalogue.ingest("acme-a").unwrap();
    assert!(ingest.push().unwrap().is_password(b"a_password"));
    let egress = catalogue.egress("acme").unwrap();
    assert_eq!(egress.mount.icy_name, "Acme Radio");
    assert_eq!(egress.mount.headers.len(), 1);
    assert_eq!(egress.paths().collect::<Vec<_>>(), ["acme", "acme.mp3", "live/acme"]);
}

/// Clustered egresses have an egress's keys, and encodings an ingest's: once is
/// enough.
fn once(keys: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let keys: BTreeSet<String> = keys.into_iter().collect();
    let shared = |key: &String| {
        let egress = key.strip_prefix("clustered_").filter(|key| key.contains('.'));
        egress.is_some_and(|egress| keys.contains(egress)) || key.contains(".encodings.")
    };
    keys.iter().filter(|key| !shared(key)).cloned().collect()
}

#[test]
fn every_key_is_in_the_reference_and_the_sample_and_no_other() {
    let known = once(keys().into_iter().map(|key| key.path));
    assert_eq!(keys_in_reference(REFERENCE), known, "docs/reference/manifest.md");
    let everything = uncommented(SAMPLE);
    let shape: Result<raw::Manifest, _> = settings::from_toml(&everything, "sample", &env);
    shape.unwrap_or_else(|error| panic!("{error}"));
    let sample = keys_in_sample(&everything).unwrap();
    assert_eq!(known.difference(&sample).collect::<Vec<_>>(), [""; 0], "stations.sample.toml");
}

#[test]
fn commented_out_defaults_of_the_sample_are_the_defaults() {
    let defaults = SAMPLE.lines().scan(true, |built, line| {
        *built = match line {
            line if line.starts_with("# Not built yet") => false,
            line if line.starts_with("# Left out unless wanted") => false,
            line if line.starts_with('[') => true,
            _ => *built,
        };
        Some(if *built {
            line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line)
        } else {
            line
        })
    });
    let text = defaults.collect::<Vec<_>>().join("\n");
    assert!(text.contains("\nsegment = "));
    assert_eq!(check_parses(&text), check_parses(SAMPLE));
}

#[test]
fn resources_are_found_by_name_path_mount_and_password() {
    let text = manifest("", "aliases = [\"live/acme\"]");
    let catalogue = check_parses(&text);
    assert_eq!(catalogue.egress_at("live/acme"), catalogue.egress("acme"));
    assert_eq!(catalogue.egress_at("acme"), catalogue.egress("acme"));
    assert_eq!(catalogue.egress_at("acme-a"), None);
    assert_eq!(catalogue.ingest_at("acme-b"), catalogue.ingest("acme-b"));
    let by_password = |given: &[u8]| catalogue.ingest_by_shoutcast_password(given);
    assert_eq!(by_password(b"s3cret"), catalogue.ingest("acme-a"));
    assert_eq!(by_password(b"s3cret-b"), None);
    assert_eq!(catalogue.egresses_of("acme-b").count(), 1);
    assert_eq!(catalogue.egresses_of("nobody").count(), 0);
    let egress = catalogue.egress("acme").unwrap();
    assert_eq!((egress.rendition_id().as_str(), egress.window_segments()), ("mp3-128", 10));
}

#[test]
fn another_segment_is_another_rendition() {
    let catalogue = check_parses(&manifest("", "mount.segment = \"4s\""));
    let egress = catalogue.egress("acme").unwrap();
    assert_ne!(egress.rendition_id().as_str(), "mp3-128");
    assert_eq!(egress.window_segments(), 15);
}

#[test]
fn all_of_an_encoding_is_taken_over() {
    let text = manifest("", "").replace("joint_stereo", "mono").replace("\"mp3\"", "\"he_aac\"");
    let encoding = check_parses(&text).ingest("acme-a").unwrap().encoding;
    assert_eq!(encoding.codec, EncodingCodec::HeAac);
    assert_eq!(encoding.channel_mode, ChannelMode::Mono);
}

#[test]
fn what_is_not_built_yet_says_so() {
    check_not_built(&manifest("", "ads = true"), "egress.ads");
    check_not_built(&manifest("", "[[pop]]\nname = \"a\"\nurl = \"https://a.example\""), "pop");
    check_not_built(&manifest("", "[[cluster]]\nname = \"a\"\npops = []"), "cluster");
    let balancer = "[[balancer]]\nname = \"a\"\npublisher = \"acme\"\negresses = [\"acme\"]";
    check_not_built(&manifest("", balancer), "balancer");
    let clustered =
        "[[clustered_egress]]\nname = \"a\"\npublisher = \"acme\"\ncluster = \"a\"\ningests = []";
    check_not_built(&manifest("", clustered), "clustered_egress");
}

#[test]
fn what_is_not_built_yet_may_be_switched_off() {
    let off = "ads = false\nencodings = []\nauto_aac = true";
    check_parses(&manifest("", off));
    check_parses(&manifest("", "auto_aac = false"));
}

#[test]
fn several_ingests_are_waited_for() {
    let hold_back = |rest: &str, one: bool| {
        let text = manifest("", rest);
        let text = if one { text.replace("\", \"acme-b\"]", "\"]") } else { text };
        parse(&text, "stations.toml", &|_| None).unwrap().egress("acme").unwrap().hold_back
    };
    assert_eq!(hold_back("", false), Duration::from_secs(3));
    assert_eq!(hold_back("hold_back = \"0s\"", false), Duration::ZERO);
    assert_eq!(hold_back("hold_back = \"12s\"", false), Duration::from_secs(12));
    assert_eq!(hold_back("", true), Duration::ZERO);
    assert_eq!(hold_back("hold_back = \"12s\"", true), Duration::ZERO);
}

#[test]
fn a_source_may_be_silent_for_ever_unless_told_otherwise() {
    let silence = |rest: &str| {
        let text = manifest("", rest);
        check_parses(&text).egress("acme").unwrap().silence
    };
    assert_eq!(silence(""), None);
    assert_eq!(silence("silence = '0s'"), None);
    assert_eq!(silence("silence = '15s'"), Some(Duration::from_secs(15)));
}

#[test]
fn bad_names_and_unknown_ones_name_what_is_right() {
    check_egress_refused(
        "aliases = [\"/acme\"]",
        "egress.aliases: `/acme` begins with a slash; leave it out",
    );
    let unknown = manifest("", "").replace("ingests = [\"acme-a\"", "ingests = [\"acme-x\"");
    let expected = "egress.ingests: no ingest is named `acme-x`; did you mean `acme-b`?";
    assert_eq!(complaint(&unknown), expected);
    let unknown =
        manifest("", "").replace("publisher = \"acme\"\ningests", "publisher = \"acne\"\ningests");
    let expected = "egress.publisher: no publisher is named `acne`; did you mean `acme`?";
    assert_eq!(complaint(&unknown), expected);
    let error = complaint(&manifest("", "").replace("name = \"acme-b\"", "name = \"Acme\""));
    assert!(error.starts_with("ingest.name: `Acme` is no name: "), "{error}");
}

#[test]
fn a_complaint_names_the_line() {
    let error = parse(&manifest("", "mount.metaint = 0"), "stations.toml", &env).unwrap_err();
    let expected = "stations.toml:19: egress.mount.metaint: 0 is out of range: 1 to 1048576";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn names_and_mounts_are_there_once() {
    let twice = manifest("", "").replace("name = \"acme-b\"", "name = \"acme-a\"");
    assert_eq!(complaint(&twice), "ingest.name: there is ingest `acme-a` already");
    let twice = manifest("", "").replace("mount = \"acme-b\"", "mount = \"acme-a\"");
    let expected = "ingest.push.mount: `acme-a` is the mount of ingest `acme-a` already";
    assert_eq!(complaint(&twice), expected);
    let twice = manifest("", "").replace("\"acme-b\"]", "\"acme-a\"]");
    assert_eq!(complaint(&twice), "egress.ingests: ingest `acme-a` is named twice");
    let reserved = manifest("", "").replace("mount = \"acme-b\"", "mount = \"admin/b\"");
    assert!(complaint(&reserved).starts_with("ingest.push.mount: `/admin/b` is reserved"));
}

#[test]
fn paths_are_unique_over_all_egresses() {
    check_egress_refused(
        "aliases = [\"acme.pls\"]",
        "egress.aliases: `/acme.pls` is taken by egress `acme`",
    );
    check_egress_refused(
        "aliases = [\"acme/mp3-128/x\"]",
        "egress.aliases: `/acme/mp3-128/x` lies beneath `/acme/mp3-128`, a rendition of egress `acme`",
    );
    let second = "[[egress]]\nname = \"second\"\npublisher = \"acme\"\ningests = [\"acme-a\"]\naliases = [\"acme\"]";
    check_egress_refused(second, "egress.aliases: `/acme` is taken by egress `acme`");
    check_egress_refused(
        "aliases = [\"stats/x\"]",
        "egress.aliases: `/stats/x` is reserved: a path cannot begin with `stats`",
    );
}

#[test]
fn the_ingests_of_an_egress_have_one_encoding() {
    let text = manifest("", "").replacen("bitrate_kbps = 128", "bitrate_kbps = 96", 1);
    let expected = "egress.ingests: the ingests of an egress have the same encoding, but `acme-a` has mp3 96 kbit/s cbr, 44100 Hz, joint_stereo and `acme-b` has mp3 128 kbit/s cbr, 44100 Hz, joint_stereo";
    assert_eq!(complaint(&text), expected);
    let none = manifest("", "").replace("[\"acme-a\", \"acme-b\"]", "[]");
    assert_eq!(complaint(&none), "egress.ingests: an egress has at least one ingest");
}

#[test]
fn settings_that_do_not_go_together_name_the_setting() {
    let text = manifest("", "").replacen("bitrate_kbps = 128", "bitrate_kbps = 144", 1);
    assert!(
        complaint(&text).starts_with("ingest.encoding.bitrate_kbps: mp3 at 44100 Hz has no 144")
    );
    let text = manifest("", "").replacen("sample_rate_hz = 44100", "sample_rate_hz = 44000", 1);
    assert!(complaint(&text).starts_with("ingest.encoding.sample_rate_hz: mp3 has no 44000 Hz"));
}

#[test]
fn weak_and_ambiguous_passwords_are_refused() {
    let hackme = manifest("", "").replace("s3cret-b", "hackme");
    let expected =
        "ingest.push.password: `hackme` is the first password that is tried; choose another";
    assert_eq!(complaint(&hackme), expected);
    let empty = manifest("", "").replace("s3cret-b", "");
    assert_eq!(complaint(&empty), "ingest.push.password: a secret must not be empty");
    let same = manifest("", "").replace("s3cret-b", "s3cret");
    check_parses(&same);
    let both = same.replace("\"s3cret\" }", "\"s3cret\", shoutcast = true }");
    let expected = "ingest.push.password: a SHOUTcast source is known by its password alone, and ingest `acme-a` has the same";
    assert_eq!(complaint(&both), expected);
    check_parses(&manifest("", "").replace("\"s3cret-b\" }", "\"s3cret-b\", shoutcast = true }"));
}

#[test]
fn a_user_is_sendable() {
    let with =
        |user: &str| manifest("", "").replace("\"s3cret-b\"", &format!("\"x\", user = \"{user}\""));
    check_parses(&with(&"u".repeat(limits::USER_BYTES_MAX)));
    for bad in ["", "a:b", &"u".repeat(limits::USER_BYTES_MAX + 1)] {
        assert!(complaint(&with(bad)).starts_with("ingest.push.user: "), "{bad}");
    }
}

#[test]
fn a_charset_goes_by_any_of_its_names() {
    let charset = |line: &str| check_parses(&manifest(line, "")).ingest("acme-b").unwrap().charset;
    assert_eq!(charset("charset = 'auto'"), Charset::Auto);
    assert_eq!(charset("charset = 'latin1'").as_str(), "windows-1252");
    assert_eq!(charset("charset = 'cp1251'").as_str(), "windows-1251");
    check_ingest_refused(
        "charset = 'klingon'",
        "ingest.charset: `klingon` is neither `auto` nor a charset, such as `utf-8` or `windows-1251`",
    );
}

#[test]
fn a_missing_delivery_is_named() {
    let text = manifest(
        "[[ingest]]\nname = \"c\"\npublisher = \"acme\"\nencoding = { codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"stereo\" }",
        "",
    );
    assert_eq!(
        complaint(&text),
        "ingest.name: missing key `push`, the encoder's mount and password, or `pull`"
    );
}

#[test]
fn numbers_and_lengths_keep_their_bounds() {
    check_bounds("mount.metaint", &["1", "1048576"], &["0", "1048577", "-1"]);
    check_bounds("mount.burst", &["'0s'", "'30s'"], &["'30s1ms'"]);
    check_bounds("mount.max_listeners", &["0", "1000000"], &["1000001"]);
    check_bounds("mount.segment", &["'2s'", "'10s'"], &["'1s'", "'11s'", "'2500ms'"]);
    check_bounds("mount.window", &["'36s'", "'600s'"], &["'35s999ms'", "'17s'", "'601s'"]);
    check_bounds("hold", &["'0s'", "'1h'"], &["'1h1s'"]);
    check_bounds("dvr", &["'0s'", "'7d'"], &["'8d'"]);
    check_bounds("hold_back", &["'0s'"], &["'31s'"]);
    check_bounds("silence", &["'0s'", "'2s'", "'10m'"], &["'1ms'", "'1999ms'", "'10m1s'"]);
}

#[test]
fn a_window_holds_six_segments() {
    let both = |segment: &str, window: &str| {
        manifest("", &format!("mount.segment = '{segment}'\nmount.window = '{window}'"))
    };
    check_parses(&both("3s", "18s"));
    let expected = "egress.mount.window: a window of 20s holds less than 6 segments of 4s";
    assert_eq!(complaint(&both("4s", "20s")), expected);
}

#[test]
fn texts_keep_their_bounds() {
    for (key, max) in [
        ("icy_name", limits::ICY_NAME_BYTES_MAX),
        ("icy_description", limits::ICY_DESCRIPTION_BYTES_MAX),
        ("icy_url", limits::ICY_URL_BYTES_MAX),
        ("genre", limits::GENRE_BYTES_MAX),
    ] {
        let (fits, over) = ("x".repeat(max), "x".repeat(max + 1));
        check_bounds(
            &format!("mount.{key}"),
            &[&format!("'{fits}'")],
            &[&format!("'{over}'"), "\"a\\u0007\""],
        );
    }
}

#[test]
fn titles_are_composed() {
    let catalogue = check_parses(&manifest("", "mount.icy_name = \"Cafe\u{301}\""));
    assert_eq!(catalogue.egress("acme").unwrap().mount.icy_name, "Caf\u{e9}");
}

#[test]
fn counts_keep_their_bounds() {
    let list = |count: usize| (0..count).map(|i| format!("'a{i}'")).collect::<Vec<_>>().join(",");
    let (fits, over) = (list(limits::ALIASES_MAX), list(limits::ALIASES_MAX + 1));
    check_bounds("aliases", &[&format!("[{fits}]")], &[&format!("[{over}]")]);
    let map =
        |count: usize| (0..count).map(|i| format!("x{i} = 'a'")).collect::<Vec<_>>().join(",");
    let (fits, over) = (map(limits::HEADERS_MAX), map(limits::HEADERS_MAX + 1));
    check_bounds("mount.headers", &[&format!("{{{fits}}}")], &[&format!("{{{over}}}")]);
    let publishers = |count: usize| {
        (0..count).map(|i| format!("[[publisher]]\nname = 'p{i}'")).collect::<Vec<_>>().join("\n")
    };
    check_parses(&publishers(limits::PUBLISHERS_MAX));
    let over = complaint(&publishers(limits::PUBLISHERS_MAX + 1));
    assert_eq!(over, "publisher.name: one publisher too many: at most 1000");
}

#[test]
fn headers_that_are_ours_or_cannot_be_sent_are_refused() {
    check_parses(&manifest("", "mount.headers = { \"X-A\" = \"b c\" }"));
    for bad in [
        "\"Content-Type\" = \"a\"",
        "\"icy-name\" = \"a\"",
        "\"a b\" = \"a\"",
        "\"\" = \"a\"",
        "x = \"a\\r\\nb\"",
        "x = \"ä\"",
        "x = \"a\", X = \"b\"",
    ] {
        let error = complaint(&manifest("", &format!("mount.headers = {{ {bad} }}")));
        assert!(error.starts_with("egress.mount.headers."), "{error}");
    }
}

#[test]
fn time_zones_have_the_form_of_one() {
    let with = |zone: &str| format!("[[publisher]]\nname = 'a'\ntimezone = '{zone}'");
    for zone in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+1"] {
        check_parses(&with(zone));
    }
    for zone in ["", "Europe/", "../etc/passwd", "a/b/c/d", "Europe Berlin"] {
        assert!(complaint(&with(zone)).starts_with("publisher.timezone: "), "{zone}");
    }
}

#[test]
fn a_manifest_without_anything_is_an_empty_catalogue() {
    assert_eq!(check_parses("# nothing\n"), Catalogue::default());
}

#[test]
fn the_defaults_of_lengths_are_those_of_the_limits() {
    let egress = check_parses(&manifest("", "")).egress("acme").unwrap().clone();
    assert_eq!(egress.mount.window, Duration::from_millis(limits::WINDOW_MS_DEFAULT));
    assert_eq!(egress.hold, Duration::from_millis(limits::HOLD_MS_DEFAULT));
}

mod geo;
mod outside;
mod renditions;
