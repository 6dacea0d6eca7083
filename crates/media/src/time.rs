//! Exact media time: integer ticks of a rational clock, never floating point.

use std::num::NonZeroU32;
use std::time::Duration;

/// Ticks per second of a media clock.
///
/// For audio this is the sampling rate in Hz, so that one frame is a whole
/// number of ticks at every rate (1024 / 44 100 s is not a whole number of
/// 90 kHz ticks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timescale(NonZeroU32);

/// A moment of the world's clock, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// `u64` nanoseconds last until the year 2554.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(u64);

impl Timescale {
    /// The MPEG-2 systems clock, 90 kHz (ISO/IEC 13818-1 §2.4.2.1).
    pub const MPEG: Self = Self(NonZeroU32::new(90_000).expect("not zero"));

    /// Returns the timescale, or `None` for zero ticks per second.
    pub const fn new(ticks_per_second: u32) -> Option<Self> {
        match NonZeroU32::new(ticks_per_second) {
            Some(ticks) => Some(Self(ticks)),
            None => None,
        }
    }

    /// Ticks per second.
    pub const fn hz(self) -> u32 {
        self.0.get()
    }
}

/// An instant on a track's timeline, in ticks since the timeline's origin.
///
/// An instant is not a number: two instants do not add. Add a
/// [`MediaDuration`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MediaTime(i64);

/// A length of media, in ticks of its track's [`Timescale`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MediaDuration(u64);

impl MediaTime {
    /// The timeline's origin.
    pub const ZERO: Self = Self(0);

    /// The instant `ticks` after the origin; negative is before it.
    pub const fn from_ticks(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Ticks since the origin.
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// This instant moved later, or `None` past `i64::MAX` ticks.
    pub fn checked_add(self, duration: MediaDuration) -> Option<Self> {
        self.0.checked_add_unsigned(duration.0).map(Self)
    }

    /// The 33-bit MPEG-2 timestamp of this instant, in 90 kHz ticks.
    ///
    /// Wraps every 26.5 hours, as ISO/IEC 13818-1 §2.4.3.7 has it. Rounds down,
    /// from the exact sum, so the error never accumulates.
    pub fn mpeg_timestamp(self, scale: Timescale) -> u64 {
        let ticks = i128::from(self.0) * i128::from(Timescale::MPEG.hz());
        let wrapped = ticks.div_euclid(i128::from(scale.hz())).rem_euclid(1 << 33);
        u64::try_from(wrapped).expect("a remainder modulo 2^33 fits in u64")
    }
}

impl MediaDuration {
    /// A length of `ticks`.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// Length in ticks.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// Length in whole microseconds, rounded to nearest: six decimals of a second.
    pub const fn micros(self, scale: Timescale) -> u64 {
        let hz = scale.hz() as u64;
        let (secs, rest) = (self.0 / hz, self.0 % hz);
        secs * 1_000_000 + (rest * 1_000_000 + hz / 2) / hz
    }

    /// Sum of two lengths in one timescale, saturating.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The same length as a [`Duration`], rounded down to a nanosecond.
    pub fn to_std(self, scale: Timescale) -> Duration {
        let hz = u64::from(scale.hz());
        let nanos = (self.0 % hz) * 1_000_000_000 / hz;
        Duration::new(self.0 / hz, u32::try_from(nanos).expect("below one second"))
    }
}

impl WallTime {
    /// The moment `nanos` after the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// This moment, later by `length`; saturating.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// This moment, earlier by `length`; saturating.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How much later this is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Nanoseconds since another moment; below zero where that is the later one.
    pub fn nanos_since(self, other: Self) -> i64 {
        let nanos = i128::from(self.nanos()) - i128::from(other.nanos());
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }
}

impl From<std::time::SystemTime> for WallTime {
    /// Times before 1970 become 1970.
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
