//! The process: reads its configuration and wires the roles together.
