use std::time::Duration;

use super::*;
use crate::testing::{Maker, NOON};

/// Titles that start so many seconds after [`NOON`].
fn titles(starts: &[u64]) -> Vec<TitleRange> {
    starts.iter().map(|secs| title(&format!("t{secs}"), *secs)).collect()
}

fn title(id: &str, secs: u64) -> TitleRange {
    let start = NOON.plus(Duration::from_secs(secs));
    TitleRange { id: id.to_owned(), start, title: Title::new(format!("A - {id}"), "") }
}

/// States which titles a window of `whole` segments lists, after `left` before.
#[track_caller]
fn check(titles: &[TitleRange], left: usize, whole: usize, expected: &[&str]) {
    let mut maker = Maker::new(media::Codec::Mp3, 48_000, 0);
    for _ in 0..left {
        maker.whole();
    }
    let window = maker.window(whole);
    let listed: Vec<_> =
        titles_in_window(titles, &window).iter().map(|range| range.id.as_str()).collect();
    assert_eq!(listed, expected);
}

#[test]
fn dr_3_the_running_title_stays_although_it_began_before_the_window() {
    check(&titles(&[0]), 10, 3, &["t0"]);
}

#[test]
fn dr_3_a_title_stays_as_long_as_a_moment_of_it_is_listed() {
    // The window begins at 12 s.
    check(&titles(&[0, 13]), 2, 3, &["t0", "t13"]);
    check(&titles(&[0, 12]), 2, 3, &["t12"]);
}

#[test]
fn a_title_to_come_is_not_listed_yet() {
    // The window ends at 18 s.
    check(&titles(&[0, 17]), 0, 3, &["t0", "t17"]);
    check(&titles(&[0, 18]), 0, 3, &["t0"]);
}

#[test]
fn dr_2_of_two_titles_with_one_start_the_later_counts() {
    let titles = [title("a", 0), title("b", 5), title("c", 5)];
    check(&titles, 0, 3, &["a", "c"]);
}

#[test]
fn dr_2_of_two_titles_with_one_id_the_first_counts() {
    let titles = [title("a", 0), title("a", 5)];
    check(&titles, 0, 3, &["a"]);
}

#[test]
fn titles_are_listed_by_their_start() {
    check(&titles(&[9, 1, 5]), 0, 3, &["t1", "t5", "t9"]);
}

#[test]
fn an_empty_window_lists_no_titles() {
    check(&titles(&[0]), 0, 0, &[]);
}

#[test]
fn at_most_so_many_titles_are_listed_and_the_newest_stay() {
    let window = Maker::aac(0).window(3);
    let every = |count: usize| -> Vec<_> {
        (0..count)
            .map(|index| TitleRange {
                id: format!("t{index}"),
                start: NOON.plus(Duration::from_millis(10 * index as u64)),
                title: Title::default(),
            })
            .collect()
    };
    assert_eq!(titles_in_window(&every(TITLES_MAX), &window).len(), TITLES_MAX);
    let more = every(TITLES_MAX + 1);
    let listed = titles_in_window(&more, &window);
    assert_eq!((listed.len(), listed[0].id.as_str()), (TITLES_MAX, "t1"));
}

#[track_caller]
fn check_text(title: Title, expected: &str) {
    let mut text = String::new();
    render(&mut text, &TitleRange { id: "7".to_owned(), start: NOON, title });
    let rest = text.strip_prefix(
        "#EXT-X-DATERANGE:ID=\"7\",CLASS=\"org.skywave.title\",\
         START-DATE=\"2026-11-22T14:47:34.000000Z\",END-ON-NEXT=YES",
    );
    assert_eq!(rest, Some(format!("{expected}\n").as_str()), "{text}");
}

#[test]
fn dr_5_attributes_stand_under_a_reversed_domain_name() {
    check_text(
        Title::new("Artist - Song", "https://example.org/"),
        ",X-ORG-SKYWAVE-TITLE=\"Song\",X-ORG-SKYWAVE-ARTIST=\"Artist\",\
         X-ORG-SKYWAVE-URL=\"https://example.org/\"",
    );
}

#[test]
fn syn_4_an_empty_attribute_is_left_out() {
    check_text(Title::new("News", ""), ",X-ORG-SKYWAVE-TITLE=\"News\"");
    check_text(Title::default(), "");
}

#[test]
fn syn_4_a_quote_in_a_title_is_rewritten() {
    let title = Title::new("Say \"Yes\"\r\n#EXT-X-ENDLIST", "");
    check_text(title, ",X-ORG-SKYWAVE-TITLE=\"Say 'Yes'  #EXT-X-ENDLIST\"");
}

#[test]
fn a_long_value_is_cut() {
    let attribute = |len: usize| format!(",X-ORG-SKYWAVE-TITLE=\"{}\"", "x".repeat(len));
    check_text(Title::new("x".repeat(VALUE_LEN_MAX), ""), &attribute(VALUE_LEN_MAX));
    check_text(Title::new("x".repeat(VALUE_LEN_MAX + 1), ""), &attribute(VALUE_LEN_MAX));
}
