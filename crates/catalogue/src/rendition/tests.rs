use super::*;

const SEGMENT: Duration = Duration::from_secs(6);

fn mp3(kbps: u32) -> Encoding {
    Encoding::stereo(EncodingCodec::Mp3, kbps, 44_100)
}

fn ids(renditions: &Renditions) -> Vec<&str> {
    renditions.iter().map(|rendition| rendition.id.as_str()).collect()
}

#[test]
fn an_mp3_programme_gets_aac_before_its_own_bytes() {
    let both = Renditions::automatic(&mp3(128), SEGMENT, true);
    assert_eq!(ids(&both), ["aac-128", "mp3-128"]);
    assert_eq!(both.of_mount().unwrap().id.as_str(), "mp3-128");
    assert_eq!(ids(&Renditions::automatic(&mp3(128), SEGMENT, false)), ["mp3-128"]);
    let aac = Encoding::stereo(EncodingCodec::Aac, 64, 44_100);
    assert_eq!(ids(&Renditions::automatic(&aac, SEGMENT, true)), ["aac-64"]);
}

#[test]
fn the_aac_of_an_mp3_programme_is_of_a_usual_bit_rate_not_above_its_own() {
    let kbps = |source: Encoding| aac_of(&source).bitrate_kbps;
    assert_eq!(kbps(mp3(320)), 192);
    assert_eq!(kbps(mp3(160)), 160);
    assert_eq!(kbps(mp3(112)), 96);
    assert_eq!(kbps(mp3(32)), 32);
    assert_eq!(kbps(Encoding::stereo(EncodingCodec::Mp3, 8, 8_000)), 8, "the least of that rate");
    let mono = Encoding { channel_mode: ChannelMode::Mono, ..mp3(160) };
    assert_eq!(aac_of(&mono).channel_mode, ChannelMode::Mono);
    let slow = Encoding { sample_rate_hz: 22_050, ..mono };
    assert_eq!(kbps(slow), 128, "132 at most");
    for kbps in [32, 48, 128, 320] {
        check(&aac_of(&mp3(kbps))).unwrap();
    }
}

#[test]
fn those_that_are_asked_for_are_all_and_in_their_order() {
    let asked = [
        Encoding::stereo(EncodingCodec::HeAac, 48, 44_100),
        mp3(128),
        Encoding::stereo(EncodingCodec::Mp3, 64, 44_100),
    ];
    let renditions = Renditions::asked(&mp3(128), SEGMENT, &asked).unwrap();
    assert_eq!(ids(&renditions), ["he-aac-48", "mp3-128", "mp3-64"]);
    let made: Vec<_> = renditions.made_here().map(|one| one.id.as_str()).collect();
    assert_eq!(made, ["he-aac-48", "mp3-64"]);
    assert_eq!(renditions.of_mount().unwrap().id.as_str(), "mp3-128");
    let others = [asked[0], asked[2]];
    let renditions = Renditions::asked(&mp3(128), SEGMENT, &others).unwrap();
    assert_eq!(renditions.of_mount().unwrap().id.as_str(), "he-aac-48");
}

#[test]
fn two_of_one_name_are_refused() {
    let (aac, other) = (EncodingCodec::Aac, Encoding::stereo(EncodingCodec::Mp3, 128, 48_000));
    let twice = [Encoding::stereo(aac, 64, 44_100), Encoding::stereo(aac, 64, 48_000)];
    let refused = Renditions::asked(&mp3(128), SEGMENT, &twice).unwrap_err();
    assert_eq!(
        (refused.0, refused.1.to_string().as_str()),
        (1, "there is a rendition `aac-64` already")
    );
    let refused = Renditions::asked(&mp3(128), SEGMENT, &[other]).unwrap_err();
    assert_eq!(refused.1.to_string(), "there is a rendition `mp3-128` already", "the ingest's own");
}

#[test]
fn what_no_encoder_makes_is_refused() {
    let refused = |encoding: Encoding| check(&encoding).unwrap_err().to_string();
    let wide = Encoding::stereo(EncodingCodec::HeAacV2, 133, 44_100);
    assert_eq!(
        refused(wide),
        "he_aac_v2 of 44100 Hz and 2 channels is encoded with 12 to 132 kbit/s, not 133"
    );
    check(&Encoding { bitrate_kbps: 132, ..wide }).unwrap();
    let low = Encoding::stereo(EncodingCodec::Aac, 13, 44_100);
    assert!(refused(low).contains("14 to 512 kbit/s"));
    check(&Encoding { bitrate_kbps: 14, ..low }).unwrap();
    let varying = Encoding { rate_control: RateControl::Vbr, ..mp3(128) };
    assert_eq!(refused(varying), "a rendition has a constant bit rate: `cbr`");
    assert!(refused(Encoding::stereo(EncodingCodec::Mp3, 80, 8_000)).contains("8 to 64"));
}

#[test]
fn an_encoding_tells_what_its_frames_look_like() {
    let form = |codec, hz| {
        let stream = Encoding::stereo(codec, 64, hz).stream().unwrap();
        (stream.timescale.hz(), stream.channels, stream.samples_per_frame)
    };
    assert_eq!(form(EncodingCodec::Aac, 44_100), (44_100, 2, 1_024));
    assert_eq!(form(EncodingCodec::HeAac, 44_100), (22_050, 2, 1_024));
    assert_eq!(form(EncodingCodec::HeAacV2, 48_000), (24_000, 1, 1_024));
    assert_eq!(form(EncodingCodec::Mp3, 48_000), (48_000, 2, 1_152));
    assert_eq!(form(EncodingCodec::Mp3, 24_000), (24_000, 2, 576));
}
