//! The bucket: keys, create-if-absent, replace-if-unchanged, the log of facts.
