use super::*;

#[track_caller]
fn check(framing: source::Body, metaint: Option<u32>, sent: &[u8], audio: &[u8], ended: bool) {
    for chunk in [1, 3, 7, 1460] {
        let mut body = Body::new(framing, metaint);
        let mut got = Vec::new();
        for piece in sent.chunks(chunk) {
            let mut items = Vec::new();
            body.push(piece, &mut items).unwrap();
            for item in items {
                if let Item::Audio(bytes) = item {
                    got.extend_from_slice(&bytes);
                }
            }
        }
        assert_eq!((got.as_slice(), body.is_finished()), (audio, ended), "chunk = {chunk}");
    }
}

#[test]
fn each_framing_gives_the_audio() {
    check(source::Body::UntilClose, None, b"abcdef", b"abcdef", false);
    check(source::Body::Length(4), None, b"abcdef", b"abcd", true);
    check(source::Body::Length(9), None, b"abcdef", b"abcdef", false);
    check(source::Body::Chunked, None, b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", true);
}

#[test]
fn titles_between_are_taken_out() {
    let sent = b"abcd\x01StreamTitle='x';efgh";
    check(source::Body::UntilClose, Some(4), sent, b"abcdefgh", false);
    check(source::Body::Length(12), Some(4), b"abcd\0efgh\0ij", b"abcdefghij", true);
}

#[test]
fn a_broken_chunk_is_an_error_behind_what_was_right() {
    let mut body = Body::new(source::Body::Chunked, None);
    let mut items = Vec::new();
    assert!(body.push(b"3\r\nabc\r\nzz\r\n", &mut items).is_err());
    assert_eq!(items, [Item::Audio(Bytes::from_static(b"abc"))]);
}
