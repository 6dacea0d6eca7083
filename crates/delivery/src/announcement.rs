//! What is said to those who may not listen, or not any longer: a short file in the
//! mount's own format, as one piece for ICY and in segments for HLS.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use catalogue::AudioFile;
use media::{Codec, Frame, MediaDuration, MediaTime, WallTime, packed_audio};
use playlists::closing::{self, Spot};

use crate::document::fnv1a;

/// What the name of an announcement's segment begins with; one of the programme's
/// begins with a digit.
const PREFIX: &str = "announcement-";

/// An announcement, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    audio: Bytes,
    segments: Vec<Piece>,
    codec: Codec,
    target_secs: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    name: String,
    body: Bytes,
    duration: Duration,
}

impl Announcement {
    /// The file's frames, for a playlist with this target duration; `None` without any.
    pub fn new(file: &AudioFile, target_secs: u64) -> Option<Self> {
        let stream = file.frames.first()?.header.stream;
        let len = file.frames.iter().map(|frame| frame.data.len()).sum();
        let mut audio = BytesMut::with_capacity(len);
        file.frames.iter().for_each(|frame| audio.extend_from_slice(&frame.data));
        let audio = audio.freeze();
        let tag = fnv1a(&audio);
        let extension = stream.codec.extension();
        let samples = u64::from(stream.samples_per_frame);
        // Rounded down, so that no segment is longer than the target.
        let of_target = target_secs.max(1) * u64::from(stream.timescale.hz());
        let in_segment = usize::try_from(of_target / samples.max(1)).unwrap_or(usize::MAX).max(1);
        let mut start = MediaTime::ZERO;
        let piece = |(nth, frames): (usize, &[Frame])| {
            let bodies = frames.iter().map(|frame| &frame.data);
            let body = packed_audio::mux(start, stream.timescale, None, bodies);
            let ticks = MediaDuration::from_ticks(frames.len() as u64 * samples);
            start = start.checked_add(ticks).unwrap_or(start);
            let name = format!("{PREFIX}{tag:016x}-{nth}.{extension}");
            Piece { name, body, duration: ticks.to_std(stream.timescale) }
        };
        let segments = file.frames.chunks(in_segment).enumerate().map(piece).collect();
        Some(Self { audio, segments, codec: stream.codec, target_secs })
    }

    /// All of it, frame behind frame.
    pub(crate) fn audio(&self) -> &Bytes {
        &self.audio
    }

    /// How long it lasts.
    pub(crate) fn duration(&self) -> Duration {
        self.segments.iter().map(|piece| piece.duration).sum()
    }

    /// The body of one of its segments.
    pub(crate) fn segment(&self, name: &str) -> Option<(&Bytes, Codec)> {
        let piece = self.segments.iter().find(|piece| piece.name == name)?;
        Some((&piece.body, self.codec))
    }

    /// A media playlist of it alone.
    pub(crate) fn playlist(&self, now: WallTime) -> String {
        closing::alone(self.target_secs, &self.spots(), now)
    }

    /// Its segments, as a playlist beside them lists them.
    pub(crate) fn spots(&self) -> Vec<Spot<'_>> {
        let pieces = self.segments.iter();
        pieces.map(|piece| Spot { uri: &piece.name, duration: piece.duration }).collect()
    }

    /// Bits per second of its largest segment.
    pub(crate) fn bandwidth_bps(&self) -> u64 {
        let rate = |piece: &Piece| {
            let millis = u64::try_from(piece.duration.as_millis()).unwrap_or(u64::MAX).max(1);
            (piece.body.len() as u64 * 8_000).div_ceil(millis)
        };
        self.segments.iter().map(rate).max().unwrap_or_default()
    }
}

/// Whether a file's name is that of an announcement's segment.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(PREFIX)
}

#[cfg(test)]
pub(crate) mod tests;
