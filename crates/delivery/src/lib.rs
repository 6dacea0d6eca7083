//! Everything a listener touches: HLS handlers, ICY fan-out, admission, accounting.
//!
//! The origin (and later the edge) writes what there is into [`Station`]s and a
//! [`fanout::MountWriter`]; [`Delivery`] gives it to listeners. Nothing here
//! knows where a programme comes from.

mod access_log;
mod announcement;
mod answer;
mod auth;
mod bucket;
mod document;
mod door;
pub mod fanout;
mod hls;
mod metrics;
pub mod range;
mod records;
mod rendition;
mod resolve;
mod roster;
mod sessions;
mod station;
mod stream;
#[cfg(test)]
mod testing;
mod timeshift;
mod view;

pub use access_log::{AccessLog, LINES_WAITING_MAX};
pub use announcement::Announcement;
pub use auth::{BackEndError, BackEnds, Setup as BackEndSetup, check as check_back_end};
pub use document::Document;
pub use door::{Delivery, ListenerError, own_url};
pub use rendition::{Rendition, RenditionSettings};
pub use resolve::{Found, PATH_LEN_MAX, Stations, Wanted};
pub use roster::{Audience, Over, Roster, Visitor};
pub use station::{Station, StationSettings};
pub use timeshift::Timeshift;
pub use view::{Heard, HlsView, Shown};
