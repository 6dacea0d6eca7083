use super::*;
use crate::{Source as _, tones::TimeCode};

fn coded(encoding: Encoding, pcm: &[i16], samples_a_call: usize) -> Vec<Bytes> {
    let mut coder = Coder::new(encoding, 44_100, 2).unwrap();
    let mut frames = Vec::new();
    for part in pcm.chunks(2 * samples_a_call) {
        frames.extend(coder.encode(part).unwrap());
    }
    frames.extend(coder.flush().unwrap());
    frames
}

fn check(encoding: Encoding, frame_len: u32, codec: Codec) {
    assert_eq!(encoding.codec(), codec);
    assert_eq!(Coder::new(encoding, 44_100, 2).unwrap().frame_len(), frame_len);
    let mut pcm = vec![0; 2 * 44_100];
    TimeCode::new(44_100, 2).fill(&mut pcm);
    let whole = coded(encoding, &pcm, pcm.len());
    for samples_a_call in [1, 7, 1460, 65_536] {
        assert_eq!(coded(encoding, &pcm, samples_a_call), whole, "{samples_a_call}");
    }
    for frame in &whole {
        let len = match codec {
            Codec::Mp3 => media::mp3::Header::parse(frame).and_then(|header| header.frame_len()),
            Codec::Aac => {
                let [_, _, _, b3, b4, b5, ..] = frame[..] else { panic!("too short") };
                Some(usize::from(b3 & 3) << 11 | usize::from(b4) << 3 | usize::from(b5 >> 5))
            }
        };
        assert_eq!(len, Some(frame.len()));
    }
}

#[test]
fn mp3_comes_in_whole_frames() {
    check(Encoding::Mp3 { kbps: 128 }, 1_152, Codec::Mp3);
    check(Encoding::Mp3 { kbps: 320 }, 1_152, Codec::Mp3);
}

#[test]
fn aac_comes_in_whole_frames() {
    check(Encoding::Aac { profile: AacProfile::Lc, kbps: 128 }, 1_024, Codec::Aac);
    check(Encoding::Aac { profile: AacProfile::HeV1, kbps: 64 }, 2_048, Codec::Aac);
    check(Encoding::Aac { profile: AacProfile::HeV2, kbps: 32 }, 2_048, Codec::Aac);
}
