use super::*;
use crate::adts::Profile;
use crate::stream::ChannelMode;
use crate::synthetic::{adts_frame, mp3_frame};
use proptest::prelude::*;

/// What a stream gives: its frames, how it ends, and what is skipped.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    frames: Vec<Frame>,
    refusal: Option<Refusal>,
    skipped: Skipped,
}

/// Pushes `stream` in pieces of `chunk` bytes, then ends it.
fn run(stream: &[u8], chunk: usize) -> Outcome {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    let mut end = Ok(());
    for piece in stream.chunks(chunk) {
        framer.push(piece);
        end = drain(&mut framer, Framer::next_frame, &mut frames);
        assert!(framer.buffer.len() <= 3 * 8_191, "three frames are held at most");
    }
    end = end.and_then(|()| drain(&mut framer, Framer::finish, &mut frames));
    Outcome { frames, refusal: end.err(), skipped: framer.skipped() }
}

/// Takes what `next` gives until it gives no more.
fn drain(
    framer: &mut Framer,
    next: fn(&mut Framer) -> Result<Option<Frame>, Refusal>,
    frames: &mut Vec<Frame>,
) -> Result<(), Refusal> {
    while let Some(frame) = next(framer)? {
        frames.push(frame);
    }
    Ok(())
}

/// Runs `stream` in pieces of every size, and gives the one outcome.
fn outcome(stream: &[u8]) -> Outcome {
    let expected = run(stream, 65_536);
    for chunk in [1, 7, 1_460, stream.len().max(1)] {
        assert_eq!(run(stream, chunk), expected, "chunk = {chunk}");
    }
    expected
}

/// Checks that `stream` gives just these frames; gives back what it skipped.
fn check(stream: &[Vec<u8>], expected: &[Vec<u8>]) -> Skipped {
    let outcome = outcome(&stream.concat());
    assert_eq!(outcome.refusal, None);
    let found: Vec<_> = outcome.frames.iter().map(|frame| frame.data.to_vec()).collect();
    let lens = |frames: &[Vec<u8>]| frames.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(lens(&found), lens(expected));
    assert!(found == expected, "the same lengths, but other frames");
    outcome.skipped
}

/// Checks that `stream` is refused behind `frames` frames.
fn check_refusal(stream: &[Vec<u8>], frames: usize, expected: Refusal) {
    let outcome = outcome(&stream.concat());
    assert_eq!((outcome.frames.len(), outcome.refusal), (frames, Some(expected)));
}

fn mp3(seed: u64) -> Vec<u8> {
    mp3_frame(128, 44_100, ChannelMode::JointStereo, seed)
}

fn mp3s(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(mp3).collect()
}

fn aac(seed: u64) -> Vec<u8> {
    adts_frame(44_100, 2, 300 + usize::try_from(seed % 200).unwrap(), seed)
}

fn aacs(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(aac).collect()
}

/// Bytes that hold neither sync nor the beginning of a tag.
fn junk(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at % 64).unwrap()).collect()
}

/// Random bytes, the same ones for a seed.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// An `ID3v2` tag of `version` with `body`.
fn id3v2(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let septet = |shift: usize| u8::try_from(body.len() >> shift & 0x7F).unwrap();
    let size = [septet(21), septet(14), septet(7), septet(0)];
    let head = [b"ID3".as_slice(), &[version, 0, flags], &size].concat();
    let footer = if flags & 0x10 == 0 { vec![] } else { [b"3DI", &head[3..]].concat() };
    [head, body.to_vec(), footer].concat()
}

fn id3v1() -> Vec<u8> {
    [b"TAG".as_slice(), &[b' '; 125]].concat()
}

/// An `APEv2` tag: header, items, footer.
fn ape(items: &[u8]) -> Vec<u8> {
    let size = u32::try_from(items.len() + 32).unwrap().to_le_bytes();
    let end = |flags: u8| {
        [b"APETAGEX\xD0\x07\0\0".as_slice(), &size, &[1, 0, 0, 0, 0, 0, 0, flags], &[0; 8]].concat()
    };
    [end(0xA0), items.to_vec(), end(0x80)].concat()
}

