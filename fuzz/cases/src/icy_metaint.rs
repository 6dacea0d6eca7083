//! Any interleaved stream, in pieces of any size: no panic, the same audio and
//! blocks as in one piece; a block that is read is written and read again alike.
//!
//! The first byte of the input is the size of the pieces, the second the interval.

use std::num::NonZeroU32;

use icy::charset::Charset;
use icy::metaint::{BLOCK_LEN_MAX, Demuxer, Item, block, parse_block};

/// Runs the target.
pub fn run(data: &[u8]) {
    let [size, interval, stream @ ..] = data else { return };
    let Some(interval) = NonZeroU32::new(u32::from(*interval)) else { return };
    let whole = demux(stream, interval, stream.len().max(1));
    assert_eq!(demux(stream, interval, usize::from(*size).max(1)), whole);
    rewrite(stream);
}

/// Streams with blocks, and blocks alone.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\x03\x04aaaa\x02StreamTitle='A - B';\0\0\0\0\0\0\0\0\0\0\0\0bbbb\0cccc\x01",
        b"\x01\x01a\0b\xFFc",
        b"\x01\x00",
        b"\x05\x08StreamTitle='it's';StreamUrl='http://a.example/?a=1&b=2';\0\0",
        b"\x05\x08StreamTitle='\xE4\xF6\xFC';",
        b"\x05\x08StreamTitle='no end",
        b"\x05\x08StreamUrl='';StreamTitle='';",
    ])
}

fn demux(stream: &[u8], interval: NonZeroU32, size: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut demuxer = Demuxer::new(interval);
    let (mut audio, mut blocks) = (Vec::new(), Vec::new());
    for piece in stream.chunks(size) {
        demuxer.push(piece);
        while let Some(item) = demuxer.next_item() {
            match item {
                Item::Audio(bytes) => audio.extend_from_slice(&bytes),
                Item::Metadata(bytes) => blocks.push(bytes.to_vec()),
            }
        }
    }
    (audio, blocks)
}

fn rewrite(bytes: &[u8]) {
    let Ok(Some(title)) = parse_block(bytes, Charset::Auto) else { return };
    let written = block(&title);
    assert!(written.len() <= BLOCK_LEN_MAX && written.len() == 1 + usize::from(written[0]) * 16);
    let again = parse_block(&written[1..], Charset::Auto).expect("what is written is metadata");
    let again = again.expect("what is written has a title");
    assert_eq!(block(&again), written);
}
