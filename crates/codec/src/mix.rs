//! Samples between a decoder and an encoder: channels and words.

/// Appends interleaved samples of `from` channels as samples of `to` channels.
///
/// Two become one by their mean, so that nothing clips; one becomes two alike. As
/// many stay what they are. Of any other numbers each channel that comes is taken
/// from the one that has its place, or from the last. An incomplete group of
/// samples at the end is thrown away, as is all where a number is 0.
pub fn remix(input: &[f32], from: u8, to: u8, out: &mut Vec<f32>) {
    let groups = input.chunks_exact(usize::from(from).max(1));
    match (from, to) {
        (0, _) | (_, 0) => {}
        (2, 1) => out.extend(groups.map(|group| group.iter().sum::<f32>() * 0.5)),
        (1, to) => {
            out.extend(input.iter().flat_map(|sample| std::iter::repeat_n(*sample, to.into())));
        }
        (from, to) if from == to => out.extend(groups.flatten()),
        (_, to) => out.extend(groups.flat_map(|group| {
            let last = group.last().copied().unwrap_or(0.0);
            (0..usize::from(to)).map(move |nth| group.get(nth).copied().unwrap_or(last))
        })),
    }
}

/// Appends samples between -1 and 1 as 16 bits, rounded to nearest and halves to
/// even; what is beyond is clipped, and what is no number is silence.
#[expect(clippy::cast_possible_truncation, reason = "clipped before; NaN becomes 0")]
pub fn to_i16(input: &[f32], out: &mut Vec<i16>) {
    out.extend(input.iter().map(|sample| {
        let clipped = (sample * 32_768.0).clamp(-32_768.0, 32_767.0);
        // Rounds, as there are no bits for a fraction; the library's function is a
        // call for each sample where the processor may be an old one.
        let rounded = (clipped + ROUNDING) - ROUNDING;
        rounded as i32 as i16
    }));
}

/// 1.5 times 2^23: next to it, numbers of 32 bits are whole.
const ROUNDING: f32 = 12_582_912.0;

#[cfg(test)]
mod tests;
