//! Any bytes as frames of MP3 and of AAC-LC that are decoded to be encoded again: always the
//! same number of samples, none of them out of bounds, and good frames decode afterwards.

use std::sync::LazyLock;

use codec::pcm::{Decoder, Heard};
use codec::{aac, mp3};
use media::{AacProfile, Codec, StreamInfo, Timescale};

/// The greatest sample that a decoder gives: 12 dB above full scale.
const LOUDEST: f32 = 4.0;

/// Good frames after which a decoder is itself again: what MP3 borrows, and what is
/// concealed, has passed.
const RECOVERY: usize = 12;

/// A stream that is decoded, and frames of it that are good.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) stream: StreamInfo,
    pub(crate) profile: Option<AacProfile>,
    pub(crate) good: Vec<Vec<u8>>,
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let [form, rest @ ..] = data else { return };
    judge(&FORMS[usize::from(*form) % FORMS.len()], rest);
}

static FORMS: LazyLock<[Form; 4]> = LazyLock::new(|| {
    let lc = AacProfile::Lc;
    [mp3(2, 44_100), mp3(1, 24_000), adts(lc, 2, 44_100), adts(lc, 1, 48_000)]
});

/// Good frames of each form, whole and cut.
pub fn seeds() -> Vec<Vec<u8>> {
    seeds_of(FORMS.as_slice())
}

/// The first frames of each form behind its number and the length of pieces.
pub(crate) fn seeds_of(forms: &[Form]) -> Vec<Vec<u8>> {
    let seed = |(nth, form): (u8, &Form)| {
        let frames = form.good.iter().take(3);
        let body: Vec<u8> = frames.flat_map(|frame| &frame[payload(form)..]).copied().collect();
        [&[nth, 100][..], &body].concat()
    };
    (0..).zip(forms).map(seed).chain([vec![0, 1]]).collect()
}

/// Decodes pieces of these bytes as they are, and behind good headers.
pub(crate) fn judge(form: &Form, data: &[u8]) {
    let [size, bytes @ ..] = data else { return };
    let mut decoder = Decoder::new(&form.stream, form.profile).expect("a form that there is");
    for piece in bytes.chunks(usize::from(*size).max(8)).take(4) {
        decode(&mut decoder, piece);
        decode(&mut decoder, &with_header(form, piece));
    }
    let heard: Vec<Heard> = form.good.iter().map(|frame| decode(&mut decoder, frame)).collect();
    assert!(heard[RECOVERY..].iter().all(|heard| *heard == Heard::Clean), "{heard:?}");
}

fn decode(decoder: &mut Decoder, frame: &[u8]) -> Heard {
    let mut out = Vec::new();
    let heard = decoder.decode(frame, &mut out);
    assert_eq!(out.len(), decoder.frame_len() as usize * usize::from(decoder.channels()));
    assert!(out.iter().all(|sample| sample.abs() <= LOUDEST));
    heard
}

/// A piece in the place of a good frame's payload.
fn with_header(form: &Form, piece: &[u8]) -> Vec<u8> {
    let Some(good) = form.good.first() else { return Vec::new() };
    let mut frame = good.clone();
    for (byte, piece) in frame[payload(form)..].iter_mut().zip(piece.iter().cycle()) {
        *byte = *piece;
    }
    frame
}

fn payload(form: &Form) -> usize {
    match form.stream.codec {
        Codec::Mp3 => media::mp3::HEADER_LEN,
        Codec::Aac => media::adts::HEADER_LEN,
    }
}

/// A sound that has all that codecs are made for: tones, and a noise.
fn sound(channels: u8) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(3);
    let sample = move |nth: usize| {
        let tone = i16::try_from(nth * 37 % 8_000).expect("below 8,000");
        tone - 4_000 + random.i16(-500..500)
    };
    (0..usize::from(channels) * 28_672).map(sample).collect()
}

/// AAC by fdk-aac.
pub(crate) fn adts(profile: AacProfile, channels: u8, sample_rate_hz: u32) -> Form {
    let bitrate_bps = if profile == AacProfile::Lc { 64_000 } else { 32_000 };
    let transport = aac::Transport::Adts;
    let settings = aac::Settings { profile, sample_rate_hz, channels, bitrate_bps, transport };
    let mut encoder = aac::Encoder::new(&settings).expect("a form that there is");
    let good = encoder.encode(&sound(channels)).expect("whole groups");
    let hz = if profile == AacProfile::Lc { sample_rate_hz } else { sample_rate_hz / 2 };
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(hz).expect("not zero"),
        channels: if profile == AacProfile::HeV2 { 1 } else { channels },
        samples_per_frame: 1_024,
    };
    Form { stream, profile: Some(profile), good }
}

/// MP3 by LAME.
fn mp3(channels: u8, sample_rate_hz: u32) -> Form {
    let settings = mp3::Settings {
        sample_rate_hz,
        channels,
        bitrate_kbps: 64,
        quality: 7,
        reservoir: mp3::Reservoir::On,
    };
    let mut encoder = mp3::Encoder::new(&settings).expect("a form that there is");
    let mut bytes = Vec::new();
    encoder.encode(&sound(channels), &mut bytes).expect("whole groups");
    let good = mp3::whole_frames(&mut bytes);
    let stream = StreamInfo {
        codec: Codec::Mp3,
        timescale: Timescale::new(sample_rate_hz).expect("not zero"),
        channels,
        samples_per_frame: if sample_rate_hz < 32_000 { 576 } else { 1_152 },
    };
    Form { stream, profile: None, good }
}