/// Concatenates parts of a stream, each a list of pieces.
fn parts(parts: &[&[Vec<u8>]]) -> Vec<Vec<u8>> {
    parts.concat()
}

#[test]
fn frames_come_out_as_they_went_in() {
    assert_eq!(check(&mp3s(20), &mp3s(20)), Skipped::default());
    assert_eq!(check(&aacs(20), &aacs(20)), Skipped::default());
}

#[test]
fn every_version_rate_and_mode_of_mp3_is_framed() {
    for rate in [48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000] {
        for mode in [ChannelMode::Mono, ChannelMode::Stereo, ChannelMode::JointStereo] {
            let frames: Vec<_> = (0..5).map(|seed| mp3_frame(64, rate, mode, seed)).collect();
            check(&frames, &frames);
            let header = outcome(&frames.concat()).frames[0].header;
            assert_eq!((header.stream.timescale.hz(), header.channel_mode), (rate, mode));
            assert_eq!((header.stream.codec, header.bitrate_bps), (Codec::Mp3, Some(64_000)));
        }
    }
}

#[test]
fn a_variable_bit_rate_is_one_stream() {
    let frames: Vec<_> = [32, 320, 40, 256, 128, 32, 64]
        .map(|kbps| mp3_frame(kbps, 44_100, ChannelMode::JointStereo, u64::from(kbps)))
        .into();
    check(&frames, &frames);
}

#[test]
fn frames_with_a_crc_are_framed() {
    let with_crc = |mut frame: Vec<u8>| {
        frame[1] &= 0xFE;
        frame
    };
    let frames: Vec<_> = mp3s(5).into_iter().map(with_crc).collect();
    check(&frames, &frames);
    let frames: Vec<_> = aacs(5).into_iter().map(with_crc).collect();
    check(&frames, &frames);
}

#[test]
fn both_ids_of_adts_and_several_blocks_are_framed() {
    let frames: Vec<_> = aacs(5)
        .into_iter()
        .map(|mut frame| {
            frame[1] |= 0x08;
            frame[6] |= 0x01;
            frame
        })
        .collect();
    check(&frames, &frames);
    assert_eq!(outcome(&frames.concat()).frames[0].header.stream.samples_per_frame, 2_048);
}

#[test]
fn the_longest_frames_are_framed() {
    let frames: Vec<_> = (0..4).map(|seed| adts_frame(48_000, 2, 8_191, seed)).collect();
    check(&frames, &frames);
}

#[test]
fn a_stream_begins_at_three_headers_and_goes_on_at_one() {
    let mut framer = Framer::default();
    framer.push(&[mp3(0), mp3(1), mp3(2)[..3].to_vec()].concat());
    assert_eq!((framer.next_frame(), framer.codec()), (Ok(None), None));
    framer.push(&mp3(2)[3..4]);
    assert_eq!(framer.next_frame().unwrap().unwrap().data, mp3(0));
    assert_eq!(framer.next_frame().unwrap().unwrap().data, mp3(1));
    assert_eq!((framer.next_frame(), framer.codec()), (Ok(None), Some(Codec::Mp3)));
    framer.push(&[mp3(2)[4..].to_vec(), mp3(3)[..4].to_vec()].concat());
    assert_eq!(framer.next_frame().unwrap().unwrap().data, mp3(2));
    assert_eq!(framer.next_frame(), Ok(None));
}

#[test]
fn the_end_gives_the_last_frame_but_no_half_one() {
    let half = mp3(5)[..200].to_vec();
    let skipped = check(&parts(&[&mp3s(5), &[half]]), &mp3s(5));
    assert_eq!(skipped.junk_bytes, 200);
    check(&mp3s(2), &mp3s(2));
    assert_eq!(check(&mp3s(1), &[]).junk_bytes, 417, "one header proves nothing");
    assert_eq!(check(&[], &[]), Skipped::default());
}

