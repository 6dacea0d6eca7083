//! Any bytes, in any chunks: no panic, every byte accounted for, the same
//! frames, refusal and counts as in one piece.
//!
//! The first byte of the input is the size of the chunks.

use media::{ChannelMode, Frame, Framer, Refusal, Skipped, synthetic};

type Next = fn(&mut Framer) -> Result<Option<Frame>, Refusal>;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((&chunk, stream)) = data.split_first() else { return };
    let whole = frame(stream, stream.len().max(1));
    assert_eq!(frame(stream, usize::from(chunk).max(1)), whole);
    let mut framer = Framer::default();
    framer.push(stream);
    let _ = framer.next_frame();
    let _ = framer.give_up().to_string();
}

/// Frames of either kind, with tags, junk and halves between them.
pub fn seeds() -> Vec<Vec<u8>> {
    let mp3 = synthetic::mp3_frame(32, 44_100, ChannelMode::Mono, 1);
    let low = synthetic::mp3_frame(8, 8_000, ChannelMode::Stereo, 2);
    let adts = synthetic::adts_frame(44_100, 2, 20, 3);
    let tag = b"ID3\x04\0\0\0\0\0\x05hello".to_vec();
    let huge = b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec();
    let half = mp3[..mp3.len() / 2].to_vec();
    let junk = b"<html>no audio here</html>".to_vec();
    let streams = [
        mp3.repeat(4),
        low.repeat(5),
        adts.repeat(6),
        [tag.clone(), mp3.repeat(3), tag.clone(), mp3.repeat(3)].concat(),
        [mp3.repeat(3), half, mp3.repeat(3)].concat(),
        [adts.repeat(3), junk.clone(), adts.repeat(3)].concat(),
        [adts.repeat(3), mp3.repeat(3)].concat(),
        [tag, b"OggS\0\x02".to_vec()].concat(),
        b"fLaC\0\0\0\x22".to_vec(),
        b"PK\x03\x04ftypisom".to_vec(),
        b"\x56\xE0\x30LATM".to_vec(),
        huge,
        junk,
    ];
    streams.into_iter().map(|stream| [&[7], stream.as_slice()].concat()).collect()
}

fn drain(framer: &mut Framer, next: Next, frames: &mut Vec<Frame>) -> Result<(), Refusal> {
    while let Some(frame) = next(framer)? {
        assert!(frame.data.len() >= 4 && frame.data[0] == 0xFF);
        frames.push(frame);
    }
    Ok(())
}

fn frame(stream: &[u8], chunk: usize) -> (Vec<Frame>, Option<Refusal>, Skipped) {
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
