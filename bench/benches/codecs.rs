//! What decoders, encoders and the resampler cost: a minute of the demo programme,
//! and what it takes to open them.
//!
//! Items are samples per channel: divided by 44,100 they are seconds of sound.

use std::sync::Arc;

use audioadapter_buffers::direct::InterleavedSlice;
use bytes::Bytes;
use codec::loudness::{Limiter, Meter};
use codec::resample::{Filter, Resampler};
use codec::{mix, pcm};
use demo::{Coder, Encoding, Programme, Source as _};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use media::{AacProfile, Framer};
use rubato::{Fft, FixedSync, Resampler as _};

const SECS: usize = 60;
const RATE_HZ: usize = 44_100;

/// Samples per channel that are given to a resampler at once.
const CHUNK: usize = 1_024;

/// One form that is decoded and encoded.
#[derive(Debug, Clone, Copy)]
enum Form {
    Mp3,
    Aac(AacProfile),
}

const FORMS: [Form; 4] = [
    Form::Mp3,
    Form::Aac(AacProfile::Lc),
    Form::Aac(AacProfile::HeV1),
    Form::Aac(AacProfile::HeV2),
];

fn main() {
    divan::main();
}

fn programme() -> Vec<i16> {
    let mut pcm = vec![0; SECS * RATE_HZ * 2];
    Programme::new(1).fill(&mut pcm);
    pcm
}

fn samples() -> Vec<f32> {
    programme().iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

impl Form {
    fn coder(self) -> Coder {
        let encoding = match self {
            Self::Mp3 => Encoding::Mp3 { kbps: 128 },
            Self::Aac(profile) => {
                let kbps = match profile {
                    AacProfile::Lc => 128,
                    AacProfile::HeV1 => 64,
                    AacProfile::HeV2 => 32,
                };
                Encoding::Aac { profile, kbps }
            }
        };
        Coder::new(encoding, 44_100, 2).expect("it encodes")
    }

    fn frames(self) -> Vec<Bytes> {
        let mut coder = self.coder();
        coder.encode(&programme()).expect("it encodes")
    }

    fn decoder(self, frame: &Bytes) -> pcm::Decoder {
        let mut framer = Framer::default();
        framer.push(&frame.repeat(4));
        let frame = framer.next_frame().expect("it is audio").expect("it is whole");
        let profile = match self {
            Self::Mp3 => None,
            Self::Aac(profile) => Some(profile),
        };
        pcm::Decoder::new(&frame.header.stream, profile).expect("it decodes")
    }
}

#[divan::bench(args = FORMS)]
fn encoder_opened(form: Form) -> Coder {
    form.coder()
}

#[divan::bench(args = FORMS)]
fn decoder_opened(bencher: Bencher<'_, '_>, form: Form) {
    let frames = form.frames();
    let first = frames.first().expect("there are frames");
    bencher.bench_local(|| form.decoder(first));
}

#[divan::bench(args = FORMS, sample_count = 5)]
fn encoded(bencher: Bencher<'_, '_>, form: Form) {
    let pcm = programme();
    bencher
        .counter(ItemsCount::new(pcm.len() / 2))
        .with_inputs(|| form.coder())
        .bench_local_values(|mut coder| {
            for part in pcm.chunks(CHUNK * 2) {
                black_box(coder.encode(part).expect("it encodes"));
            }
        });
}

#[divan::bench(args = FORMS, sample_count = 10)]
fn decoded(bencher: Bencher<'_, '_>, form: Form) {
    let frames = form.frames();
    let first = frames.first().expect("there are frames");
    bencher
        .counter(ItemsCount::new(SECS * RATE_HZ))
        .with_inputs(|| form.decoder(first))
        .bench_local_values(|mut decoder| {
            let mut out = Vec::new();
            for frame in &frames {
                out.clear();
                black_box(decoder.decode(frame, &mut out));
            }
        });
}

#[divan::bench(args = [(44_100, 48_000), (48_000, 44_100), (44_100, 22_050)])]
fn resampled(bencher: Bencher<'_, '_>, (from_hz, to_hz): (u32, u32)) {
    let input = samples();
    let filter = Arc::new(Filter::new(from_hz, to_hz).expect("MPEG's rates"));
    let mut out = Vec::with_capacity(CHUNK * 8);
    bencher.counter(ItemsCount::new(input.len() / 2)).bench_local(|| {
        let mut resampler = Resampler::new(filter.clone(), 2, 0, 0);
        for part in input.chunks(CHUNK * 2) {
            out.clear();
            resampler.process(part, &mut out);
            black_box(&out);
        }
    });
}

#[divan::bench(args = [(44_100, 48_000), (48_000, 44_100), (44_100, 22_050)])]
fn resampled_by_rubato(bencher: Bencher<'_, '_>, (from_hz, to_hz): (usize, usize)) {
    let input = samples();
    let mut out = vec![0.0; CHUNK * 8];
    bencher.counter(ItemsCount::new(input.len() / 2)).bench_local(|| {
        let mut resampler =
            Fft::<f32>::new(from_hz, to_hz, CHUNK, 2, FixedSync::Output).expect("it resamples");
        let mut rest = input.as_slice();
        while let Some((part, after)) = rest.split_at_checked(resampler.input_frames_next() * 2) {
            let frames = part.len() / 2;
            let from = InterleavedSlice::new(part, 2, frames).expect("whole groups");
            let room = out.len() / 2;
            let mut to = InterleavedSlice::new_mut(&mut out, 2, room).expect("whole groups");
            resampler.process_into_buffer(&from, &mut to, None).expect("it resamples");
            rest = after;
        }
        black_box(&out);
    });
}

#[divan::bench(args = [(44_100, 48_000), (11_025, 64_000)])]
fn filter_designed((from_hz, to_hz): (u32, u32)) -> Filter {
    Filter::new(from_hz, to_hz).expect("MPEG's rates")
}

/// The gain, from which on there is something to limit.
#[divan::bench(args = [1.0, 4.0])]
fn limited(bencher: Bencher<'_, '_>, gain: f32) {
    let input: Vec<f32> = samples().iter().map(|sample| sample * gain).collect();
    let mut out = Vec::with_capacity(CHUNK * 8);
    bencher.counter(ItemsCount::new(input.len() / 2)).bench_local(|| {
        let mut limiter = Limiter::new(44_100, 2, -1.0, 0);
        for part in input.chunks(CHUNK * 2) {
            out.clear();
            limiter.process(part, &mut out);
            black_box(&out);
        }
    });
}

#[divan::bench]
fn loudness_measured(bencher: Bencher<'_, '_>) {
    let input = samples();
    bencher.counter(ItemsCount::new(input.len() / 2)).bench_local(|| {
        let mut meter = Meter::new(44_100, 2).expect("there are channels");
        meter.push(&input);
        meter.finish().lufs()
    });
}

#[divan::bench]
fn to_words(bencher: Bencher<'_, '_>) {
    let input = samples();
    let mut out = Vec::with_capacity(input.len());
    bencher.counter(ItemsCount::new(input.len() / 2)).bench_local(|| {
        out.clear();
        mix::to_i16(&input, &mut out);
        black_box(&out);
    });
}
