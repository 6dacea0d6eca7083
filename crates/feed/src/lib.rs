//! Path and programme feeds: the timeline, its log, and the views of it.
//! Sans-IO.
//!
//! A *path feed* is one ingest's units as they came ([`PathItem`]). The
//! [`Timeline`] numbers them and makes the *programme feed* ([`Record`]).
//! Everything after it is a pure function of those records: [`Cutter`] gives
//! the segments, byte for byte the same wherever it runs. [`wire`] has the bytes
//! of both feeds, for disks and for other nodes.

mod clock;
mod cutter;
mod grid;
mod join;
mod log;
mod path;
mod record;
mod selector;
mod timeline;
pub mod wire;

pub use clock::{MediaClock, OFF_CLOCK_MAX, STEP_MAX};
pub use cutter::{Cutter, View};
pub use grid::Grid;
pub use join::{Join, Joiner, RECENT_UNITS_MAX, RUN_LEN, RUN_LEN_MAX};
pub use log::{Chronicler, Fact, History, NUMBER_MAX, Stored};
pub use path::{PathItem, PathUnit, SourceInfo};
pub use record::{Closed, Epoch, Record, TitleMark, Unit};
pub use selector::{Choice, Rank, STALL_MAX, Selector};
pub use timeline::{CATCH_UP_MAX, Resume, SOURCE_TIMEOUT, TITLE_SPACING, Timeline};
