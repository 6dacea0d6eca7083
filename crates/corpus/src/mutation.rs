//! What befalls a good stream.

use bytes::Bytes;
use fastrand::Rng;
use media::{ChannelMode, Codec, adts, mp3, synthetic};

use crate::base::Base;
use crate::file::{Expected, File, Piece};
use crate::tags;

/// Frames between two of what is put in. Chosen: far enough that what is put
/// in is rare, near enough that a short base meets it some times.
const EVERY: usize = 40;

/// Bits of which one is flipped, on average.
const FLIP_RATES: [u32; 4] = [1_000_000, 100_000, 10_000, 1_000];

/// The base as it is.
pub fn whole(base: &Base) -> File {
    let mut pieces: Vec<Piece> = base.head.iter().cloned().map(Piece::Tag).collect();
    pieces.extend(frames(&base.frames));
    let file = File::of("whole", &base.name, base.codec, &pieces);
    match base.refused {
        // None of them is to be given.
        Some(reason) => file.refused(reason),
        None => file,
    }
}

/// Every mutation of a base.
pub fn all(base: &Base) -> Vec<File> {
    let mut files = Vec::new();
    files.extend(cuts(base));
    files.extend(FLIP_RATES.map(|rate| flipped(base, rate)));
    files.extend(junk(base));
    files.extend(tags_between(base));
    files.extend(lying_tags(base));
    files.extend(changes(base));
    files.extend(order(base));
    files
}

/// A few frames in much junk, again and again: whoever keeps the frames may not
/// keep the junk. Longer than the heap that a source may take.
pub fn few_in_much_junk(base: &Base) -> File {
    const JUNK_LEN: usize = 64_000;
    let junk = tags::repeated(b"\0", JUNK_LEN);
    let groups = base.frames.chunks(4).cycle().take((20 << 20) / JUNK_LEN);
    let pieces = groups.flat_map(|group| [frames(group), vec![Piece::Junk(junk.clone())]].concat());
    let pieces: Vec<Piece> = frames(&base.frames).into_iter().chain(pieces).collect();
    file("64 KB of zeros behind every four frames", base, &pieces)
}

fn frames(frames: &[Bytes]) -> Vec<Piece> {
    frames.iter().cloned().map(Piece::Frame).collect()
}

/// What `between` gives before every so many frames, the first ones apart.
fn with_between(base: &Base, between: &mut dyn FnMut(usize) -> Vec<Piece>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, frame) in base.frames.iter().enumerate() {
        if number > 0 && number % EVERY == 0 {
            pieces.extend(between(number));
        }
        pieces.push(Piece::Frame(frame.clone()));
    }
    pieces
}

fn file(family: &str, base: &Base, pieces: &[Piece]) -> File {
    File::of(family, &base.name, base.codec, pieces)
}

/// The connection breaks within a frame, and goes on with a fresh one; within
/// its header, too.
fn cuts(base: &Base) -> Vec<File> {
    let half = |part: fn(usize) -> usize| {
        with_between(base, &mut |number| {
            let frame = base.frames.get(number).cloned().unwrap_or_default();
            vec![Piece::Half(frame.slice(..part(frame.len())))]
        })
    };
    let begins_within = base.frames.first().cloned().unwrap_or_default();
    let begins_within = begins_within.slice(begins_within.len() / 3..);
    let from_within = [vec![Piece::Junk(begins_within)], frames(&base.frames)].concat();
    vec![
        file("frames broken off in their middle", base, &half(|len| len / 2)),
        file("frames broken off before their last byte", base, &half(|len| len - 1)),
        file("frames broken off behind their header", base, &half(|len| len.min(8))),
        file("begins within a frame", base, &from_within),
    ]
}

/// Bits flipped anywhere.
fn flipped(base: &Base, one_of: u32) -> File {
    let mut rng = Rng::with_seed(u64::from(one_of));
    let header_len = match base.codec {
        Codec::Mp3 => mp3::HEADER_LEN,
        Codec::Aac => adts::HEADER_LEN,
    };
    let pieces = base.frames.iter().map(|frame| {
        let mut bytes = frame.to_vec();
        let mut is_spoilt = false;
        for (at, byte) in bytes.iter_mut().enumerate() {
            for bit in 0..8 {
                if rng.u32(..one_of) == 0 {
                    *byte ^= 1 << bit;
                    is_spoilt |= at < header_len;
                }
            }
        }
        if is_spoilt { Piece::Spoilt(bytes.into()) } else { Piece::Frame(bytes.into()) }
    });
    let pieces: Vec<Piece> = pieces.collect();
    file(&format!("a bit of {one_of} flipped"), base, &pieces)
}

