//! What an encoder can be given to send.

/// Sound without end, with titles.
pub trait Source: Send {
    /// Samples a second.
    fn sample_rate_hz(&self) -> u32;

    /// Interleaved channels: 1 or 2.
    fn channels(&self) -> u8;

    /// Writes the next interleaved samples.
    ///
    /// What is written does not depend on how it is split into calls. A length
    /// that is no multiple of the channels leaves its last part silent.
    fn fill(&mut self, out: &mut [i16]);

    /// What is on air at a sample's place, as `Artist - Title`.
    fn title_at(&self, sample: u64) -> String;
}

/// [`Source::fill`] where all channels have the same samples.
pub(crate) fn fill_alike(out: &mut [i16], channels: u8, mut next: impl FnMut() -> i16) {
    let mut groups = out.chunks_exact_mut(usize::from(channels));
    for group in &mut groups {
        group.fill(next());
    }
    groups.into_remainder().fill(0);
}
