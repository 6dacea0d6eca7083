//! Which items of a path feed count: from the place on where the programme goes on,
//! or from where it begins.

use feed::{OwnFrom, PathEntry, PathItem, SourceInfo};

/// Stands before one path of a programme.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    own_from: OwnFrom,
    /// Where the programme goes on, if it does.
    known: Option<u64>,
    is_open: bool,
    /// The source that was there before the first item that counts.
    source: Option<SourceInfo>,
}

impl Gate {
    /// For a programme that begins anew.
    pub(crate) fn new(own_from: OwnFrom) -> Self {
        Self { own_from, ..Self::default() }
    }

    /// For one that goes on where another process was, as far as that is known.
    pub(crate) fn go_on_from(&mut self, position: Option<u64>) {
        self.known = position;
    }

    /// Whether an item counts. Once one does, all do: their positions are
    /// another feed's where another node is read.
    pub(crate) fn lets_in(&mut self, entry: &PathEntry) -> bool {
        self.is_open = self.is_open || entry.position >= self.from();
        if !self.is_open {
            match &entry.item {
                PathItem::Connected(info) => self.source = Some(*info),
                PathItem::Gone => self.source = None,
                PathItem::Unit(_) | PathItem::Title(_) => {}
            }
        }
        self.is_open
    }

    /// The source that was there before the first item that counts, once.
    pub(crate) fn take_source(&mut self) -> Option<SourceInfo> {
        self.source.take()
    }

    /// A place that the feed has not come to is another feed's.
    fn from(&self) -> u64 {
        let known = self.known.filter(|known| self.own_from.has_come_to(*known));
        known.or_else(|| self.own_from.get()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
