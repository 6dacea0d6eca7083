use bytes::Bytes;
use demo::fixtures;
use media::ChannelMode;
use media::synthetic::{adts_frame, mp3_frame};

use super::*;
use crate::testing::{aac, at, catalogue, kinds, mp3, units};

fn intake(ingest: &str) -> Intake {
    let catalogue = catalogue();
    let ingest = catalogue.ingest(ingest).unwrap();
    Intake::new(ingest.encoding, ingest.on_mismatch)
}

fn encoding(codec: catalogue::EncodingCodec, kbps: u32, mode: ChannelMode) -> catalogue::Encoding {
    catalogue::Encoding { channel_mode: mode, ..catalogue::Encoding::stereo(codec, kbps, 44_100) }
}

/// Pushes all at once and ends; what came of it.
fn run(intake: &mut Intake, bytes: &[u8]) -> Result<Vec<PathItem>, Rejected> {
    let mut taken = Taken::default();
    intake.push(bytes, at(0), &mut taken)?;
    taken.items.append(&mut intake.finish().items);
    Ok(taken.items)
}

#[track_caller]
fn check_frames(items: &[PathItem], frames: &[impl AsRef<[u8]>]) {
    let got: Vec<&[u8]> = units(items).iter().map(|unit| &unit.data[..]).collect();
    let wanted: Vec<&[u8]> = frames.iter().map(AsRef::as_ref).collect();
    assert!(got == wanted, "{} frames of {}", got.len(), wanted.len());
}

/// Every frame comes out, in order and behind what the stream is; the same for
/// writes of every size.
#[track_caller]
fn check_stream(encoding: catalogue::Encoding, frames: &[Bytes], profile: Option<AacProfile>) {
    let bytes = frames.concat();
    for chunk in [1, 7, 1460, 65536] {
        let mut intake = Intake::new(encoding, OnMismatch::Refuse);
        let mut taken = Taken::default();
        for piece in bytes.chunks(chunk) {
            intake.push(piece, at(0), &mut taken).unwrap();
        }
        taken.items.append(&mut intake.finish().items);
        assert_eq!(kinds(&taken.items), format!("C {}", frames.len()), "chunk = {chunk}");
        check_frames(&taken.items, frames);
        assert_eq!(intake.info().unwrap().profile, profile, "chunk = {chunk}");
        assert_eq!(intake.mismatch(), [], "chunk = {chunk}");
        assert_eq!(intake.skipped(), Skipped::default());
    }
}

#[test]
fn every_frame_of_every_codec_comes_out() {
    use catalogue::EncodingCodec::{Aac, HeAac, HeAacV2, Mp3};
    let (mono, stereo) = (ChannelMode::Mono, ChannelMode::Stereo);
    let frames = fixtures::mp3(2, 128, 44_100, 2);
    check_stream(encoding(Mp3, 128, ChannelMode::JointStereo), &frames, None);
    for (codec, profile, kbps, channels, mode) in [
        (Aac, AacProfile::Lc, 128, 2, stereo),
        (HeAac, AacProfile::HeV1, 64, 2, stereo),
        (HeAac, AacProfile::HeV1, 32, 1, mono),
        (HeAacV2, AacProfile::HeV2, 32, 2, stereo),
    ] {
        let frames = fixtures::aac(profile, 3, kbps, 44_100, channels);
        check_stream(encoding(codec, kbps.into(), mode), &frames, Some(profile));
    }
}

#[test]
fn a_stream_too_short_for_the_detector_is_given_at_its_end() {
    let frames = aac(0..5);
    let items = run(&mut intake("aac"), &frames.concat()).unwrap();
    assert_eq!(kinds(&items), "C 5");
    check_frames(&items, &frames);
}

#[test]
fn frames_that_waited_for_the_detector_keep_their_arrival() {
    let (mut intake, mut taken) = (intake("aac"), Taken::default());
    let frames = aac(0..20);
    for (number, frame) in (0..).zip(&frames) {
        intake.push(frame, at(number * 23), &mut taken).unwrap();
    }
    taken.items.append(&mut intake.finish().items);
    let arrivals: Vec<_> = units(&taken.items).iter().map(|unit| unit.arrival).collect();
    // The next header proves a frame; at first it takes two of them.
    let proved = [at(46), at(46)].into_iter().chain((3..20).map(|number| at(number * 23)));
    let expected: Vec<_> = proved.chain([at(19 * 23)]).collect();
    assert_eq!(arrivals, expected);
}

