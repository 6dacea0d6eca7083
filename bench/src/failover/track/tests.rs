use super::*;

#[test]
fn times_and_frames_agree() {
    for coding in Coding::ALL {
        for frames in [0, 1, 7, 3_000] {
            let time = coding.time(frames) + Duration::from_nanos(1);
            assert_eq!(coding.frames_in(time), frames, "{coding:?}");
        }
    }
    assert_eq!(Coding::Mp3.time(1).as_micros(), 26_122);
    assert_eq!(Coding::HeAac.time(1).as_micros(), 46_439);
}

#[test]
fn a_jingle_is_the_same_frames_each_time() {
    for coding in Coding::ALL {
        let track = Track::with_jingle(coding, 1, 6, &[2, 9]).unwrap();
        let [one, other] = [2, 9].map(|secs| coding.frames_in(Duration::from_secs(secs)));
        assert_eq!(track.ids[one..one + 100], track.ids[other..other + 100], "{coding:?}");
        assert_ne!(track.ids[one - 1], track.ids[other - 1], "{coding:?}");
    }
}

#[test]
fn silence_is_one_frame_again_and_again() {
    let parts = [Part::Music(1), Part::Silence(3), Part::Music(1)];
    for coding in [Coding::Mp3, Coding::Mp3Alone, Coding::HeAac] {
        let track = Track::encode(coding, 1, &parts).unwrap();
        let [from, to] = [2, 3].map(|secs| coding.frames_in(Duration::from_secs(secs)));
        let distinct: std::collections::BTreeSet<_> = track.ids[from..to].iter().collect();
        assert!(distinct.len() <= 4, "{coding:?}: {}", distinct.len());
    }
}

#[test]
fn another_encoder_begins_at_the_seam() {
    let music = |seed| Track::encode(Coding::Aac, seed, &[Part::Music(2)]).unwrap();
    let track = music(1).restarted(1, &music(2));
    let seam = Coding::Aac.frames_in(Duration::from_secs(1));
    assert!(track.is_ok_and(|track| {
        track.seam == Some(seam)
            && track.ids[seam..] == music(2).ids
            && track.ids[..seam] == music(1).ids[..seam]
    }));
}

#[test]
fn what_is_cut_is_what_was_sent() {
    let track = Track::encode(Coding::Mp3, 1, &[Part::Music(1)]).unwrap();
    let stream = track.frames.concat();
    assert_eq!(cut(&stream).unwrap(), (track.frames.clone(), 0));
    let (frames, junk) = cut(&stream[..stream.len() - 100]).unwrap();
    assert_eq!((frames.len(), junk), (track.frames.len() - 1, 318));
}
