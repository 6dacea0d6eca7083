//! Joins of two streams of the same codec and parameters, in mid-stream.
//!
//! A decoder that comes to a frame without having heard those before it does
//! not decode it right: Layer III frames borrow main data from earlier ones
//! (the bit reservoir, ISO/IEC 11172-3 §2.4.2.7), the windows of both codecs
//! overlap by half, and SBR and PS code much as a difference in time (ISO/IEC
//! 14496-3 §4.6.18, §8.6.4). Where the output switches from one stream to
//! another, the [`primer`] goes between them: frames of the newcomer that bring
//! the decoder to where it would be had it heard the newcomer all along.
//!
//! | stream | primer, when all that it takes is known | from `first` on |
//! | --- | --- | --- |
//! | MPEG-1 Layer III | 1 frame; 2 where the highest bit rate has no room | the same samples |
//! | Layer III below 32 kHz | 2 frames, or 3 | the same samples |
//! | AAC-LC | 1 frame | the same samples, but for noise (PNS) |
//! | HE-AAC v1 and v2 | [`HE_AAC_LEN`] frames | within 4 of 32,768, but for noise |
//!
//! A primer of Layer III is not the newcomer's frames as they were, which would
//! want their own reservoir: each is written anew, at a bit rate that has room
//! for all of its main data and for what `first` borrows.
//!
//! The primer is heard. It is the newcomer's sound right before `first`, its
//! first half window mixed with the old stream's end; who has to keep to a
//! timeline leaves out as many frames of the old stream.
//!
//! Not here: what makes two streams compatible, which the caller sees to, and
//! where it is best to join.

mod layer3;
mod side_info;

use bytes::Bytes;

use crate::adts;
use crate::mp3;
use crate::stream::AacProfile;

/// Frames before the first one that are looked at; more are of no use.
///
/// The reservoir's 255 bytes are 24 frames at 8 kbit/s and 24 kHz, and it is the
/// reservoir of the second frame before.
pub const BEFORE_LEN_MAX: usize = 32;

/// Frames of an HE-AAC primer, v1 or v2.
///
/// Measured over 480 joins with libfdk's encoder at 24 to 64 kbit/s and its
/// decoder, where the noise that it makes itself was in step: without a primer
/// samples are off by up to 26,000 of 32,768 from the first frame on, with 3
/// frames by 2,600 (v1) and 6,900 (v2), with 10 by 4 and 106, with 11 by 4 and
/// 2, with 19 by 3 and 1. In ffmpeg, where the noise is never in step, what is
/// off is that noise alone from 3 frames on (v1) and from 8 on (v2).
///
/// SBR and PS headers come every tenth frame, so one is always among these. To
/// begin with the last of them is shorter, but not enough: differences in time
/// go on across it, and 34 of the joins were off by up to 4,000.
pub const HE_AAC_LEN: usize = 11;

/// Frames to be heard between the last frame of one stream and a frame in the
/// middle of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Primer {
    /// Whole frames with the newcomer's parameters, in the order in which they
    /// go out.
    pub frames: Vec<Bytes>,
    /// Whether they are all that the decoder has to hear. If not, something was
    /// not known, and the newcomer's first frame or more of them come out wrong,
    /// but not as the noise that the old stream's reservoir would make of them.
    pub is_complete: bool,
}

/// Gives the frames for a decoder to hear before `first`.
///
/// `before` are the newcomer's own frames right before `first`, the oldest
/// first, without a hole; from the newest on as many are used as are understood
/// and belong to the stream, at most [`BEFORE_LEN_MAX`]. `profile` is that of an
/// AAC stream; one that is not known counts as LC.
///
/// The fewer are known, the less the primer does. For Layer III whose reservoir
/// is not known it is a silent frame that has nothing in it but what is known of
/// the reservoir, so that decoders mute what they cannot decode. A `first` that
/// is no frame of Layer III or ADTS, or one of free format, has no primer.
pub fn primer(profile: Option<AacProfile>, before: &[Bytes], first: &[u8]) -> Primer {
    let newest = before.len().saturating_sub(BEFORE_LEN_MAX);
    let before = before.get(newest..).unwrap_or_default();
    let primer = if mp3::Header::parse(first).is_some() {
        layer3::primer(before, first)
    } else {
        aac(profile, before, first)
    };
    primer.unwrap_or_default()
}

fn aac(profile: Option<AacProfile>, before: &[Bytes], first: &[u8]) -> Option<Primer> {
    let wanted = match profile {
        Some(AacProfile::HeV1 | AacProfile::HeV2) => HE_AAC_LEN,
        Some(AacProfile::Lc) | None => 1,
    };
    let form = |frame: &[u8]| {
        let header = adts::Header::parse(frame).filter(|header| header.frame_len == frame.len())?;
        Some((header.profile, header.rate_hz, header.channel_configuration))
    };
    let own = Some(form(first)?);
    let newest = before.iter().rev().take(wanted).take_while(|frame| form(frame) == own);
    let mut frames: Vec<_> = newest.cloned().collect();
    frames.reverse();
    let is_complete = frames.len() == wanted;
    Some(Primer { frames, is_complete })
}

#[cfg(test)]
mod tests;
