//! An hour of audio to measure with.

use bytes::Bytes;
use demo::fixtures;
use demo::{Encoding, Programme};

/// Sound that is encoded; an hour of it would take LAME most of a minute.
const ENCODED_SECS: u32 = 120;

/// How often it is repeated.
const REPEATS: usize = 30;

/// Kilobits a second.
const KBPS: u16 = 128;

/// The hour's length in seconds.
pub const SECS: u32 = 3_600;

/// An hour of MP3, 128 kbit/s joint stereo at 44.1 kHz: two minutes of the demo
/// programme, thirty times over. 58 MB.
///
/// Frames repeat every two minutes, which neither side makes use of: a source
/// that comes once is compared with nothing.
///
/// # Panics
///
/// When LAME does not encode, which is a fault of this machine.
pub fn mp3() -> Vec<u8> {
    let encoding = Encoding::Mp3 { kbps: KBPS };
    let frames = fixtures::frames(encoding, &mut Programme::new(1), ENCODED_SECS);
    // The encoder's delay and its flush make a few frames more than the time has.
    let whole = usize::try_from(ENCODED_SECS * 44_100 / 1_152).unwrap_or(usize::MAX);
    frames.iter().take(whole).map(Bytes::as_ref).collect::<Vec<_>>().concat().repeat(REPEATS)
}
