use super::*;
use proptest::prelude::*;

fn check(text: &str, expected: &str) {
    assert_eq!(clean_title(text), expected, "{text:?}");
}

#[test]
fn control_characters_are_dropped() {
    check("a\r\nb\0c\x1B[31md\x7Fe\u{85}f\u{9F}g", "abc[31mdefg");
    check("a\u{2028}b\u{2029}c", "abc");
}

#[test]
fn marks_and_overrides_of_direction_are_dropped() {
    for char in ('\u{202A}'..='\u{202E}')
        .chain('\u{2066}'..='\u{2069}')
        .chain(['\u{200E}', '\u{200F}', '\u{61C}'])
    {
        check(&format!("a{char}b"), "ab");
    }
    check("שלום عالم", "שלום عالم");
}

#[test]
fn noncharacters_are_dropped() {
    check("a\u{FFFE}b\u{FFFF}c\u{FDD0}d\u{FDEF}e\u{10FFFF}f\u{1FFFE}g\u{FEFF}h", "abcdefgh");
    check("\u{FDCF}\u{FDF0}\u{FFFD}", "\u{FDCF}\u{FDF0}\u{FFFD}");
}

#[test]
fn text_is_composed() {
    check("Bjo\u{308}rk", "Björk");
    check("\u{1100}\u{1161}", "가");
}

#[test]
fn what_people_write_stays() {
    check("AC/DC – “Thunderstruck” 🎸👩‍👧 <b>&amp;'\"", "AC/DC – “Thunderstruck” 🎸👩‍👧 <b>&amp;'\"");
}

#[test]
fn a_text_is_cut_at_a_characters_boundary() {
    assert_eq!(clean_name(&"x".repeat(NAME_LEN_MAX)).len(), NAME_LEN_MAX);
    assert_eq!(clean_name(&"x".repeat(NAME_LEN_MAX + 1)).len(), NAME_LEN_MAX);
    assert_eq!(clean_title(&"x".repeat(1 << 20)).len(), TITLE_LEN_MAX);
    assert_eq!(clean("aé", 2), "a");
    assert_eq!(clean("aé", 3), "aé");
    assert_eq!(cut("aé", 2), "a");
    assert_eq!(cut("aé", 9), "aé");
}

#[test]
fn a_mountain_of_marks_is_bounded() {
    assert!(clean_title(&"\u{308}".repeat(1 << 20)).len() <= TITLE_LEN_MAX);
}

proptest! {
    #[test]
    fn cleaning_what_is_clean_changes_nothing(text in any::<String>(), len_max in 0_usize..64) {
        let once = clean(&text, len_max);
        prop_assert!(once.len() <= len_max);
        prop_assert_eq!(clean(&once, len_max), once);
    }
}
