//! Who has listened: a record of each session, by day, and what is made of them.

mod session;

pub use session::{Ending, Protocol, Session};
