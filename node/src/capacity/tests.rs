use runtime::clock::SystemClock;

use super::*;

const MANIFEST: &str = "[[publisher]]\nname = \"acme\"\n\
    [[ingest]]\nname = \"a\"\npublisher = \"acme\"\n\
    encoding = { codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 48000, channel_mode = \"stereo\" }\n\
    push = { mount = \"a\", password = \"s3cret\" }\n\
    [[egress]]\nname = \"acme\"\npublisher = \"acme\"\ningests = [\"a\"]\n\
    [[egress]]\nname = \"other\"\npublisher = \"acme\"\ningests = [\"a\"]\n";

fn catalogue(rest: &str) -> Catalogue {
    let text = format!("{MANIFEST}{rest}");
    catalogue::manifest::parse(&text, "stations.toml", &|_| None).unwrap()
}

#[test]
fn a_manifests_renditions_are_counted_and_measured() {
    let catalogue = catalogue("");
    let wanted = wanted(Some(&catalogue));
    assert_eq!(wanted.len(), 1);
    assert_eq!((wanted[0].0.encoding.codec, wanted[0].1), (EncodingCodec::Aac, 2));
    let text = run(Some(&catalogue), &SystemClock).unwrap();
    assert!(text.contains("aac 128 48000"), "{text}");
    assert!(text.contains("The manifest's renditions take "), "{text}");
}

#[test]
fn loudness_costs_too() {
    let catalogue = catalogue("loudness = { target_lufs = -18 }\n");
    let wanted = wanted(Some(&catalogue));
    let leveled: Vec<bool> = wanted.iter().map(|(kind, _)| kind.loudness.is_some()).collect();
    assert_eq!(leveled, [false, true]);
    let text = run(Some(&catalogue), &SystemClock).unwrap();
    assert_eq!(text.matches("aac 128 48000, loudness").count(), 1, "{text}");
}

#[test]
fn what_is_too_much_is_said() {
    let kind = Kind { source: USUAL_SOURCE, encoding: USUAL_SOURCE, loudness: None };
    let measured = |count| Measured { kind, speed: 10.0, count };
    assert!(describe(&[measured(14)], 2, true).contains("70.0 % of them: this machine carries it"));
    assert!(describe(&[measured(15)], 2, true).contains("75.0 % of them: too much"));
    assert!(describe(&[measured(1)], 2, true).contains("10 x       14 of it"));
    assert!(describe(&[], 2, true).contains("nothing to encode"));
}
