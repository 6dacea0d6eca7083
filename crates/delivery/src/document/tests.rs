use std::io::Read as _;

use flate2::read::GzDecoder;

use super::*;

#[test]
fn dl_1_the_gzip_is_the_text() {
    let document = Document::new("#EXTM3U\n".repeat(50), WallTime::default());
    let mut text = String::new();
    GzDecoder::new(&document.gzip[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text.as_bytes(), document.text);
    assert!(document.gzip.len() < document.text.len());
}

#[test]
fn another_text_has_another_tag() {
    let tag = |text: &str| Document::new(text.into(), WallTime::default()).etag;
    assert_ne!(tag("a"), tag("b"));
    assert_eq!(tag("a"), tag("a"));
    let document = Document::new("a".into(), WallTime::default());
    let Lines { etag, gzip_etag, last_modified } = document.lines;
    assert_eq!(etag, document.etag);
    assert_ne!(etag, gzip_etag);
    assert!(gzip_etag.to_str().unwrap().ends_with("-gzip\""));
    assert_eq!(last_modified, "Thu, 01 Jan 1970 00:00:00 GMT");
}
