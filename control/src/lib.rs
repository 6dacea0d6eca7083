//! The control role: the page, metrics and health.
