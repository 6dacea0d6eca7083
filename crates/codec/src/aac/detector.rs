//! Tells LC, HE-AAC v1 and v2 apart, which ADTS headers do not.
//!
//! SBR hides in fill elements of the core's frames, and parametric stereo in the
//! SBR data (ISO/IEC 14496-3 §4.4.2.8, §8.A). So the first frames are decoded and
//! the decoder is asked what it met. What the detector does not do: follow a
//! stream that changes later. Make a new one where an epoch begins.

use media::AacProfile;

use super::decoder::{Decoder, Found};

/// Frames after which the detector decides with what it saw: 1.1 s of HE-AAC at
/// 44.1 kHz, more than two periods of the SBR headers (see [`Detector`]).
pub const DETECT_FRAMES_MAX: usize = 24;

/// Clean frames without SBR that make a stream LC.
///
/// SBR data is in every frame of an HE-AAC stream, its header is not needed to
/// see it; this covers a whole period of headers all the same.
pub const LC_FRAMES_MIN: usize = 12;

/// Clean frames with SBR, each seen by a decoder of its own, that make a stream
/// with two or more core channels HE-AAC v1: one might be an accident of a
/// broken frame.
pub const SBR_FRAMES_MIN: usize = 2;

/// Decides a stream's profile over its first frames.
///
/// How many it takes from fdk-aac's encoder, at 32 to 48 kHz, tuning in anywhere
/// (held by the tests; the SBR and PS headers come every tenth frame, and PS
/// shows one frame after):
///
/// | stream | frames |
/// | --- | --- |
/// | LC | [`LC_FRAMES_MIN`] = 12 |
/// | HE-AAC v1, stereo | [`SBR_FRAMES_MIN`] = 2 |
/// | HE-AAC v1, mono | [`DETECT_FRAMES_MAX`] = 24: it is v2 until no PS has come |
/// | HE-AAC v2 | 2 from the start, 2 to 11 in mid-stream |
#[derive(Debug)]
pub struct Detector {
    state: State,
}

#[derive(Debug)]
enum State {
    Looking(Box<Looking>),
    Decided(AacProfile),
}

/// What has been seen so far.
#[derive(Debug)]
struct Looking {
    /// None without memory: then the stream counts as LC.
    decoder: Option<Decoder>,
    frames: usize,
    clean_frames: usize,
    /// SBR was met, in a core of whatever channels.
    sbr: bool,
    /// Times that a fresh decoder met SBR in a core of two or more channels.
    stereo_sbr_frames: usize,
}

impl Detector {
    /// Starts looking.
    pub fn new() -> Self {
        let looking = Looking {
            decoder: Decoder::new(),
            frames: 0,
            clean_frames: 0,
            sbr: false,
            stereo_sbr_frames: 0,
        };
        Self { state: State::Looking(Box::new(looking)) }
    }

    /// Takes one whole ADTS frame and gives the profile once it is certain, or
    /// when [`DETECT_FRAMES_MAX`] frames have come.
    ///
    /// What is no whole frame, or does not decode, counts to the maximum and
    /// tells nothing. Once decided, the answer stays and frames are not looked
    /// at; the decoder is gone by then.
    pub fn push(&mut self, frame: &[u8]) -> Option<AacProfile> {
        if let State::Looking(looking) = &mut self.state
            && let Some(profile) = looking.push(frame)
        {
            self.state = State::Decided(profile);
        }
        self.profile()
    }

    /// The profile, once decided.
    pub fn profile(&self) -> Option<AacProfile> {
        match self.state {
            State::Looking(_) => None,
            State::Decided(profile) => Some(profile),
        }
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Looking {
    fn push(&mut self, frame: &[u8]) -> Option<AacProfile> {
        self.frames += 1;
        let found = self.decoder.as_mut().and_then(|decoder| decoder.decode(frame, |_| {}));
        found.and_then(|found| self.certain(found)).or_else(|| self.at_the_end())
    }

    /// What follows from a clean frame, if anything does.
    fn certain(&mut self, found: Found) -> Option<AacProfile> {
        self.clean_frames += 1;
        self.sbr |= found.sbr;
        match found {
            Found { ps: true, .. } => Some(AacProfile::HeV2),
            // Parametric stereo goes with a mono core only.
            Found { sbr: true, core_channels: 2.., .. } => self.stereo_sbr(),
            Found { sbr: false, .. } if self.clean_frames >= LC_FRAMES_MIN => Some(AacProfile::Lc),
            _ => None,
        }
    }

    fn stereo_sbr(&mut self) -> Option<AacProfile> {
        self.stereo_sbr_frames += 1;
        if self.stereo_sbr_frames >= SBR_FRAMES_MIN {
            return Some(AacProfile::HeV1);
        }
        // A decoder that has met SBR once says so for ever.
        self.decoder = Decoder::new();
        None
    }

    fn at_the_end(&self) -> Option<AacProfile> {
        let sbr = self.sbr && self.stereo_sbr_frames == 0;
        let profile = if sbr { AacProfile::HeV1 } else { AacProfile::Lc };
        (self.frames >= DETECT_FRAMES_MAX).then_some(profile)
    }
}

#[cfg(test)]
mod tests;
