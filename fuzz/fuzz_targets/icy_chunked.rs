//! Any chunked body, in pieces of any size: no panic, the same data, end and
//! error as in one piece, and never more data than there was body.
//!
//! The first byte of the input is the size of the pieces.

#![no_main]

use icy::chunked::{ChunkedError, Decoder};
use libfuzzer_sys::fuzz_target;

fn run(body: &[u8], size: usize) -> (Vec<u8>, Result<bool, ChunkedError>) {
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

fuzz_target!(|data: &[u8]| {
    let Some((&size, body)) = data.split_first() else { return };
    let whole = run(body, body.len().max(1));
    assert!(whole.0.len() <= body.len());
    assert_eq!(run(body, usize::from(size).max(1)), whole);
});
