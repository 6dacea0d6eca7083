use std::time::Duration;

use media::{Codec, SegmentInfo, Title};
use proptest::prelude::*;

use super::*;
use crate::media_playlist::{self, MediaPlaylistOptions};
use crate::testing::{Maker, NOON};
use crate::window::LiveWindow;
use crate::{TitleRange, titles_in_window};

mod random;

fn title(id: &str, secs: u64) -> TitleRange {
    let start = NOON.plus(Duration::from_secs(secs));
    TitleRange { id: id.to_owned(), start, title: Title::new("Artist - Song", "") }
}

fn render(window: &LiveWindow<SegmentInfo>) -> String {
    let titles = [title("a", 0), title("b", 9), title("c", 14)];
    let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
    media_playlist::render(window, &options)
}

/// Numbers 10 and 11 in one epoch, 12 to 15 in the next.
fn maker_and_window() -> (Maker, LiveWindow<SegmentInfo>) {
    let mut maker = Maker::new(Codec::Aac, 48_000, 10);
    let mut window = LiveWindow::new(6, Duration::ZERO);
    for number in 10..16 {
        if number == 12 {
            maker.new_epoch(Duration::ZERO);
        }
        window.append(maker.whole()).unwrap();
    }
    (maker, window)
}

fn playlist() -> String {
    render(&maker_and_window().1)
}

