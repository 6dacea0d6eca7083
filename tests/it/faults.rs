//! Bad days: the disk, the clock, and everybody at once.

mod buckets;
mod clocks;
mod disks;
mod storm;

/// Segments of two seconds in the shortest window, so that much happens soon.
fn short() -> String {
    tests::node::MP3.to_owned() + "segment = \"2s\"\nwindow = \"18s\"\n"
}

/// The rendition of such segments.
const RENDITION: &str = "mp3-2s-128";