#[test]
fn a_title_keeps_its_place_among_frames_that_wait() {
    let (mut intake, mut taken) = (intake("aac"), Taken::default());
    let title = || Title::new("A - B".to_owned(), String::new());
    let frames = aac(0..20);
    intake.push_title(title(), &mut taken);
    intake.push(&frames[..6].concat(), at(0), &mut taken).unwrap();
    intake.push_title(title(), &mut taken);
    assert_eq!(kinds(&taken.items), "T");
    intake.push(&frames[6..].concat(), at(0), &mut taken).unwrap();
    intake.push_title(title(), &mut taken);
    assert_eq!(kinds(&taken.items), "T C 5 T 14 T");
}

#[test]
fn of_titles_that_wait_for_the_detector_without_a_frame_between_the_last_one_counts() {
    let (mut intake, mut taken) = (intake("aac"), Taken::default());
    let frames = aac(0..20);
    intake.push(&frames[..6].concat(), at(0), &mut taken).unwrap();
    for number in 0..10_000 {
        intake.push_title(Title::new(format!("{number}"), String::new()), &mut taken);
    }
    assert_eq!(intake.held.len(), 6, "five frames and a title");
    intake.push(&frames[6..].concat(), at(0), &mut taken).unwrap();
    assert_eq!(kinds(&taken.items), "C 5 T 14");
    let told = taken.items.iter().find_map(|item| match item {
        PathItem::Title(title) => Some(title.stream_title.clone()),
        _ => None,
    });
    assert_eq!(told.as_deref(), Some("9999"));
}

#[test]
fn a_change_of_rate_loses_nothing_and_is_told() {
    let slow: Vec<_> =
        (0..5).map(|seed| mp3_frame(128, 32_000, ChannelMode::JointStereo, seed)).collect();
    let frames = [mp3(0..5), slow, mp3(5..9)].concat();
    let mut intake = intake("live");
    let mut taken = Taken::default();
    let mut states = Vec::new();
    for frame in &frames {
        intake.push(frame, at(0), &mut taken).unwrap();
        states.push(intake.mismatch().len());
    }
    taken.items.append(&mut intake.finish().items);
    check_frames(&taken.items, &frames);
    assert_eq!(kinds(&taken.items), "C 14");
    assert_eq!((states[4], states[8], states[13]), (0, 1, 0));
}

#[test]
fn a_change_of_rate_of_aac_is_looked_at_anew() {
    let slow: Vec<_> = (0..30).map(|seed| adts_frame(32_000, 2, 400, seed)).collect();
    // The second change comes before the detector has decided.
    let frames = [aac(0..20), slow[..5].to_vec(), aac(20..40), slow[5..].to_vec()].concat();
    let mut intake = intake("aac");
    let items = run(&mut intake, &frames.concat()).unwrap();
    check_frames(&items, &frames);
    assert_eq!(kinds(&items), "C 20 C 5 C 20 C 25");
    let mismatch: Vec<_> = intake.mismatch().iter().map(ToString::to_string).collect();
    assert_eq!(mismatch, ["sample_rate_hz: wanted 44100, got 32000"]);
}

#[track_caller]
fn check_rejected(ingest: &str, bytes: &[u8], expected: &str) {
    let error = run(&mut intake(ingest), bytes).map(|items| kinds(&items));
    assert_eq!(error.map_err(|error| error.to_string()), Err(expected.to_owned()));
}

