//! What stands at a place of the stream, and whether headers follow each other.
//!
//! Pure functions over a slice. Four random bytes are an MP3 header once in
//! 22,000, and one that is consistent with a given one once in 320,000; seven
//! are an ADTS header that may be carried once in 320,000, and a consistent one
//! once in 16 million. So two headers in a row appear in random bytes once in
//! 7e9, and three once in 2e15: an hour at 320 kbit/s is 1.4e8 bytes.

use crate::adts;
use crate::framer::Refusal;
use crate::framer::tags;
use crate::mp3;
use crate::stream::FrameHeader;

/// Longest free-format frame: 640 kbit/s at 8 kHz is what LAME can write.
const FREE_FORMAT_LEN_MAX: usize = 5_761;

/// Shortest free-format frame: a header and the side information of one channel.
const FREE_FORMAT_LEN_MIN: usize = 13;

/// Most bytes of a raw data block for each channel: 6,144 bits
/// (ISO/IEC 14496-3 §4.5.3.1).
const BLOCK_LEN_MAX: usize = 768;

/// The bits of a header that stay the same from one frame to the next.
///
/// Of MPEG audio: sync, version, layer, sampling rate, and whether it is mono.
/// Of ADTS: sync, id, layer, profile, sampling rate, channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u32);

/// The bits of [`Key`] in a header of MPEG audio, and in one of ADTS.
const MPEG_MASK: u32 = 0xFFFE_0C00;
const ADTS_MASK: u32 = 0xFFFE_FDC0;

/// The bits that encoders keep throughout a stream, though no standard asks them
/// to: those of the key, whether there are checksums, copyright and the like.
const MPEG_KEPT: u32 = 0xFFFF_0C0F;
const ADTS_KEPT: u32 = 0xFFFF_FFF0;

/// A header that may begin a frame.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// What its followers must have in common with it.
    pub(super) key: Key,
    /// Bytes of the frame.
    pub(super) len: usize,
    /// What the frame is.
    pub(super) what: Content,
}

/// What a frame is good for.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// To be carried.
    Audio(FrameHeader),
    /// To be refused.
    Refused(Refusal),
}

/// What stands at a place.
#[derive(Debug)]
pub(super) enum Here {
    /// A header.
    Header(Candidate),
    /// A header of Layer III without a bit rate.
    FreeFormat,
    /// A tag.
    Tag(tags::Tag),
    /// The bytes end before it can be said.
    Cut,
    /// None of these.
    Nothing,
}

/// Answer to a question that may take more bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    Wait,
}

impl Key {
    /// Layer 0 is ADTS.
    fn is_adts(self) -> bool {
        self.0 & 0x0006_0000 == 0
    }

    /// Whether the first bytes of a header of this kind may be `cut`.
    fn may_begin_with(self, cut: &[u8]) -> bool {
        let mask = if self.is_adts() { ADTS_MASK } else { MPEG_MASK };
        let bytes = cut.iter().zip(mask.to_be_bytes()).zip(self.0.to_be_bytes());
        bytes.into_iter().all(|((byte, mask), key)| byte & mask == key & mask)
    }
}

/// Says what `bytes` begin with.
pub(super) fn read(bytes: &[u8]) -> Here {
    match *bytes {
        [] | [0xFF] => Here::Cut,
        [0xFF, b1, ..] if b1 & 0xF6 == 0xF0 => read_adts(bytes),
        [0xFF, b1, ..] if b1 & 0xE0 == 0xE0 => read_mpeg(bytes),
        _ => tags::read(bytes),
    }
}

/// Whether `wanted` consistent headers stand in a row, the first being `first`
/// at the beginning of `bytes`. A tag behind a frame counts as a header.
///
/// `ended` says that no more bytes come: then two headers suffice where the
/// next would stand behind the end.
pub(super) fn chain(bytes: &[u8], first: &Candidate, wanted: usize, ended: bool) -> Verdict {
    let mut at = first.len;
    for seen in 1..wanted {
        match read(bytes.get(at..).unwrap_or_default()) {
            Here::Header(next) if next.key == first.key => at += next.len,
            Here::Tag(_) if seen + 1 == wanted => return Verdict::Yes,
            Here::Cut if !ended => return Verdict::Wait,
            Here::Cut if seen > 1 => return Verdict::Yes,
            _ => return Verdict::No,
        }
    }
    Verdict::Yes
}

/// Whether the header that follows the one at the beginning of `bytes` is alike
/// it in all that encoders keep. Junk may hold true headers, of frames that were
/// broken off: then one that is only consistent with them is found once in
/// 320,000 of them, where there is none.
pub(super) fn is_alike(bytes: &[u8], first: &Candidate) -> bool {
    let kept = if first.key.is_adts() { ADTS_KEPT } else { MPEG_KEPT };
    let next = bytes.get(first.len..).unwrap_or_default();
    match (word(bytes), word(next), read(next)) {
        (Some(first), Some(next), Here::Header(_)) => (first ^ next) & kept == 0,
        _ => true,
    }
}

