use std::time::Duration;

use expect_test::{Expect, expect};
use media::Title;

use super::*;
use crate::conformance::{assert_conforms, assert_follows};
use crate::testing::{Maker, NOON};

#[track_caller]
fn check(window: &LiveWindow<SegmentInfo>, options: &MediaPlaylistOptions<'_>, expected: &Expect) {
    let text = render(window, options);
    assert_conforms(&text);
    expected.assert_eq(&text);
}

fn title(id: &str, secs: u64, text: &str) -> TitleRange {
    let start = NOON.plus(Duration::from_secs(secs));
    TitleRange { id: id.to_owned(), start, title: Title::new(text, "") }
}

/// Two segments of one epoch, the second one short, and two of the next.
fn two_epochs() -> LiveWindow<SegmentInfo> {
    let mut maker = Maker::aac(41);
    let mut window = maker.window(1);
    window.append(maker.frames(100)).unwrap();
    maker.new_epoch(Duration::from_millis(1_500));
    window.append(maker.whole()).unwrap();
    window.append(maker.whole()).unwrap();
    window
}

#[test]
fn an_aac_playlist_with_two_epochs_and_titles() {
    let titles = [
        title("41-0", 0, "Nena - 99 Luftballons"),
        title("43-7", 9, "\"Heroes\""),
        title("x", 99, ""),
    ];
    let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
    check(
        &two_epochs(),
        &options,
        &expect![[r##"
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:41
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-DATERANGE:ID="41-0",CLASS="org.skywave.title",START-DATE="2026-11-22T14:47:34.000000Z",END-ON-NEXT=YES,X-ORG-SKYWAVE-TITLE="99 Luftballons",X-ORG-SKYWAVE-ARTIST="Nena"
        #EXT-X-DATERANGE:ID="43-7",CLASS="org.skywave.title",START-DATE="2026-11-22T14:47:43.000000Z",END-ON-NEXT=YES,X-ORG-SKYWAVE-TITLE="'Heroes'"
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:34.000000Z
        #EXTINF:6.016000,
        41-000000e0.aac
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:40.016000Z
        #EXTINF:2.133333,
        42-000000e0.aac
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:43.649333Z
        #EXTINF:6.016000,
        43-000000e1.aac
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:49.665333Z
        #EXTINF:5.994667,
        44-000000e1.aac
    "##]],
    );
}

#[test]
fn an_mp3_playlist_with_a_prefix_and_a_token() {
    let options = MediaPlaylistOptions {
        uri_prefix: "https://fra.example/acme/mp3-128/",
        uri_suffix: "?t=a\"b\n",
        ..MediaPlaylistOptions::default()
    };
    let mut maker = Maker::new(Codec::Mp3, 48_000, 7);
    check(
        &maker.window(3),
        &options,
        &expect![[r#"
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:7
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:34.000000Z
        #EXTINF:6.000000,
        https://fra.example/acme/mp3-128/7-000000e0.mp3?t=a%22b%0A
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:40.000000Z
        #EXTINF:6.000000,
        https://fra.example/acme/mp3-128/8-000000e0.mp3?t=a%22b%0A
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:46.000000Z
        #EXTINF:6.000000,
        https://fra.example/acme/mp3-128/9-000000e0.mp3?t=a%22b%0A
    "#]],
    );
}

#[test]
fn seq_15_a_channel_that_was_closed_ends_its_list() {
    let window = two_epochs();
    let live = render(&window, &MediaPlaylistOptions::default());
    let options = MediaPlaylistOptions { ending: Ending::Ended, ..MediaPlaylistOptions::default() };
    let ended = render(&window, &options);
    assert_eq!(ended, format!("{live}#EXT-X-ENDLIST\n"));
    assert_follows(&live, &ended);
}

#[test]
fn syn_1_and_syn_7_the_header_stands_first_and_once() {
    let text = render(&two_epochs(), &MediaPlaylistOptions::default());
    let tags: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).take(6).collect();
    let header = [
        "#EXTM3U",
        "#EXT-X-VERSION",
        "#EXT-X-TARGETDURATION",
        "#EXT-X-MEDIA-SEQUENCE",
        "#EXT-X-DISCONTINUITY-SEQUENCE",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ];
    assert_eq!(tags, header);
    for tag in header {
        assert_eq!(text.lines().filter(|line| line.split(':').next() == Some(tag)).count(), 1);
    }
}

#[test]
fn syn_3_the_media_type_is_that_of_playlists() {
    assert_eq!(crate::MEDIA_TYPE, "application/vnd.apple.mpegurl");
}

#[test]
fn syn_8_every_segment_has_its_duration_and_a_comma() {
    let text = render(&two_epochs(), &MediaPlaylistOptions::default());
    let durations: Vec<_> = text.lines().filter(|line| line.starts_with("#EXTINF:")).collect();
    assert_eq!(durations.len(), 4);
    assert!(durations.iter().all(|duration| duration.ends_with(',')));
}

#[test]
fn syn_5_the_version_is_the_lowest_that_suffices() {
    let text = render(&two_epochs(), &MediaPlaylistOptions::default());
    assert_eq!(text.matches("#EXT-X-VERSION:3\n").count(), 1);
}

#[test]
fn pa_6_only_aac_is_declared_independent() {
    let independent = |codec| {
        let window = Maker::new(codec, 48_000, 7).window(3);
        render(&window, &MediaPlaylistOptions::default()).contains("#EXT-X-INDEPENDENT-SEGMENTS\n")
    };
    assert!(independent(Codec::Aac));
    assert!(!independent(Codec::Mp3));
}

#[test]
fn seq_4a_the_discontinuity_sequence_is_always_written() {
    let mut maker = Maker::aac(0);
    let text = render(&maker.window(3), &MediaPlaylistOptions::default());
    assert!(text.contains("#EXT-X-DISCONTINUITY-SEQUENCE:0\n"));
}

#[test]
fn td_4_durations_have_six_exact_decimals() {
    // 258 and 259 frames at 44.1 kHz, to a microsecond, without a running error.
    let mut maker = Maker::new(Codec::Aac, 44_100, 0);
    let mut window = LiveWindow::new(6, Duration::from_hours(10));
    let mut exact = 0;
    let mut sum = 0;
    for _ in 0..3_000 {
        let segment = maker.whole();
        exact += segment.duration.ticks();
        window.append(segment).unwrap();
    }
    for extinf in render(&window, &MediaPlaylistOptions::default()).lines() {
        let Some(secs) = extinf.strip_prefix("#EXTINF:") else { continue };
        assert_eq!(secs.find('.'), Some(secs.len() - 8), "{secs}");
        sum += secs.replace(['.', ','], "").parse::<u64>().unwrap();
    }
    let exact_micros = exact * 1_000_000 / 44_100;
    assert!(sum.abs_diff(exact_micros) < 1024 * 1_000_000 / 44_100, "{sum} {exact_micros}");
}

#[test]
fn pdt_1_every_segment_bears_its_date() {
    let text = render(&two_epochs(), &MediaPlaylistOptions::default());
    let dates = text.lines().filter(|line| line.starts_with("#EXT-X-PROGRAM-DATE-TIME:")).count();
    assert_eq!(dates, 4);
}

#[test]
fn seq_3_a_number_keeps_its_uri() {
    let options = MediaPlaylistOptions { uri_suffix: "?t=x", ..MediaPlaylistOptions::default() };
    let mut maker = Maker::aac(0);
    let mut window = maker.window(6);
    for _ in 0..30 {
        let before = render(&window, &options);
        window.append(maker.whole()).unwrap();
        assert_follows(&before, &render(&window, &options));
    }
}

#[test]
fn dr_2_a_range_has_the_same_text_at_every_reload() {
    let titles = [title("a", 1, "A - B"), title("b", 20, "C - D")];
    let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
    let mut maker = Maker::aac(0);
    let mut window = maker.window(3);
    let mut texts = std::collections::BTreeSet::new();
    let mut before = render(&window, &options);
    for _ in 0..20 {
        window.append(maker.whole()).unwrap();
        let text = render(&window, &options);
        assert_follows(&before, &text);
        let ranges = text.lines().filter(|line| line.starts_with("#EXT-X-DATERANGE:"));
        texts.extend(ranges.map(str::to_owned));
        before = text;
    }
    assert_eq!(texts.len(), 2);
}

#[test]
fn a_second_reader_understands_the_same() {
    let titles = [title("a", 0, "A - \"B\", C")];
    let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
    let window = two_epochs();
    let text = render(&window, &options);
    let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();

    assert_eq!((playlist.version, playlist.target_duration), (Some(3), 6));
    assert_eq!((playlist.media_sequence, playlist.discontinuity_sequence), (41, 0));
    assert!(playlist.independent_segments && !playlist.end_list);
    assert_eq!(playlist.segments.len(), window.len());
    for (read, written) in playlist.segments.iter().zip(window.segments()) {
        assert_eq!(read.uri, written.file_name());
        assert_eq!(read.discontinuity, written.discontinuity);
        let secs = written.duration.to_std(written.timescale).as_secs_f32();
        assert!((read.duration - secs).abs() < 0.000_01);
        // It cuts dates to milliseconds.
        let date = read.program_date_time.unwrap().timestamp_millis();
        assert_eq!(u64::try_from(date).unwrap(), written.wall_start.nanos() / 1_000_000);
    }
    let range = playlist.segments[0].daterange.as_ref().unwrap();
    assert_eq!((range.id.as_str(), range.end_on_next), ("a", true));
    let own = format!("{:?}", range.x_prefixed);
    assert!(own.contains("'B', C"), "{own}");
}

#[test]
fn an_empty_window_is_still_text() {
    let window = LiveWindow::<SegmentInfo>::new(6, Duration::ZERO);
    let text = render(&window, &MediaPlaylistOptions::default());
    assert!(text.starts_with("#EXTM3U\n") && text.contains("#EXT-X-MEDIA-SEQUENCE:0\n"));
}