#[test]
fn of_half_a_frame_and_a_fresh_one_only_the_half_is_lost() {
    for cut in (1..8).chain((8..417).step_by(13)) {
        let half = mp3(90)[..cut].to_vec();
        let stream = parts(&[&mp3s(3), &[half], &mp3s(3)]);
        assert_eq!(check(&stream, &parts(&[&mp3s(3), &mp3s(3)])).junk_bytes, cut as u64);
        // At 150 bytes its end would fall upon a fresh frame's, and prove it.
        let half = aac(150)[..cut].to_vec();
        let stream = parts(&[&aacs(3), &[half], &aacs(3)]);
        assert_eq!(check(&stream, &parts(&[&aacs(3), &aacs(3)])).junk_bytes, cut as u64);
    }
}

#[test]
fn a_stream_joined_in_the_middle_of_a_frame_begins_at_the_next() {
    for cut in (1..417).step_by(29) {
        let skipped = check(&parts(&[&[mp3(9)[cut..].to_vec()], &mp3s(4)]), &mp3s(4));
        assert_eq!(skipped.junk_bytes, 417 - cut as u64);
    }
}

#[test]
fn junk_costs_itself_and_the_frame_before_it() {
    let frames = mp3s(8);
    let skipped = check(
        &parts(&[&frames[..4], &[junk(100)], &frames[4..]]),
        &parts(&[&frames[..3], &frames[4..]]),
    );
    assert_eq!(skipped, Skipped { junk_bytes: 517, ..Skipped::default() });
}

#[test]
fn tags_between_frames_cost_nothing() {
    let tags = [
        id3v2(2, 0, &[0; 300]),
        id3v2(3, 0, &noise(5_000, 1)),
        id3v2(4, 0x10, &[0; 300]),
        id3v1(),
        ape(b"some items"),
    ];
    for tag in tags {
        let stream = parts(&[
            std::slice::from_ref(&tag),
            &mp3s(3),
            &[tag.clone(), tag.clone()],
            &mp3s(3),
            std::slice::from_ref(&tag),
        ]);
        let skipped = check(&stream, &parts(&[&mp3s(3), &mp3s(3)]));
        assert_eq!((skipped.junk_bytes, skipped.id3_bytes), (0, 4 * tag.len() as u64));
        assert!(skipped.id3_tags >= 4);
    }
}

#[test]
fn frames_inside_a_tag_are_not_audio() {
    let picture = id3v2(3, 0, &mp3s(20).concat());
    let stream = parts(&[&mp3s(3), &[picture], &mp3s(3)]);
    check(&stream, &parts(&[&mp3s(3), &mp3s(3)]));
}

#[test]
fn a_tag_behind_half_a_frame_is_found() {
    let stream =
        parts(&[&mp3s(3), &[mp3(7)[..99].to_vec(), id3v2(4, 0, &mp3s(9).concat())], &mp3s(3)]);
    let skipped = check(&stream, &parts(&[&mp3s(3), &mp3s(3)]));
    assert_eq!((skipped.junk_bytes, skipped.id3_tags), (99, 1));
}

#[test]
fn a_tag_up_to_the_longest_is_skipped_and_no_longer_one() {
    let body = usize::try_from(TAG_LEN_MAX).unwrap() - 10;
    let stream = [mp3s(3).concat(), id3v2(4, 0, &junk(body)), mp3s(3).concat()].concat();
    let found = run(&stream, 65_536);
    assert_eq!((found.frames.len(), found.skipped.id3_bytes), (6, TAG_LEN_MAX));
    let stream = [mp3s(3).concat(), id3v2(4, 0, &junk(body + 1)), mp3s(3).concat()].concat();
    let found = run(&stream, 65_536);
    assert_eq!((found.frames.len(), found.skipped.id3_tags), (5, 0));
}

