//! What a rendition that is made of a programme has in common with it, and what not: the
//! same epochs, numbers, titles and dates, on units of its own.

use media::{AacProfile, StreamInfo};

use crate::grid::Grid;
use crate::record::{Closed, Epoch, TitleMark};

/// What the units of a rendition look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The parameters.
    pub stream: StreamInfo,
    /// Which AAC tools the payload uses; `None` for MP3.
    pub profile: Option<AacProfile>,
}

impl Form {
    /// A programme's epoch, in this form.
    pub fn epoch(&self, source: &Epoch) -> Epoch {
        Epoch { stream: self.stream, profile: self.profile, ..*source }
    }

    /// A programme's segment, in this form. `closed` is of the ingest's own bytes.
    pub fn closed(&self, closed: &Closed, target_secs: u32) -> Closed {
        let of_source = Grid::new(&closed.epoch.source, target_secs);
        let own = self.grid(target_secs);
        let segment = closed.number.0.saturating_sub(closed.epoch.first_number.0);
        let first_index = own.first_index(segment);
        let end_index = self.end(segment, closed.end_index, &of_source, target_secs);
        let origin = closed.origin(&of_source);
        Closed {
            number: closed.number,
            epoch: self.epoch(&closed.epoch),
            first_index,
            end_index,
            wall_start: origin.plus(own.since_start(first_index)),
            title: closed.title.clone(),
        }
    }

    /// A title's mark, in this form: before the first unit that begins when it does or
    /// later, in the same segment.
    pub fn mark(&self, mark: &TitleMark, source: &StreamInfo, target_secs: u32) -> TitleMark {
        let segment = Grid::new(source, target_secs).segment_of(mark.source_index);
        let own = self.grid(target_secs);
        let last = own.first_index(segment.saturating_add(1)).saturating_sub(1);
        let index = self.units_before(mark.source_index, source).min(last);
        TitleMark { index, ..mark.clone() }
    }

    /// One past the last unit of a segment of which the programme has units up to
    /// `source_end`.
    ///
    /// A whole one has all that begin in it. One that is cut short, as an epoch's last,
    /// has those that begin before the programme's end, and one at least.
    pub(crate) fn end(
        &self,
        segment: u64,
        source_end: u64,
        source: &Grid,
        target_secs: u32,
    ) -> u64 {
        let own = self.grid(target_secs);
        let whole = own.first_index(segment.saturating_add(1));
        if source_end >= source.first_index(segment.saturating_add(1)) {
            return whole;
        }
        let least = own.first_index(segment).saturating_add(1);
        source.units_before(source_end, &own).clamp(least, whole.max(least))
    }

    /// The grid of its segments.
    pub fn grid(&self, target_secs: u32) -> Grid {
        Grid::new(&self.stream, target_secs)
    }

    /// Units of this form that begin before a unit of the source.
    fn units_before(&self, index: u64, source: &StreamInfo) -> u64 {
        Grid::new(source, 1).units_before(index, &self.grid(1))
    }
}

#[cfg(test)]
mod tests;
