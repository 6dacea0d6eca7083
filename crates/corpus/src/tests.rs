use media::{AacProfile, Codec};

use crate::base::{self, Base};
use crate::file::{Expected, File, FrameState, Piece};
use crate::judge::{self, Pace};
use crate::{mutation, strangers, tags, titles};

/// Seconds of each base: twice what is put in comes into them.
const SECONDS: u32 = 2;

/// Cuts of each file.
const CUTS_MAX: usize = 6;

#[track_caller]
fn check(files: &[File]) {
    let all = files.iter().flat_map(|file| {
        judge::faults(file, CUTS_MAX).into_iter().map(|fault| format!("{}: {fault}", file.name()))
    });
    let all: Vec<String> = all.collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_broken_mp3_stream_gives_its_frames_and_no_other() {
    check(&mutation::all(&base::lame(SECONDS, 128, 44_100, 2)));
}

#[test]
fn a_broken_mp3_stream_of_long_frames_gives_its_frames_and_no_other() {
    check(&mutation::all(&base::lame(SECONDS, 320, 48_000, 2)));
}

#[test]
fn a_broken_mp3_stream_of_a_low_rate_gives_its_frames_and_no_other() {
    check(&mutation::all(&base::lame(2 * SECONDS, 8, 8_000, 1)));
}

#[test]
fn a_broken_aac_stream_gives_its_frames_and_no_other() {
    check(&mutation::all(&base::fdk(AacProfile::Lc, SECONDS, 96, 44_100, 2)));
}

#[test]
fn a_broken_he_aac_stream_gives_its_frames_and_no_other() {
    check(&mutation::all(&base::fdk(AacProfile::HeV2, 2 * SECONDS, 32, 44_100, 2)));
}

#[test]
fn whole_streams_of_every_kind_are_taken_whole() {
    let bases = base::few(SECONDS);
    let files: Vec<File> = bases.iter().map(mutation::whole).collect();
    check(&files);
    let proved = |file: &File| file.frames.iter().all(|frame| frame.state == FrameState::Proved);
    assert!(files.iter().all(proved), "nothing is excused");
}

#[test]
fn what_is_no_audio_is_refused_by_name_and_in_time() {
    check(&strangers::all());
}

#[test]
fn metadata_between_the_audio_takes_nothing_from_it_and_adds_nothing() {
    let bases = [base::lame(1, 128, 44_100, 2), base::fdk(AacProfile::Lc, 1, 96, 44_100, 2)];
    let files: Vec<File> = bases.iter().flat_map(titles::of).collect();
    check(&files);
}

#[test]
fn the_corpus_is_the_same_every_time() {
    let bytes = || -> Vec<_> {
        let base = base::lame(1, 64, 44_100, 1);
        let files =
            mutation::all(&base).into_iter().chain(strangers::all()).chain(titles::of(&base));
        files.map(|file| (file.name(), file.wire)).collect()
    };
    assert!(bytes() == bytes());
}

/// The judge's word on a stream of which something false is said.
#[track_caller]
fn check_fault(file: &File, expected: &str) {
    let faults = judge::faults(file, CUTS_MAX);
    assert!(faults.iter().any(|fault| fault.contains(expected)), "{faults:?}");
}

fn pieces(base: &Base) -> Vec<Piece> {
    base.frames.iter().cloned().map(Piece::Frame).collect()
}

#[test]
fn the_judge_sees_frames_that_are_missing_that_are_none_and_wrong_ends() {
    let base = base::lame(1, 128, 44_100, 2);
    let good = mutation::whole(&base);
    // Frames that nobody sees: behind a tag that hides them.
    let mut more = pieces(&base);
    more.insert(5, Piece::Tag(tags::id3v2(10_000, b"")));
    check_fault(&File::of("hidden", "", Codec::Mp3, &more), "frames missing");
    let mut fewer = good.clone();
    fewer.frames.remove(10);
    check_fault(&fewer, "1 frames that are none");
    let mut shorter = good.clone();
    shorter.frames[10].len -= 1;
    check_fault(&shorter, "1 frames that are none");
    check_fault(&good.clone().expecting(Expected::Refused("Ogg")), "not refused");
    let noise = File::of("noise", "", Codec::Mp3, &[Piece::Junk(tags::noise(100_000, 1))]);
    check_fault(&noise, "refused: no MP3 or AAC frame");
    check_fault(&noise.expecting(Expected::Refused("Ogg")), "refused because");
}

#[test]
fn a_stream_that_is_slow_is_refused_after_two_seconds_and_a_fast_one_at_once() {
    let zeros = tags::repeated(b"\0", 100_000);
    let file = File::of("late", "", Codec::Mp3, &[Piece::Junk(zeros)]).refused("no MP3");
    assert_eq!(judge::faults(&file, CUTS_MAX), Vec::<String>::new());
    let late = judge::run(&file, 1_460, Pace::RealTime).refused.unwrap().1;
    assert!((1_900..2_100).contains(&late.as_millis()), "{late:?}");
    let at_once = judge::run(&file, 1_460, Pace::AtOnce).refused.unwrap().1;
    assert!(at_once.is_zero());
}
