//! The intro of a mount: a file whose frames are those of its stream.

use std::time::Duration;

use media::framer::{Framer, Refusal};
use media::{Codec, Frame};
use settings::{Document, Error, Spanned, format_duration};

use super::mount::About;
use crate::encoding::Encoding;
use crate::limits;
use crate::resources::Intro;

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
) -> Result<Intro, Error> {
    let refuse = |what: String| document.error(path.span(), what);
    let Some(file) = path.get_ref().strip_prefix("file:").filter(|file| !file.is_empty()) else {
        return Err(refuse("an intro is `file:PATH`".to_owned()));
    };
    let bytes = (about.files)(file).map_err(|why| refuse(format!("{file} {why}")))?;
    if bytes.len() as u64 > limits::INTRO_BYTES_MAX {
        let what = format!("{file} has more than {} bytes", limits::INTRO_BYTES_MAX);
        return Err(refuse(what));
    }
    let frames = frames(&bytes, about.encoding).map_err(|why| refuse(format!("{file} {why}")))?;
    let intro = Intro { frames };
    let (duration, max) = (intro.duration(), Duration::from_millis(limits::INTRO_MS_MAX));
    if duration > max {
        let (is, max) = (format_duration(duration), format_duration(max));
        return Err(refuse(format!("{file} lasts {is}, an intro {max} at most")));
    }
    Ok(intro)
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
