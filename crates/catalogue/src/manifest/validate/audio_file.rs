//! Files of audio that a manifest names: their frames are those of a mount's
//! stream.

use std::time::Duration;

use media::framer::{Framer, Refusal};
use media::{Codec, Frame};
use settings::{Document, Error, Spanned, format_duration};

use super::mount::About;
use crate::encoding::Encoding;
use crate::limits;
use crate::resources::AudioFile;

/// What a file is for, and its bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    /// In a sentence: `an intro`.
    name: &'static str,
    ms_max: u64,
    bytes_max: u64,
}

/// What each new ICY listener hears first.
pub(super) const INTRO: Use =
    Use { name: "an intro", ms_max: limits::INTRO_MS_MAX, bytes_max: limits::INTRO_BYTES_MAX };

/// What they hear who may not listen, or not any longer.
pub(super) const ANNOUNCEMENT: Use = Use {
    name: "an announcement",
    ms_max: limits::ANNOUNCEMENT_MS_MAX,
    bytes_max: limits::ANNOUNCEMENT_BYTES_MAX,
};

/// What is looped when no ingest is left.
pub(super) const FALLBACK: Use = Use {
    name: "a fallback",
    ms_max: limits::FALLBACK_MS_MAX,
    bytes_max: limits::FALLBACK_BYTES_MAX,
};

/// Reads the file and takes its frames.
///
/// # Errors
///
/// It cannot be read, is too long, is no audio, or is not in the mount's form:
/// codec, sampling rate and channels.
pub(super) fn read(
    document: &Document,
    path: &Spanned<String>,
    about: &About<'_>,
    Use { name, ms_max, bytes_max }: Use,
) -> Result<AudioFile, Error> {
    let refuse = |what: String| document.error(path.span(), what);
    let Some(file) = path.get_ref().strip_prefix("file:").filter(|file| !file.is_empty()) else {
        return Err(refuse(format!("{name} is `file:PATH`")));
    };
    let bytes = (about.files)(file).map_err(|why| refuse(format!("{file} {why}")))?;
    if bytes.len() as u64 > bytes_max {
        let what = format!("{file} has more than {bytes_max} bytes");
        return Err(refuse(what));
    }
    let frames = frames(&bytes, about.encoding).map_err(|why| refuse(format!("{file} {why}")))?;
    let audio = AudioFile { frames };
    let (duration, max) = (audio.duration(), Duration::from_millis(ms_max));
    if duration > max {
        let (is, max) = (format_duration(duration), format_duration(max));
        return Err(refuse(format!("{file} lasts {is}, {name} {max} at most")));
    }
    Ok(audio)
}

fn frames(bytes: &[u8], encoding: Encoding) -> Result<Vec<Frame>, String> {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    framer.push(bytes);
    let is_no_audio = |refusal: Refusal| format!("is not taken: {refusal}");
    while let Some(frame) = framer.next_frame().map_err(is_no_audio)? {
        frames.push(frame);
    }
    while let Some(frame) = framer.finish().map_err(is_no_audio)? {
        frames.push(frame);
    }
    if frames.is_empty() {
        return Err("has no frame of MP3 or AAC".to_owned());
    }
    match frames.iter().find(|frame| !encoding.fits(&frame.header)) {
        Some(other) => Err(misfit(other, encoding)),
        None => Ok(frames),
    }
}

fn misfit(frame: &Frame, encoding: Encoding) -> String {
    let stream = frame.header.stream;
    let codec = match stream.codec {
        Codec::Mp3 => "mp3",
        Codec::Aac => "aac",
    };
    let (hz, channels) = (stream.timescale.hz(), stream.channels);
    format!("has {codec}, {hz} Hz, {channels} channels, but the mount {encoding}")
}