/// What stands between frames: a name, and a maker of the next.
type Kind = (&'static str, fn(usize) -> Bytes);

/// Things between frames that are none.
fn junk(base: &Base) -> Vec<File> {
    let kinds: [Kind; 9] = [
        ("noise between frames", |seed| tags::noise(300 + seed, seed as u64)),
        ("noise of 20 KB between frames", |seed| tags::noise(20_000, seed as u64)),
        ("one byte between frames", |_| Bytes::from_static(b"\x55")),
        ("zeros between frames", |_| tags::repeated(b"\0", 1_000)),
        ("HTML between frames", |_| tags::repeated(b"<html><body>502</body></html>\r\n", 700)),
        ("text between frames", |_| tags::repeated(b"ICY 200 OK\r\nicy-name:A\r\n\r\n", 333)),
        ("sync words of MP3 between frames", |_| tags::repeated(b"\xFF\xFB\x90\x64\0\0\0", 2_000)),
        ("sync words of AAC between frames", |_| {
            tags::repeated(b"\xFF\xF1\x50\x80\x02\x1F\xFC\0\0", 2_000)
        }),
        ("0xFF between frames", |_| tags::repeated(b"\xFF", 3_000)),
    ];
    let mut files = Vec::new();
    for (family, make) in kinds {
        let pieces = with_between(base, &mut |number| vec![Piece::Junk(make(number))]);
        files.push(file(family, base, &pieces));
        let at_start = [vec![Piece::Junk(make(1))], frames(&base.frames)].concat();
        let at_start = file(&family.replace("between frames", "before all"), base, &at_start);
        files.push(match family {
            // At the beginning alone it says what the stream is.
            "HTML between frames" => at_start.refused("web page"),
            _ => at_start,
        });
    }
    files
}

/// Tags in mid-stream that say the truth.
fn tags_between(base: &Base) -> Vec<File> {
    let frame = base.frames.first().cloned().unwrap_or_default();
    let picture = frame.repeat(30_000 / frame.len().max(1));
    let mut kinds = vec![
        ("ID3v2 between frames", tags::id3v2_whole(b"TIT2\0\0\0\x03\0\0\x03ab")),
        ("ID3v2 with frames in its picture", tags::id3v2_whole(&picture)),
        ("ID3v2 of 300 KB", tags::id3v2_whole(&tags::noise(300_000, 3))),
        ("ID3v1 between frames", tags::id3v1()),
        ("APEv2 between frames", tags::ape()),
    ];
    if base.codec == Codec::Mp3 {
        let info = |name| tags::info_frame(&frame, name).unwrap_or_default();
        kinds.push(("Xing frames between frames", info(*b"Xing")));
        kinds.push(("Info frames between frames", info(*b"Info")));
    }
    let mut files = Vec::new();
    for (family, tag) in kinds {
        let pieces = with_between(base, &mut |_| vec![Piece::Tag(tag.clone())]);
        files.push(file(family, base, &pieces));
        let at_start = [vec![Piece::Tag(tag.clone())], frames(&base.frames)].concat();
        files.push(file(&format!("{family}, and first"), base, &at_start));
    }
    files
}

/// Tags that declare more than there is: up to a limit they hide what follows.
fn lying_tags(base: &Base) -> Vec<File> {
    let mut files = Vec::new();
    for declared in [5 << 20, 64 << 20, (256 << 20) - 1] {
        let tag = Piece::Junk(tags::id3v2(declared, b""));
        let family = format!("an ID3v2 tag that declares {} MiB", declared.div_ceil(1 << 20));
        let pieces = with_between(base, &mut |_| vec![tag.clone()]);
        files.push(file(&family, base, &pieces));
        let at_start = [vec![tag.clone()], frames(&base.frames)].concat();
        files.push(file(&format!("{family}, first"), base, &at_start));
    }
    files.push(hiding(base, 20_000));
    files
}

/// A tag that declares 20 KB and has none: it hides whole frames, and the rest
/// of the last of them is junk.
fn hiding(base: &Base, declared: usize) -> File {
    let (before, behind) = base.frames.split_at(EVERY.min(base.frames.len()));
    let hidden = Bytes::from(behind.concat());
    let hidden_len = declared.min(hidden.len());
    let tag = tags::id3v2(u32::try_from(declared).unwrap_or(0), &hidden.slice(..hidden_len));
    let mut pieces = [frames(before), vec![Piece::Tag(tag)]].concat();
    let mut at = 0;
    for frame in behind {
        let from = declared.saturating_sub(at);
        if from == 0 {
            pieces.push(Piece::Frame(frame.clone()));
        } else if from < frame.len() {
            pieces.push(Piece::Junk(frame.slice(from..)));
        }
        at += frame.len();
    }
    file("an ID3v2 tag that hides 20 KB of frames", base, &pieces)
}

/// Parameters, and the codec, change in mid-stream.
fn changes(base: &Base) -> Vec<File> {
    let other = |rate_hz, mode| -> Vec<Bytes> {
        let make = |seed| match base.codec {
            Codec::Mp3 => synthetic::mp3_frame(64, rate_hz, mode, seed),
            Codec::Aac => synthetic::adts_frame(
                rate_hz,
                if mode == ChannelMode::Mono { 1 } else { 2 },
                300,
                seed,
            ),
        };
        (0..60).map(|seed| Bytes::from(make(seed))).collect()
    };
    let middle = base.frames.len() / 2;
    let (head, tail) = base.frames.split_at(middle);
    let changed = |family: &str, between: &[Bytes]| {
        file(family, base, &frames(&[head, between, tail].concat()))
    };
    let mut files = vec![
        changed("the sampling rate changes", &other(32_000, ChannelMode::Stereo)),
        changed("to mono and back", &other(48_000, ChannelMode::Mono)),
        changed("the version changes", &other(16_000, ChannelMode::Mono)),
    ];
    let strange: Vec<Bytes> = (0..60)
        .map(|seed| match base.codec {
            Codec::Mp3 => synthetic::adts_frame(44_100, 2, 300, seed).into(),
            Codec::Aac => synthetic::mp3_frame(64, 44_100, ChannelMode::Stereo, seed).into(),
        })
        .collect();
    let pieces = [frames(head), vec![Piece::Tag(strange.concat().into())]].concat();
    files.push(
        file("the codec changes", base, &pieces).expecting(Expected::Refused("codec changed")),
    );
    files
}

/// Frames that are lost, sent twice, or in another order; streams behind one
/// another.
fn order(base: &Base) -> Vec<File> {
    let all = &base.frames;
    let without: Vec<Bytes> =
        all.iter().enumerate().filter(|(n, _)| n % 7 != 3).map(|(_, f)| f.clone()).collect();
    let twice: Vec<Bytes> = all
        .iter()
        .enumerate()
        .flat_map(|(n, f)| std::iter::repeat_n(f.clone(), if n % 9 == 4 { 2 } else { 1 }))
        .collect();
    let backward: Vec<Bytes> = all.iter().rev().cloned().collect();
    let pairs = |bytes: &[u8]| -> Bytes {
        bytes.chunks(2).flat_map(|pair| pair.iter().rev().copied()).collect()
    };
    let swapped = pairs(&all.concat());
    let again = [frames(all), vec![Piece::Tag(tags::id3v1())], frames(all)].concat();
    let (head, tail) = all.split_at(all.len() / 2);
    let lost: Vec<Piece> = [
        frames(head),
        tail.first().map(|f| Piece::Half(f.slice(..f.len() / 2))).into_iter().collect(),
        frames(tail.get(2..).unwrap_or_default()),
    ]
    .concat();
    vec![
        file("frames lost", base, &frames(&without)),
        file("half of one frame and half of the next lost", base, &lost),
        file("frames sent twice", base, &frames(&twice)),
        file("frames in reverse", base, &frames(&backward)),
        file("two files behind one another", base, &again),
        file("bytes swapped", base, &[Piece::Junk(swapped)]).expecting(Expected::Anything),
    ]
}