/// The header of a tag that declares 256 MiB.
fn huge_tag() -> Vec<u8> {
    b"ID3\x04\0\0\x7F\x7F\x7F\x7F".to_vec()
}

#[test]
fn a_tag_of_256_mib_allocates_nothing_and_hides_no_audio() {
    let mut framer = Framer::default();
    framer.push(&huge_tag());
    assert_eq!(framer.next_frame(), Ok(None));
    assert!(framer.buffer.capacity() <= BLOCK_LEN);
    check(&parts(&[&[huge_tag()], &mp3s(4)]), &mp3s(4));
    check(&parts(&[&mp3s(4), &[huge_tag()], &mp3s(4)]), &parts(&[&mp3s(3), &mp3s(4)]));
}

#[test]
fn a_tag_that_is_too_long_explains_why_there_is_no_audio() {
    let declared = (1 << 28) + 9;
    check_refusal(&[huge_tag(), junk(70_000)], 0, Refusal::TagTooLong { declared });
}

/// An MP3 frame that holds a table of contents under `name`.
fn info_frame(name: [u8; 4]) -> Vec<u8> {
    let mut frame = mp3(0);
    frame[36..40].copy_from_slice(&name);
    frame
}

#[test]
fn tables_of_contents_are_skipped_wherever_a_file_begins() {
    for name in [*b"Xing", *b"Info", *b"VBRI"] {
        let file = parts(&[&[info_frame(name)], &mp3s(3)]);
        let skipped = check(&parts(&[&file, &file]), &parts(&[&mp3s(3), &mp3s(3)]));
        assert_eq!(skipped, Skipped { info_frames: 2, ..Skipped::default() });
    }
}

#[test]
fn a_change_of_parameters_shows_in_the_frame_and_costs_nothing() {
    let mono: Vec<_> = (0..4).map(|seed| mp3_frame(64, 44_100, ChannelMode::Mono, seed)).collect();
    let low: Vec<_> = (0..4).map(|seed| mp3_frame(64, 22_050, ChannelMode::Mono, seed)).collect();
    let stream = parts(&[&mp3s(4), &mono, &low, &mp3s(4)]);
    check(&stream, &stream);
    let frames = outcome(&stream.concat()).frames;
    let told = |at: usize| {
        let stream = frames[at].header.stream;
        (stream.timescale.hz(), stream.channels, stream.samples_per_frame)
    };
    assert_eq!([told(3), told(4)], [(44_100, 2, 1_152), (44_100, 1, 1_152)]);
    assert_eq!([told(8), told(12)], [(22_050, 1, 576), (44_100, 2, 1_152)]);
    let mono: Vec<_> = (0..4).map(|seed| adts_frame(24_000, 1, 200, seed)).collect();
    let stream = parts(&[&aacs(4), &mono]);
    check(&stream, &stream);
}

#[test]
fn one_header_of_another_kind_proves_nothing() {
    let stray = mp3_frame(64, 44_100, ChannelMode::Mono, 1);
    let len = stray.len() as u64;
    let skipped = check(&parts(&[&mp3s(4), &[stray], &mp3s(4)]), &parts(&[&mp3s(3), &mp3s(4)]));
    assert_eq!(skipped.junk_bytes, 417 + len);
    let skipped = check(&parts(&[&mp3s(4), &[aac(1)], &mp3s(4)]), &parts(&[&mp3s(3), &mp3s(4)]));
    assert_eq!(skipped.junk_bytes, 417 + aac(1).len() as u64);
}

#[test]
fn the_other_codec_is_refused() {
    let to_aac = Refusal::CodecChanged { from: Codec::Mp3, to: Codec::Aac };
    let to_mp3 = Refusal::CodecChanged { from: Codec::Aac, to: Codec::Mp3 };
    check_refusal(&parts(&[&mp3s(4), &aacs(2)]), 4, to_aac.clone());
    check_refusal(&parts(&[&aacs(4), &mp3s(2)]), 4, to_mp3);
    check_refusal(&parts(&[&mp3s(4), &[junk(50)], &aacs(3)]), 3, to_aac.clone());
    check_refusal(&parts(&[&mp3s(4), &[id3v2(4, 0, b"")], &aacs(2)]), 4, to_aac);
}

