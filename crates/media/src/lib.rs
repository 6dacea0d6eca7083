//! Media vocabulary: exact time, access units, codec framing, ID3, segments.
//!
//! Everything here is sans-IO: bytes and time come in as arguments, values go
//! out as results. No async, no sockets, no clocks, no `serde`.

mod blame;
mod segment;
mod stream;
mod time;

pub use blame::Blame;
pub use segment::{EpochId, MediaSequence, RenditionId, Segment, SegmentInfo, SegmentRef, Title};
pub use stream::{AacProfile, ChannelMode, Codec, Frame, FrameHeader, StreamInfo};
pub use time::{MediaDuration, MediaTime, Timescale, WallTime};
