//! The operator's resources as types, and their validation. Sans-IO.
