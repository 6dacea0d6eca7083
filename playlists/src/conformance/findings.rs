//! What a check found.

use std::fmt;

use super::VIOLATIONS_MAX;

/// One rule broken at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule's number in `docs/hls-checklist.md`, as in `SEQ-4`; `LIMIT` when
    /// the text is larger than what is read.
    pub rule: &'static str,
    /// The line, from 1; zero where it is the whole text or the pair.
    pub line: usize,
    /// What is wrong, for people.
    pub what: String,
}

/// Violations as they are found, at most [`VIOLATIONS_MAX`].
#[derive(Debug, Default)]
pub(super) struct Findings {
    violations: Vec<Violation>,
}

impl Findings {
    pub(super) fn add(&mut self, rule: &'static str, line: usize, what: impl Into<String>) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { rule, line, what: what.into() });
        }
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}): {}", self.rule, self.line, self.what)
    }
}
