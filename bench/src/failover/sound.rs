//! What is heard: frames decoded, and held against what the source decodes to.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use codec::{aac, mp3};
use media::Codec;

use crate::failover::judge::Alignment;
use crate::failover::track::{Coding, Track};

/// What HE-AAC may be off behind a splice, of 32,768: it is that good after
/// [`media::splice::HE_AAC_LEN`] frames.
const HE_AAC_ROUNDING: u16 = 4;

/// Decodes the frames of one stream, one after the other.
#[derive(Debug)]
pub struct Decoder(Inner);

#[derive(Debug)]
enum Inner {
    Mp3(mp3::Decoder),
    Aac(Box<aac::Decoder>),
}

impl Decoder {
    /// One that has heard nothing.
    ///
    /// # Errors
    ///
    /// There is no memory.
    pub fn new(codec: Codec) -> Result<Self> {
        Ok(Self(match codec {
            Codec::Mp3 => Inner::Mp3(mp3::Decoder::new()),
            Codec::Aac => Inner::Aac(Box::new(aac::Decoder::new().context("no memory")?)),
        }))
    }

    /// A frame's samples; `None` where it does not decode.
    pub fn decode(&mut self, frame: &[u8]) -> Option<Vec<i16>> {
        match &mut self.0 {
            Inner::Mp3(decoder) => decoder.decode(frame).map(<[i16]>::to_vec),
            Inner::Aac(decoder) => {
                let mut samples = Vec::new();
                decoder.decode(frame, |block| samples.extend_from_slice(block))?;
                Some(samples)
            }
        }
    }
}

/// Frames that lie in what was sent as they came, one after the other.
struct Stretch {
    /// Where it begins in what came.
    at: usize,
    /// Where it begins in what was sent.
    place: usize,
    len: usize,
}

/// How many frames that were sent decode to other samples than they would without
/// any trouble: as by a decoder that has heard all since the listener joined, or since
/// the encoder's restart.
///
/// That decoder hears as much silence before as keeps the noise that decoders of SBR
/// make in step with the listener's: it is a function of the number of frames.
///
/// # Errors
///
/// There is no memory.
pub fn damaged(track: &Track, came: &[Bytes], alignment: &Alignment) -> Result<usize> {
    let Some(first) = alignment.first else { return Ok(0) };
    let codec = track.coding.codec();
    let mut decoder = Decoder::new(codec)?;
    let heard: Vec<_> = came.iter().map(|frame| decoder.decode(frame)).collect();
    let mut damaged = 0;
    for stretch in stretches(&alignment.places, track.seam) {
        let begin = track.seam.filter(|seam| *seam <= stretch.place).unwrap_or(first);
        let before = stretch.place - begin;
        let (quiet, left_out) =
            (stretch.at.saturating_sub(before), before.saturating_sub(stretch.at));
        let mut clean = Decoder::new(codec)?;
        for frame in track.quiet.iter().cycle().take(quiet) {
            clean.decode(frame);
        }
        let frames = track.frames.get(begin + left_out..).unwrap_or_default();
        let (before, own) = frames.split_at(before - left_out);
        for frame in before {
            clean.decode(frame);
        }
        for (frame, heard) in own.iter().take(stretch.len).zip(heard.iter().skip(stretch.at)) {
            let clean = clean.decode(frame);
            damaged += usize::from(!is_like(clean.as_deref(), heard.as_deref(), track.coding));
        }
    }
    Ok(damaged)
}

fn stretches(places: &[Option<usize>], seam: Option<usize>) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let Some(place) = *place else { continue };
        match stretches.last_mut() {
            Some(last)
                if last.place + last.len == place
                    && last.at + last.len == at
                    && Some(place) != seam =>
            {
                last.len += 1;
            }
            _ => stretches.push(Stretch { at, place, len: 1 }),
        }
    }
    stretches
}

/// Whether two decoders gave the same, or as good as that.
fn is_like(clean: Option<&[i16]>, heard: Option<&[i16]>, coding: Coding) -> bool {
    let (Some(clean), Some(heard)) = (clean, heard) else { return clean == heard };
    let allowed = if coding == Coding::HeAac { HE_AAC_ROUNDING } else { 0 };
    let mut pairs = clean.iter().zip(heard);
    clean.len() == heard.len() && pairs.all(|(one, other)| one.abs_diff(*other) <= allowed)
}

#[cfg(test)]
mod tests;
