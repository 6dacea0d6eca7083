//! The intro of a mount: a file whose frames are those of its stream.

use std::time::Duration;

use bytes::BytesMut;
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
    let mut intro = Collected::default();
    intro.take(&bytes, about.encoding).map_err(|why| refuse(format!("{file} {why}")))?;
    let max = Duration::from_millis(limits::INTRO_MS_MAX);
    if intro.duration > max {
        let (is, max) = (format_duration(intro.duration), format_duration(max));
        return Err(refuse(format!("{file} lasts {is}, an intro {max} at most")));
    }
    Ok(Intro { frames: intro.frames.freeze(), duration: intro.duration })
}

#[derive(Default)]
struct Collected {
    frames: BytesMut,
    duration: Duration,
}

impl Collected {
    fn take(&mut self, bytes: &[u8], encoding: Encoding) -> Result<(), String> {
        let mut framer = Framer::default();
        framer.push(bytes);
        let is_no_audio = |refusal: Refusal| format!("is not taken: {refusal}");
        while let Some(frame) = framer.next_frame().map_err(is_no_audio)? {
            self.add(&frame, encoding)?;
        }
        while let Some(frame) = framer.finish().map_err(is_no_audio)? {
            self.add(&frame, encoding)?;
        }
        if self.frames.is_empty() { Err("has no frame of MP3 or AAC".to_owned()) } else { Ok(()) }
    }

    fn add(&mut self, frame: &Frame, encoding: Encoding) -> Result<(), String> {
        let stream = frame.header.stream;
        if !encoding.fits(&frame.header) {
            let (hz, channels) = (stream.timescale.hz(), stream.channels);
            let codec = match stream.codec {
                Codec::Mp3 => "mp3",
                Codec::Aac => "aac",
            };
            let what = format!("{codec}, {hz} Hz, {channels} channels");
            return Err(format!("has {what}, but the mount {encoding}"));
        }
        self.frames.extend_from_slice(&frame.data);
        self.duration += stream.frame_duration();
        Ok(())
    }
}
