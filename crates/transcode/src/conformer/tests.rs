use catalogue::EncodingCodec::{Aac, HeAac, Mp3};

use media::ChannelMode;

use super::*;
use crate::testing::{Programme, channel, heard, lag, mono};

fn joint(kbps: u32, hz: u32) -> Encoding {
    Encoding { channel_mode: ChannelMode::JointStereo, ..Encoding::stereo(Mp3, kbps, hz) }
}

/// What becomes of a programme of one encoding in an ingest of another.
fn conformed(from: &Encoding, to: &Encoding) -> (Programme, Vec<Frame>) {
    let programme = Programme::new(from, 4);
    let mut conformer = Conformer::new(to).unwrap();
    let mut frames = Vec::new();
    for data in &programme.frames {
        let (stream, profile) = (programme.epoch.stream, programme.epoch.profile);
        let (made, heard) = conformer.push(data, &stream, profile).unwrap();
        assert_eq!(heard, Heard::Clean);
        frames.extend(made);
    }
    (programme, frames)
}

#[test]
fn a_source_of_another_form_is_made_to_follow() {
    let (slow, fast) = (Encoding::stereo(Mp3, 96, 44_100), Encoding::stereo(Mp3, 128, 48_000));
    for (from, to) in [
        (slow, joint(128, 44_100)),
        (mono(slow), joint(128, 44_100)),
        (fast, joint(64, 48_000)),
        (fast, joint(96, 44_100)),
        (Encoding::stereo(HeAac, 48, 44_100), Encoding::stereo(Aac, 96, 44_100)),
    ] {
        let (programme, frames) = conformed(&from, &to);
        assert!(
            frames.iter().all(|frame| to.mismatch(&frame.header, to.codec.profile()).is_empty())
        );
        let sent = channel(&programme.heard(), from.channels());
        let mut own = programme.epoch;
        (own.stream, own.profile) = (to.stream().unwrap(), to.codec.profile());
        let got = channel(&heard(&own, frames.iter().map(|frame| &frame.data)), to.channels());
        if from.sample_rate_hz != to.sample_rate_hz {
            let secs = got.len() as u64 / u64::from(to.sample_rate_hz);
            assert_eq!(secs, 4, "{from} to {to}");
            continue;
        }
        let (_, alike) = lag(&sent, &got, 60_000, 3_000);
        assert!(alike > 0.7, "{from} to {to}: {alike}");
    }
}

#[test]
fn a_source_may_change_its_form_and_the_stream_goes_on() {
    let to = Encoding::stereo(Mp3, 128, 44_100);
    let mut conformer = Conformer::new(&to).unwrap();
    let mut count = 0;
    for from in [
        Encoding::stereo(Mp3, 96, 48_000),
        mono(Encoding::stereo(Mp3, 64, 44_100)),
        Encoding::stereo(Mp3, 96, 48_000),
    ] {
        let programme = Programme::new(&from, 1);
        for data in &programme.frames {
            let (made, _) = conformer.push(data, &programme.epoch.stream, None).unwrap();
            count += made.len();
        }
    }
    // Three seconds, and what the encoders flush.
    assert!((114..=125).contains(&count), "{count}");
}
