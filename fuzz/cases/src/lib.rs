//! What the fuzzers run, as plain functions: one for each parser of foreign
//! bytes.
//!
//! The targets in `fuzz/fuzz_targets/` call these for as long as one lets them;
//! the tests of this crate call them on stable, for every input of `corpus/`,
//! every seed and a few thousand mutations of both. A target asserts more than
//! that nothing panics: its first lines say what.

#![expect(clippy::indexing_slicing, reason = "a panic is how a target tells what it has found")]

pub mod admin_query;
pub mod corpus;
pub mod facts;
pub mod framer;
pub mod he_aac_decode;
pub mod icy_answers;
pub mod icy_chunked;
pub mod icy_classify;
pub mod icy_head;
pub mod icy_metaint;
pub mod icy_response;
pub mod icy_shoutcast;
pub mod icy_update;
pub mod id3;
pub mod journal_file;
pub mod manifest;
pub mod mp3_decode;
pub mod mutate;
pub mod pcm_decode;
pub mod playlists;
pub mod proxy_header;
pub mod range;
pub mod session_log;
pub mod session_token;
pub mod skywave_toml;
pub mod source;
pub mod splice;
pub mod store_names;
pub mod text;
pub mod timeshift;
pub mod tune_in;
pub mod wire_path;
pub mod wire_record;
pub mod wire_stream;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its module and of the file in `fuzz/fuzz_targets/`.
    pub name: &'static str,
    /// Runs it; panics where what it asserts does not hold.
    pub run: fn(&[u8]),
    /// Inputs to begin with: what the parser is made for, and its edges.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets, in the order of the alphabet.
pub const TARGETS: [Target; 32] = [
    Target { name: "admin_query", run: admin_query::run, seeds: admin_query::seeds },
    Target { name: "facts", run: facts::run, seeds: facts::seeds },
    Target { name: "framer", run: framer::run, seeds: framer::seeds },
    Target { name: "he_aac_decode", run: he_aac_decode::run, seeds: he_aac_decode::seeds },
    Target { name: "icy_answers", run: icy_answers::run, seeds: icy_answers::seeds },
    Target { name: "icy_chunked", run: icy_chunked::run, seeds: icy_chunked::seeds },
    Target { name: "icy_classify", run: icy_classify::run, seeds: icy_classify::seeds },
    Target { name: "icy_head", run: icy_head::run, seeds: icy_head::seeds },
    Target { name: "icy_metaint", run: icy_metaint::run, seeds: icy_metaint::seeds },
    Target { name: "icy_response", run: icy_response::run, seeds: icy_response::seeds },
    Target { name: "icy_shoutcast", run: icy_shoutcast::run, seeds: icy_shoutcast::seeds },
    Target { name: "icy_update", run: icy_update::run, seeds: icy_update::seeds },
    Target { name: "id3", run: id3::run, seeds: id3::seeds },
    Target { name: "journal_file", run: journal_file::run, seeds: journal_file::seeds },
    Target { name: "manifest", run: manifest::run, seeds: manifest::seeds },
    Target { name: "mp3_decode", run: mp3_decode::run, seeds: mp3_decode::seeds },
    Target { name: "pcm_decode", run: pcm_decode::run, seeds: pcm_decode::seeds },
    Target { name: "playlists", run: playlists::run, seeds: playlists::seeds },
    Target { name: "proxy_header", run: proxy_header::run, seeds: proxy_header::seeds },
    Target { name: "range", run: range::run, seeds: range::seeds },
    Target { name: "session_log", run: session_log::run, seeds: session_log::seeds },
    Target { name: "session_token", run: session_token::run, seeds: session_token::seeds },
    Target { name: "skywave_toml", run: skywave_toml::run, seeds: skywave_toml::seeds },
    Target { name: "source", run: source::run, seeds: source::seeds },
    Target { name: "splice", run: splice::run, seeds: splice::seeds },
    Target { name: "store_names", run: store_names::run, seeds: store_names::seeds },
    Target { name: "text", run: text::run, seeds: text::seeds },
    Target { name: "timeshift", run: timeshift::run, seeds: timeshift::seeds },
    Target { name: "tune_in", run: tune_in::run, seeds: tune_in::seeds },
    Target { name: "wire_path", run: wire_path::run, seeds: wire_path::seeds },
    Target { name: "wire_record", run: wire_record::run, seeds: wire_record::seeds },
    Target { name: "wire_stream", run: wire_stream::run, seeds: wire_stream::seeds },
];

/// Byte strings as seeds.
fn owned(seeds: &[&[u8]]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.to_vec()).collect()
}

#[cfg(test)]
mod tests;