/// An MPEG audio frame of `len` bytes with this second and third byte.
fn mpeg(b1: u8, b2: u8, len: usize) -> Vec<u8> {
    [vec![0xFF, b1, b2, 0x00], junk(len - 4)].concat()
}

/// An ADTS frame with another second and third header byte.
fn aac_with(b2: u8, b3: u8) -> Vec<u8> {
    let mut frame = aac(0);
    frame[2] = b2;
    frame[3] = frame[3] & 0x3F | b3;
    frame
}

#[test]
fn framings_that_are_not_carried_are_refused_by_name() {
    for (frame, refusal) in [
        (mpeg(0xFB, 0x00, 600), Refusal::FreeFormat),
        (mpeg(0xFF, 0xE0, 484), Refusal::LayerOne),
        (mpeg(0xFD, 0xE4, 1_152), Refusal::LayerTwo),
        (aac_with(0x10, 0x80), Refusal::AacProfile { profile: Profile::Main }),
        (aac_with(0x90, 0x80), Refusal::AacProfile { profile: Profile::Ssr }),
        (aac_with(0xD0, 0x80), Refusal::AacProfile { profile: Profile::Ltp }),
        (aac_with(0x50, 0x00), Refusal::ChannelsInPayload),
        (aac_with(0x50, 0xC0), Refusal::TooManyChannels { channels: 3 }),
        (aac_with(0x51, 0xC0), Refusal::TooManyChannels { channels: 8 }),
    ] {
        let stream = vec![frame; 4];
        check_refusal(&stream, 0, refusal.clone());
        check_refusal(&parts(&[&[id3v2(3, 0, b"x"), junk(99)], &stream]), 0, refusal);
    }
}

#[test]
fn free_format_may_have_padding() {
    let (short, long) = (mpeg(0xFB, 0x00, 600), mpeg(0xFB, 0x02, 601));
    let stream = [short.clone(), long.clone(), short, long];
    check_refusal(&stream, 0, Refusal::FreeFormat);
    check_refusal(&stream[1..], 0, Refusal::FreeFormat);
}

#[test]
fn free_format_is_found_up_to_its_longest_frame() {
    check_refusal(&vec![mpeg(0xE3, 0x08, 5_761); 3], 0, Refusal::FreeFormat);
    let longer = outcome(&vec![mpeg(0xE3, 0x08, 5_762); 3].concat());
    assert_eq!((longer.frames.len(), longer.refusal), (0, None));
}

#[test]
fn a_carried_stream_that_turns_into_a_refused_one_is_refused() {
    let multichannel = vec![aac_with(0x51, 0x80); 3];
    check_refusal(&parts(&[&aacs(4), &multichannel]), 4, Refusal::TooManyChannels { channels: 6 });
}

#[test]
fn a_magic_number_counts_at_the_beginning_alone() {
    let ogg = [b"OggS\0\x02".as_slice(), &[0; 20], b"\x01\x1E\x01vorbis", &[0; 30]].concat();
    let refusal = Refusal::Ogg { codec: OggCodec::Vorbis };
    check_refusal(&parts(&[std::slice::from_ref(&ogg), &mp3s(9)]), 0, refusal.clone());
    check_refusal(&[id3v2(4, 0, b"x"), ogg.clone()], 0, refusal);
    check(&parts(&[&[junk(16), ogg.clone()], &mp3s(4)]), &mp3s(4));
    check(&parts(&[&mp3s(4), &[ogg], &mp3s(4)]), &parts(&[&mp3s(3), &mp3s(4)]));
}

