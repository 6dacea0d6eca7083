//! Any stream of a feed, in chunks of any size: no panic, the same messages and
//! error as in one piece, and no more of them than there were bytes for.
//!
//! The first byte of the input is the size of the chunks.

use feed::wire::{Decoder, Item, Message, WireError};
use feed::{PathItem, Record};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else { return };
    check::<PathItem>(stream, usize::from(size).max(1));
    check::<Record>(stream, usize::from(size).max(1));
}

fn check<T: Item + PartialEq + std::fmt::Debug>(stream: &[u8], size: usize) {
    let whole = read::<T>(stream, stream.len().max(1));
    assert_eq!(read::<T>(stream, size), whole);
    let mut written = Vec::new();
    for message in &whole.0 {
        message.encode(&mut written).expect("what was read is written");
    }
    assert!(written.len() <= stream.len());
    assert_eq!(read::<T>(&written, size), (whole.0, None));
}

/// A stream of both feeds, streams that break off, false lengths.
pub fn seeds() -> Vec<Vec<u8>> {
    let items = crate::wire_path::items().into_iter();
    let whole = (1..).zip(items).map(|(position, item)| Message::Item { position, item });
    let ends = [Message::Heartbeat { end: 9 }, Message::Missed { up_to: 1 << 20 }];
    let mut stream = vec![7];
    for message in whole.chain(ends) {
        message.encode(&mut stream).expect("a message that can be");
    }
    let half = stream[..stream.len() / 2].to_vec();
    let mut records = vec![3];
    let ended = Message::Item { position: 1, item: Record::Ended(media::EpochId(1)) };
    ended.encode(&mut records).expect("a message that can be");
    let mut others = crate::owned(&[
        b"\x01\0\0",
        b"\x01\xff\xff",
        b"\x01\0\x09\x82\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x01\0\x0a\x83\0\0\0\0\0\0\0\0\0",
    ]);
    others.extend([stream, half, records]);
    others
}

fn read<T: Item>(stream: &[u8], size: usize) -> (Vec<Message<T>>, Option<WireError>) {
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for piece in stream.chunks(size) {
        decoder.push(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}
