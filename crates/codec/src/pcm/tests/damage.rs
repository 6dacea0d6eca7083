//! Streams with frames that are broken, or none.

use std::cell::LazyCell;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What is done to a frame of a stream.
#[derive(Debug, Clone)]
enum Damage {
    None,
    Flipped(Vec<Index>),
    Cut(Index),
    /// A frame of another of the streams of [`all`].
    Foreign(Index, Index),
    Bytes(Vec<u8>),
    /// Random bytes behind the frame's own header.
    Payload(u64),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => Just(Damage::None),
        4 => prop::collection::vec(any::<Index>(), 1..20).prop_map(Damage::Flipped),
        1 => any::<Index>().prop_map(Damage::Cut),
        1 => any::<(Index, Index)>().prop_map(|(stream, frame)| Damage::Foreign(stream, frame)),
        1 => prop::collection::vec(any::<u8>(), 0..600).prop_map(Damage::Bytes),
        2 => any::<u64>().prop_map(Damage::Payload),
    ]
}

fn damaged(damage: &Damage, frame: &[u8], all: &[Coded]) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    match damage {
        Damage::None => {}
        Damage::Flipped(bits) => {
            for bit in bits {
                let bit = bit.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        Damage::Cut(at) => bytes.truncate(at.index(frame.len())),
        Damage::Foreign(stream, frame) => {
            let frames = &stream.get(all).frames;
            bytes.clone_from(frame.get(frames));
        }
        Damage::Bytes(random) => bytes.clone_from(random),
        Damage::Payload(seed) => {
            let mut state = *seed | 1;
            for byte in &mut bytes[7..] {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = state.to_be_bytes()[0];
            }
        }
    }
    bytes
}

/// Good frames after which everything is as if nothing had been: a frame that
/// overlaps, for MP3 those that borrow, for fdk-aac those that it fades in.
const HEALED: usize = 6;

/// Likewise with SBR: its header comes with every tenth frame, and a broken one
/// may pass for good.
const SBR_HEALED: usize = 12;

fn check(all: &[Coded], which: Index, damages: &[Damage]) -> Result<(), TestCaseError> {
    let coded = which.get(all);
    let has_sbr = matches!(coded.profile, Some(HeV1 | HeV2));
    let healed = if has_sbr { SBR_HEALED } else { HEALED };
    let run = || {
        let (mut decoder, mut out) = (coded.decoder(), Vec::new());
        let mut decode = |frame: &[u8]| decoder.decode(frame, &mut out);
        for (damage, frame) in damages.iter().zip(&coded.frames) {
            decode(&damaged(damage, frame, all));
        }
        let good = &coded.frames[damages.len()..damages.len() + healed + 4];
        let heard: Vec<_> = good.iter().map(|frame| decode(frame)).collect();
        (heard, decoder.whole_len(), out)
    };
    let (heard, frame_len, out) = run();
    prop_assert_eq!(&heard[healed..], [Heard::Clean; 4]);
    prop_assert_eq!(out.len(), (damages.len() + healed + 4) * frame_len);
    prop_assert!(out.iter().all(|sample| sample.abs() <= LOUDEST));
    prop_assert!(run() == (heard, frame_len, out.clone()), "not the same twice");
    let from = (damages.len() + healed) * frame_len;
    let whole = coded.heard();
    let far = out[from..].iter().zip(&whole[from..]).map(|(a, b)| (a - b).abs());
    let far = far.fold(0.0, f32::max);
    // The noise that goes with SBR is never the same again.
    let far_max = if has_sbr { 0.5 } else { 0.0 };
    prop_assert!(far <= far_max, "{far} from it");
    Ok(())
}

thread_local! {
    static ALL: LazyCell<Vec<Coded>> = const { LazyCell::new(all) };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_has_its_length_and_good_frames_decode_again(
        which in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..13),
    ) {
        ALL.with(|all| check(all, which, &damages))?;
    }
}

/// A low tone, encoded as the stream is.
fn tone(coded: &Coded) -> Vec<Vec<u8>> {
    let hz = coded.decoder().sample_rate_hz();
    let channels = coded.decoder().channels();
    let pcm = crate::testing::tone(220.0, hz, channels);
    match coded.profile {
        None => {
            let bitrate_kbps = if channels == 2 { 128 } else { 48 };
            let reservoir = mp3::Reservoir::On;
            let sample_rate_hz = hz;
            let quality = 5;
            mp3_frames_as(
                &mp3::Settings { sample_rate_hz, channels, bitrate_kbps, quality, reservoir },
                &pcm,
            )
        }
        Some(profile) => {
            let settings = aac::Settings {
                profile,
                sample_rate_hz: hz,
                channels,
                bitrate_bps: if profile == Lc { 64_000 } else { 24_000 } * u32::from(channels),
                transport: aac::Transport::Adts,
            };
            aac::Encoder::new(&settings).unwrap().encode(&pcm).unwrap()
        }
    }
}