#[test]
fn what_is_no_mp3_and_no_aac_is_rejected_by_name() {
    let ogg = |codec: &[u8]| [b"OggS", &[0; 22][..], &[1, 30], codec, &[0; 64]].concat();
    let send = "send MP3, or AAC in ADTS framing";
    check_rejected("live", &ogg(b"\x01vorbis"), &format!("this is Ogg with Vorbis; {send}"));
    check_rejected("live", &ogg(b"OpusHead"), &format!("this is Ogg with Opus; {send}"));
    check_rejected("live", b"fLaC\0\0\0\x22", &format!("this is FLAC; {send}"));
    check_rejected(
        "live",
        b"<!DOCTYPE html><html><body>404</body></html>",
        "this is a web page or XML, no audio; check the source's address",
    );
    let free_format = [&[0xFF, 0xFB, 0x00, 0x64][..], &[0; 300]].concat().repeat(4);
    check_rejected(
        "live",
        &free_format,
        "free-format MP3 cannot be carried; set a bit rate from 8 to 320 kbit/s",
    );
    let layer_two = [&[0xFF, 0xFD, 0x80, 0x04][..], &[0; 413]].concat().repeat(4);
    check_rejected(
        "live",
        &layer_two,
        "this is MPEG audio Layer II (MP2); send MP3 (Layer III) or AAC",
    );
}

#[test]
fn the_other_codec_is_rejected_whatever_the_settings_say_of_mismatches() {
    let got = |wanted: &str, got: &str| {
        format!("encoding is not the ingest's: codec: wanted {wanted}, got {got}")
    };
    check_rejected("live", &aac(0..5).concat(), &got("mp3", "aac"));
    check_rejected("strict", &aac(0..5).concat(), &got("mp3", "aac"));
    check_rejected("aac", &mp3(0..5).concat(), &got("aac", "mp3"));
}

#[test]
fn a_change_of_codec_is_rejected_behind_the_last_frame() {
    let (mut intake, mut taken) = (intake("live"), Taken::default());
    let bytes = [mp3(0..5), aac(0..5)].concat().concat();
    let error = intake.push(&bytes, at(0), &mut taken).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the codec changed from audio/mpeg to audio/aac; connect anew for it"
    );
    assert_eq!(kinds(&taken.items), "C 5");
}

#[test]
fn other_settings_are_a_warning_or_a_rejection_as_the_ingest_says() {
    let frames: Vec<_> =
        (0..5).map(|seed| mp3_frame(64, 44_100, ChannelMode::Mono, seed)).collect();
    let mut warned = intake("live");
    assert_eq!(kinds(&run(&mut warned, &frames.concat()).unwrap()), "C 5");
    let text = "bitrate_kbps: wanted 128, got 64; channel_mode: wanted joint_stereo, got mono";
    assert_eq!(list(&warned.mismatch()), text);
    let expected = format!("encoding is not the ingest's: {text}");
    check_rejected("strict", &frames.concat(), &expected);
}

#[test]
fn a_frame_that_differs_later_counts_too() {
    let odd = mp3_frame(160, 44_100, ChannelMode::JointStereo, 0);
    let bytes = [mp3(0..5), vec![odd], mp3(5..9)].concat().concat();
    let mut warned = intake("live");
    run(&mut warned, &bytes).unwrap();
    assert_eq!(list(&warned.mismatch()), "bitrate_kbps: wanted 128, got 160");
    let expected = "encoding is not the ingest's: bitrate_kbps: wanted 128, got 160";
    check_rejected("strict", &bytes, expected);
}

#[test]
fn aac_that_is_not_the_wanted_profile_is_a_mismatch() {
    let frames = fixtures::aac(AacProfile::HeV1, 2, 64, 44_100, 2);
    let mut intake = intake("aac");
    run(&mut intake, &frames.concat()).unwrap();
    assert_eq!(list(&intake.mismatch()), "codec: wanted aac, got he_aac");
}

#[test]
fn the_mean_bit_rate_of_aac_counts_after_ten_seconds() {
    let frame = |seed| adts_frame(44_100, 2, 600, seed);
    let mut intake = intake("aac");
    let mut taken = Taken::default();
    // 430 frames are 9.98 s; a frame is given when the next has come.
    (0..431).for_each(|seed| intake.push(&frame(seed), at(0), &mut taken).unwrap());
    assert_eq!(intake.mismatch(), []);
    (431..433).for_each(|seed| intake.push(&frame(seed), at(0), &mut taken).unwrap());
    assert_eq!(list(&intake.mismatch()), "bitrate_kbps: wanted 128, got 206.7");
}

