//! The numbers that a process tells of itself.

use std::net::SocketAddr;

use crate::{http, wait};

/// The value of one line of `/metrics`, by its name and labels as they stand
/// there; 0 where there is no such line.
///
/// # Panics
///
/// `/metrics` does not answer.
pub async fn value(control: SocketAddr, series: &str) -> u64 {
    let text = http::get(&format!("http://{control}/metrics")).await.text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

/// Waits until a line has at least this value.
pub async fn until(control: SocketAddr, series: &str, least: u64) {
    let reached = || async { (value(control, series).await >= least).then_some(()) };
    wait::until(series, reached).await;
}