fn rules(violations: &[Violation]) -> Vec<&'static str> {
    let mut rules: Vec<_> = violations.iter().map(|one| one.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// Replaces text in a good playlist and states which rules that breaks.
#[track_caller]
fn check_broken(from: &str, to: &str, expected: &[&str]) {
    let good = playlist();
    assert_conforms(&good);
    let bad = good.replacen(from, to, 1);
    assert_ne!(bad, good, "{from} is not in\n{good}");
    assert_eq!(rules(&check(bad.as_bytes())), expected, "{bad}");
}

/// Replaces text in a good playlist that followed and states what that breaks.
#[track_caller]
fn check_broken_pair(from: &str, to: &str, expected: &[&str]) {
    let (mut maker, mut window) = maker_and_window();
    let old = render(&window);
    window.append(maker.whole()).unwrap();
    let good = render(&window);
    assert_follows(&old, &good);
    let bad = good.replacen(from, to, 1);
    assert_ne!(bad, good, "{from} is not in\n{good}");
    assert_eq!(rules(&check_pair(old.as_bytes(), bad.as_bytes())), expected, "{old}to\n{bad}");
}

#[test]
fn syn_1_another_first_line_is_found() {
    check_broken("#EXTM3U\n", "#EXTM3U8\n", &["SYN-1"]);
    check_broken("#EXTM3U\n", "\n#EXTM3U\n", &["SYN-1"]);
}

#[test]
fn syn_2_characters_that_have_no_place_are_found() {
    check_broken("#EXTM3U\n", "\u{FEFF}#EXTM3U\n", &["SYN-2"]);
    check_broken("Song", "So\u{7}ng", &["SYN-2"]);
    check_broken("Song", "So\rng", &["SYN-2"]);
    check_broken("Song", "Cafe\u{301}", &["SYN-2"]);
    assert_eq!(rules(&check(b"#EXTM3U\n\xFF\n")).first(), Some(&"SEQ-4"));
    assert!(rules(&check(b"#EXTM3U\n\xFF\n")).contains(&"SYN-2"));
}

#[test]
fn syn_4_broken_attributes_are_found() {
    check_broken("ID=\"a\",CLASS", "ID=\"a\", CLASS", &["SYN-4"]);
    check_broken("ID=\"a\",CLASS", "ID=\"a\",,CLASS", &["SYN-4"]);
    check_broken("ID=\"a\",", "ID=\"a\",ID=\"a\",", &["SYN-4"]);
    check_broken("ID=\"a\",", "id=\"a\",", &["SYN-4"]);
    check_broken("=YES", "=Y ES", &["SYN-4"]);
    check_broken("=YES", "=", &["SYN-4"]);
    check_broken("=\"Artist\"", "=\"\"", &["SYN-4"]);
    check_broken("=\"Artist\"", "=\"Artist", &["SYN-4"]);
    check_broken("=\"Artist\"", "=\"Artist\",", &["SYN-4"]);
    check_broken("Song", "So\"ng", &["SYN-4"]);
}

#[test]
fn syn_5_a_wrong_version_is_found() {
    check_broken("VERSION:3", "VERSION:4", &["SYN-5"]);
    check_broken("VERSION:3", "VERSION:+3", &["SYN-5"]);
    check_broken("#EXT-X-VERSION:3\n", "", &["SYN-5"]);
    check_broken("#EXT-X-VERSION:3\n", "#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n", &["SYN-5"]);
}

#[test]
fn syn_6_a_tag_of_the_other_kind_is_found() {
    check_broken("#EXTM3U\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", &["SYN-6"]);
}

#[test]
fn syn_7_a_tag_too_many_or_too_late_is_found() {
    check_broken("#EXTINF", "#EXT-X-MEDIA-SEQUENCE:10\n#EXTINF", &["SYN-7"]);
    check_broken("#EXT-X-MEDIA-SEQUENCE:10\n", "", &["SEQ-3", "SYN-7"]);
    check_broken("#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n", &["SYN-7"]);
}

#[test]
fn syn_8_a_broken_duration_is_found() {
    let (good, none) = ("#EXTINF:6.016000,\n", &["PDT-3", "SYN-8", "TD-1", "TD-6"]);
    check_broken(good, "", none);
    check_broken(good, "#EXTINF:-6.016000,\n", &["PDT-3", "SYN-8", "TD-6"]);
    check_broken(good, "#EXTINF:6.016000\n", &["SYN-8"]);
    check_broken(good, "#EXTINF:6,\n", &["PDT-3", "SYN-8"]);
    check_broken(good, "#EXTINF:6.016000,\n#EXTINF:6.016000,\n", &["SYN-8"]);
}

#[test]
fn syn_9_and_syn_10_tags_that_a_live_playlist_has_not_are_found() {
    check_broken("#EXTM3U\n", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n", &["SYN-9"]);
    check_broken("#EXTM3U\n", "#EXTM3U\n#EXT-X-ALLOW-CACHE:NO\n", &["SYN-10"]);
}

#[test]
fn pa_4_and_pa_6_tags_that_packed_audio_has_not_are_found() {
    check_broken("#EXTINF", "#EXT-X-MAP:URI=\"i\"\n#EXTINF", &["PA-4"]);
    check_broken("11-000000e0.aac", "11-000000e0.mp3", &["PA-6", "SEQ-5"]);
}

#[test]
fn td_1_a_segment_above_the_target_is_found() {
    check_broken("TARGETDURATION:6", "TARGETDURATION:5", &["TD-1"]);
    check_broken("#EXT-X-TARGETDURATION:6\n", "", &["TD-1"]);
}

#[test]
fn td_4_fewer_than_six_decimals_are_found() {
    check_broken("EXTINF:6.016000", "EXTINF:6.016", &["TD-4"]);
}

#[test]
fn td_6_a_short_segment_within_an_epoch_is_found() {
    let mut maker = Maker::aac(10);
    let mut window = maker.window(2);
    window.append(maker.frames(140)).unwrap();
    assert_conforms(&render(&window));
    // An epoch's next segment would be whole, had this one not been its last.
    window.append(maker.whole()).unwrap();
    assert_eq!(rules(&check(render(&window).as_bytes())), ["TD-6"]);
}

#[test]
fn seq_3_a_name_of_another_number_and_a_repeated_one_are_found() {
    check_broken("10-000000e0.aac", "9-000000e0.aac", &["SEQ-3"]);
    check_broken("11-000000e0.aac", "10-000000e0.aac", &["SEQ-3"]);
}

#[test]
fn seq_4a_a_missing_discontinuity_sequence_is_found() {
    check_broken("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "", &["SEQ-4"]);
}

#[test]
fn seq_5_an_epoch_without_a_discontinuity_is_found() {
    check_broken("#EXT-X-DISCONTINUITY\n", "", &["SEQ-5"]);
    check_broken("11-000000e0.aac", "11-000000ff.aac", &["SEQ-5"]);
}

#[test]
fn pdt_1_a_missing_or_imprecise_date_is_found() {
    let date = "14:47:34.000000Z\n#EXTINF";
    check_broken(date, "14:47:34.000Z\n#EXTINF", &["PDT-1"]);
    check_broken(date, "14:47:34.000000\n#EXTINF", &["PDT-1"]);
    check_broken(date, "25:47:34.000000Z\n#EXTINF", &["PDT-1"]);
    check_broken(&format!("#EXT-X-PROGRAM-DATE-TIME:2026-11-22T{date}"), "#EXTINF", &["PDT-1"]);
}

#[test]
fn pdt_3_dates_that_contradict_durations_are_found() {
    let date = "14:47:34.000000Z\n#EXTINF";
    check_broken(date, "14:47:34.010000Z\n#EXTINF", &[]);
    check_broken(date, "14:47:34.010001Z\n#EXTINF", &["PDT-3"]);
    check_broken(date, "14:47:33.989999Z\n#EXTINF", &["PDT-3"]);
    check_broken(date, "14:47:44.000000Z\n#EXTINF", &["PDT-3"]);
}

#[test]
fn dr_1_a_range_without_id_or_with_broken_times_is_found() {
    check_broken("ID=\"a\",", "", &["DR-1"]);
    check_broken("START-DATE=\"2026", "START-DATE=\"x2026", &["DR-1"]);
    check_broken("END-ON-NEXT=YES", "DURATION=-5", &["DR-1"]);
    check_broken("END-ON-NEXT=YES", "END-DATE=\"2026-11-21T14:47:34.000000Z\"", &["DR-1"]);
}

#[test]
fn dr_2_ranges_that_contradict_one_another_are_found() {
    check_broken("CLASS=\"org.skywave.title\",", "", &["DR-2"]);
    check_broken("END-ON-NEXT=YES", "END-ON-NEXT=YES,DURATION=5", &["DR-2"]);
    check_broken("END-ON-NEXT=YES", "END-ON-NEXT=NO", &["DR-2"]);
    check_broken("ID=\"a\"", "ID=\"b\"", &["DR-2"]);
    check_broken("14:47:43.000000Z\",END", "14:47:34.000000Z\",END", &["DR-2"]);
}

#[test]
fn dr_5_an_attribute_in_no_domain_is_found() {
    check_broken("X-ORG-SKYWAVE-TITLE", "X-TITLE", &["DR-5"]);
}

#[test]
fn seq_10_a_playlist_cut_short_is_found() {
    let good = playlist();
    for len in 0..good.len() {
        let cut = check(&good.as_bytes()[..len]);
        let whole_lines = good.as_bytes()[..len].ends_with(b".aac\n");
        let few = good[..len].matches(".aac\n").count() < 3;
        assert_eq!(cut.is_empty(), whole_lines && !few, "{len}: {cut:?}");
    }
}

#[test]
fn td_2_another_target_duration_is_found() {
    check_broken_pair("TARGETDURATION:6", "TARGETDURATION:7", &["TD-2"]);
}

#[test]
fn seq_1_another_number_for_a_segment_is_found() {
    let all = ["PDT-3", "SEQ-1", "SEQ-2", "SEQ-3", "SEQ-4"];
    check_broken_pair("SEQUENCE:11\n", "SEQUENCE:10\n", &all);
}

#[test]
fn seq_2_a_change_to_a_listed_segment_is_found() {
    check_broken_pair("EXTINF:5.994667", "EXTINF:5.994668", &["SEQ-2"]);
    check_broken_pair("#EXT-X-DISCONTINUITY\n", "", &["SEQ-2", "SEQ-4"]);
}

#[test]
fn seq_3_another_uri_for_a_number_is_found() {
    check_broken_pair("12-000000e1.aac", "12-000000e1.aac?t=2", &["SEQ-3"]);
}

#[test]
fn seq_4_another_discontinuity_sequence_is_found() {
    check_broken_pair("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1", &["SEQ-4"]);
}

#[test]
fn seq_4_a_seam_between_distant_reloads_is_checked() {
    let mut maker = Maker::aac(10);
    let old = maker.window(6);
    maker.new_epoch(Duration::ZERO);
    let mut new = maker.window(6);
    assert_follows(&render(&old), &render(&new));
    let wrong = render(&new).replacen("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1", 1);
    let broken = check_pair(render(&old).as_bytes(), wrong.as_bytes());
    assert_eq!(rules(&broken), ["SEQ-4"]);
    // Behind a hole there may have been any number of them.
    while new.media_sequence().0 < 18 {
        new.append(maker.whole()).unwrap();
    }
    let later = render(&new).replacen("DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:5", 1);
    assert_follows(&render(&old), &later);
}

#[test]
fn pdt_3_another_date_for_a_segment_is_found() {
    let date = "14:47:40.016000Z\n#EXTINF";
    check_broken_pair(date, "14:47:40.017000Z\n#EXTINF", &["PDT-3"]);
}

#[test]
fn dr_2_and_dr_3_a_range_that_changed_or_left_too_early_is_found() {
    check_broken_pair("ID=\"b\"", "ID=\"d\"", &["DR-3"]);
    check_broken_pair("X-ORG-SKYWAVE-TITLE=\"Song\"", "X-ORG-SKYWAVE-TITLE=\"Gong\"", &["DR-2"]);
}

#[test]
fn seq_1_a_playlist_that_goes_back_is_found() {
    let (mut maker, mut window) = maker_and_window();
    let old = render(&window);
    window.append(maker.whole()).unwrap();
    let violations = check_pair(render(&window).as_bytes(), old.as_bytes());
    assert_eq!(rules(&violations), ["PDT-3", "SEQ-1"]);
}

#[test]
fn seq_9_a_removal_that_leaves_too_little_is_found() {
    let (_, mut window) = maker_and_window();
    let old = render(&window);
    window.skip_to(Maker::jump(&window, 30)).unwrap();
    assert_eq!(rules(&check_pair(old.as_bytes(), render(&window).as_bytes())), ["SEQ-9"]);
}

#[test]
fn seq_15_a_playlist_that_goes_on_after_its_end_is_found() {
    let (mut maker, mut window) = maker_and_window();
    let ended = render(&window) + "#EXT-X-ENDLIST\n";
    assert_follows(&ended, &ended);
    window.append(maker.whole()).unwrap();
    let violations = check_pair(ended.as_bytes(), render(&window).as_bytes());
    assert_eq!(rules(&violations), ["SEQ-15"]);
}

#[test]
fn seq_6_and_pdt_2_two_renditions_of_one_programme_agree() {
    let text = |codec, rate| {
        let mut maker = Maker::new(codec, rate, 10);
        let mut window = maker.window(3);
        maker.new_epoch(Duration::from_secs(1));
        window.append(maker.whole()).unwrap();
        render(&window)
    };
    let (aac, mp3) = (text(Codec::Aac, 48_000), text(Codec::Mp3, 44_100));
    assert_eq!(check_renditions(aac.as_bytes(), mp3.as_bytes()), []);
}

#[test]
fn td_3_seq_6_pdt_2_and_dr_4_renditions_that_differ_are_found() {
    let aac = playlist();
    let differs = |from: &str, to: &str| {
        let other = aac.replacen(from, to, 1);
        assert_ne!(other, aac);
        rules(&check_renditions(aac.as_bytes(), other.as_bytes()))
    };
    assert_eq!(differs(".aac", ".mp3"), [""; 0]);
    assert_eq!(differs("TARGETDURATION:6", "TARGETDURATION:7"), ["TD-3"]);
    assert_eq!(differs("#EXT-X-DISCONTINUITY\n", ""), ["SEQ-6"]);
    assert_eq!(differs("14:47:34.000000Z\n", "14:47:34.128001Z\n"), [""; 0]);
    assert_eq!(differs("14:47:34.000000Z\n", "14:47:34.128002Z\n"), ["PDT-2"]);
    assert_eq!(differs("Song", "Gong"), ["DR-4"]);
}

#[test]
fn mv_1_to_mv_3_broken_multivariant_playlists_are_found() {
    let good =
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS=\"mp4a.40.2\"\na\n";
    let broken =
        |from: &str, to: &str| rules(&check_multivariant(good.replacen(from, to, 1).as_bytes()));
    assert_eq!(broken("", ""), [""; 0]);
    assert_eq!(broken("BANDWIDTH=2,", ""), ["MV-1", "MV-2"]);
    assert_eq!(broken("AVERAGE-BANDWIDTH=1,", ""), ["MV-1"]);
    assert_eq!(broken(",CODECS=\"mp4a.40.2\"", ""), ["MV-1"]);
    assert_eq!(broken("\na\n", "\n"), ["MV-1"]);
    assert_eq!(broken("\na\n", "\na\nb\n"), ["MV-1"]);
    assert_eq!(broken("AVERAGE-BANDWIDTH=1", "AVERAGE-BANDWIDTH=3"), ["MV-2"]);
    assert_eq!(broken("mp4a.40.2", "mp4a.69"), ["MV-3"]);
    assert_eq!(broken("#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"), ["SYN-6"]);
    assert_eq!(broken("CODECS=\"", "CODECS=\"\",X=\""), ["MV-1", "SYN-4"]);
}

#[test]
fn what_is_read_is_bounded() {
    let limited = |text: &[u8]| check(text).iter().any(|one| one.rule == "LIMIT");
    let comment = |len: usize| {
        let mut text = b"#EXTM3U\n#".to_vec();
        text.resize(len - 1, b'x');
        text.push(b'\n');
        text
    };
    assert!(!limited(&comment(PLAYLIST_LEN_MAX)));
    assert!(limited(&comment(PLAYLIST_LEN_MAX + 1)));
    assert!(!limited("#EXTM3U\n".repeat(LINES_MAX).as_bytes()));
    assert!(limited("#EXTM3U\n".repeat(LINES_MAX + 1).as_bytes()));
    assert_eq!(check("a\n".repeat(LINES_MAX).as_bytes()).len(), VIOLATIONS_MAX);
    let ranges = |count| "#EXT-X-DATERANGE:ID=\"a\"\n".repeat(count);
    let read = |count| read(ranges(count).as_bytes()).0.date_ranges.len();
    assert_eq!(
        (read(DATE_RANGES_MAX), read(DATE_RANGES_MAX + 1)),
        (DATE_RANGES_MAX, DATE_RANGES_MAX)
    );
    let attributes = |count| {
        let list: Vec<_> = (0..count).map(|index| format!("A{index}=1")).collect();
        attributes::parse(&list.join(",")).map(|all| all.len())
    };
    assert_eq!(attributes(attributes::ATTRIBUTES_MAX), Ok(attributes::ATTRIBUTES_MAX));
    assert!(attributes(attributes::ATTRIBUTES_MAX + 1).is_err());
}

#[test]
fn a_reader_sees_what_was_written() {
    let (_, window) = maker_and_window();
    let (playlist, violations) = read(render(&window).as_bytes());
    assert_eq!(violations, []);
    assert_eq!(playlist.media_sequence, Some(10));
    for (read, written) in playlist.segments.iter().zip(window.segments()) {
        assert_eq!((read.number, read.uri.as_str()), (written.number.0, &*written.file_name()));
        assert_eq!(read.discontinuity_sequence, written.discontinuity_sequence);
        assert_eq!(read.micros, written.duration.micros(written.timescale));
        let micros = i64::try_from(written.wall_start.nanos() / 1_000).unwrap();
        assert_eq!(read.date_micros, Some(micros));
    }
    let ids: Vec<_> = playlist.date_ranges.iter().filter_map(|range| range.get("ID")).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}