/// The greatest step from one sample to the next, of the first channel.
fn step(heard: &[f32], channels: u8) -> f32 {
    let first: Vec<f32> = heard.iter().step_by(channels.into()).copied().collect();
    first.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn lost_frames_do_not_click_and_fall_silent() {
    for coded in [
        mp3(2, 44_100, 128),
        mp3(1, 22_050, 48),
        adts(Lc, 2, 44_100),
        adts(HeV1, 2, 44_100),
        adts(HeV2, 2, 44_100),
    ] {
        let frames = tone(&coded);
        let mut decoder = coded.decoder();
        let channels = decoder.channels();
        let mut decode = |frames: &[Vec<u8>]| {
            let mut out = Vec::new();
            let heard = frames.iter().map(|frame| decoder.decode(frame, &mut out));
            (heard.collect::<Vec<_>>(), out)
        };
        // The first frames hold the codec's delay.
        decode(&frames[..6]);
        let (_, clean) = decode(&frames[6..12]);
        let (heard, lost) = decode(&vec![Vec::new(); 12]);
        assert_eq!(heard, [Heard::Concealed; 12]);
        let (heard, after) = decode(&frames[12..22]);
        assert_eq!(heard[HEALED..], [Heard::Clean; 4]);
        let step_max = step(&clean, channels) * 1.5;
        let joined = [clean, lost.clone(), after].concat();
        let step = step(&joined, channels);
        assert!(step <= step_max, "{:?}: {step} after {step_max}", coded.profile);
        let end = &lost[lost.len() * 11 / 12..];
        assert!(end.iter().all(|sample| sample.abs() < 0.001), "{:?}", coded.profile);
    }
}

#[test]
fn one_lost_frame_is_bridged() {
    for coded in [mp3(2, 44_100, 128), adts(Lc, 2, 44_100), adts(HeV1, 2, 44_100)] {
        let frames = tone(&coded);
        let mut decoder = coded.decoder();
        let mut out = Vec::new();
        for frame in &frames[..12] {
            decoder.decode(frame, &mut out);
        }
        let before = out.len();
        assert_eq!(decoder.decode(&frames[12][..30], &mut out), Heard::Concealed);
        let loud =
            |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32;
        let (clean, bridge) = (loud(&out[before / 2..before]), loud(&out[before..]));
        assert!(bridge > clean / 20.0, "{:?}: {bridge} after {clean}", coded.profile);
    }
}

#[test]
fn damage_before_the_first_good_frame_is_silent() {
    for coded in all() {
        let mut decoder = coded.decoder();
        let mut out = Vec::new();
        for bad in [&[][..], b"no frame at all", &coded.frames[0][..20]] {
            assert_eq!(decoder.decode(bad, &mut out), Heard::Concealed);
        }
        assert!(out == vec![0.0; 3 * decoder.whole_len()]);
    }
}

/// A frame of AAC-LC, mono at 44.1 kHz, with one line of a spectrum (ISO/IEC 14496-3
/// §4.4.2), each step of whose gain is 1.5 dB.
fn line(gain: u8) -> Vec<u8> {
    let bits = [
        // A single channel, its gain.
        "0000000",
        &format!("{gain:08b}"),
        // A long window with one band, coded with the fifth book, of the same gain.
        "00000000010",
        "0101",
        "00001",
        "0",
        // No tools. A pair with a one in it, and a pair of zeros. The end.
        "000",
        "1000",
        "0",
        "111",
    ];
    let mut bits = bits.concat();
    bits.push_str(&"0".repeat(bits.len().next_multiple_of(8) - bits.len()));
    let byte = |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
    let payload: Vec<u8> = bits.as_bytes().chunks(8).map(byte).collect();
    let len = u8::try_from(payload.len() + 7).unwrap();
    [&[0xFF, 0xF1, 0x50, 0x40, len >> 3, len << 5 | 0x1F, 0xFC][..], &payload].concat()
}

#[test]
fn a_frame_of_12_db_over_full_scale_is_concealed() {
    let coded = adts(Lc, 1, 44_100);
    let peak = |gain: u8| {
        let mut out = Vec::new();
        let mut decoder = coded.decoder();
        let heard = [0, 1].map(|_| decoder.decode(&line(gain), &mut out));
        let is_heard = heard == [Heard::Clean; 2];
        is_heard.then(|| out.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs())))
    };
    let peaks: Vec<Option<f32>> = (100..=255).map(peak).collect();
    let loudest = peaks.iter().rposition(Option::is_some).unwrap();
    assert!(peaks[..loudest].iter().all(Option::is_some));
    let (heard, quieter) = (peaks[loudest].unwrap(), peaks[loudest - 4].unwrap());
    // The next step is 1.5 dB more.
    assert!((LOUDEST * 0.84..=LOUDEST).contains(&heard), "{heard}");
    assert!((heard / quieter - 2.0).abs() < 0.01, "{heard} after {quieter}");
    assert_eq!(peaks[loudest + 1..].iter().flatten().count(), 0);
}
