//! What became of a kind of frames where processes are killed: at listeners that come
//! back, and in the segments.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::failover::judge;
use crate::failover::listener::Heard;
use crate::failover::stage::{Stored, Tally, ids, tally};
use crate::failover::track::{Track, cut};

/// What a listener got over all its connections, each judged for itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listening {
    /// Connections over which something came.
    pub connections: usize,
    /// What came.
    pub tally: Tally,
    /// The longest time without anything within a connection.
    pub gap: Duration,
    /// The longest time from the last byte of one to the first of the next.
    pub away: Duration,
}

/// What the segments have.
#[derive(Debug, Clone, Default)]
pub struct Segments {
    /// How many they are.
    pub count: usize,
    /// What they have.
    pub tally: Tally,
    /// Epochs in them.
    pub epochs: usize,
    /// What does not hold.
    pub faults: Vec<String>,
}

impl Listening {
    /// Judges it where the first `end` frames of a track were sent.
    ///
    /// # Errors
    ///
    /// What came is no audio.
    pub fn judge(track: &Track, end: usize, heard: &[Heard]) -> Result<Self> {
        let owed = track.ids.get(..end).unwrap_or_default();
        let mut total = Tally::default();
        for heard in heard {
            let (frames, _) = cut(&heard.audio)?;
            let alignment = judge::align(owed, &ids(&frames)).to_its_end();
            total.add(tally(track, &frames, &alignment)?);
        }
        Ok(Self {
            connections: heard.len(),
            tally: total,
            gap: heard.iter().map(Heard::longest_gap).max().unwrap_or_default(),
            away: heard.windows(2).map(away).max().unwrap_or_default(),
        })
    }

    /// What does not hold of what `who` got.
    pub fn fault(&self, who: &str) -> Option<String> {
        let Tally { lost, repeated, foreign, damaged, .. } = self.tally;
        (lost + repeated + foreign + damaged > 0).then(|| format!("{who}: {:?}", self.tally))
    }

    /// Adds another listener.
    pub fn add(&mut self, other: Self) {
        self.connections += other.connections;
        self.tally.add(other.tally);
        self.gap = self.gap.max(other.gap);
        self.away = self.away.max(other.away);
    }
}

impl Segments {
    /// Judges all that lie in a folder, where the first `end` frames of a track were
    /// sent: all of them have to be there.
    ///
    /// # Errors
    ///
    /// One cannot be read.
    pub fn judge(track: &Track, end: usize, folder: &Path) -> Result<Self> {
        let owed = track.ids.get(..end).unwrap_or_default();
        let stored = Stored::read(folder)?;
        let alignment = judge::align_from(owed, &ids(&stored.frames), 0);
        let begins = alignment.lost.first().copied();
        let tally = tally(track, &stored.frames, &alignment)?;
        let mut faults = stored.faults;
        if tally.lost + tally.repeated + tally.foreign + tally.damaged > 0 {
            faults.push(format!("HLS: {tally:?}, the first lost is {begins:?}"));
        }
        Ok(Self { count: stored.segments, tally, epochs: stored.epochs, faults })
    }

    /// Adds another folder's, but for its faults.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.tally.add(other.tally);
        self.epochs += other.epochs;
    }
}

/// From the last byte of one connection to the first of the next.
fn away(pair: &[Heard]) -> Duration {
    let [one, next] = pair else { return Duration::ZERO };
    let (last, first) = (one.times.last(), next.times.first());
    last.zip(first).map_or(Duration::ZERO, |(last, first)| first.duration_since(*last))
}