#[test]
fn a_refusal_stays() {
    let mut framer = Framer::default();
    framer.push(b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0");
    assert_eq!(framer.next_frame(), Err(Refusal::Flac));
    framer.push(&mp3s(5).concat());
    assert_eq!(framer.next_frame(), Err(Refusal::Flac));
    assert_eq!((framer.finish(), framer.give_up()), (Err(Refusal::Flac), Refusal::Flac));
    assert!(framer.buffer.is_empty());
}

#[test]
fn a_stream_is_unrecognised_at_its_64th_kibibyte() {
    let limit = usize::try_from(UNRECOGNISED_LEN).unwrap();
    check(&parts(&[&[junk(limit - 1)], &mp3s(4)]), &mp3s(4));
    let refusal = Refusal::Unrecognised { bytes: UNRECOGNISED_LEN };
    check_refusal(&parts(&[&[junk(limit)], &mp3s(4)]), 0, refusal.clone());
    check_refusal(&[noise(limit + 70_000, 3)], 0, refusal);
}

#[test]
fn tags_do_not_count_as_unrecognised() {
    let stream = parts(&[&[junk(99), id3v2(4, 0, &junk(200_000))], &mp3s(4)]);
    check(&stream, &mp3s(4));
}

#[test]
fn two_headers_resume_a_stream_only_near_its_loss() {
    let limit = usize::try_from(RESYNC_LEN).unwrap();
    // The frame before the junk is lost with it.
    let near = parts(&[&mp3s(4), &[junk(limit - 417)], &mp3s(2), &[junk(500)]]);
    assert_eq!(run(&near.concat(), 1_460).frames.len(), 4);
    let far = parts(&[&mp3s(4), &[junk(limit - 416)], &mp3s(2), &[junk(500)]]);
    assert_eq!(run(&far.concat(), 1_460).frames.len(), 3);
    let more = parts(&[&mp3s(4), &[junk(limit - 416)], &mp3s(3), &[junk(500)]]);
    assert_eq!(run(&more.concat(), 1_460).frames.len(), 5);
}

#[test]
fn random_bytes_give_no_frame() {
    for seed in 0..20 {
        let fresh = run(&noise(70_000, seed), 1_460);
        assert_eq!(fresh.refusal, Some(Refusal::Unrecognised { bytes: UNRECOGNISED_LEN }));
    }
    for frames in [mp3s(4).concat(), aacs(4).concat()] {
        let locked = [frames, noise(4 << 20, 99)].concat();
        let found = run(&locked, 65_536);
        assert_eq!((found.frames.len(), found.refusal), (3, None), "the last is not proved");
    }
}

#[test]
fn garbage_full_of_marks_is_passed() {
    let patterns: [&[u8]; 6] = [
        b"\xFF",
        b"\xFF\xFB",
        b"\xFF\xFB\x90\x00\x00",
        b"\xFF\xF1\x50\x80\x30\x00\x00",
        b"ID3\x04\0\0\x7F\x7F\x7F\x7F",
        b"I",
    ];
    for pattern in patterns {
        let garbage = pattern.repeat((1 << 18) / pattern.len());
        let stream = [mp3s(4).concat(), garbage, mp3s(4).concat()].concat();
        assert!(run(&stream, 65_536).frames.len() >= 7, "{}", pattern.escape_ascii());
        run(&stream, 188);
    }
}

/// What the caller is told who gives up after `stream`.
fn check_give_up(stream: &[u8], expected: Refusal) {
    let mut framer = Framer::default();
    framer.push(stream);
    assert_eq!(framer.next_frame(), Ok(None));
    assert_eq!(framer.give_up(), expected);
    assert_eq!(framer.next_frame(), Err(expected), "it stays");
}

#[test]
fn giving_up_says_what_was_seen_so_far() {
    check_give_up(b"", Refusal::Unrecognised { bytes: 0 });
    check_give_up(&junk(1_000), Refusal::Unrecognised { bytes: 1_000 });
    check_give_up(b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0", Refusal::Ogg { codec: OggCodec::Unknown });
    check_give_up(&mpeg(0xFD, 0xE4, 1_152), Refusal::LayerTwo);
    check_give_up(&mpeg(0xFB, 0x00, 600), Refusal::FreeFormat);
    check_give_up(&mp3(0), Refusal::Unrecognised { bytes: 417 });
    check_give_up(&huge_tag(), Refusal::TagTooLong { declared: (1 << 28) + 9 });
    check_give_up(&id3v2(4, 0, &junk(900))[..500], Refusal::TagTooLong { declared: 910 });
}

#[test]
fn each_refusal_is_a_line_for_the_operator() {
    let text = |refusal: Refusal| refusal.to_string();
    assert_eq!(
        text(Refusal::Ogg { codec: OggCodec::Opus }),
        "this is Ogg with Opus; send MP3, or AAC in ADTS framing"
    );
    assert_eq!(
        text(Refusal::CodecChanged { from: Codec::Mp3, to: Codec::Aac }),
        "the codec changed from audio/mpeg to audio/aac; connect anew for it"
    );
    assert_eq!(
        text(Refusal::AacProfile { profile: Profile::Ltp }),
        "this is AAC LTP; send AAC-LC or HE-AAC"
    );
    assert_eq!(Refusal::Wav.blame(), crate::Blame::Peer);
}

#[test]
fn frames_share_the_allocation_they_were_pushed_into() {
    let mut framer = Framer::default();
    framer.push(&mp3s(6).concat());
    let first = framer.next_frame().unwrap().unwrap().data;
    let second = framer.next_frame().unwrap().unwrap().data;
    assert_eq!(first.as_ptr().wrapping_add(first.len()), second.as_ptr());
}

#[test]
fn a_broken_frame_and_a_header_in_the_payload_behind_it_are_no_frame() {
    // In the payload of the frame behind, where the broken one would have ended:
    // consistent, but with a checksum.
    let mut behind = mp3s(6);
    behind[0][200..204].copy_from_slice(b"\xFF\xFA\x40\x00");
    let broken = mp3(9)[..217].to_vec();
    let stream = parts(&[&mp3s(4), &[junk(50), broken.clone()], &behind]);
    check(&stream, &parts(&[&mp3s(3), &behind]));
    // Nor where the input ends before a third header could stand.
    let stream = parts(&[&mp3s(4), &[junk(50), broken, behind[0][..300].to_vec()]]);
    check(&stream, &mp3s(3));
}

#[test]
fn a_stream_resumes_whose_frames_differ_in_what_others_keep() {
    let odd: Vec<_> = (0..4_u8)
        .map(|number| {
            let mut frame = mp3(number.into());
            frame[3] |= number << 2 & 0x0C;
            frame
        })
        .collect();
    let stream = parts(&[&mp3s(4), &[junk(50)], &odd]);
    check(&stream, &parts(&[&mp3s(3), &odd]));
}

#[test]
fn headers_of_free_format_among_bytes_that_may_be_headers_hold_up_nothing() {
    let ones = [b"\xFF\xFB\x00\xC4".as_slice(), &[0xFF; 7_000]].concat();
    check(&parts(&[&[ones], &mp3s(4)]), &mp3s(4));
}

/// Whether the frames behind some bytes keep nothing but themselves.
#[track_caller]
fn check_kept_alone(before: &[u8], copied: usize) {
    let mut framer = Framer::default();
    framer.push(&[&mp3s(3).concat(), before, &mp3s(6).concat()].concat());
    let given = std::iter::from_fn(|| framer.next_frame().unwrap());
    let frames: Vec<Bytes> = given.map(|frame| frame.data).collect();
    drop(framer);
    let shared = frames.iter().filter(|frame| !frame.is_unique()).count();
    assert_eq!(frames.len() - shared, copied, "of {}", frames.len());
}

#[test]
fn frames_among_junk_do_not_keep_it_in_memory() {
    check_kept_alone(b"", 0);
    // With the junk goes the frame before it: 417 bytes.
    check_kept_alone(&junk(400), 2);
    check_kept_alone(&junk(60_000), 5);
    check_kept_alone(&id3v2(4, 0, &junk(60_000)), 5);
    check_kept_alone(&info_frame(*b"Xing"), 1);
}

/// A piece of a generated stream.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Frame(Vec<u8>),
    Tag(Vec<u8>),
    Junk(Vec<u8>),
}

fn piece(is_mp3: bool) -> impl Strategy<Value = Piece> {
    let frame = (any::<u64>(), 0_usize..14).prop_map(move |(seed, size)| {
        let kbps = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320][size];
        Piece::Frame(if is_mp3 {
            mp3_frame(kbps, 44_100, ChannelMode::JointStereo, seed)
        } else {
            adts_frame(44_100, 2, usize::from(kbps) * 3, seed)
        })
    });
    let tag = (2_u8..=4, proptest::collection::vec(any::<u8>(), 0..600))
        .prop_map(|(version, body)| Piece::Tag(id3v2(version, 0, &body)));
    let junk = (1_usize..2_000).prop_map(|len| Piece::Junk(junk(len)));
    prop_oneof![8 => frame, 1 => tag, 1 => junk]
}

