//! The `skywave` command.
fn main() {}
