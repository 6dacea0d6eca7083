use media::SegmentInfo;

use super::*;
use crate::LivePlaylists;
use crate::conformance::{assert_conforms, assert_follows, read};
use crate::testing::{Maker, NOON};

const SPOTS: [Spot<'_>; 2] = [
    Spot { uri: "a1-0.aac", duration: Duration::from_millis(5_994) },
    Spot { uri: "a1-1.aac", duration: Duration::from_millis(1_500) },
];

/// A live window with one segment more each time.
fn windows() -> Vec<(String, WallTime)> {
    let mut maker = Maker::aac(41);
    let mut live = LivePlaylists::<SegmentInfo>::new(6, Duration::from_secs(36));
    let mut windows = Vec::new();
    for _ in 0..12 {
        let segment = maker.whole();
        let end = segment.wall_end();
        live.append(segment).unwrap();
        windows.extend(live.media().map(|text| (text, end)));
    }
    windows
}

#[test]
fn a_closed_playlist_follows_the_live_one_and_ends() {
    for (live, end) in windows() {
        for spots in [&[][..], &SPOTS] {
            let closed = close(&live, spots, end);
            assert_conforms(&closed);
            assert_follows(&live, &closed);
            let listed = |text: &str| read(text.as_bytes()).0.segments.len();
            assert_eq!(listed(&closed), listed(&live) + spots.len());
            assert!(closed.starts_with(&live) && closed.ends_with("#EXT-X-ENDLIST\n"));
        }
    }
}

#[test]
fn an_announcement_alone_is_a_whole_playlist() {
    let text = alone(6, &SPOTS, NOON);
    assert_conforms(&text);
    assert!(text.ends_with("#EXTINF:1.500000,\na1-1.aac\n#EXT-X-ENDLIST\n"), "{text}");
}

#[test]
fn a_suffix_stands_behind_each_uri_and_nowhere_else() {
    for (live, _) in windows() {
        let text = with_suffix(&live, "?p=20416-DE-x");
        let lines = live.lines().zip(text.lines());
        for (before, after) in lines {
            let is_uri = !before.starts_with('#');
            assert_eq!(after.strip_prefix(before), Some(if is_uri { "?p=20416-DE-x" } else { "" }));
        }
        assert_eq!(with_suffix(&live, ""), live);
    }
}
