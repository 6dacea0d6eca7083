//! Text of a multivariant playlist (RFC 8216 §4.3.4).

use media::{AacProfile, Codec};

use crate::text::{line, quoted, uri};

/// One rendition as a player may choose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its media playlist, relative to the multivariant one or absolute.
    pub uri: String,
    /// Peak bits per second, container included, as
    /// [`Meter::peak_bps`](crate::Meter::peak_bps) measures them.
    pub bandwidth_bps: u64,
    /// Average bits per second; never written higher than the peak.
    pub average_bandwidth_bps: u64,
    /// Formats of the samples, from [`codecs_string`].
    pub codecs: String,
}

/// Renders the variants in the order given: players begin with the first.
///
/// Bears no `EXT-X-VERSION`, since it uses nothing above version 1.
pub fn render(variants: &[Variant]) -> String {
    let mut text = String::from("#EXTM3U\n");
    for variant in variants {
        let peak = variant.bandwidth_bps;
        let average = variant.average_bandwidth_bps.min(peak);
        let codecs = quoted(&variant.codecs, crate::VALUE_LEN_MAX);
        line(
            &mut text,
            format_args!(
                "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{codecs}\""
            ),
        );
        line(&mut text, format_args!("{}", uri(&variant.uri)));
    }
    text
}

/// The variants that any player can change between: without MP3, where there is something
/// else.
///
/// Chromium's own player takes MP3's `CODECS` for something that it can play, begins with
/// the least variant, goes over to the greatest that its line carries, and fails at the
/// first frame of MP3 (version 156).
pub fn without_mp3(variants: Vec<Variant>) -> Vec<Variant> {
    if variants.iter().all(is_mp3) {
        return variants;
    }
    variants.into_iter().filter(|variant| !is_mp3(variant)).collect()
}

/// Whether a variant is of MP3.
pub fn is_mp3(variant: &Variant) -> bool {
    variant.codecs == codecs_string(Codec::Mp3, None)
}

/// The format's name in `CODECS` (RFC 6381 §3.3, object types of ISO/IEC 14496-3).
///
/// AAC whose profile is not known yet counts as low complexity, which its core
/// is. A profile means nothing to MP3.
pub const fn codecs_string(codec: Codec, profile: Option<AacProfile>) -> &'static str {
    match (codec, profile) {
        (Codec::Mp3, _) => "mp4a.40.34",
        (Codec::Aac, None | Some(AacProfile::Lc)) => "mp4a.40.2",
        (Codec::Aac, Some(AacProfile::HeV1)) => "mp4a.40.5",
        (Codec::Aac, Some(AacProfile::HeV2)) => "mp4a.40.29",
    }
}

#[cfg(test)]
mod tests;
