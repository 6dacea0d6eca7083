//! The one reader of clock, environment and signals; configuration loading,
//! telemetry, shutdown.

pub mod clock;
