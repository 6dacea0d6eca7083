//! Any bytes as frames of MP3, and any frames that are found in them: no panic,
//! never more samples than a frame has, and a decoder that met broken frames
//! decodes a good one.

use codec::mp3::Decoder;
use media::{ChannelMode, Framer, mp3, synthetic};

/// Samples of the longest frame, of both channels.
const SAMPLES_MAX: usize = 2 * 1_152;

/// Runs the target.
pub fn run(data: &[u8]) {
    let [size, stream @ ..] = data else { return };
    let mut decoder = Decoder::new();
    for piece in stream.chunks(usize::from(*size).max(1) * 4) {
        decode(&mut decoder, piece);
    }
    let mut decoder = Decoder::new();
    for frame in frames(stream) {
        decode(&mut decoder, &frame);
    }
    // Valid headers over any payload get deepest.
    let mut decoder = Decoder::new();
    for piece in stream.chunks(usize::from(*size).max(16)) {
        decode(&mut decoder, &with_header(*size, piece));
    }
    let good = synthetic::mp3_frame(128, 44_100, ChannelMode::JointStereo, 1);
    assert!(Decoder::new().decode(&good).is_some());
}

/// Streams of every version and mode, and headers alone.
pub fn seeds() -> Vec<Vec<u8>> {
    let forms = [
        (32, 48_000, ChannelMode::Mono),
        (64, 44_100, ChannelMode::JointStereo),
        (32, 24_000, ChannelMode::Stereo),
        (8, 8_000, ChannelMode::Mono),
    ];
    let stream = |(kbps, hz, mode)| {
        let frames = (0..3).map(|seed| synthetic::mp3_frame(kbps, hz, mode, seed));
        std::iter::once(vec![26]).chain(frames).collect::<Vec<_>>().concat()
    };
    forms.into_iter().map(stream).chain([b"\x01\xFF\xFB\x90\x40".to_vec()]).collect()
}

fn decode(decoder: &mut Decoder, frame: &[u8]) {
    if let Some(pcm) = decoder.decode(frame) {
        assert!(pcm.len() <= SAMPLES_MAX);
    }
}

fn frames(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut framer = Framer::default();
    framer.push(stream);
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = framer.next_frame() {
        frames.push(frame.data.to_vec());
    }
    if let Ok(Some(frame)) = framer.finish() {
        frames.push(frame.data.to_vec());
    }
    frames
}

/// A frame of one of four forms, filled with these bytes again and again.
fn with_header(form: u8, payload: &[u8]) -> Vec<u8> {
    let (kbps, hz, mode) = match form & 3 {
        0 => (128, 44_100, ChannelMode::JointStereo),
        1 => (64, 48_000, ChannelMode::Mono),
        2 => (64, 22_050, ChannelMode::JointStereo),
        _ => (320, 32_000, ChannelMode::Stereo),
    };
    let mut frame = synthetic::mp3_frame(kbps, hz, mode, 0);
    let filling = payload.iter().copied().cycle();
    for (byte, filling) in frame.iter_mut().skip(mp3::HEADER_LEN).zip(filling) {
        *byte = filling;
    }
    // Intensity and middle-side stereo, as the form says.
    if mode == ChannelMode::JointStereo {
        frame[3] |= (form & 0x0C) << 2;
    }
    frame
}
