//! Failover in real time: paths of one programme are killed, flap, lag and
//! restart, processes are killed, and every frame is counted that an ICY
//! listener gets and that lies in HLS segments.
//!
//! The frames are made once by our own encoders; two sources send them in real
//! time over TCP to the built program, as the plan says ([`plan`]). What came out
//! is cut into frames and held against what was sent ([`judge`]). The clock is
//! the real one, so a machine that is too busy shows in the gaps.

pub mod bucket;
pub mod cluster;
pub mod encoder;
pub mod hls;
mod http;
pub mod judge;
pub mod kills;
pub mod listener;
pub mod plan;
pub mod roles;
pub mod server;
pub mod sound;
pub mod stage;
pub mod table;
pub mod track;
pub mod verdict;
