//! Any text: cleaning is bounded, and changes nothing the second time.

use media::text;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(data) = std::str::from_utf8(data) else { return };
    let clean = text::clean_title(data);
    assert!(clean.len() <= text::TITLE_LEN_MAX);
    assert!(!clean.chars().any(char::is_control));
    assert_eq!(text::clean_title(&clean), clean);
}

/// Titles with what does not belong there.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "Artist - Title",
        "a\u{202E}b\u{2066}c\u{FEFF}d",
        "  spaces\t\r\n and \u{0}controls \u{85}",
        "e\u{301}\u{301}\u{301} \u{1F469}\u{200D}\u{1F469}",
        "\u{2028}\u{2029}\u{A0}",
        "<b>\"quotes\" & 'others'</b>",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
