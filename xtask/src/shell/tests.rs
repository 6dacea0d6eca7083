use std::path::Path;

use super::{command, printed, step, succeeds};

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_failed_step_names_its_headline_and_its_command() {
    let error = step("listing", &mut command(here(), "ls", ["--no-such-option"])).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("listing failed: `ls --no-such-option` ended with"), "{text}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = step("juggling", &mut command(here(), "no-such-program", [""; 0])).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("juggling failed: cannot start `no-such-program`"), "{text}");
    assert!(!succeeds(&mut command(here(), "no-such-program", [""; 0])));
    assert_eq!(printed(&mut command(here(), "no-such-program", [""; 0])), None);
}

#[test]
fn what_is_printed_counts_even_when_the_command_fails() {
    let mut half = command(here(), "sh", ["-c", "echo half; exit 3"]);
    assert_eq!(printed(&mut half).as_deref(), Some("half\n"));
    assert!(!succeeds(&mut half));
}

#[test]
fn a_command_cannot_ask_a_question() {
    let mut question = command(here(), "sh", ["-c", "read answer || echo nobody"]);
    assert_eq!(printed(&mut question).as_deref(), Some("nobody\n"));
}