/// Whether what follows a whole frame proves it: a consistent header, a tag, two
/// headers of another kind that are consistent with each other, or the first
/// bytes of a header before two whole ones.
pub(super) fn is_followed(bytes: &[u8], frame: &Candidate, ended: bool) -> Verdict {
    let rest = bytes.get(frame.len..).unwrap_or_default();
    let verdict = match read(rest) {
        Here::Header(next) if next.key == frame.key => Verdict::Yes,
        Here::Header(next) => chain(rest, &next, 2, ended),
        Here::Tag(_) => Verdict::Yes,
        Here::Cut if ended => Verdict::Yes,
        Here::Cut => Verdict::Wait,
        Here::FreeFormat | Here::Nothing => Verdict::No,
    };
    if verdict == Verdict::No { is_followed_by_cut_header(rest, frame.key, ended) } else { verdict }
}

/// Whether `rest` begins with a consistent header that was cut off before its
/// end, and goes on with two whole ones or a tag: the connection broke just
/// behind a frame.
fn is_followed_by_cut_header(rest: &[u8], key: Key, ended: bool) -> Verdict {
    for len in 1..adts::HEADER_LEN {
        let Some((cut, fresh)) = rest.split_at_checked(len) else { return Verdict::No };
        if !key.may_begin_with(cut) {
            return Verdict::No;
        }
        match read(fresh) {
            Here::Header(next) if next.key == key => match chain(fresh, &next, 2, ended) {
                Verdict::No => {}
                verdict => return verdict,
            },
            Here::Tag(_) => return Verdict::Yes,
            Here::Cut if !ended => return Verdict::Wait,
            _ => {}
        }
    }
    Verdict::No
}

/// Whether `bytes`, which begin with a free-format header, hold two more at the
/// distances that follow from each other.
pub(super) fn is_free_format(bytes: &[u8]) -> Verdict {
    let Some(first) = word(bytes) else { return Verdict::Wait };
    let same = |at: usize| bytes.get(at..).and_then(word).map(|w| (w ^ first) & 0xFFFE_FC00 == 0);
    let end = bytes.len().min(FREE_FORMAT_LEN_MAX + 1);
    let search = bytes.get(FREE_FORMAT_LEN_MIN..end).unwrap_or_default();
    let mut distances = memchr::memchr_iter(0xFF, search).map(|at| at + FREE_FORMAT_LEN_MIN);
    let Some(len) = distances.find(|&at| same(at) == Some(true)) else {
        let is_all_seen = bytes.len() >= FREE_FORMAT_LEN_MAX + mp3::HEADER_LEN;
        return if is_all_seen { Verdict::No } else { Verdict::Wait };
    };
    let padding = |at: usize| bytes.get(at + 2).map_or(0, |b2| usize::from(b2 >> 1 & 1));
    match same(len + len - padding(0) + padding(len)) {
        Some(true) => Verdict::Yes,
        Some(false) => Verdict::No,
        None => Verdict::Wait,
    }
}

fn read_mpeg(bytes: &[u8]) -> Here {
    let Some(word) = word(bytes) else { return Here::Cut };
    let Some(header) = mp3::Header::parse(bytes) else { return Here::Nothing };
    let Some(len) = header.frame_len() else {
        return if header.layer == mp3::Layer::Three { Here::FreeFormat } else { Here::Nothing };
    };
    let what = match header.layer {
        mp3::Layer::One => Content::Refused(Refusal::LayerOne),
        mp3::Layer::Two => Content::Refused(Refusal::LayerTwo),
        mp3::Layer::Three => match header.to_frame_header() {
            Some(header) => Content::Audio(header),
            None => return Here::Nothing,
        },
    };
    let mono = u32::from(header.channels() == 1);
    Here::Header(Candidate { key: Key(word & MPEG_MASK | mono), len, what })
}

fn read_adts(bytes: &[u8]) -> Here {
    let Some(word) = word(bytes).filter(|_| bytes.len() >= adts::HEADER_LEN) else {
        return Here::Cut;
    };
    let Some(header) = adts::Header::parse(bytes) else { return Here::Nothing };
    let what = match header.to_frame_header() {
        Some(header) => Content::Audio(header),
        None => Content::Refused(refusal_of(&header)),
    };
    // What is refused must at least be possible, or random bytes hold up the
    // search with frames of eight thousand bytes.
    let blocks_len_max = usize::from(header.blocks) * BLOCK_LEN_MAX + 16;
    let len_max = blocks_len_max * header.channels().map_or(16, usize::from);
    if matches!(what, Content::Refused(_)) && header.frame_len > len_max {
        return Here::Nothing;
    }
    let key = Key(word & ADTS_MASK);
    Here::Header(Candidate { key, len: header.frame_len, what })
}

fn refusal_of(header: &adts::Header) -> Refusal {
    match header.channels() {
        None => Refusal::ChannelsInPayload,
        Some(channels @ 3..) => Refusal::TooManyChannels { channels },
        Some(_) => Refusal::AacProfile { profile: header.profile },
    }
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
