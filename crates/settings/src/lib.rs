//! Strict TOML: errors that name file, line, key and the nearest right key. Sans-IO.
