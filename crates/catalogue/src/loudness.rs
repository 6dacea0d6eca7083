//! How loud the renditions of a programme are made.

use std::time::Duration;

/// How loud renditions are that are made here (EBU R 128).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loudness {
    /// What they are brought to, in tenths of a LUFS: -36 to -9 LUFS.
    pub target_tenths: i32,
    /// What their true peak is kept below before they are encoded, in tenths of a dBTP: -9 to
    /// 0 dBTP.
    pub true_peak_tenths: i32,
}

impl Loudness {
    /// How much of a programme a gain follows from: chosen, so long that a song keeps the
    /// difference between its verse and its chorus.
    pub const MEMORY: Duration = Duration::from_mins(1);

    /// What renditions are brought to, in LUFS.
    pub fn target_lufs(&self) -> f64 {
        f64::from(self.target_tenths) / 10.0
    }
}
