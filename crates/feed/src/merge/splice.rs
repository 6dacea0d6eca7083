//! The seam between two lines of the same form: a decoder that has heard the one
//! gets the frames that it needs to decode the other.

use std::collections::VecDeque;

use bytes::Bytes;
use media::{StreamInfo, splice};

use super::seek::Incoming;
use super::{Merger, Output, Rank};
use crate::path::PathUnit;

/// The frames of a path right before those that go out.
#[derive(Debug)]
pub(super) struct Lead {
    frames: VecDeque<Bytes>,
    /// What the decoder has heard.
    heard: Option<StreamInfo>,
}

impl Lead {
    /// Keeps the last of a path's frames, as many as are of use, for a decoder that
    /// has `heard` a line of this form.
    pub(super) fn new(
        frames: impl DoubleEndedIterator<Item = Bytes>,
        heard: Option<StreamInfo>,
    ) -> Self {
        let mut lead = VecDeque::new();
        for frame in frames.rev().take(splice::BEFORE_LEN_MAX) {
            lead.push_front(frame);
        }
        Self { frames: lead, heard }
    }
}

impl Merger {
    /// Gives what goes before the first unit of a line.
    pub(super) fn prime(&mut self, rank: Rank, first: &Incoming) {
        let Some(mut lead) = self.lead.take() else { return };
        let header = first.unit.header;
        if lead.heard.is_some_and(|heard| heard != header.stream) {
            // Players begin a new decoder, which mutes what it cannot decode.
            return;
        }
        let profile = self.path(rank).and_then(|path| path.info?.profile);
        let primer = splice::primer(profile, lead.frames.make_contiguous(), &first.unit.data);
        for data in primer.frames {
            let unit = PathUnit { header, data, arrival: first.unit.arrival };
            self.put(Output::Unit(unit));
        }
    }

    /// Puts something behind what is left of the line before.
    pub(super) fn put(&mut self, output: Output) {
        match self.over.back() {
            Some((due, _)) => self.over.push_back((*due, output)),
            None => self.outputs.push_back(output),
        }
    }
}
