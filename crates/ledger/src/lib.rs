//! Who has listened: a record of each session, by day, and what is made of them.
//!
//! A [`Ledger`] writes what ends, and what is under way, beside the work; a
//! [`Folder`] is what it writes to. What is made of a day's records is a function of
//! them.

mod access;
mod address;
mod day;
pub mod exports;
mod folder;
mod handle;
mod line;
mod reader;
pub mod report;
mod session;
mod shelf;
mod writer;

pub use access::access_line;
pub use address::{is_short, shortened};
pub use day::{DAY, Day, NoDay, rfc3339_millis};
pub use folder::{DAY_BYTES_MAX, Folder, OPEN_SESSIONS_MAX, Read};
pub use handle::{CHECKPOINT_EVERY, Ledger, RECORDS_WAITING_MAX};
pub use line::{LINE_LEN_MAX, from_line, to_line};
pub use reader::Reader;
pub use session::{Ending, Protocol, RESUME_WITHIN, Session};
pub use shelf::{Addresses, CLOSE_AFTER, Due, Keeping, OVERDUE_DAYS, RECORDS_FILE, Shelf, Written};

#[cfg(test)]
mod testing;
