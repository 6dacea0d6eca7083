//! Why a stream is refused, in words for who set up the encoder.

use std::fmt;

use crate::adts::Profile;
use crate::blame::Blame;
use crate::id3;
use crate::stream::Codec;

/// Why a stream is refused: it is not MP3, nor AAC-LC or HE-AAC in ADTS.
///
/// Always the peer's fault, and the same bytes are refused again. The text is
/// fit for the operator of the encoder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Layer III whose headers declare no bit rate.
    #[error("free-format MP3 cannot be carried; set a bit rate from 8 to 320 kbit/s")]
    FreeFormat,
    /// MPEG audio Layer I.
    #[error("this is MPEG audio Layer I; send MP3 (Layer III) or AAC")]
    LayerOne,
    /// MPEG audio Layer II.
    #[error("this is MPEG audio Layer II (MP2); send MP3 (Layer III) or AAC")]
    LayerTwo,
    /// AAC in the framing of broadcast systems.
    #[error("this is AAC in LATM/LOAS framing; send AAC in ADTS framing")]
    Loas,
    /// AAC with one header for all.
    #[error("this is AAC in ADIF framing; send AAC in ADTS framing")]
    Adif,
    /// An Ogg stream.
    #[error("this is Ogg with {codec}; send MP3, or AAC in ADTS framing")]
    Ogg {
        /// What its first page says.
        codec: OggCodec,
    },
    /// FLAC without a container.
    #[error("this is FLAC; send MP3, or AAC in ADTS framing")]
    Flac,
    /// A RIFF file, usually WAV.
    #[error("this is a WAV (RIFF) file; send MP3, or AAC in ADTS framing")]
    Wav,
    /// ISO base media: MP4, M4A, fragments.
    #[error("this is an MP4 (M4A) file; send MP3, or AAC in ADTS framing")]
    Mp4,
    /// Matroska or `WebM`.
    #[error("this is Matroska (WebM); send MP3, or AAC in ADTS framing")]
    Matroska,
    /// An MPEG-2 transport stream.
    #[error("this is an MPEG transport stream; send MP3, or AAC in ADTS framing")]
    MpegTs,
    /// HTML or XML.
    #[error("this is a web page or XML, no audio; check the source's address")]
    Markup,
    /// An M3U or PLS file.
    #[error("this is a playlist (M3U or PLS), no audio; use an address that it names")]
    Playlist,
    /// Another format that is known by its first bytes.
    #[error("this is {name}; send MP3, or AAC in ADTS framing")]
    OtherFormat {
        /// The format's name.
        name: &'static str,
    },
    /// AAC that players do not know.
    #[error("this is AAC {profile}; send AAC-LC or HE-AAC")]
    AacProfile {
        /// What the ADTS header says.
        profile: Profile,
    },
    /// AAC whose channels only the payload tells (`channel_configuration` 0).
    #[error("this is AAC with its channels in the payload (PCE); send mono or stereo")]
    ChannelsInPayload,
    /// AAC with more channels than two.
    #[error("this is AAC with {channels} channels; send mono or stereo")]
    TooManyChannels {
        /// What the ADTS header says, 3 to 8.
        channels: u8,
    },
    /// Frames of the other codec stand where the next frame should.
    #[error("the codec changed from {} to {}; connect anew for it", from.media_type(), to.media_type())]
    CodecChanged {
        /// Codec of the frames before.
        from: Codec,
        /// Codec of the frames that follow.
        to: Codec,
    },
    /// The stream begins with a tag that is too long, or ends inside it.
    #[error("no audio came behind an ID3 tag of {declared} bytes")]
    TagTooLong {
        /// Bytes of the tag, as it declares them.
        declared: u64,
    },
    /// Bytes that are nothing known.
    #[error("no MP3 or AAC frame in the first {bytes} bytes")]
    Unrecognised {
        /// Bytes looked at.
        bytes: u64,
    },
}

/// What an Ogg stream's first page says of its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OggCodec {
    /// Vorbis.
    Vorbis,
    /// Opus.
    Opus,
    /// FLAC.
    Flac,
    /// Speex.
    Speex,
    /// Something else, or the page came not far enough to tell.
    Unknown,
}

impl Refusal {
    /// Whose fault it is: the encoder's.
    pub const fn blame(&self) -> Blame {
        Blame::Peer
    }

    /// The tag that `header` begins is to be refused.
    pub(super) fn tag(header: id3::Header) -> Self {
        Self::TagTooLong { declared: header.tag_len() }
    }
}

impl fmt::Display for OggCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vorbis => "Vorbis",
            Self::Opus => "Opus",
            Self::Flac => "FLAC",
            Self::Speex => "Speex",
            Self::Unknown => "an unknown codec",
        })
    }
}
