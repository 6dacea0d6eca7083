//! Media vocabulary: exact time, access units, codec framing, ID3, segments.
//!
//! Everything here is sans-IO: bytes and time come in as arguments, values go
//! out as results. No async, no sockets, no clocks, no `serde`.

pub mod adts;
mod blame;
pub mod framer;
pub mod id3;
pub mod mp3;
pub mod packed_audio;
mod probe;
mod segment;
mod session;
pub mod splice;
mod stream;
pub mod synthetic;
pub mod text;
mod time;

pub use blame::Blame;
pub use framer::{Framer, Refusal, Skipped};
pub use segment::{EpochId, MediaSequence, RenditionId, Segment, SegmentInfo, SegmentRef, Title};
pub use session::{NoSessionId, SessionId};
pub use stream::{AacProfile, ChannelMode, Codec, Frame, FrameHeader, StreamInfo};
pub use time::{MediaDuration, MediaTime, Timescale, WallTime};
