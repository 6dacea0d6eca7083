//! Metadata between the audio, true and lying.

use std::num::NonZeroU32;

use bytes::Bytes;
use media::{AacProfile, Title};

use crate::base::{self, Base};
use crate::file::{Expected, File};
use crate::mutation;

/// Intervals in bytes: the least, such as are common, the greatest.
const INTERVALS: [u32; 7] = [1, 2, 255, 4_096, 8_192, 16_000, 1_048_576];

/// Titles as they come, whatever their encoding; without what pads them.
const TITLES: [&[u8]; 9] = [
    b"StreamTitle='A - B';",
    b"StreamTitle='It's';StreamUrl='http://a.example/?a=1&b=2';",
    b"StreamTitle='\xE4\xF6\xFC Latin-1';",
    b"StreamTitle='\xCF\xF0\xE8\xE2\xE5\xF2 windows-1251';",
    b"StreamTitle='\xC4\xE3\xBA\xC3 GB 18030';",
    b"StreamTitle='\x1B$B%\"%$\x1B(B ISO-2022-JP';",
    "StreamTitle='\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442} UTF-8';".as_bytes(),
    b"StreamTitle='no end",
    b"StreamUrl='';StreamTitle='';",
];

/// Those of an MP3 stream, and of AAC, whose first frames wait for the detector.
pub fn all() -> Vec<File> {
    let seconds = 8;
    let bases = [
        base::lame(seconds, 128, 44_100, 2),
        base::fdk(AacProfile::Lc, seconds, 96, 44_100, 2),
        base::fdk(AacProfile::HeV2, seconds, 32, 44_100, 2),
    ];
    let files = bases.iter().flat_map(of);
    files.chain(bases.iter().map(longest_everywhere)).collect()
}

/// Those of one base.
pub fn of(base: &Base) -> Vec<File> {
    let files = INTERVALS.map(|interval| interleaved(base, interval, "titles", &mut block));
    files.into_iter().chain(lying(base)).collect()
}

/// The longest title there is behind every byte of audio.
fn longest_everywhere(base: &Base) -> File {
    interleaved(base, 1, "the longest title behind each byte", &mut longest)
}

/// A title each time.
fn block(number: usize) -> Bytes {
    let text = TITLES.get(number % TITLES.len()).copied().unwrap_or_default();
    let units = text.len().div_ceil(16);
    let mut block = vec![u8::try_from(units).expect("short")];
    block.extend_from_slice(text);
    block.resize(1 + units * 16, 0);
    block.into()
}

fn longest(number: usize) -> Bytes {
    let title = Title::new(format!("{number} {}", "x".repeat(5_000)), String::new());
    icy::metaint::block(&title)
}

/// Puts what `block` gives behind every `interval` bytes of audio.
fn interleaved(
    base: &Base,
    interval: u32,
    family: &str,
    block: &mut dyn FnMut(usize) -> Bytes,
) -> File {
    let mut file = mutation::whole(base);
    file.family = format!("{family}, metaint {interval}");
    let mut wire = Vec::new();
    let interval_len = usize::try_from(interval).unwrap_or(usize::MAX);
    // The longest blocks are put between few bytes, or the file is of gigabytes.
    let audio_len = if family.starts_with("the longest") { 3_000 } else { file.audio.len() };
    let audio = file.audio.slice(..audio_len);
    for (number, piece) in audio.chunks(interval_len).enumerate() {
        wire.extend_from_slice(piece);
        if piece.len() == interval_len {
            wire.extend_from_slice(&block(number));
        }
    }
    if audio_len < file.audio.len() {
        file = file.cut(audio_len);
        file.expected = Expected::Taken;
    }
    file.metaint = NonZeroU32::new(interval);
    file.audio = audio;
    file.wire = wire.into();
    file
}

/// Blocks that are shorter or longer than they say, and none at all: either the
/// next block is none, or audio is lost; no title is made of audio.
fn lying(base: &Base) -> Vec<File> {
    let mut shorter = |number: usize| {
        let mut block = block(number).to_vec();
        if let Some(len) = block.first_mut() {
            *len = len.saturating_add(3);
        }
        Bytes::from(block)
    };
    let mut longer = |number: usize| Bytes::from([&block(number)[..], &[b'z'; 40]].concat());
    let mut none = |_: usize| Bytes::new();
    let lying =
        |family, block| interleaved(base, 8_192, family, block).expecting(Expected::Anything);
    vec![
        lying("blocks shorter than they say", &mut shorter),
        lying("blocks longer than they say", &mut longer),
        lying("blocks declared and not sent", &mut none),
    ]
}
