//! New inputs from old ones, by a seeded generator.

use fastrand::Rng;

/// Bytes of a mutated input at most.
const LEN_MAX: usize = 4_096;

/// Bytes that grammars are made of, and the ends of ranges.
const PLEASANT: &[u8] = b"\0\x01\x7f\x80\xfe\xff\r\n \t\"'/.:;,=-+%#[]{}09afAF";

/// One input made of one or two of `inputs`, by one to eight changes.
pub fn mutate(inputs: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut data = pick(inputs, rng).to_vec();
    for _ in 0..rng.u32(1..=8) {
        change(&mut data, inputs, rng);
    }
    data.truncate(LEN_MAX);
    data
}

fn change(data: &mut Vec<u8>, inputs: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(..=data.len());
    let end = rng.usize(at..=data.len().min(at + 64));
    match rng.u8(..7) {
        0 => data.truncate(at),
        1 => drop(data.drain(at..end)),
        2 => data.insert(at, rng.u8(..)),
        3 => data.insert(at, PLEASANT[rng.usize(..PLEASANT.len())]),
        4 => {
            let piece = data[at..end].to_vec();
            data.splice(at..at, piece);
        }
        5 => {
            let other = pick(inputs, rng);
            let from = rng.usize(..=other.len());
            data.splice(at..end, other[from..].iter().copied());
        }
        _ => {
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
    }
}

fn pick<'a>(inputs: &'a [Vec<u8>], rng: &mut Rng) -> &'a [u8] {
    if inputs.is_empty() { &[] } else { &inputs[rng.usize(..inputs.len())] }
}
