//! Frames on both ends: what was sent and what came out.

use bytes::Bytes;
use media::Framer;
use media::id3;

/// Cuts a stream that has nothing but whole frames and tags.
///
/// # Panics
///
/// It has something else.
pub fn cut(stream: &[u8]) -> Vec<Bytes> {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    framer.push(stream);
    while let Some(frame) = framer.next_frame().unwrap() {
        frames.push(frame.data);
    }
    while let Some(frame) = framer.finish().unwrap() {
        frames.push(frame.data);
    }
    assert_eq!(framer.skipped().junk_bytes, 0, "bytes outside of frames");
    frames
}

/// The frames of a segment, without the tag at its start.
///
/// # Panics
///
/// It has no tag, or something between the frames.
pub fn of_segment(body: &[u8]) -> Vec<Bytes> {
    cut(audio_of(body))
}

/// A segment without its tag.
pub fn audio_of(body: &[u8]) -> &[u8] {
    let header = id3::Header::parse(body).expect("a segment begins with an ID3 tag");
    &body[usize::try_from(header.tag_len()).unwrap()..]
}

/// States that `part` lies in `whole` without a hole, and says where.
///
/// # Panics
///
/// It does not.
pub fn position(whole: &[Bytes], part: &[Bytes]) -> usize {
    let first = part.first().expect("frames came");
    let starts = whole.iter().enumerate().filter(|(_, frame)| *frame == first);
    let found = starts.map(|(at, _)| at).find(|at| whole[*at..].starts_with(part));
    found.unwrap_or_else(|| panic!("{} frames are not as they were sent", part.len()))
}

/// The whole frames of a stream that breaks off in the middle of one.
pub fn whole(stream: &[u8]) -> Vec<Bytes> {
    let mut framer = Framer::default();
    framer.push(stream);
    std::iter::from_fn(|| framer.next_frame().unwrap()).map(|frame| frame.data).collect()
}
