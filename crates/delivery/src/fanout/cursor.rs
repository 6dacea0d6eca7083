//! One listener's place in the ring: what comes next on its connection.
//!
//! The response head, then whole frames, of the intro first where there is one,
//! with a metadata block after every `metaint` bytes of audio. Sans-IO:
//! [`Cursor::plan`] says what to write, [`Cursor::advance`] hears how much of it
//! was taken. Nothing is copied and nothing allocated, except when a listener is
//! skipped ahead, which is once in its life, or goes to another mount.

use std::io::IoSlice;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};

use super::intro::Intro;
use super::ring::Ring;

/// Pieces of one write: 64 KiB with a metadata block every 8,192 bytes, and
/// the ring's seam.
pub(super) const SLICES_MAX: usize = 32;

/// Bytes of one write; a longer burst takes several.
pub(super) const WRITE_MAX: usize = 64 * 1024;

/// Where a listener is.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Goes out before anything else: the response head, or the rest of a
    /// block or frame that is no longer read from the ring.
    rest: Bytes,
    walk: Walk,
    /// No audio from here on.
    end: u64,
    /// Where positions lie as long as it is there; the place in the ring is
    /// not taken yet.
    lead: Option<Box<Lead>>,
}

/// An intro that is not through.
#[derive(Debug)]
struct Lead {
    intro: Intro,
    /// When one has heard it who began at once.
    heard_at: Instant,
}

/// The part of the place that a plan tries out.
#[derive(Debug, Clone, Copy)]
struct Walk {
    /// Of the next byte of audio.
    position: u64,
    /// Audio bytes between two blocks; 0 without metadata.
    metaint: u32,
    /// Audio bytes before the next block.
    until_block: u32,
    /// Version of the title sent last; 0 before the first.
    title: u32,
}

/// What comes next.
#[derive(Debug)]
enum Part<'r> {
    Audio(&'r [u8]),
    Block {
        version: u32,
        block: &'r Bytes,
    },
    /// The title has not changed: a block of length 0.
    Unchanged,
}

/// The pieces of one write.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    slices: [IoSlice<'a>; SLICES_MAX],
    used: usize,
    bytes: usize,
}

impl Cursor {
    /// A listener that gets `head`, then the audio from the frame boundary
    /// `start` on.
    pub(super) fn new(head: Bytes, start: u64, metaint: Option<NonZeroU32>) -> Self {
        let metaint = metaint.map_or(0, NonZeroU32::get);
        let walk = Walk { position: start, metaint, until_block: metaint, title: 0 };
        Self { rest: head, walk, end: u64::MAX, lead: None }
    }

    /// With an intro before the ring's audio, from `now` on.
    pub(super) fn behind(mut self, intro: Intro, now: Instant) -> Self {
        let heard_at = now + intro.duration();
        self.walk.position = 0;
        self.lead = Some(Box::new(Lead { intro, heard_at }));
        self
    }

    /// Takes the place in the ring once the intro is through, and says whether
    /// it did: what the listener has not heard of the intro is that much less
    /// of a burst.
    pub(super) fn settle(&mut self, ring: &Ring, burst: Duration, now: Instant) -> bool {
        let Some(lead) = &self.lead else { return false };
        if self.walk.position < lead.intro.len() || self.is_ending() {
            return false;
        }
        let unheard = lead.heard_at.saturating_duration_since(now);
        self.walk.position = ring.burst_start(burst.saturating_sub(unheard));
        self.lead = None;
        true
    }

    /// The next bytes to write; empty when there is nothing yet.
    pub(super) fn plan<'a>(&'a self, ring: &'a Ring) -> Plan<'a> {
        let mut plan = Plan { slices: [IoSlice::new(&[]); SLICES_MAX], used: 0, bytes: 0 };
        let mut has_room = self.rest.is_empty() || plan.add(&self.rest);
        let mut walk = self.walk;
        while has_room {
            let Some(part) = walk.part(self.intro(), ring, self.end) else { break };
            has_room = plan.add(part.bytes());
            walk.pass(&part, part.bytes().len());
        }
        plan
    }

    /// Hears that the first `taken` bytes of a plan were written.
    ///
    /// The ring must be as it was when the plan was made.
    pub(super) fn advance(&mut self, ring: &Ring, mut taken: usize) {
        if !self.rest.is_empty() {
            let of_rest = taken.min(self.rest.len());
            self.rest.advance(of_rest);
            taken -= of_rest;
            if self.rest.is_empty() {
                self.rest = Bytes::new(); // lets go of the head's memory
            }
        }
        let intro = self.lead.as_ref().map(|lead| &lead.intro);
        while taken > 0 {
            let Some(part) = self.walk.part(intro, ring, self.end) else { return };
            let of_part = taken.min(part.bytes().len());
            if let Part::Block { block, .. } = &part {
                self.rest = block.slice(of_part..);
            }
            self.walk.pass(&part, of_part);
            taken -= of_part;
        }
    }

    /// Of the next byte of audio in the ring; in the intro, behind all.
    pub(super) fn position(&self) -> u64 {
        if self.lead.is_some() { u64::MAX } else { self.walk.position }
    }

