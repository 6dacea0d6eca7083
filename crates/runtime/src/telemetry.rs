//! Logs on standard output, which may be closed or full without harm.
//!
//! A thread of its own writes; what it cannot get rid of in time is dropped and
//! counted. One event is one line, whatever strangers put into its fields.

use std::fmt::Write as _;
use std::io::{self, Write};

use tracing::Subscriber;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Lines that wait for the writing thread; what comes on top is dropped. Chosen:
/// a second of a very talkative process, some megabytes at most.
const LINES_WAITING_MAX: usize = 8_192;

/// What is logged where nobody says otherwise.
/// The decoder's own words are left out: what of a stream does not decode is counted where it
/// matters, and each segment of a rendition begins with frames of which some cannot.
const FILTER_DEFAULT: &str =
    "info,symphonia_bundle_mp3=off,symphonia_codec_aac=off,symphonia_core=off";

/// Keeps the writing thread. Dropping it flushes what waits, for a second at most.
#[derive(Debug)]
#[must_use = "dropping it ends the log"]
pub struct Guard {
    dropped: ErrorCounter,
    _worker: WorkerGuard,
}

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The filter is none.
    #[error("SKYWAVE_LOG or RUST_LOG: `{filter}` is no filter: {reason}")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It has begun already.
    #[error("logging has been set up before")]
    Again,
}

/// Starts logging for the whole process. `filter` is as `RUST_LOG` has it:
/// `warn,ingest=debug`; `info` where there is none.
///
/// # Errors
///
/// A filter that is none, and a second start.
pub fn init(format: LogFormat, filter: Option<&str>) -> Result<Guard, Error> {
    let (subscriber, guard) = subscriber(format, filter, io::stdout())?;
    subscriber.try_init().map_err(|_| Error::Again)?;
    Ok(guard)
}

/// A subscriber that writes its lines to `writer`, on a thread of its own.
///
/// # Errors
///
/// A filter that is none.
pub fn subscriber(
    format: LogFormat,
    filter: Option<&str>,
    writer: impl Write + Send + 'static,
) -> Result<(Box<dyn Subscriber + Send + Sync>, Guard), Error> {
    let filter = filter.unwrap_or(FILTER_DEFAULT);
    let parsed = EnvFilter::try_new(filter)
        .map_err(|error| Error::Filter { filter: filter.to_owned(), reason: error.to_string() })?;
    let (appender, worker) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_WAITING_MAX)
        .thread_name("log")
        .finish(writer);
    let guard = Guard { dropped: appender.error_counter(), _worker: worker };
    let lines = move || OneLine { appender: appender.clone() };
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_ansi(false);
    let subscriber: Box<dyn Subscriber + Send + Sync> = match format {
        LogFormat::Text => Box::new(builder.with_writer(lines).finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_writer(lines).finish()),
    };
    Ok((subscriber, guard))
}

impl Guard {
    /// Lines dropped since the start, because the output was full.
    pub fn dropped_lines(&self) -> u64 {
        self.dropped.dropped_lines() as u64
    }
}

/// Takes one event in one write, as the formatter gives it, and makes one line
/// of it: control characters, and those that turn the direction of writing, are
/// escaped as JSON does, in either format.
#[derive(Debug)]
struct OneLine {
    appender: NonBlocking,
}

impl Write for OneLine {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        if settings::has_unsafe_text(line) {
            self.appender.write_all(escaped(line).as_bytes())?;
        } else {
            self.appender.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.flush()
    }
}

/// The line with what is unsafe as `\u000a`, and its end.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        if settings::has_unsafe_text(c.encode_utf8(&mut [0; 4])) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests;
