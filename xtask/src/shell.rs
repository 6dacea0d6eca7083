//! Running other programs, and telling the person at the terminal about it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// A command that is to run in `dir` and reads nothing from the terminal.
///
/// Standard input is closed, so that a tool which wants to ask a question
/// fails here as it would in CI.
pub(crate) fn command<S: AsRef<OsStr>>(
    dir: &Path,
    program: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(Stdio::null());
    command
}

/// Prints the headline, runs the command to its end, with its output shown.
///
/// # Errors
///
/// It could not be started, or ended with anything but success; the text names
/// the headline and the whole command line.
pub(crate) fn step(headline: &str, command: &mut Command) -> Result<()> {
    say(&format!("== {headline}"));
    let line = line_of(command);
    let status =
        command.status().with_context(|| format!("{headline} failed: cannot start `{line}`"))?;
    if !status.success() {
        bail!("{headline} failed: `{line}` ended with {status}");
    }
    Ok(())
}

/// As [`step`], but gives what the command prints to standard output.
///
/// # Errors
///
/// As [`step`], and where it prints no UTF-8.
pub(crate) fn output(headline: &str, command: &mut Command) -> Result<String> {
    let (status, printed) = outcome(headline, command)?;
    if !status.success() {
        bail!("{headline} failed: `{}` ended with {status}", line_of(command));
    }
    Ok(printed)
}

/// As [`output`], for a command whose figures count whatever its exit status.
///
/// # Errors
///
/// It could not be started, or prints no UTF-8.
pub(crate) fn outcome(headline: &str, command: &mut Command) -> Result<(ExitStatus, String)> {
    say(&format!("== {headline}"));
    let line = line_of(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{headline} failed: cannot start `{line}`"))?;
    let printed = String::from_utf8(output.stdout);
    Ok((output.status, printed.with_context(|| format!("{headline}: no UTF-8"))?))
}

/// What the command prints, whatever its exit status; `None` where it cannot
/// be started or prints no UTF-8.
pub(crate) fn printed(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

/// Whether the command can be started and ends with success.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// One line to standard output.
#[expect(clippy::print_stdout, reason = "this is the tool's output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// One line to standard error.
#[expect(clippy::print_stderr, reason = "this is the tool's output")]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
