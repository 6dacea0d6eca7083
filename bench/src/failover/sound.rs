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

/// After so many frames the noise of a decoder of SBR repeats itself: it has 512
/// values (ISO/IEC 14496-3 §4.6.18.7.5), and each frame takes 32 times as many as there
/// are bands. That begins with a header, which is in every tenth frame.
const NOISE_STEPS: usize = 16 + 10;

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
/// Decoders of SBR make noise that is a function of the number of frames so far. So
/// behind a fault that decoder hears some silence before, as much as brings its noise
/// in step with the listener's.
///
/// # Errors
///
/// There is no memory.
pub fn damaged(track: &Track, came: &[Bytes], alignment: &Alignment) -> Result<usize> {
    let Some(first) = alignment.first else { return Ok(0) };
    let mut decoder = Decoder::new(track.coding.codec())?;
    let heard: Vec<_> = came.iter().map(|frame| decoder.decode(frame)).collect();
    let mut damaged = 0;
    for (nth, stretch) in stretches(&alignment.places, track.seam).iter().enumerate() {
        let begin = track.seam.filter(|seam| *seam <= stretch.place).unwrap_or(first);
        let heard = heard.get(stretch.at..).unwrap_or_default();
        let steps = if nth > 0 && track.coding == Coding::HeAac { NOISE_STEPS } else { 1 };
        let mut least = usize::MAX;
        for quiet in 0..steps {
            least = least.min(unlike(track, stretch, (begin, quiet), heard)?);
        }
        damaged += least;
    }
    Ok(damaged)
}

/// How many frames of a stretch are not what a decoder makes of them that has heard
/// so much silence and then all from `begin` on.
fn unlike(
    track: &Track,
    stretch: &Stretch,
    (begin, quiet): (usize, usize),
    heard: &[Option<Vec<i16>>],
) -> Result<usize> {
    let mut clean = Decoder::new(track.coding.codec())?;
    for frame in track.quiet.iter().cycle().take(quiet) {
        clean.decode(frame);
    }
    let frames = track.frames.get(begin..).unwrap_or_default();
    let (before, own) = frames.split_at(stretch.place - begin);
    for frame in before {
        clean.decode(frame);
    }
    let mut unlike = 0;
    for (frame, heard) in own.iter().take(stretch.len).zip(heard) {
        let clean = clean.decode(frame);
        unlike += usize::from(!is_like(clean.as_deref(), heard.as_deref(), track.coding));
    }
    Ok(unlike)
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
