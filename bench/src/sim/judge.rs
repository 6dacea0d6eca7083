//! What went on air, against what came.

use std::collections::HashSet;
use std::time::Duration;

use media::{EpochId, Segment, SegmentInfo, WallTime};
use playlists::conformance::check_pair;

use super::Report;
use super::line::{Delivered, SAMPLES, number_of, template};
use crate::chain::Published;

/// Rules broken that are told; who sees so many reads no further.
const VIOLATIONS_MAX: usize = 20;

/// Looks at every segment and every playlist.
#[derive(Debug)]
pub(super) struct Judge {
    template: Vec<u8>,
    /// One more than the number of the frame on air last.
    next: u64,
    last: Option<SegmentInfo>,
    media: Option<String>,
    epochs: HashSet<EpochId>,
    report: Report,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            template: template(),
            next: 0,
            last: None,
            media: None,
            epochs: HashSet::new(),
            report: Report::default(),
        }
    }
}

impl Judge {
    /// Takes what was published at `now`.
    pub(super) fn take(&mut self, published: Vec<Published>, now: WallTime) {
        for Published { segment, media, .. } in published {
            self.frames(&segment);
            self.dates(&segment.info, now);
            self.report.segments += 1;
            self.epochs.insert(segment.info.epoch);
            self.last = Some(segment.info);
            if let (Some(old), Some(new)) = (&self.media, &media) {
                let room = VIOLATIONS_MAX.saturating_sub(self.report.violations.len());
                let broken = check_pair(old.as_bytes(), new.as_bytes());
                self.report.violations.extend(broken.iter().take(room).map(ToString::to_string));
            }
            self.media = media.or(self.media.take());
        }
    }

    /// What it came to, given what had come.
    pub(super) fn report(mut self, delivered: &Delivered) -> Report {
        self.report.epochs = self.epochs.len() as u64;
        self.report.epochs_due = 1 + delivered.holes;
        self.report.lost = delivered.frames.saturating_sub(self.report.frames);
        self.report
    }

    fn frames(&mut self, segment: &Segment) {
        // By its length, not by a framer: an epoch's last segment may be one frame,
        // which proves nothing by itself.
        let units = segment.info.duration.ticks() / SAMPLES;
        let audio = usize::try_from(units).unwrap_or(usize::MAX) * self.template.len();
        let tag = segment.body.len().saturating_sub(audio);
        let (tag, audio) = segment.body.split_at_checked(tag).unwrap_or_default();
        self.report.foreign += u64::from(!tag.starts_with(b"ID3"));
        let mut may_jump = segment.info.discontinuity || self.last.is_none();
        for frame in audio.chunks(self.template.len()) {
            let Some(number) = number_of(&self.template, frame) else {
                self.report.foreign += 1;
                continue;
            };
            if number < self.next {
                self.report.repeated += 1;
                continue;
            }
            if number > self.next && !may_jump {
                self.report.gaps += 1;
            }
            may_jump = false;
            self.next = number + 1;
            self.report.frames += 1;
        }
    }

    fn dates(&mut self, info: &SegmentInfo, now: WallTime) {
        self.report.ahead_max = self.report.ahead_max.max(info.wall_end().since(now));
        let Some(last) = self.last.as_ref().filter(|last| last.epoch == info.epoch) else { return };
        let step: Duration =
            info.wall_start.since(last.wall_end()).max(last.wall_end().since(info.wall_start));
        self.report.step_max = self.report.step_max.max(step);
    }
}
