//! The tone that tells the second, from a file on and back from what is heard.

use std::path::{Path, PathBuf};
use std::time::Duration;

use demo::Source;
use demo::tones::{SECONDS, TimeCode, second_heard};

use crate::tools;

/// Rate of all sound here, in samples a second.
pub const RATE_HZ: u32 = 44_100;

/// Longest time that a decoder may take for a minute of sound.
const DECODER_LIMIT: Duration = Duration::from_secs(30);

/// Seconds of the tone as a WAV file in stereo, for real encoders.
pub fn wav(folder: &Path, seconds: u32) -> PathBuf {
    let mut samples = vec![0; seconds as usize * RATE_HZ as usize * 2];
    TimeCode::new(RATE_HZ, 2).fill(&mut samples);
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let path = folder.join(format!("tone-{seconds}.wav"));
    std::fs::write(&path, [wav_header(data.len()).as_slice(), &data].concat()).unwrap();
    path
}

/// What is heard of a stream of frames, decoded by ffmpeg: which seconds, in
/// their order, each once.
///
/// # Panics
///
/// ffmpeg cannot decode it.
pub async fn seconds_of(folder: &Path, stream: &[u8]) -> Vec<u32> {
    seconds_in(&samples_of(folder, stream).await)
}

/// The same of what ffmpeg reads at a URL, with options for the reading.
///
/// # Panics
///
/// ffmpeg cannot decode it.
pub async fn seconds_at(folder: &Path, url: &str, options: &[&str]) -> Vec<u32> {
    seconds_in(&samples_at(folder, url, options).await)
}

/// A stream of frames, decoded by ffmpeg to one channel.
///
/// # Panics
///
/// ffmpeg cannot decode it.
pub async fn samples_of(folder: &Path, stream: &[u8]) -> Vec<i16> {
    let file = folder.join("heard.bin");
    std::fs::write(&file, stream).unwrap();
    samples_at(folder, file.to_str().unwrap(), &[]).await
}

async fn samples_at(folder: &Path, url: &str, options: &[&str]) -> Vec<i16> {
    let out = folder.join("heard.pcm");
    let rate = RATE_HZ.to_string();
    let mut arguments = vec!["-hide_banner", "-loglevel", "error", "-y"];
    arguments.extend(options);
    arguments.extend(["-i", url, "-ac", "1", "-ar", &rate, "-f", "s16le"]);
    arguments.push(out.to_str().unwrap());
    let output = tools::run("ffmpeg", &arguments, DECODER_LIMIT).await;
    assert!(output.status.success(), "{}", tools::said(&output));
    let pcm = std::fs::read(&out).unwrap();
    pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn seconds_in(pcm: &[i16]) -> Vec<u32> {
    let tenth = RATE_HZ as usize / 10;
    let mut seconds: Vec<_> =
        pcm.chunks_exact(tenth).filter_map(|piece| second_heard(piece, RATE_HZ)).collect();
    seconds.dedup();
    seconds
}

/// States that the seconds follow each other, and that there are enough.
///
/// # Panics
///
/// One is missing, comes twice, or comes late.
pub fn assert_in_order(seconds: &[u32], at_least: usize) {
    let in_order = seconds.windows(2).all(|pair| (pair[0] + 1) % SECONDS == pair[1]);
    assert!(in_order && seconds.len() >= at_least, "{at_least} seconds in order: {seconds:?}");
}

/// The header of a WAV file: 16 bits, stereo.
fn wav_header(data_len: usize) -> Vec<u8> {
    let len = u32::try_from(data_len).unwrap();
    let mut header = Vec::from(*b"RIFF");
    header.extend((len + 36).to_le_bytes());
    header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    header.extend(RATE_HZ.to_le_bytes());
    header.extend((RATE_HZ * 4).to_le_bytes());
    header.extend(b"\x04\0\x10\0data");
    header.extend(len.to_le_bytes());
    header
}
