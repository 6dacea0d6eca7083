//! Any SHOUTcast 1 handshake, in pieces of any size: no panic, the same events
//! and error as in one piece, and every audio byte is one that was sent, in order.
//!
//! The first byte of the input is the size of the pieces.

use icy::shoutcast::{Event, Handshake, Login, ShoutcastError, Station};

type Outcome = (Option<Login>, Option<Station>, Vec<u8>, Option<ShoutcastError>);

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else { return };
    let whole = shake(stream, stream.len().max(1));
    assert!(stream.ends_with(&whole.2));
    assert_eq!(shake(stream, usize::from(size).max(1)), whole);
}

/// Handshakes with any line ending, with a mount, a station's number, and none.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"\x01hackme\r\nicy-name:A\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n\xFF\xFBaudio",
        b"\x04/live:hackme\nicy-name:A\nicy-pub:1\n\n\xFF\xFB",
        b"\x04hackme:#2\r\nicy-genre:x\r\n\r\n",
        b"\x04user:hackme\r\r\n",
        b"\x04SOURCE hackme /live\r\nx-audiocast-name: A\r\n\r\naudio",
        b"\x04hackme\r\nno colon\r\n\r\n",
        b"\x01\r\n",
    ])
}

fn shake(stream: &[u8], size: usize) -> Outcome {
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