#[test]
fn the_bit_rate_is_that_of_the_stream_under_way() {
    let other: Vec<_> =
        (0..9).map(|seed| mp3_frame(64, 32_000, ChannelMode::JointStereo, seed)).collect();
    let mut intake = intake("live");
    run(&mut intake, &[mp3(0..99), other].concat().concat()).unwrap();
    assert_eq!(intake.bitrate_bps(), Some(64_000));
}

#[test]
fn junk_tags_and_tables_of_contents_are_counted_and_not_given() {
    let frames = mp3(0..8);
    let tag = [b"ID3\x04\0\0\0\0\0\x0a", &[0; 10][..]].concat();
    let mut info = mp3_frame(128, 44_100, ChannelMode::JointStereo, 99);
    info[36..40].copy_from_slice(b"Info");
    let bytes = [tag.clone(), info, frames[..4].concat(), vec![0; 33], frames[4..].concat(), tag];
    let mut intake = intake("live");
    let items = run(&mut intake, &bytes.concat()).unwrap();
    // The frame before the junk cannot be told from a half.
    let whole: Vec<_> = frames.iter().enumerate().filter(|(at, _)| *at != 3).collect();
    check_frames(&items, &whole.iter().map(|(_, frame)| frame).collect::<Vec<_>>());
    let skipped = intake.skipped();
    assert_eq!((skipped.id3_tags, skipped.id3_bytes, skipped.info_frames), (2, 40, 1));
    assert_eq!(skipped.junk_bytes, 33 + frames[3].len() as u64);
}

#[test]
fn a_first_frame_is_due_two_seconds_after_the_first_byte() {
    let (mut intake, mut taken) = (intake("live"), Taken::default());
    assert_eq!(intake.first_frame_due(), None);
    intake.push(b"", at(50), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), None);
    intake.push(&[0; 20], at(100), &mut taken).unwrap();
    intake.push(&[0; 20], at(1000), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), Some(at(2100)));
    intake.push(&mp3(0..3).concat(), at(2000), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), None);
}

#[test]
fn behind_a_tag_the_first_frame_may_take_its_time() {
    let (mut intake, mut taken) = (intake("live"), Taken::default());
    let tag = b"ID3\x04\0\0\0\0\0\x04abcd";
    intake.push(&tag[..12], at(0), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), Some(at(2000)));
    intake.push(&tag[12..], at(1500), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), None);
    intake.push(&[0; 9], at(8000), &mut taken).unwrap();
    assert_eq!(intake.first_frame_due(), Some(at(10_000)));
}

#[test]
fn frames_that_wait_for_the_detector_are_frames() {
    let (mut intake, mut taken) = (intake("aac"), Taken::default());
    intake.push(&aac(0..4).concat(), at(0), &mut taken).unwrap();
    assert_eq!((kinds(&taken.items).as_str(), intake.first_frame_due()), ("", None));
}

#[test]
fn what_is_given_up_is_named_as_far_as_it_tells() {
    for (bytes, expected) in [
        (&b"nothing that there is a name for"[..], "no MP3 or AAC frame in the first 32 bytes"),
        (
            b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0",
            "this is Ogg with an unknown codec; send MP3, or AAC in ADTS framing",
        ),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f", "no audio came behind an ID3 tag of 268435465 bytes"),
    ] {
        let (mut intake, mut taken) = (intake("live"), Taken::default());
        intake.push(bytes, at(0), &mut taken).unwrap();
        assert_eq!(intake.give_up().to_string(), expected);
    }
}

#[test]
fn a_source_far_ahead_is_made_to_wait() {
    let (mut intake, mut taken) = (intake("live"), Taken::default());
    // 2,296 frames are 59.98 s.
    intake.push(&mp3(0..2_297).concat(), at(0), &mut taken).unwrap();
    assert_eq!(taken.wait, Duration::ZERO);
    intake.push(&mp3(2_297..2_300).concat(), at(0), &mut taken).unwrap();
    assert!(taken.wait > Duration::ZERO);
}
