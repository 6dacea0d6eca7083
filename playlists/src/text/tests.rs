use super::*;

#[test]
fn syn_4_a_quote_and_line_ends_in_a_value_are_rewritten() {
    assert_eq!(quoted("say \"hi\"\r\n#EXT-X-ENDLIST", 100), "say 'hi'  #EXT-X-ENDLIST");
}

#[test]
fn syn_2_control_characters_separators_and_byte_order_marks_are_rewritten() {
    assert_eq!(quoted("\u{FEFF}a\0b\u{7f}c\u{85}d\u{2028}e\u{feff}f", 100), "a b c d ef");
}

#[test]
fn syn_2_text_is_brought_to_nfc() {
    assert_eq!(quoted("Cafe\u{301}", 100), "Café");
}

#[test]
fn a_value_is_cut_between_characters() {
    assert_eq!(quoted("aé", 3), "aé");
    assert_eq!(quoted("aé", 2), "a");
}

#[test]
fn a_uri_keeps_what_rfc_3986_has_and_encodes_the_rest() {
    assert_eq!(uri("https://h:1/a?b=c&d=%20"), "https://h:1/a?b=c&d=%20");
    assert_eq!(uri("a b\n#é\"<"), "a%20b%0A%23%C3%A9%22%3C");
}

#[test]
fn markup_is_escaped_and_what_xml_forbids_is_dropped() {
    assert_eq!(
        xml("<a href=\"x\">R&B's\u{1}\u{FFFF}"),
        "&lt;a href=&quot;x&quot;&gt;R&amp;B&apos;s "
    );
}

#[test]
fn one_line_stays_one_line() {
    assert_eq!(one_line("a\r\nFile9=b"), "a  File9=b");
}
