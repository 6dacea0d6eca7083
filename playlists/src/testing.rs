//! Segments for tests, made as a packager makes them: on the grid of an epoch.

use std::time::Duration;

use media::{
    Codec, EpochId, MediaDuration, MediaSequence, MediaTime, SegmentInfo, Timescale, WallTime,
};

use crate::window::LiveWindow;

/// 2026-11-22T14:47:34Z.
pub(crate) const NOON: WallTime = WallTime::from_nanos(1_795_358_854_000_000_000);

/// Makes one epoch after another of whole frames.
#[derive(Debug, Clone)]
pub(crate) struct Maker {
    pub(crate) rate: u32,
    pub(crate) samples_per_frame: u64,
    pub(crate) target_secs: u64,
    pub(crate) next: SegmentInfo,
}

impl Maker {
    /// AAC at 48 kHz in 6 s segments; the first is number `number`.
    pub(crate) fn aac(number: u64) -> Self {
        Self::new(Codec::Aac, 48_000, number)
    }

    pub(crate) fn new(codec: Codec, rate: u32, number: u64) -> Self {
        let timescale = Timescale::new(rate).unwrap();
        let next = SegmentInfo {
            number: MediaSequence(number),
            epoch: EpochId(0xE0),
            discontinuity_sequence: 0,
            discontinuity: false,
            codec,
            start: MediaTime::ZERO,
            duration: MediaDuration::default(),
            timescale,
            wall_start: NOON,
            bytes: 0,
        };
        let samples_per_frame = if codec == Codec::Aac { 1024 } else { 1152 };
        Self { rate, samples_per_frame, target_secs: 6, next }
    }

    /// Goes on where a window ends.
    pub(crate) fn after(window: &LiveWindow<SegmentInfo>) -> Self {
        let last = window.last().unwrap();
        let mut maker = Self::new(last.codec, last.timescale.hz(), 0);
        maker.next = SegmentInfo {
            number: MediaSequence(last.number.0 + 1),
            discontinuity: false,
            start: last.start.checked_add(last.duration).unwrap(),
            wall_start: last.wall_end(),
            ..last.clone()
        };
        maker
    }

    /// The whole segment `number` of a window's epoch, behind a hole.
    pub(crate) fn jump(window: &LiveWindow<SegmentInfo>, number: u64) -> SegmentInfo {
        let mut maker = Self::after(window);
        while maker.next.number.0 < number {
            maker.whole();
        }
        maker.whole()
    }

    /// The next whole segment of the epoch.
    pub(crate) fn whole(&mut self) -> SegmentInfo {
        let target = self.target_secs * u64::from(self.rate);
        let start = u64::try_from(self.next.start.ticks()).unwrap();
        let end = (start / target + 1) * target;
        self.frames((end - start).div_ceil(self.samples_per_frame))
    }

    /// A segment of so many frames.
    pub(crate) fn frames(&mut self, frames: u64) -> SegmentInfo {
        let duration = MediaDuration::from_ticks(frames * self.samples_per_frame);
        let bytes = frames * 341 + 73;
        let segment = SegmentInfo { duration, bytes, ..self.next.clone() };
        self.next.number.0 += 1;
        self.next.discontinuity = false;
        self.next.start = segment.start.checked_add(duration).unwrap();
        // From the epoch's beginning, so that roundings do not add up.
        let before = MediaDuration::from_ticks(segment.start.ticks().unsigned_abs());
        let after = MediaDuration::from_ticks(self.next.start.ticks().unsigned_abs());
        let begun = segment.wall_start.minus(before.to_std(segment.timescale));
        self.next.wall_start = begun.plus(after.to_std(segment.timescale));
        segment
    }

    /// Begins another epoch, so long after the end of the last.
    pub(crate) fn new_epoch(&mut self, pause: Duration) {
        self.next.epoch.0 += 1;
        self.next.discontinuity = true;
        self.next.discontinuity_sequence += 1;
        self.next.start = MediaTime::ZERO;
        self.next.wall_start = self.next.wall_start.plus(pause);
    }

    /// A window with so many whole segments.
    pub(crate) fn window(&mut self, segments: usize) -> LiveWindow<SegmentInfo> {
        let mut window = LiveWindow::new(self.target_secs, Duration::from_mins(1));
        for _ in 0..segments {
            window.append(self.whole()).unwrap();
        }
        window
    }
}