    /// The same, where it is in the ring already.
    pub(super) fn in_ring(&self) -> Option<u64> {
        self.lead.is_none().then_some(self.walk.position)
    }

    /// Ends the stream at the frame boundary `end` of the ring, or behind the
    /// intro if it is not through; an earlier end stays.
    pub(super) fn end_at(&mut self, end: u64) {
        self.end = self.end.min(self.intro().map_or(end, Intro::len));
    }

    /// Ends the stream after the frame that has begun.
    pub(super) fn end_soon(&mut self, ring: &Ring) {
        let position = self.walk.position;
        let end = self.intro().map(|intro| intro.boundary_from(position));
        self.end = self.end.min(end.unwrap_or_else(|| ring.boundary_from(position)));
    }

    /// An end is set.
    pub(super) fn is_ending(&self) -> bool {
        self.end != u64::MAX
    }

    /// The end is reached and nothing is left to write.
    pub(super) fn is_done(&self) -> bool {
        self.walk.position >= self.end && self.rest.is_empty()
    }

    /// Goes on at the frame boundary `to`, after what is left of the frame that
    /// has begun, so that what was sent stays whole frames.
    ///
    /// Only where the ring has forgotten that frame already it stays cut.
    pub(super) fn skip(&mut self, ring: &Ring, to: u64) {
        let boundary = self.keep_begun(ring);
        self.walk.position = to.max(boundary);
    }

    /// Goes on in another mount's ring, after what is left of the frame that
    /// has begun: as far behind its newest frame as it was behind that of its
    /// own, `behind_max` at most. The other's title comes with the next block.
    pub(super) fn move_to(&mut self, from: &Ring, to: &Ring, behind_max: Duration) {
        if self.lead.is_none() {
            let boundary = self.keep_begun(from);
            self.walk.position = to.burst_start(from.behind(boundary).min(behind_max));
        }
        // Versions of two rings say nothing of each other.
        self.walk.title = 0;
    }

    /// Keeps what is left of the frame that has begun apart from the ring, and
    /// gives the boundary behind it.
    fn keep_begun(&mut self, ring: &Ring) -> u64 {
        let boundary = ring.boundary_from(self.walk.position);
        let mut kept = Vec::new();
        while let Some(part) = self.walk.part(None, ring, boundary) {
            kept.extend_from_slice(part.bytes());
            self.walk.pass(&part, part.bytes().len());
        }
        if !kept.is_empty() {
            self.rest = [self.rest.as_ref(), kept.as_slice()].concat().into();
        }
        boundary
    }

    fn intro(&self) -> Option<&Intro> {
        self.lead.as_ref().map(|lead| &lead.intro)
    }
}

impl Walk {
    /// What comes next, up to `end`, in the intro if there is one.
    ///
    /// A block waits for the byte after it: until then the title may change.
    /// Within the intro it is that of the programme now.
    fn part<'r>(&self, intro: Option<&'r Intro>, ring: &'r Ring, end: u64) -> Option<Part<'r>> {
        let head = ring.head().position;
        let end = end.min(intro.map_or(head, Intro::len));
        if self.position >= end {
            return None;
        }
        if self.metaint > 0 && self.until_block == 0 {
            let (version, block) = ring.title_at(intro.map_or(self.position, |_| head));
            let is_new = version != self.title;
            return Some(if is_new { Part::Block { version, block } } else { Part::Unchanged });
        }
        let ahead = end - self.position;
        let len_max = if self.metaint > 0 { ahead.min(self.until_block.into()) } else { ahead };
        let piece = match intro {
            None => ring.piece(self.position, len_max),
            Some(intro) => intro.piece(self.position, len_max),
        };
        (!piece.is_empty()).then_some(Part::Audio(piece))
    }

    /// Steps over the first `taken` bytes of `part`, and over the whole of a block.
    fn pass(&mut self, part: &Part<'_>, taken: usize) {
        match part {
            Part::Audio(_) => {
                self.position += taken as u64;
                let taken = u32::try_from(taken).unwrap_or(u32::MAX);
                self.until_block = self.until_block.saturating_sub(taken);
            }
            Part::Block { version, .. } => {
                (self.title, self.until_block) = (*version, self.metaint);
            }
            Part::Unchanged => self.until_block = self.metaint,
        }
    }
}

impl<'r> Part<'r> {
    fn bytes(&self) -> &'r [u8] {
        match self {
            Self::Audio(piece) => piece,
            Self::Block { block, .. } => block,
            Self::Unchanged => &[0],
        }
    }
}

impl<'a> Plan<'a> {
    /// The pieces, in order.
    pub(super) fn slices(&self) -> &[IoSlice<'a>] {
        self.slices.get(..self.used).unwrap_or_default()
    }

    /// Their length together.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Appends as much of a piece as there is room for; says whether there is
    /// room for another.
    fn add(&mut self, piece: &'a [u8]) -> bool {
        let piece = piece.get(..WRITE_MAX - self.bytes).unwrap_or(piece);
        if let Some(slice) = self.slices.get_mut(self.used) {
            *slice = IoSlice::new(piece);
            self.used += 1;
            self.bytes += piece.len();
        }
        self.used < SLICES_MAX && self.bytes < WRITE_MAX
    }
}

#[cfg(test)]
mod tests;
