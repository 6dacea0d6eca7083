//! Any query of a title update under any charset: no panic, and titles that
//! are clean and within their limits.
//!
//! The first byte of the input chooses the charset.

#![no_main]

use icy::charset::Charset;
use icy::update::TitleUpdate;
use libfuzzer_sys::fuzz_target;
use media::text::{TITLE_LEN_MAX, clean_title};

const CHARSETS: [&str; 6] = ["auto", "utf-8", "windows-1251", "gb18030", "iso-2022-jp", "utf-16le"];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, query)) = data.split_first() else { return };
    let name = CHARSETS[usize::from(choice) % CHARSETS.len()];
    let charset: Charset = name.parse().expect("the standard has it");
    if let Ok(update) = TitleUpdate::parse(query, charset) {
        for text in [&update.title.stream_title, &update.title.url] {
            assert!(text.len() <= TITLE_LEN_MAX);
            assert_eq!(&clean_title(text), text);
        }
    }
    let text = charset.decode(query, 100);
    assert!(text.len() <= 100 && text.trim() == text);
});
