use super::{Row, line, read};

const LOG: &str = "INFO: Seed: 3838877058
INFO: Loaded 1 modules   (3521 inline 8-bit counters): 3521 [0x563924cbc4e8, 0x563924cbd2a9),
#2976\tINITED cov: 1271 ft: 5560 corp: 2102/168Kb exec/s: 0 rss: 29Mb
#10000000\tDONE   cov: 1287 ft: 6210 corp: 2577/190Kb lim: 512 exec/s: 30030 rss: 34Mb
Done 10000000 runs in 333 second(s)
";

#[test]
fn the_figures_of_a_run_are_read() {
    let row = read(LOG).unwrap();
    let expected = Row {
        executions: 10_000_000,
        seconds: 333,
        edges: 1_287,
        edges_linked: 3_521,
        inputs: 2_577,
        found: None,
    };
    assert_eq!(row, expected);
    assert_eq!(
        line("id3", Some(&row)),
        "| id3 | 10000000 | 333 | 1287 of 3521 | 2577 | nothing |\n"
    );
}

#[test]
fn what_a_run_found_is_named() {
    let broken = LOG.replace("DONE", "pulse").replace("Done 10000000 runs in 333 second(s)\n", "")
        + "artifact_prefix='fuzz/artifacts/id3/'; Test unit written to fuzz/artifacts/id3/crash-0a\n";
    let row = read(&broken).unwrap();
    assert_eq!((row.seconds, row.found.as_deref()), (0, Some("crash-0a")));
}

#[test]
fn a_target_that_was_not_run_says_so() {
    assert_eq!(read("INFO: Seed: 1\n"), None);
    assert_eq!(line("id3", None), "| id3 | not run here | | | | |\n");
}
