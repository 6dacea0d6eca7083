//! Path and programme feeds: the timeline, its log, and the views of it.
//! Sans-IO.
//!
//! A *path feed* is one ingest's units as they came ([`PathItem`]). A
//! [`merge::Merger`] makes one sequence of several, and the [`Timeline`] numbers it
//! and makes the *programme feed* ([`Record`]).
//! Everything after it is a pure function of those records: [`Cutter`] gives
//! the segments, byte for byte the same wherever it runs. [`wire`] has the bytes
//! of both feeds, for disks and for other nodes.

mod agree;
mod clock;
mod cutter;
mod form;
mod grid;
mod log;
pub mod merge;
mod path;
mod record;
pub mod replicas;
mod snapshot;
mod timeline;
pub mod wire;

pub use agree::TITLE_SLACK;
pub use clock::{MediaClock, OFF_CLOCK_MAX, STEP_MAX};
pub use cutter::{Cutter, View};
pub use form::Form;
pub use grid::Grid;
pub use log::{Chronicler, Fact, History, NUMBER_MAX, Stored};
pub use path::{OwnFrom, PathEntry, PathItem, PathUnit, SourceInfo};
pub use record::{ClockMark, Closed, Epoch, Record, TitleMark, Unit};
pub use replicas::Replicas;
pub use snapshot::Snapshot;
pub use timeline::{Resume, TITLE_SPACING, Timeline};
