use std::collections::BTreeSet;

use fastrand::Rng;

use crate::mutate::mutate;
use crate::{TARGETS, corpus};

/// Mutations of each target: a few hundred milliseconds in a debug build.
const MUTATIONS: usize = 10_000;

/// Bytes of a committed input at most.
const INPUT_LEN_MAX: usize = 1_024;

/// Runs a target over its corpus, its seeds, and mutations of both.
fn check(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let mut inputs = corpus::read(target.name).unwrap();
    inputs.extend((target.seeds)());
    inputs.push(Vec::new());
    for input in &inputs {
        (target.run)(input);
    }
    let mut rng = Rng::with_seed(1);
    for _ in 0..MUTATIONS {
        let input = mutate(&inputs, &mut rng);
        let shown = Shown(&input);
        (target.run)(&input);
        drop(shown);
    }
}

/// Tells the input when a target panics on it.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    #[expect(clippy::print_stderr, reason = "the harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("input: {}", self.0.escape_ascii());
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let files =
        std::fs::read_dir(corpus::folder()).unwrap().map(|entry| entry.unwrap().file_name());
    let stems: BTreeSet<String> = files
        .map(|name| name.into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".hex").map(str::to_owned))
        .collect();
    assert_eq!(stems, names);
    for name in names {
        assert!(!corpus::read(&name).unwrap().is_empty(), "{name} has no input");
    }
}

#[test]
fn committed_inputs_and_seeds_are_small() {
    for target in TARGETS {
        for input in corpus::read(target.name).unwrap().into_iter().chain((target.seeds)()) {
            assert!(input.len() <= INPUT_LEN_MAX, "{}: {} bytes", target.name, input.len());
        }
    }
}

// One test for each target, so that each is a process of its own and a failure
// bears its name.

#[test]
fn admin_query_holds_over_its_corpus() {
    check("admin_query");
}

#[test]
fn facts_holds_over_its_corpus() {
    check("facts");
}

#[test]
fn framer_holds_over_its_corpus() {
    check("framer");
}

#[test]
fn he_aac_decode_holds_over_its_corpus() {
    check("he_aac_decode");
}

#[test]
fn icy_answers_holds_over_its_corpus() {
    check("icy_answers");
}

#[test]
fn icy_chunked_holds_over_its_corpus() {
    check("icy_chunked");
}

#[test]
fn icy_classify_holds_over_its_corpus() {
    check("icy_classify");
}

#[test]
fn icy_head_holds_over_its_corpus() {
    check("icy_head");
}

#[test]
fn icy_metaint_holds_over_its_corpus() {
    check("icy_metaint");
}

#[test]
fn icy_response_holds_over_its_corpus() {
    check("icy_response");
}

#[test]
fn icy_shoutcast_holds_over_its_corpus() {
    check("icy_shoutcast");
}

#[test]
fn icy_update_holds_over_its_corpus() {
    check("icy_update");
}

#[test]
fn id3_holds_over_its_corpus() {
    check("id3");
}

#[test]
fn journal_file_holds_over_its_corpus() {
    check("journal_file");
}

#[test]
fn manifest_holds_over_its_corpus() {
    check("manifest");
}

#[test]
fn mp3_decode_holds_over_its_corpus() {
    check("mp3_decode");
}

#[test]
fn pcm_decode_holds_over_its_corpus() {
    check("pcm_decode");
}

#[test]
fn playlists_holds_over_its_corpus() {
    check("playlists");
}

#[test]
fn proxy_header_holds_over_its_corpus() {
    check("proxy_header");
}

#[test]
fn range_holds_over_its_corpus() {
    check("range");
}

#[test]
fn session_log_holds_over_its_corpus() {
    check("session_log");
}

#[test]
fn session_token_holds_over_its_corpus() {
    check("session_token");
}

#[test]
fn skywave_toml_holds_over_its_corpus() {
    check("skywave_toml");
}

#[test]
fn source_holds_over_its_corpus() {
    check("source");
}

#[test]
fn splice_holds_over_its_corpus() {
    check("splice");
}

#[test]
fn store_names_holds_over_its_corpus() {
    check("store_names");
}

#[test]
fn text_holds_over_its_corpus() {
    check("text");
}

#[test]
fn tune_in_holds_over_its_corpus() {
    check("tune_in");
}

#[test]
fn wire_path_holds_over_its_corpus() {
    check("wire_path");
}

#[test]
fn wire_record_holds_over_its_corpus() {
    check("wire_record");
}

#[test]
fn wire_stream_holds_over_its_corpus() {
    check("wire_stream");
}
