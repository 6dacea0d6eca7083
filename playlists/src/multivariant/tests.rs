use expect_test::expect;

use super::*;
use crate::conformance::{check_multivariant, read_multivariant};

fn variant(uri: &str, peak: u64, average: u64, codecs: &str) -> Variant {
    Variant {
        uri: uri.to_owned(),
        bandwidth_bps: peak,
        average_bandwidth_bps: average,
        codecs: codecs.to_owned(),
    }
}

fn ladder() -> Vec<Variant> {
    vec![
        variant("aac-128/media.m3u8", 134_000, 131_000, "mp4a.40.2"),
        variant("he-aac-48/media.m3u8?t=x y", 51_000, 50_000, "mp4a.40.5"),
    ]
}

#[test]
fn mv_1_variants_have_bandwidths_codecs_and_a_uri_in_the_order_given() {
    let text = render(&ladder());
    assert_eq!(check_multivariant(text.as_bytes()), []);
    expect![[r##"
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=134000,AVERAGE-BANDWIDTH=131000,CODECS="mp4a.40.2"
        aac-128/media.m3u8
        #EXT-X-STREAM-INF:BANDWIDTH=51000,AVERAGE-BANDWIDTH=50000,CODECS="mp4a.40.5"
        he-aac-48/media.m3u8?t=x%20y
    "##]]
    .assert_eq(&text);
}

#[test]
fn mv_1_a_second_reader_understands_the_same() {
    let text = render(&ladder());
    let playlist = m3u8_rs::parse_master_playlist_res(text.as_bytes()).unwrap();
    let read: Vec<_> = playlist
        .variants
        .iter()
        .map(|read| (read.bandwidth, read.average_bandwidth, read.codecs.as_deref()))
        .collect();
    let expected =
        [(134_000, Some(131_000), Some("mp4a.40.2")), (51_000, Some(50_000), Some("mp4a.40.5"))];
    assert_eq!(read, expected);
}

#[test]
fn mv_2_the_average_is_not_above_the_peak() {
    let text = render(&[variant("a.m3u8", 100, 200, "mp4a.40.2")]);
    let (variants, violations) = read_multivariant(text.as_bytes());
    assert_eq!((variants[0].average_bandwidth_bps, violations), (Some(100), Vec::new()));
}

#[test]
fn mv_3_codecs_are_named_after_the_profile() {
    let names = [None, Some(AacProfile::Lc), Some(AacProfile::HeV1), Some(AacProfile::HeV2)];
    assert_eq!(
        names.map(|profile| codecs_string(Codec::Aac, profile)),
        ["mp4a.40.2", "mp4a.40.2", "mp4a.40.5", "mp4a.40.29"]
    );
    assert_eq!(codecs_string(Codec::Mp3, None), "mp4a.40.34");
    assert_eq!(codecs_string(Codec::Mp3, Some(AacProfile::HeV1)), "mp4a.40.34");
}

#[test]
fn syn_4_no_value_ends_its_line_or_its_quotes() {
    let text = render(&[variant("a\n#EXTINF:1,\"", 1, 1, "mp4a\",X=\"\n")]);
    assert_eq!(text.lines().count(), 3);
    let rules: Vec<_> = check_multivariant(text.as_bytes()).iter().map(|one| one.rule).collect();
    assert_eq!(rules, ["MV-3"]);
}

#[test]
fn mp3_is_left_out_where_there_is_something_else() {
    let variant = |codecs: &str| Variant {
        uri: codecs.to_owned(),
        bandwidth_bps: 129_000,
        average_bandwidth_bps: 129_000,
        codecs: codecs.to_owned(),
    };
    let left = |codecs: &[&str]| -> Vec<String> {
        let variants = codecs.iter().map(|codecs| variant(codecs)).collect();
        without_mp3(variants).into_iter().map(|variant| variant.codecs).collect()
    };
    assert_eq!(left(&["mp4a.40.2", "mp4a.40.34", "mp4a.40.5"]), ["mp4a.40.2", "mp4a.40.5"]);
    assert_eq!(left(&["mp4a.40.34", "mp4a.40.34"]), ["mp4a.40.34", "mp4a.40.34"]);
    assert_eq!(left(&[]), Vec::<String>::new());
}
