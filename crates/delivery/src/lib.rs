//! Everything a listener touches: HLS handlers, ICY fan-out, admission, accounting.
//!
//! The origin (and later the edge) writes what there is into [`Station`]s and a
//! [`fanout::MountWriter`]; [`Delivery`] gives it to listeners. Nothing here
//! knows where a programme comes from.

mod answer;
mod archive;
mod document;
mod door;
pub mod fanout;
mod hls;
mod metrics;
mod range;
mod resolve;
mod station;
mod stream;
#[cfg(test)]
mod testing;

pub use document::Document;
pub use door::Delivery;
pub use resolve::{PATH_LEN_MAX, Stations, Wanted};
pub use station::{HlsView, Station, StationSettings};
