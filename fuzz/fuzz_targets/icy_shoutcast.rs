//! Any SHOUTcast 1 handshake, in pieces of any size: no panic, the same events
//! and error as in one piece, and every audio byte is one that was sent, in order.
//!
//! The first byte of the input is the size of the pieces.

#![no_main]

use icy::shoutcast::{Event, Handshake, Login, ShoutcastError, Station};
use libfuzzer_sys::fuzz_target;

type Outcome = (Option<Login>, Option<Station>, Vec<u8>, Option<ShoutcastError>);

fn run(stream: &[u8], size: usize) -> Outcome {
    let mut handshake = Handshake::new();
    let mut outcome: Outcome = (None, None, Vec::new(), None);
    for piece in stream.chunks(size) {
        handshake.push(piece);
        loop {
            match handshake.next_event() {
                Ok(Some(Event::Login(login))) => assert!(outcome.0.replace(login).is_none()),
                Ok(Some(Event::Station(station))) => assert!(outcome.1.replace(station).is_none()),
                Ok(Some(Event::Audio(audio))) => outcome.2.extend_from_slice(&audio),
                Ok(None) => break,
                Err(error) => {
                    outcome.3 = Some(error);
                    return outcome;
                }
            }
        }
    }
    outcome
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = run(stream, stream.len().max(1));
    assert!(stream.ends_with(&whole.2));
    assert_eq!(run(stream, usize::from(size).max(1)), whole);
});
