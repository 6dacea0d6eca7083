use std::time::Duration;

use expect_test::expect;
use media::Title;
use proptest::prelude::*;

use super::*;
use crate::conformance::{assert_conforms, assert_follows};
use crate::testing::{Maker, NOON};
use crate::{LivePlaylists, MediaPlaylistOptions};

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_playlist_of_the_past_as_it_is_sent() {
    let mut maker = Maker::aac(7);
    let mut shelf = Shelf::new(6, Duration::from_hours(1));
    for nth in 0..12 {
        if nth == 5 {
            maker.new_epoch(secs(30));
        }
        shelf.push(&maker.whole(), NOON);
    }
    let title = Title::new("Artist - \"Song\"", "");
    shelf.push_title(TitleRange { id: "e0-0".into(), start: NOON, title });
    let span = Span { from: NOON.plus(secs(27)), is_fixed: true, to: Some(NOON.plus(secs(62))) };
    let range = shelf.select(&span, NOON.plus(secs(110))).unwrap();
    let text = shelf.cut(&range).render();
    assert_conforms(&text);
    expect![[r##"
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:11
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-INDEPENDENT-SEGMENTS
        #EXT-X-START:TIME-OFFSET=3.000000,PRECISE=YES
        #EXT-X-DATERANGE:ID="e0-0",CLASS="org.skywave.title",START-DATE="2026-11-22T14:47:34.000000Z",END-ON-NEXT=YES,X-ORG-SKYWAVE-TITLE="'Song'",X-ORG-SKYWAVE-ARTIST="Artist"
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:58.000000Z
        #EXTINF:6.016000,
        11-000000e0.aac
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:48:34.016000Z
        #EXTINF:6.016000,
        12-000000e1.aac
        #EXT-X-ENDLIST
    "##]]
    .assert_eq(&text);
}

#[test]
fn seq_3_segments_have_the_lines_of_the_live_playlist() {
    let mut maker = Maker::aac(1_000);
    let mut live = LivePlaylists::new(6, secs(60));
    let mut shelf = Shelf::new(6, Duration::from_hours(1));
    for nth in 0..40 {
        if nth % 13 == 12 {
            maker.new_epoch(secs(3));
        }
        let info = maker.whole();
        shelf.push(&info, NOON);
        let _ = live.append(info).unwrap();
    }
    let options = MediaPlaylistOptions::default();
    let listed = media_playlist::render(live.window(), &options);
    let from = live.window().first().unwrap().wall_start;
    let span = Span { from, is_fixed: false, to: None };
    let range = shelf.select(&span, shelf.wall_end().unwrap()).unwrap();
    let text = shelf.cut(&range).render();
    let (header, rest) =
        text.split_once("#EXT-X-START:TIME-OFFSET=0.000000,PRECISE=YES\n").unwrap();
    assert_eq!(format!("{header}{rest}"), listed);
}

/// What happens to a programme.
#[derive(Debug, Clone, Copy)]
enum Step {
    Whole,
    Epoch(u64),
    Lost,
    Title,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Whole),
        1 => (0_u64..200).prop_map(Step::Epoch),
        1 => Just(Step::Lost),
        3 => Just(Step::Title),
    ]
}

/// The playlists of a listener who reloads after each step.
fn reloads(steps: &[Step], span: impl Fn(WallTime) -> Span, keep: Duration) -> Vec<String> {
    let (mut maker, mut shelf) = (Maker::aac(100), Shelf::new(6, keep));
    let mut texts: Vec<String> = Vec::new();
    for (nth, step) in steps.iter().enumerate() {
        match step {
            Step::Epoch(pause) => {
                // A whole segment, or a short one, is an epoch's last.
                let info = maker.frames(40 + pause);
                shelf.push(&info, info.wall_end());
                maker.new_epoch(secs(*pause));
            }
            Step::Lost => {
                let _ = maker.whole();
            }
            Step::Title => {
                let start = maker.next.wall_start.plus(secs(1));
                let title = Title::new(format!("A - {nth}"), "");
                shelf.push_title(TitleRange { id: nth.to_string(), start, title });
            }
            Step::Whole => {}
        }
        let info = maker.whole();
        let now = info.wall_end().plus(Duration::from_millis(200));
        shelf.push(&info, now);
        if let Ok(range) = shelf.select(&span(now), now) {
            texts.push(shelf.cut(&range).render());
        }
    }
    texts
}

fn check_reloads(steps: &[Step], span: impl Fn(WallTime) -> Span, keep: Duration) {
    let texts = reloads(steps, span, keep);
    for text in &texts {
        assert_conforms(text);
    }
    for pair in texts.windows(2) {
        assert_follows(&pair[0], &pair[1]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn seq_1_what_slides_with_time_obeys_the_rules_of_reloads(
        steps in prop::collection::vec(step(), 1..120), ago in 0_u64..900, keep in 60_u64..900,
    ) {
        let span = |now: WallTime| Span { from: now.minus(secs(ago)), is_fixed: false, to: None };
        check_reloads(&steps, span, secs(keep));
    }

    #[test]
    fn seq_1_what_begins_at_a_moment_obeys_the_rules_of_reloads(
        steps in prop::collection::vec(step(), 1..120), from in 0_u64..700, keep in 60_u64..900,
    ) {
        let span = |_| Span { from: NOON.plus(secs(from)), is_fixed: true, to: None };
        check_reloads(&steps, span, secs(keep));
    }

    #[test]
    fn seq_15_what_has_an_end_comes_to_it_and_stays(
        steps in prop::collection::vec(step(), 1..120), from in 0_u64..300, length in 1_u64..400,
    ) {
        let from = NOON.plus(secs(from));
        let span = |_| Span { from, is_fixed: true, to: Some(from.plus(secs(length))) };
        check_reloads(&steps, span, Duration::from_hours(24));
    }
}
