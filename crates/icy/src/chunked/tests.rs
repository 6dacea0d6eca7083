use proptest::prelude::*;

use super::*;

fn decode(body: &[u8], chunk: usize) -> (Vec<u8>, Result<bool, ChunkedError>) {
    let mut decoder = Decoder::new();
    let mut got = Vec::new();
    for piece in body.chunks(chunk) {
        decoder.push(piece);
        loop {
            match decoder.next_data() {
                Ok(Some(data)) => got.extend_from_slice(&data),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.next_data(), Err(error));
                    return (got, Err(error));
                }
            }
        }
    }
    (got, Ok(decoder.is_finished()))
}

#[track_caller]
fn check(body: &[u8], data: &[u8], end: Result<bool, ChunkedError>) {
    for chunk in [1, 2, 3, 7, 1460, 65536] {
        assert_eq!(decode(body, chunk), (data.to_vec(), end), "in pieces of {chunk}");
    }
}

#[test]
fn chunks_are_joined() {
    check(b"3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n", b"abc0123456789", Ok(true));
    check(b"3;x=\"1\" ;y\r\nabc\r\n2 \r\nde\r\n0;z\r\nA: b\r\nC: d\r\n\r\n", b"abcde", Ok(true));
    check(b"f\r\n0123456789abcde\r\n", b"0123456789abcde", Ok(false));
}

#[test]
fn what_follows_the_end_is_dropped() {
    check(b"1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"a", Ok(true));
}

#[test]
fn an_enormous_chunk_is_not_believed() {
    check(b"fffffffffffffff\r\nabc", b"abc", Ok(false));
    check(b"1000000000000000\r\nabc", b"", Err(ChunkedError::Size));
}

#[test]
fn malformed_chunks_end_the_body() {
    for size in ["", "g", "-1", "+1", "0x1", " 1", "1 1", ";x"] {
        check(format!("{size}\r\nabc").as_bytes(), b"", Err(ChunkedError::Size));
    }
    check(b"3\r\nabcd\r\n", b"abc", Err(ChunkedError::LineEnd));
    check(b"3\r\nabc\n0\r\n\r\n", b"abc", Err(ChunkedError::LineEnd));
    check(b"3\nabc", b"", Err(ChunkedError::LineEnd));
    check(b"3\rX\nabc", b"", Err(ChunkedError::LineEnd));
    check(b"3;x\ny\r\nabc", b"", Err(ChunkedError::LineEnd));
    check(b"0\r\nA: b\n\r\n", b"", Err(ChunkedError::LineEnd));
}

#[test]
fn a_size_line_has_at_most_256_bytes() {
    let line = |len: usize| format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(len - 2));
    check(line(SIZE_LINE_LEN_MAX).as_bytes(), b"a", Ok(true));
    let too_long = Err(ChunkedError::SizeLineTooLong);
    check(line(SIZE_LINE_LEN_MAX + 1).as_bytes(), b"", too_long);
    check(&vec![b'1'; 100_000], b"", too_long);
}

#[test]
fn trailers_have_at_most_4_kib() {
    let body =
        |len: usize| format!("0\r\n{}\r\n{}\r\n\r\n", "x".repeat(1000), "y".repeat(len - 1000));
    check(body(TRAILERS_LEN_MAX).as_bytes(), b"", Ok(true));
    let too_long = Err(ChunkedError::TrailersTooLong);
    check(body(TRAILERS_LEN_MAX + 1).as_bytes(), b"", too_long);
    check(format!("0\r\n{}", "a: b\r\n".repeat(5000)).as_bytes(), b"", too_long);
}

proptest! {
    #[test]
    fn what_was_chunked_comes_back(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..8),
        size in 1..40_usize,
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"0\r\n\r\n");
        prop_assert_eq!(decode(&body, size), (chunks.concat(), Ok(true)));
    }

    #[test]
    fn noise_does_not_make_it_panic_and_pieces_do_not_matter(
        bytes in "[0-9a-f\r\n;x]{0,60}", size in 1..9_usize,
    ) {
        prop_assert_eq!(decode(bytes.as_bytes(), size), decode(bytes.as_bytes(), 1000));
    }
}
