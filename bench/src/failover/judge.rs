//! What came out against what was sent: lost, repeated, strange.
//!
//! Both are sequences of frames. Where they differ, the shortest way on is
//! searched: so many frames left out, so many put in, until [`RUN_LEN`] in a row
//! are the same again. Frames out of their order count twice, as lost
//! and as repeated. Alike frames (silence, a jingle) are no trouble:
//! what counts is how many of them there are.

use crate::failover::track::Id;

/// Frames in a row that have to be the same before two sequences are taken to go on
/// together.
pub const RUN_LEN: usize = 8;

/// How one sequence lies in another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alignment {
    /// The place in what was sent of the first frame that came; `None` when nothing
    /// of it came.
    pub first: Option<usize>,
    /// For each frame that came, its place in what was sent, or `None` where it is
    /// one too many.
    pub places: Vec<Option<usize>>,
    /// Places of the frames that did not come, from the first one on.
    pub lost: Vec<usize>,
    /// Frames that came and are one too many, though they were sent.
    pub repeated: usize,
    /// Frames that came and that nobody sent.
    pub foreign: usize,
}

impl Alignment {
    /// The same for a listener who left: what came after its last frame is none that
    /// it lost.
    #[must_use]
    pub fn to_its_end(mut self) -> Self {
        let last = self.places.iter().rev().find_map(|place| *place);
        self.lost.retain(|lost| Some(*lost) < last);
        self
    }
}

/// Lays what came into what was owed. Up to where nothing is missing at the front:
/// a listener joins in the middle.
pub fn align(owed: &[Id], came: &[Id]) -> Alignment {
    let start = (0..owed.len()).find(|start| runs(owed, *start, came, 0));
    align_from(owed, came, start.unwrap_or(0))
}

/// The same, where the first frame that is owed is that at `start`.
pub fn align_from(owed: &[Id], came: &[Id], start: usize) -> Alignment {
    let mut alignment = Alignment::default();
    let (mut next, mut at) = (start, 0);
    while at < came.len() {
        if next < owed.len() && owed.get(next) == came.get(at) {
            alignment.places.push(Some(next));
            alignment.first.get_or_insert(next);
            (next, at) = (next + 1, at + 1);
            continue;
        }
        let (left_out, put_in) = way_on(owed, next, came, at);
        alignment.lost.extend(next..next + left_out);
        for id in came.iter().skip(at).take(put_in) {
            let is_known = owed.contains(id);
            alignment.repeated += usize::from(is_known);
            alignment.foreign += usize::from(!is_known);
            alignment.places.push(None);
        }
        (next, at) = (next + left_out, at + put_in);
    }
    alignment.lost.extend(next..owed.len());
    alignment
}

/// How many of the owed are to be left out, and how many of those that came, until
/// both go on alike: the fewest together.
fn way_on(owed: &[Id], next: usize, came: &[Id], at: usize) -> (usize, usize) {
    let (left, right) = (owed.len() - next, came.len() - at);
    for both in 1..=left + right {
        for left_out in both.saturating_sub(right)..=both.min(left) {
            let put_in = both - left_out;
            if runs(owed, next + left_out, came, at + put_in) {
                return (left_out, put_in);
            }
        }
    }
    (left, right)
}

/// Whether a run is the same on both sides, or all that is left of one of them.
fn runs(owed: &[Id], next: usize, came: &[Id], at: usize) -> bool {
    let (Some(owed), Some(came)) = (owed.get(next..), came.get(at..)) else { return false };
    let len = RUN_LEN.min(owed.len()).min(came.len());
    len > 0 && owed.get(..len) == came.get(..len)
}

#[cfg(test)]
mod tests;
