//! In which country an address is: databases in MaxMind's format, reloaded when their
//! file changes.
//!
//! No database comes with Skywave: the good ones may not be passed on. What it says
//! of a country decides who may listen, so nothing is guessed: what is not in the
//! database, or not a country of ISO 3166-1 there, has none.

mod atlas;
mod database;
#[cfg(test)]
mod testing;

pub use atlas::{Atlas, LOOK_EVERY, OLD_AFTER, Status};
pub use database::{DATABASE_BYTES_MAX, Database, DatabaseError};