/// The frames of `pieces` that are proved by what stands behind them, and at
/// the end by what stands before.
fn proved(pieces: &[Piece]) -> Vec<Vec<u8>> {
    let is_junk = |piece: Option<&Piece>| matches!(piece, Some(Piece::Junk(_)));
    let is_proved = |at: usize| match pieces.get(at + 1) {
        None => !is_junk(pieces.get(at - 1)),
        next => !is_junk(next),
    };
    let frames = pieces.iter().enumerate().filter(|&(at, _)| is_proved(at));
    frames
        .filter_map(
            |(_, piece)| if let Piece::Frame(frame) = piece { Some(frame.clone()) } else { None },
        )
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn frames_in_are_frames_out_between_tags_and_junk(
        pieces in any::<bool>().prop_flat_map(|mp3| proptest::collection::vec(piece(mp3), 0..40)),
        chunk in 1_usize..3_000,
    ) {
        let is_mp3 = pieces.iter().any(|piece| matches!(piece, Piece::Frame(f) if f[1] == 0xFB));
        let head = if is_mp3 { mp3s(3) } else { aacs(3) };
        let pieces: Vec<_> = head.into_iter().map(Piece::Frame).chain(pieces).collect();
        let bytes = |piece: &Piece| match piece {
            Piece::Frame(bytes) | Piece::Tag(bytes) | Piece::Junk(bytes) => bytes.clone(),
        };
        let stream: Vec<u8> = pieces.iter().flat_map(bytes).collect();
        let found = run(&stream, chunk);
        let data: Vec<_> = found.frames.iter().map(|frame| frame.data.to_vec()).collect();
        prop_assert_eq!(data, proved(&pieces));
        prop_assert_eq!(found.refusal, None);
        let framed: usize = found.frames.iter().map(|frame| frame.data.len()).sum();
        let skipped = found.skipped.junk_bytes + found.skipped.id3_bytes;
        prop_assert_eq!(framed as u64 + skipped, stream.len() as u64, "every byte is accounted for");
    }

    #[test]
    fn no_bytes_break_the_framer_and_any_chunking_is_the_same(
        pieces in proptest::collection::vec((any::<u8>(), 0_u64..1_000, 0_usize..400), 0..30),
        chunk in 1_usize..3_000,
    ) {
        let broken = |&(kind, seed, at): &(u8, u64, usize)| match kind % 5 {
            0 => mp3(seed),
            1 => aac(seed),
            2 => noise(at, seed),
            3 => mp3(seed)[..at].to_vec(),
            _ => { let mut frame = mp3(seed); frame[at % 6] ^= kind; frame }
        };
        let stream: Vec<u8> = pieces.iter().flat_map(broken).collect();
        prop_assert_eq!(run(&stream, chunk), run(&stream, stream.len().max(1)));
    }
}
