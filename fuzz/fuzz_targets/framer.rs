//! Any bytes, in any chunks: no panic, every byte accounted for, the same
//! frames, refusal and counts as in one piece.
//!
//! The first byte of the input is the size of the chunks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Frame, Framer, Refusal, Skipped};

type Next = fn(&mut Framer) -> Result<Option<Frame>, Refusal>;

fn drain(framer: &mut Framer, next: Next, frames: &mut Vec<Frame>) -> Result<(), Refusal> {
    while let Some(frame) = next(framer)? {
        assert!(frame.data.len() >= 4 && frame.data[0] == 0xFF);
        frames.push(frame);
    }
    Ok(())
}

fn run(stream: &[u8], chunk: usize) -> (Vec<Frame>, Option<Refusal>, Skipped) {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    let mut end = Ok(());
    for piece in stream.chunks(chunk) {
        framer.push(piece);
        end = drain(&mut framer, Framer::next_frame, &mut frames);
    }
    end = end.and_then(|()| drain(&mut framer, Framer::finish, &mut frames));
    let skipped = framer.skipped();
    assert_eq!(framer.codec().is_some(), !frames.is_empty() || skipped.info_frames > 0);
    if end.is_ok() && skipped.info_frames == 0 {
        let framed: usize = frames.iter().map(|frame| frame.data.len()).sum();
        let all = framed as u64 + skipped.junk_bytes + skipped.id3_bytes;
        assert_eq!(all, stream.len() as u64);
    }
    (frames, end.err(), skipped)
}

fuzz_target!(|data: &[u8]| {
    let Some((&chunk, stream)) = data.split_first() else { return };
    let whole = run(stream, stream.len().max(1));
    assert_eq!(run(stream, usize::from(chunk).max(1)), whole);
    let mut framer = Framer::default();
    framer.push(stream);
    let _ = framer.next_frame();
    let _ = framer.give_up().to_string();
});
