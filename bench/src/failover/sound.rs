//! What is heard: frames decoded, and held against what the source decodes to.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use codec::{aac, mp3};
use media::Codec;

use crate::failover::judge::Alignment;
use crate::failover::track::Track;

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

/// How many frames that were sent decode to other samples than they would without
/// any trouble, from where the listener joined, or from the encoder's restart.
///
/// # Errors
///
/// There is no memory.
pub fn damaged(track: &Track, came: &[Bytes], alignment: &Alignment) -> Result<usize> {
    let Some(first) = alignment.first else { return Ok(0) };
    let wanted: HashSet<usize> = alignment.places.iter().flatten().copied().collect();
    let mut clean = Vec::new();
    let mut decoder = Decoder::new(track.coding.codec())?;
    for (place, frame) in track.frames.iter().enumerate().skip(first) {
        if track.seam == Some(place) {
            decoder = Decoder::new(track.coding.codec())?;
        }
        let samples = decoder.decode(frame);
        clean.push(samples.filter(|_| wanted.contains(&place)));
    }
    let mut decoder = Decoder::new(track.coding.codec())?;
    let mut damaged = 0;
    for (frame, place) in came.iter().zip(&alignment.places) {
        let samples = decoder.decode(frame);
        let expected = place.map(|place| clean.get(place - first));
        damaged += usize::from(expected.is_some_and(|expected| expected != Some(&samples)));
    }
    Ok(damaged)
}

#[cfg(test)]
mod tests;
