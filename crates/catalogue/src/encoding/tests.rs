use media::{FrameHeader, StreamInfo, Timescale};

use super::*;

fn mp3() -> Encoding {
    Encoding {
        channel_mode: ChannelMode::JointStereo,
        ..Encoding::stereo(EncodingCodec::Mp3, 128, 44_100)
    }
}

fn mp3_header(kbps: u32, hz: u32, channel_mode: ChannelMode) -> FrameHeader {
    let channels = if channel_mode == ChannelMode::Mono { 1 } else { 2 };
    let timescale = Timescale::new(hz).unwrap();
    FrameHeader {
        stream: StreamInfo { codec: Codec::Mp3, timescale, channels, samples_per_frame: 1_152 },
        bitrate_bps: Some(kbps * 1_000),
        channel_mode,
    }
}

fn aac_header(hz: u32, channels: u8) -> FrameHeader {
    let timescale = Timescale::new(hz).unwrap();
    let channel_mode = if channels == 1 { ChannelMode::Mono } else { ChannelMode::Stereo };
    FrameHeader {
        stream: StreamInfo { codec: Codec::Aac, timescale, channels, samples_per_frame: 1_024 },
        bitrate_bps: None,
        channel_mode,
    }
}

fn check(encoding: Encoding, header: &FrameHeader, profile: Option<AacProfile>, expected: &[&str]) {
    let got: Vec<String> =
        encoding.mismatch(header, profile).iter().map(ToString::to_string).collect();
    assert_eq!(got, expected, "{encoding} against {header:?}, {profile:?}");
}

#[test]
fn an_mp3_encoder_that_obeys_has_no_mismatch() {
    check(mp3(), &mp3_header(128, 44_100, ChannelMode::JointStereo), None, &[]);
}

#[test]
fn joint_stereo_may_send_plain_frames_but_not_the_other_way_round() {
    check(mp3(), &mp3_header(128, 44_100, ChannelMode::Stereo), None, &[]);
    check(
        Encoding::stereo(EncodingCodec::Mp3, 128, 44_100),
        &mp3_header(128, 44_100, ChannelMode::JointStereo),
        None,
        &["channel_mode: wanted stereo, got joint_stereo"],
    );
    check(
        mp3(),
        &mp3_header(128, 44_100, ChannelMode::Mono),
        None,
        &["channel_mode: wanted joint_stereo, got mono"],
    );
}

#[test]
fn every_setting_that_differs_is_named() {
    check(
        mp3(),
        &mp3_header(96, 48_000, ChannelMode::Mono),
        None,
        &[
            "bitrate_kbps: wanted 128, got 96",
            "sample_rate_hz: wanted 44100, got 48000",
            "channel_mode: wanted joint_stereo, got mono",
        ],
    );
}

#[test]
fn a_varying_rate_has_any_bit_rate() {
    let vbr = Encoding { rate_control: RateControl::Vbr, ..mp3() };
    check(vbr, &mp3_header(320, 44_100, ChannelMode::Stereo), None, &[]);
    assert_eq!(vbr.mean_bitrate_mismatch(200_000), None);
}

#[test]
fn another_codec_is_the_only_mismatch_and_marked() {
    check(mp3(), &aac_header(48_000, 1), None, &["codec: wanted mp3, got aac"]);
    let header = mp3_header(128, 44_100, ChannelMode::Stereo);
    let wanted = Encoding::stereo(EncodingCodec::HeAac, 64, 44_100);
    check(wanted, &header, None, &["codec: wanted he_aac, got mp3"]);
    assert!(wanted.mismatch(&header, None)[0].is_other_codec);
}

#[test]
fn a_plain_aac_header_is_compared_as_it_stands() {
    let wanted = Encoding::stereo(EncodingCodec::Aac, 128, 44_100);
    check(wanted, &aac_header(44_100, 2), None, &[]);
    check(wanted, &aac_header(44_100, 2), Some(AacProfile::Lc), &[]);
    check(wanted, &aac_header(44_100, 6), None, &["channel_mode: wanted stereo, got 6 channels"]);
    let joint = Encoding { channel_mode: ChannelMode::JointStereo, ..wanted };
    check(joint, &aac_header(44_100, 2), None, &[]);
    let mono = Encoding { channel_mode: ChannelMode::Mono, ..wanted };
    check(mono, &aac_header(44_100, 2), None, &["channel_mode: wanted mono, got stereo"]);
}

