use super::check;
use crate::tidy::tests::tree;

fn faults(source: &str, reference: &str) -> Vec<String> {
    check(&tree(&[("a/src/lib.rs", source), ("docs/reference/metrics.md", reference)], &[]))
}

fn registers(name: &str) -> String {
    format!("registry.register({name}, \"Help.\", metric.clone());")
}

#[test]
fn a_metric_that_is_not_in_the_reference_is_told() {
    assert_eq!(
        faults(&registers("\"ingest_units\""), ""),
        ["a/src/lib.rs: metric `ingest_units` is not in docs/reference/metrics.md"]
    );
}

#[test]
fn a_formatter_may_break_the_line_anywhere() {
    let source = "self.registry\n    .register(\n        \"ingest_units\",\n        \"Help.\",\n";
    assert_eq!(faults(source, "").len(), 1);
    assert!(faults(source, "| `ingest_units_total` | units |\n").is_empty());
}

#[test]
fn the_reference_has_the_name_that_a_scrape_shows() {
    for shown in ["units", "units_total", "ingest_units", "ingest_units_total", "units_bytes_total"]
    {
        assert!(faults(&registers("\"units\""), &format!("| `{shown}` | text |\n")).is_empty());
    }
    // Another name that merely ends alike.
    assert_eq!(faults(&registers("\"units\""), "| `subunits` | text |\n").len(), 2);
}

#[test]
fn a_metric_with_a_unit_is_found_too() {
    let source = "registry.register_with_unit(\"lag\", \"Help.\", Unit::Seconds, lag.clone());";
    assert_eq!(faults(source, "").len(), 1);
    assert!(faults(source, "| `lag_seconds` | text |\n").is_empty());
}

#[test]
fn a_row_that_no_source_registers_is_told() {
    assert_eq!(
        faults("", "| name | meaning |\n| --- | --- |\n| `units` | text |\n"),
        ["docs/reference/metrics.md: no source registers `units`"]
    );
}

#[test]
fn a_name_that_is_no_literal_is_told() {
    assert_eq!(faults(&registers("NAME"), ""), ["a/src/lib.rs: a metric's name is not a literal"]);
}

#[test]
fn the_table_of_a_collector_counts_too() {
    let source = "const COLUMNS: [Column; 2] = [(\"icy_joins\", \"Joins\"), (\n\"icy_left\", \"x\")];\n\
                  encoder.encode_descriptor(name, help, None, kind)?;\n\
                  encoder.encode_descriptor(\n    \"late_seconds\",\n    \"Late\")?;";
    assert_eq!(
        faults(source, "| `skywave_icy_joins_total` | text |\n"),
        [
            "a/src/lib.rs: metric `icy_left` is not in docs/reference/metrics.md",
            "a/src/lib.rs: metric `late_seconds` is not in docs/reference/metrics.md"
        ]
    );
    // The same brackets elsewhere are none.
    assert!(faults("let pair = (\"icy_joins\", 1);", "").is_empty());
}

#[test]
fn a_tree_without_metrics_needs_no_reference() {
    assert!(check(&tree(&[("a/src/lib.rs", "poll.register(socket);\n")], &[])).is_empty());
}

#[test]
fn what_tests_register_is_not_judged() {
    let source = registers("\"units\"");
    assert!(check(&tree(&[("a/src/b/tests.rs", &source)], &[])).is_empty());
}
