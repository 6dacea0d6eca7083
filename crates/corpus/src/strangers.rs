//! What is no MP3 and no AAC, or not the one that the ingest takes.

use bytes::Bytes;
use media::Codec;

use crate::base;
use crate::file::{Expected, File, Piece};
use crate::tags::{noise, repeated};

/// Bytes of each: more than two seconds at any rate, and than the framer looks at.
const LEN: usize = 80_000;

/// How each begins, and what its refusal says. Behind it comes noise.
const MARKS: [(&str, &[u8], &str); 22] = [
    (
        "Ogg Vorbis",
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\x02\x03\x04\0\0\0\0\xAA\xBB\xCC\xDD\x01\x1E\x01vorbis",
        "Vorbis",
    ),
    (
        "Ogg Opus",
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\x02\x03\x04\0\0\0\0\xAA\xBB\xCC\xDD\x01\x13OpusHead",
        "Opus",
    ),
    (
        "Ogg FLAC",
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\x02\x03\x04\0\0\0\0\xAA\xBB\xCC\xDD\x01\x33\x7FFLAC\x01\0",
        "FLAC",
    ),
    ("FLAC", b"fLaC\0\0\0\x22\x10\0\x10\0", "FLAC"),
    ("WAV", b"RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\x01\0\x02\0", "WAV"),
    ("MP4", b"\0\0\0\x20ftypM4A \0\0\0\0", "MP4"),
    ("Matroska", b"\x1A\x45\xDF\xA3\x93\x42\x82\x88", "Matroska"),
    ("ADIF", b"ADIF\0\0\0\0\0\0\0\0\0\0\0\0", "ADIF"),
    ("HTML", b"<!DOCTYPE html><html><head><title>502</title>", "web page"),
    ("XML", b"<?xml version=\"1.0\"?><rss>", "web page"),
    ("M3U", b"#EXTM3U\nhttp://a.example/live.mp3\n", "playlist"),
    ("PLS", b"[playlist]\nFile1=http://a.example/live\n", "playlist"),
    ("an address", b"http://a.example/live.mp3\r\n", "playlist"),
    ("gzip", b"\x1F\x8B\x08\0\0\0\0\0\0\x03\xED\xC1\x01\x0D\0\0\0", "gzip"),
    ("ZIP", b"PK\x03\x04\x14\0\0\0\x08\0", "ZIP"),
    ("PNG", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", "PNG"),
    ("PDF", b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n", "PDF"),
    ("an HTTP answer", b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n", "HTTP answer"),
    ("AIFF", b"FORM\0\0\x10\0AIFFCOMM", "AIFF"),
    ("ASF", b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\0\xAA", "ASF"),
    ("FLV", b"FLV\x01\x04\0\0\0\x09\0\0\0\0\0\0\0", "FLV"),
    ("AMR", b"#!AMR\n\x3C\x91\x17\x16\xBE\x66\x78\0\0\x01\xE7", "AMR"),
];

/// All of them, each sent to an ingest of either codec.
pub fn all() -> Vec<File> {
    let mut files = Vec::new();
    for codec in [Codec::Mp3, Codec::Aac] {
        let mut add = |name: &str, bytes: Bytes, reason: &'static str| {
            let file = File::of("not MP3 or AAC", name, codec, &[Piece::Junk(bytes)]);
            files.push(file.expecting(Expected::Refused(reason)));
        };
        for (name, mark, reason) in MARKS {
            add(name, [mark, &noise(LEN, 5)].concat().into(), reason);
        }
        for (name, bytes, reason) in framed() {
            add(name, bytes, reason);
        }
        for (name, pattern, reason) in PATTERNS {
            add(name, repeated(pattern, LEN), reason);
        }
        add("headers of free format among 0xFF", free_format_among_ones(), NO_FRAME);
        for seed in 0..10 {
            add(&format!("noise {seed}"), noise(LEN, seed), NO_FRAME);
        }
    }
    files.extend(other_codec());
    files
}

/// Bytes without a frame, some of which look like the beginning of one wherever
/// one looks.
const PATTERNS: [(&str, &[u8], &str); 10] = [
    ("zeros", b"\0", NO_FRAME),
    ("0xFF", b"\xFF", NO_FRAME),
    ("text", b"no audio today, come back tomorrow\r\n", NO_FRAME),
    ("headers of MP3 alone", b"\xFF\xFB\x90\x64", NO_FRAME),
    ("headers of AAC alone", b"\xFF\xF1\x50\x80\x7F\xFF\xFC", NO_FRAME),
    ("headers of free format alone", b"\xFF\xFB\x00\xC4", "free-format"),
    ("silence of 16 bits", b"\x01\0\xFF\xFF", NO_FRAME),
    ("halves of ID3", b"ID3", NO_FRAME),
    ("ID3 tags too long", b"ID3\x04\0\0\x7F\x7F\x7F\x7F", "ID3 tag of 268435465 bytes"),
    ("beginnings of Ogg pages", b"xOggS", NO_FRAME),
];

/// What is told of bytes that are nothing known.
const NO_FRAME: &str = "no MP3 or AAC frame";

/// Audio in frames that are not carried.
fn framed() -> Vec<(&'static str, Bytes, &'static str)> {
    let frame = |head: &[u8], len: usize| -> Bytes {
        let frame = [head, &repeated(b"\x12\x34\x56", len - head.len())].concat();
        repeated(&frame, LEN)
    };
    vec![
        ("MPEG Layer I", frame(b"\xFF\xFF\xE0\x00", 484), "Layer I;"),
        ("MPEG Layer II", frame(b"\xFF\xFD\xE4\x00", 1_152), "Layer II "),
        ("free-format MP3", frame(b"\xFF\xFB\x00\x00", 600), "free-format"),
        ("AAC Main", frame(b"\xFF\xF1\x10\x80\x2B\x9F\xFC", 348), "AAC Main"),
        ("AAC LTP", frame(b"\xFF\xF1\xD0\x80\x2B\x9F\xFC", 348), "AAC LTP"),
        ("AAC of six channels", frame(b"\xFF\xF1\x51\x80\x2B\x9F\xFC", 348), "6 channels"),
        ("AAC with a PCE", frame(b"\xFF\xF1\x50\x00\x2B\x9F\xFC", 348), "PCE"),
        ("AAC in LOAS", frame(b"\x56\xE0\x80", 131), "LOAS"),
        ("MPEG-TS", frame(b"\x47\x40\x00\x10", 188), "transport stream"),
    ]
}

/// Headers of free format, each followed by as many bytes as such a frame may
/// have, of which each may begin the next header and none does; no two of them
/// are of one kind.
fn free_format_among_ones() -> Bytes {
    let kinds = [0xFB_u8, 0xF3, 0xE3].into_iter();
    let heads = kinds.flat_map(|version| [0_u8, 4, 8].map(|rate| [0xFF, version, rate, 0xC4]));
    let groups = heads.map(|head| [&head[..], &repeated(b"\xFF", 7_500)].concat());
    let all = groups.chain([noise(LEN, 9).to_vec()]);
    all.collect::<Vec<_>>().concat().into()
}

/// Good audio of the other codec: refused before any of it is told.
fn other_codec() -> Vec<File> {
    let bases = [
        (base::lame(8, 128, 44_100, 2), Codec::Aac),
        (base::fdk(media::AacProfile::Lc, 8, 96, 44_100, 2), Codec::Mp3),
    ];
    let files = bases.into_iter().map(|(base, to)| {
        let bytes = Bytes::from(base.frames.concat());
        let file = File::of("the other codec", &base.name, to, &[Piece::Junk(bytes)]);
        file.expecting(Expected::Refused("encoding is not the ingest's"))
    });
    files.collect()
}
