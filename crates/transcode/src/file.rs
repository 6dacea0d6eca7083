//! A whole file in the form of a rendition.

use catalogue::Encoding;
use feed::Record;
use media::{AacProfile, Frame, FrameHeader};

use crate::programme::programme;
use crate::{Error, Transcoder};

/// Longer than any file: all of it is one segment.
const SEGMENT_SECS: u32 = 24 * 60 * 60;

/// Encodes a file's frames, all of one form, anew: the same sound at the same time, with
/// silence at its end up to a whole frame.
///
/// Takes as long as that takes: a second for two minutes or so.
///
/// # Errors
///
/// [`Error`], where no encoder makes such a rendition or no decoder takes such frames.
pub fn encode_file(
    frames: &[Frame],
    profile: Option<AacProfile>,
    encoding: &Encoding,
) -> Result<Vec<Frame>, Error> {
    let Some(first) = frames.first() else { return Ok(Vec::new()) };
    let stream = first.header.stream;
    let data = frames.iter().map(|frame| frame.data.clone());
    let mut transcoder = Transcoder::new(encoding, SEGMENT_SECS)?;
    for record in programme(stream, profile, SEGMENT_SECS, data) {
        transcoder.handle(&record)?;
    }
    let made = std::iter::from_fn(|| transcoder.next_record());
    made.filter_map(|record| match record {
        Record::Unit(unit) => Some(unit.data),
        _ => None,
    })
    .map(|data| {
        let header = FrameHeader::of(&data).ok_or(Error::NoFrame)?;
        Ok(Frame { header, data })
    })
    .collect()
}

#[cfg(test)]
mod tests;