#[test]
fn he_aac_has_a_core_at_half_the_rate() {
    let wanted = Encoding::stereo(EncodingCodec::HeAac, 64, 44_100);
    check(wanted, &aac_header(22_050, 2), None, &[]);
    check(wanted, &aac_header(22_050, 2), Some(AacProfile::HeV1), &[]);
    check(
        wanted,
        &aac_header(24_000, 2),
        Some(AacProfile::HeV1),
        &["sample_rate_hz: wanted 44100, got 48000"],
    );
}

#[test]
fn what_the_decoder_finds_is_compared_at_the_rate_that_is_heard() {
    check(
        Encoding::stereo(EncodingCodec::HeAac, 64, 44_100),
        &aac_header(44_100, 2),
        Some(AacProfile::Lc),
        &["codec: wanted he_aac, got aac"],
    );
    check(
        Encoding::stereo(EncodingCodec::Aac, 64, 44_100),
        &aac_header(22_050, 2),
        Some(AacProfile::HeV1),
        &["codec: wanted aac, got he_aac"],
    );
}

#[test]
fn he_aac_v2_says_one_channel_for_its_two() {
    let wanted = Encoding::stereo(EncodingCodec::HeAacV2, 32, 44_100);
    check(wanted, &aac_header(22_050, 1), Some(AacProfile::HeV2), &[]);
    check(wanted, &aac_header(22_050, 1), None, &[]);
    check(
        wanted,
        &aac_header(22_050, 2),
        Some(AacProfile::HeV1),
        &["codec: wanted he_aac_v2, got he_aac"],
    );
}

#[test]
fn a_mean_bit_rate_follows_within_a_tenth() {
    let wanted = Encoding::stereo(EncodingCodec::Aac, 100, 44_100);
    for (bps, follows) in [(90_000, true), (110_000, true), (89_999, false), (110_001, false)] {
        assert_eq!(wanted.mean_bitrate_mismatch(bps).is_none(), follows, "{bps}");
    }
    let got = wanted.mean_bitrate_mismatch(64_250).unwrap().to_string();
    assert_eq!(got, "bitrate_kbps: wanted 100, got 64.2");
}

fn check_settings(encoding: Encoding, expected: &str) {
    let got = encoding
        .check()
        .map_or_else(|error| format!("{}: {error}", error.setting), |()| "ok".to_owned());
    assert_eq!(got, expected, "{encoding}");
}

#[test]
fn mp3_has_the_bit_rates_of_its_sampling_rate() {
    check_settings(mp3(), "ok");
    check_settings(Encoding::stereo(EncodingCodec::Mp3, 320, 32_000), "ok");
    check_settings(Encoding::stereo(EncodingCodec::Mp3, 144, 22_050), "ok");
    check_settings(
        Encoding::stereo(EncodingCodec::Mp3, 144, 44_100),
        "bitrate_kbps: mp3 at 44100 Hz has no 144 kbit/s, but 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320",
    );
    check_settings(
        Encoding::stereo(EncodingCodec::Mp3, 128, 96_000),
        "sample_rate_hz: mp3 has no 96000 Hz, but 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000",
    );
    let vbr = Encoding { rate_control: RateControl::Vbr, bitrate_kbps: 190, ..mp3() };
    check_settings(vbr, "ok");
    assert!(Encoding { bitrate_kbps: 321, ..vbr }.check().is_err());
}

#[test]
fn he_aac_needs_a_core_rate_too() {
    check_settings(Encoding::stereo(EncodingCodec::HeAac, 64, 48_000), "ok");
    check_settings(Encoding::stereo(EncodingCodec::HeAac, 64, 16_000), "ok");
    for rate in [8_000, 11_025, 12_000] {
        assert!(Encoding::stereo(EncodingCodec::HeAac, 64, rate).check().is_err(), "{rate}");
    }
    let mono = Encoding {
        channel_mode: ChannelMode::Mono,
        ..Encoding::stereo(EncodingCodec::HeAacV2, 32, 44_100)
    };
    check_settings(mono, "channel_mode: he_aac_v2 is stereo by its nature; mono is he_aac");
}

fn check_id(codec: EncodingCodec, segment_secs: u64, expected: &str) {
    let id = Encoding::stereo(codec, 64, 44_100).rendition_id(Duration::from_secs(segment_secs));
    assert_eq!(id.as_str(), expected);
}

#[test]
fn ids_name_codec_bit_rate_and_an_unusual_segment() {
    check_id(EncodingCodec::Mp3, 6, "mp3-64");
    check_id(EncodingCodec::Aac, 6, "aac-64");
    check_id(EncodingCodec::HeAac, 6, "he-aac-64");
    check_id(EncodingCodec::HeAacV2, 6, "he-aac-v2-64");
    check_id(EncodingCodec::Mp3, 4, "mp3-4s-64");
}
