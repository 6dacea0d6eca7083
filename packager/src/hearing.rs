//! What is heard of a path, for programmes that leave a silent one.

use catalogue::limits::SILENCE_DBFS;
use codec::level::{Level, Meter};
use feed::PathItem;
use media::StreamInfo;

/// Decodes a path's units and tells which of them are quiet.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// For units of this form; `None` before the first, and without memory.
    meter: Option<(StreamInfo, Meter)>,
}

impl Hearing {
    /// Of a unit: whether it is below [`SILENCE_DBFS`]. One that does not decode is
    /// quiet, since nobody hears anything of it.
    pub(crate) fn listen(&mut self, item: &PathItem) -> Option<bool> {
        let unit = match item {
            PathItem::Unit(unit) => unit,
            // Another source has another decoder.
            PathItem::Connected(_) | PathItem::Gone => {
                self.meter = None;
                return None;
            }
            PathItem::Title(_) => return None,
        };
        let stream = unit.header.stream;
        if self.meter.as_ref().is_none_or(|(of, _)| *of != stream) {
            self.meter = Meter::new(stream.codec).map(|meter| (stream, meter));
        }
        let (_, meter) = self.meter.as_mut()?;
        Some(meter.measure(&unit.data).map(Level::dbfs).is_none_or(|dbfs| dbfs < SILENCE_DBFS))
    }
}

#[cfg(test)]
mod tests;
