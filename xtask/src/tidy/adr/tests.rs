use super::{LINES_MAX, check};
use crate::tidy::tests::tree;

const RECORD: &str = "# Title\n\n## Context\n\n## Decision\n\n## Consequences\n\n\
                      ## What would change our mind\n";

fn faults(names: &[&str]) -> Vec<String> {
    let paths: Vec<String> = names.iter().map(|name| format!("docs/adr/{name}")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), RECORD)).collect();
    check(&tree(&files, &[]))
}

#[test]
fn records_numbered_from_one_without_a_gap_pass() {
    assert!(faults(&["0001-one-binary.md", "0002-mp3-2.md"]).is_empty());
    assert!(faults(&[]).is_empty());
}

#[test]
fn a_gap_is_told_once() {
    assert_eq!(
        faults(&["0001-a.md", "0003-b.md", "0004-c.md"]),
        ["docs/adr/0003-b.md: the number should be 0002"]
    );
}

#[test]
fn a_number_given_twice_is_told() {
    assert_eq!(
        faults(&["0001-a.md", "0001-b.md"]),
        ["docs/adr/0001-b.md: the number should be 0002"]
    );
}

#[test]
fn a_record_without_a_number_is_told() {
    for name in ["one-binary.md", "01-a.md", "0001-.md", "0001-A.md", "0001-a.txt", "0001.md"] {
        assert_eq!(
            faults(&[name]),
            [format!("docs/adr/{name}: not named NNNN-title-in-small-letters.md")]
        );
    }
}

#[test]
fn a_record_that_leaves_out_a_part_is_told() {
    let text = RECORD.replace("## Decision\n", "");
    assert_eq!(
        check(&tree(&[("docs/adr/0001-a.md", &text)], &[])),
        ["docs/adr/0001-a.md: wants a `# ` title, then ## Context, ## Decision, ## Consequences, \
         ## What would change our mind"]
    );
}

#[test]
fn a_record_is_a_page_and_not_one_line_more() {
    let of = |lines: usize| {
        let text = format!("{RECORD}{}", "More.\n".repeat(lines - RECORD.lines().count()));
        check(&tree(&[("docs/adr/0001-a.md", &text)], &[]))
    };
    assert!(of(LINES_MAX).is_empty());
    assert_eq!(of(LINES_MAX + 1), ["docs/adr/0001-a.md: 67 lines, at most 66"]);
}
