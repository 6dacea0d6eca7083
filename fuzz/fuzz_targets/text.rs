//! Any text: cleaning is bounded, and changes nothing the second time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::text;

fuzz_target!(|data: &str| {
    let clean = text::clean_title(data);
    assert!(clean.len() <= text::TITLE_LEN_MAX);
    assert!(!clean.chars().any(char::is_control));
    assert_eq!(text::clean_title(&clean), clean);
});
