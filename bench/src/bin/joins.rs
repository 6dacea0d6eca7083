//! What the joins of renditions cost, and whether what is heard keeps its place.
//!
//! ```text
//! cargo run --release -p bench --bin joins -- 600 3600
//!                                             seconds of each programme, of the places
//! ```
//!
//! Prints Markdown.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use bench::joins;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut secs = |default: u32| match words.next() {
        Some(word) => word.parse().context("usage: joins [SECONDS [SECONDS]]"),
        None => Ok(default),
    };
    let (programme, places) = (secs(600)?, secs(3_600)?);
    let mut out = io::stdout().lock();
    writeln!(out, "{}\n{}", joins::measure(programme)?, joins::places(places)?)?;
    Ok(())
}
