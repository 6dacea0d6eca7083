//! Any query of a title update under any charset: no panic, and titles that
//! are clean and within their limits.
//!
//! The first byte of the input chooses the charset.

use icy::charset::Charset;
use icy::update::TitleUpdate;
use media::text::{TITLE_LEN_MAX, clean_title};

const CHARSETS: [&str; 6] = ["auto", "utf-8", "windows-1251", "gb18030", "iso-2022-jp", "utf-16le"];

/// Runs the target.
pub fn run(data: &[u8]) {
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
}

/// Queries of Icecast's and of SHOUTcast's, in several charsets.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\0mode=updinfo&mount=/live&song=Artist%20-%20Title&charset=UTF-8",
        b"\x01mode=updinfo&mount=%2Flive&artist=A&title=B&url=http%3A%2F%2Fa.example",
        b"\x02pass=hackme&mode=updinfo&song=%CF%F0%E8%E2%E5%F2",
        b"\x03mode=updinfo&song=%C4%E3%BA%C3&x=%zz",
        b"\x04mode=updinfo&song=%1B%24B%25%22%1B%28B",
        b"\x05mode=updinfo&song=a%00b%00",
        b"\0mode=updinfo&song=+%2B+%E2%80%AE%0D%0A<b>'\"",
        b"\0mode=viewxml",
    ])
}
