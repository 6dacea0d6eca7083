use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(charset: &str, bytes: &[u8], expected: &str) {
    let charset: Charset = charset.parse().unwrap();
    assert_eq!(charset.decode(bytes, 100), expected);
}

#[test]
fn valid_utf8_is_utf8_whatever_was_declared() {
    for charset in ["auto", "utf-8", "latin1", "windows-1251", "koi8-r", "shift_jis"] {
        check(charset, "Björk – Jóga".as_bytes(), "Björk – Jóga");
        check(charset, b"\xef\xbb\xbfSigur R\xc3\xb3s", "Sigur Rós");
        check(charset, b"plain", "plain");
        check(charset, b"", "");
    }
}

#[test]
fn the_rest_is_in_the_charset() {
    check("auto", b"Caf\xe9 \x96 \x80", "Café – €");
    check("latin1", b"Bj\xf6rk", "Björk");
    check("ISO-8859-1", b"Bj\xf6rk", "Björk");
    check("latin-1", b"Bj\xf6rk", "Björk");
    check("windows-1252", b"\x93x\x94", "\u{201c}x\u{201d}");
    check("windows-1251", b"\xc0\xeb\xe8\xf1\xe0", "Алиса");
    check("koi8-r", b"\xeb\xc9\xce\xcf", "Кино");
    check("iso-8859-2", b"\xa3\xf3d\xbc", "Łódź");
    check("shift_jis", b"\x83\x65\x83\x58\x83\x67", "テスト");
    check("utf-16le", b"h\0i\0", "hi");
    check("utf-8", b"Caf\xe9!", "Caf\u{fffd}!");
}

#[test]
fn utf8_that_was_cut_stays_utf8() {
    check("auto", b"Bj\xc3\xb6rk \xc3", "Björk");
    check("auto", b"Caf\xe9", "Café");
    check("auto", b"Caf\xc3", "CafÃ");
    check("auto", b"\xc3\xb6 \xff", "Ã¶ ÿ");
}

#[test]
fn text_encoded_twice_stays_as_it_is() {
    check("auto", "BjÃ¶rk &amp; Co".as_bytes(), "BjÃ¶rk &amp; Co");
}

#[test]
fn what_is_not_for_reading_goes() {
    check("auto", b" \tAC\r\nDC\0 \x1b[1m\x81 ", "ACDC [1m");
    check("auto", b"\x18  a  \x18", "a");
    check("auto", "\u{202e}evil\u{2066}\u{feff}\u{2028}".as_bytes(), "evil");
}

#[test]
fn names_are_those_of_the_standard() {
    assert_eq!(Charset::default().name(), "auto");
    assert_eq!("latin1".parse(), Ok(Charset::LATIN_1));
    assert_eq!("UTF8".parse(), Ok(Charset::UTF_8));
    for name in ["", "utf-9", "iso-2022-kr", "replacement", "auto1", "\0"] {
        assert_eq!(name.parse::<Charset>(), Err(UnknownCharset), "{name}");
    }
    for name in ["auto", "UTF-8", "windows-1252", "windows-1251", "EUC-KR"] {
        assert_eq!(name.parse::<Charset>().unwrap().to_string(), name);
    }
}

#[test]
fn the_length_is_bounded_at_a_character() {
    let text = "é".repeat(1000);
    assert_eq!(Charset::Auto.decode(text.as_bytes(), 8), "éééé");
    assert_eq!(Charset::Auto.decode(text.as_bytes(), 9), "éééé");
    assert_eq!(Charset::Auto.decode(&vec![0xe9; 10_000_000], 7), "ééé");
}

proptest! {
    #[test]
    fn any_bytes_give_clean_text(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        for name in ["auto", "utf-8", "windows-1251", "gb18030", "iso-2022-jp", "utf-16be"] {
            let text = name.parse::<Charset>().unwrap().decode(&bytes, 40);
            prop_assert!(text.len() <= 40 && !text.chars().any(char::is_control), "{text:?}");
        }
    }
}
