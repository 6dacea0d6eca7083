//! Any chunked body, in pieces of any size: no panic, the same data, end and
//! error as in one piece, and never more data than there was body.
//!
//! The first byte of the input is the size of the pieces.

use icy::chunked::{ChunkedError, Decoder};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&size, body)) = data.split_first() else { return };
    let whole = decode(body, body.len().max(1));
    assert!(whole.0.len() <= body.len());
    assert_eq!(decode(body, usize::from(size).max(1)), whole);
}

/// Bodies with extensions and trailers, unfinished ones and false sizes.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\x015\r\nhello\r\n0\r\n\r\n",
        b"\x03a;name=\"value\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        b"\x021\r\na\r\n2\r\nbc\r\n3\r\nde",
        b"\x05ffffffffffffffff\r\n",
        b"\x0400000000000000000005\r\nhello\r\n0\r\n\r\n",
        b"\x07-5\r\nhello\r\n",
        b"\x075\nhello\n0\n\n",
    ])
}

fn decode(body: &[u8], size: usize) -> (Vec<u8>, Result<bool, ChunkedError>) {
    let mut decoder = Decoder::new();
    let mut got = Vec::new();
    for piece in body.chunks(size) {
        decoder.push(piece);
        loop {
            match decoder.next_data() {
                Ok(Some(data)) => got.extend_from_slice(&data),
                Ok(None) => break,
                Err(error) => return (got, Err(error)),
            }
        }
    }
    (got, Ok(decoder.is_finished()))
}
