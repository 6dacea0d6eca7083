use super::*;
use crate::failover::judge::{align, align_from};
use crate::failover::stage::ids;
use crate::failover::track::Part;

fn music(coding: Coding, seed: u64) -> Track {
    Track::encode(coding, seed, &[Part::Music(3)]).unwrap()
}

fn check(track: &Track, came: &[Bytes]) -> usize {
    damaged(track, came, &align(&track.ids, &ids(came))).unwrap()
}

#[test]
fn what_came_as_it_was_sent_is_undamaged_wherever_the_listener_joins() {
    for coding in Coding::ALL {
        let track = music(coding, 1);
        assert_eq!(check(&track, &track.frames), 0, "{coding:?}");
        assert_eq!(check(&track, &track.frames[20..]), 0, "{coding:?}");
    }
}

#[test]
fn behind_a_lost_frame_others_are_damaged() {
    for coding in Coding::ALL {
        let track = music(coding, 1);
        let came = [&track.frames[..30], &track.frames[31..]].concat();
        let count = check(&track, &came);
        // Not for good, though noise is out of step by then.
        assert!((1..=15).contains(&count), "{coding:?}: {count}");
    }
}

#[test]
fn behind_a_repeated_frame_those_that_stand_alone_are_right() {
    for coding in Coding::ALL {
        let track = music(coding, 1);
        let came = [&track.frames[..30], &track.frames[29..]].concat();
        let count = check(&track, &came);
        let spoilt = if coding == Coding::Mp3Alone { 0..=0 } else { 0..=15 };
        assert!(spoilt.contains(&count), "{coding:?}: {count}");
    }
}

#[test]
fn a_frame_that_decodes_otherwise_is_seen() {
    let track = music(Coding::Aac, 1);
    let mut came = track.frames.clone();
    let alignment = align_from(&track.ids, &track.ids, 0);
    came[30] = music(Coding::Aac, 2).frames[30].clone();
    // Its own and the overlap.
    assert_eq!(damaged(&track, &came, &alignment).unwrap(), 2);
}

#[test]
fn another_encoder_is_right_but_for_its_first_frames() {
    for coding in Coding::ALL {
        let track = music(coding, 1).restarted(1, &music(coding, 2)).unwrap();
        let count = check(&track, &track.frames);
        assert!((1..=15).contains(&count), "{coding:?}: {count}");
    }
}
