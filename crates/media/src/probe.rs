//! What a stream is that is neither MP3 nor ADTS, by its first bytes.
//!
//! Magic numbers count at the very start alone: later, they are payload.
//! Sources: RFC 3533 §6 (Ogg page), RFC 7845 §5.1 (Opus), RFC 8216 §4.3.1.1
//! (M3U), ISO/IEC 14496-12 §4.3 (`ftyp`), ISO/IEC 13818-1 §2.4.3.2 (transport
//! packets), ISO/IEC 13818-7 §6.1 (ADIF), ISO/IEC 14496-3 §1.7.2 (LOAS).

use crate::framer::{OggCodec, Refusal};

/// Bytes that settle every mark at a fixed place.
const MARKS_LEN: usize = 16;

/// White space that may stand before text: chosen.
const BLANK_LEN_MAX: usize = 64;

/// Bytes of a transport packet.
const TS_PACKET_LEN: usize = 188;

/// Packets, or LOAS frames, whose sync must stand where it should.
const SYNCS: usize = 4;

/// Longest text mark.
const TEXT_MARK_LEN: usize = 10;

/// What the first bytes say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    /// A format that is refused.
    Found(Refusal),
    /// Not to be said before more bytes come; with a guess where the beginning
    /// of a mark, or two syncs where they should be, allow one.
    Wait(Option<Refusal>),
    /// None of those known here.
    Nothing,
}

/// Marks at a fixed place: offset, bytes, what they mean. Those that are whole
/// first stand first, so that more bytes never change what was found.
const MARKS: [(usize, &[u8], Refusal); 21] = [
    (0, b"fLaC", Refusal::Flac),
    (0, b"RIFF", Refusal::Wav),
    (0, b"RF64", Refusal::Wav),
    (0, b"ADIF", Refusal::Adif),
    (0, b"\x1A\x45\xDF\xA3", Refusal::Matroska),
    (0, b"FORM", Refusal::OtherFormat { name: "AIFF" }),
    (0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11", Refusal::OtherFormat { name: "ASF (WMA)" }),
    (0, b"FLV\x01", Refusal::OtherFormat { name: "FLV" }),
    (0, b"caff", Refusal::OtherFormat { name: "CAF" }),
    (0, b"#!AMR", Refusal::OtherFormat { name: "AMR" }),
    (0, b"MAC ", Refusal::OtherFormat { name: "Monkey's Audio" }),
    (0, b"wvpk", Refusal::OtherFormat { name: "WavPack" }),
    (0, b"\x1F\x8B\x08", Refusal::OtherFormat { name: "gzip" }),
    (0, b"PK\x03\x04", Refusal::OtherFormat { name: "a ZIP archive" }),
    (0, b"\x89PNG", Refusal::OtherFormat { name: "a PNG picture" }),
    (0, b"%PDF", Refusal::OtherFormat { name: "PDF" }),
    (0, b"HTTP/1.", Refusal::OtherFormat { name: "an HTTP answer" }),
    (4, b"ftyp", Refusal::Mp4),
    (4, b"styp", Refusal::Mp4),
    (4, b"moov", Refusal::Mp4),
    (4, b"moof", Refusal::Mp4),
];

/// How text begins, in lower case, and what it then is.
const TEXT_MARKS: [(&[u8], Refusal); 13] = [
    (b"#extm3u", Refusal::Playlist),
    (b"#extinf", Refusal::Playlist),
    (b"[playlist]", Refusal::Playlist),
    (b"http://", Refusal::Playlist),
    (b"https://", Refusal::Playlist),
    (b"<!doctype", Refusal::Markup),
    (b"<?xml", Refusal::Markup),
    (b"<html", Refusal::Markup),
    (b"<head", Refusal::Markup),
    (b"<body", Refusal::Markup),
    (b"<rss", Refusal::Markup),
    (b"<!--", Refusal::Markup),
    (b"<playlist", Refusal::Markup),
];

/// Judges the first bytes of a stream.
///
/// Says [`Magic::Wait`] for 16 bytes at most, unless they begin like something
/// that takes more: 290 bytes for Ogg, 565 for a transport stream, four frames
/// for LOAS.
pub(crate) fn magic(start: &[u8]) -> Magic {
    let is_marked = |&&(at, mark, _): &&(usize, &[u8], Refusal)| {
        start.get(at..).is_some_and(|rest| rest.starts_with(mark))
    };
    if let Some((_, _, refusal)) = MARKS.iter().find(is_marked) {
        return Magic::Found(refusal.clone());
    }
    if start.len() < MARKS_LEN {
        return Magic::Wait(None);
    }
    match start.first() {
        Some(b'O') => ogg(start),
        Some(b'G') => transport_stream(start),
        Some(0x56) => loas(start),
        _ => text(start),
    }
}

fn ogg(start: &[u8]) -> Magic {
    if !start.starts_with(b"OggS") {
        return Magic::Nothing;
    }
    let codec = start
        .get(26)
        .and_then(|&segments| start.get(27 + usize::from(segments)..)?.first_chunk::<8>());
    let Some(codec) = codec else {
        return Magic::Wait(Some(Refusal::Ogg { codec: OggCodec::Unknown }));
    };
    let codec = match codec {
        b"OpusHead" => OggCodec::Opus,
        b"Speex   " => OggCodec::Speex,
        [1, b'v', b'o', b'r', b'b', b'i', b's', _] => OggCodec::Vorbis,
        [0x7F, b'F', b'L', b'A', b'C', ..] => OggCodec::Flac,
        _ => OggCodec::Unknown,
    };
    Magic::Found(Refusal::Ogg { codec })
}

fn transport_stream(start: &[u8]) -> Magic {
    for packet in 0..SYNCS {
        match start.get(packet * TS_PACKET_LEN) {
            Some(b'G') => {}
            Some(_) => return Magic::Nothing,
            None => return Magic::Wait((packet > 1).then_some(Refusal::MpegTs)),
        }
    }
    Magic::Found(Refusal::MpegTs)
}

/// Follows `AudioSyncStream`: 11 bits of sync, 13 of length, that many bytes.
fn loas(start: &[u8]) -> Magic {
    let mut rest = start;
    for sync in 0..SYNCS {
        match *rest {
            [0x56, b1, b2, ..] if b1 & 0xE0 == 0xE0 => {
                let len = usize::from(b1 & 0x1F) << 8 | usize::from(b2);
                rest = rest.get(3 + len..).unwrap_or_default();
            }
            [] | [0x56] | [0x56, _] => {
                return Magic::Wait((sync > 1).then_some(Refusal::Loas));
            }
            _ => return Magic::Nothing,
        }
    }
    Magic::Found(Refusal::Loas)
}

fn text(start: &[u8]) -> Magic {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let blank = text.iter().take(BLANK_LEN_MAX).take_while(|b| b.is_ascii_whitespace()).count();
    let text = text.get(blank..).unwrap_or_default();
    let mark_of = |&&(mark, _): &&(&[u8], Refusal)| {
        text.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark))
    };
    match TEXT_MARKS.iter().find(mark_of) {
        Some((_, refusal)) => Magic::Found(refusal.clone()),
        None if text.is_ascii() && text.len() < TEXT_MARK_LEN => Magic::Wait(None),
        None => Magic::Nothing,
    }
}

#[cfg(test)]
mod tests;
