//! The one reader of clock, environment and signals; configuration loading,
//! telemetry, shutdown.

pub mod backoff;
pub mod clock;
pub mod config;
pub mod open_files;
pub mod pool;
pub mod secret;
pub mod shutdown;
pub mod tail;
pub mod telemetry;
