use super::*;

#[test]
fn a_frame_is_what_was_asked_for() {
    for (kbps, rate, len) in
        [(128, 44_100, 417), (64, 22_050, 208), (8, 8_000, 72), (320, 48_000, 960)]
    {
        for mode in [ChannelMode::Mono, ChannelMode::Stereo, ChannelMode::JointStereo] {
            let frame = mp3_frame(kbps, rate, mode, 7);
            let header = mp3::Header::parse(&frame).unwrap();
            assert_eq!((frame.len(), header.frame_len()), (len, Some(len)));
            assert_eq!((header.bitrate_kbps, header.rate_hz), (Some(kbps), rate));
            assert_eq!(header.channel_mode, mode);
        }
    }
}

#[test]
fn an_adts_frame_has_the_length_asked_for() {
    for channels in 1..=2 {
        for len in (8..600).chain([8_190, 8_191]) {
            let frame = adts_frame(48_000, channels, len, 7);
            assert_eq!(frame.len(), len);
            assert_eq!(adts::Header::parse(&frame).unwrap().frame_len, len);
        }
    }
}

#[test]
fn a_seed_always_makes_the_same_frame_and_another_makes_another() {
    let mp3 = |seed| mp3_frame(128, 44_100, ChannelMode::Stereo, seed);
    let aac = |seed| adts_frame(44_100, 2, 300, seed);
    assert_eq!((mp3(1), aac(1)), (mp3(1), aac(1)));
    assert_ne!(mp3(1), mp3(2));
    assert_ne!(aac(1), aac(2));
}

#[test]
fn no_sync_word_stands_in_a_payload() {
    for seed in 0..50 {
        assert!(!mp3_frame(320, 44_100, ChannelMode::Stereo, seed)[4..].contains(&0xFF));
        assert!(!adts_frame(44_100, 2, 2_000, seed)[7..].contains(&0xFF));
    }
}
