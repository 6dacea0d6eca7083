use super::{Page, text};

#[test]
fn a_page_says_what_was_measured_when_and_how_to_repeat_it() {
    let page = Page { name: "bench", title: "Title", method: "Method.\n", figures: "| a |\n\n" };
    assert_eq!(
        text(&page, "2026-11-22", "2 × Some processor, Linux 6"),
        "# Title\n\nMethod.\n\nMeasured on 2026-11-22, on 2 × Some processor, Linux 6. To repeat it: \
         `cargo xtask lab bench`.\n\n| a |\n"
    );
}
