//! What is heard in place of a frame that is lost.

/// Puts the frame before it there, played backwards and faded out over its
/// length: it begins with the sample that came last, so there is no click, and
/// has the programme's sound. After that there is silence.
#[derive(Debug)]
pub(super) struct Cover {
    channels: usize,
    /// The last good frame, interleaved; empty where it was used up.
    last: Vec<f32>,
}

impl Cover {
    /// For interleaved samples of so many channels.
    pub(super) fn new(channels: u8) -> Self {
        Self { channels: usize::from(channels), last: Vec::new() }
    }

    /// Takes a good frame's samples, and leaves an old vector in their place.
    pub(super) fn keep(&mut self, pcm: &mut Vec<f32>) {
        std::mem::swap(&mut self.last, pcm);
    }

    /// Appends so many interleaved samples.
    pub(super) fn put(&mut self, len: usize, out: &mut Vec<f32>) {
        let end = out.len() + len;
        let groups = len / self.channels.max(1);
        for (nth, group) in self.last.chunks_exact(self.channels).rev().take(groups).enumerate() {
            let gain = faded(nth, groups);
            out.extend(group.iter().map(|sample| sample * gain));
        }
        out.resize(end, 0.0);
        self.last.clear();
    }
}

/// From 1 to 0 without corners at either end: a cubic, which is the same on every
/// processor, as a cosine is not.
#[expect(clippy::cast_precision_loss, reason = "a gain")]
fn faded(nth: usize, len: usize) -> f32 {
    let t = nth as f32 / len as f32;
    1.0 - t * t * (3.0 - 2.0 * t)
}
