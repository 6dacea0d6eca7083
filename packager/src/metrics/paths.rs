//! The merge's numbers, read when metrics are asked for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use feed::merge::{Counts, PathState};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::EgressLabel;
use crate::{Merged, Status};

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PathLabel {
    egress: String,
    ingest: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    egress: String,
    ingest: String,
    state: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CameLabel {
    egress: String,
    ingest: String,
    came: &'static str,
}

/// Nanoseconds in seconds, for people.
fn secs(nanos: i64) -> f64 {
    f64::from(i32::try_from(nanos / 1_000).unwrap_or(i32::MAX)) / 1e6
}

/// All programmes of the role. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programmes(Arc<Mutex<Vec<Programme>>>);

/// An egress, and what its programme says of itself.
type Programme = (String, Arc<Mutex<Status>>);

/// A number of one path: its name and what it is.
type Column = (&'static str, &'static str, fn(&Counts) -> u64);

/// A way in which units come: `came` of `packager_path_units`.
type Came = (&'static str, fn(&Counts) -> u64);

const CAME: [Came; 3] = [
    ("first", |counts| counts.first),
    ("second", |counts| counts.second),
    ("late", |counts| counts.late),
];

const COLUMNS: [Column; 2] = [
    (
        "packager_path_mismatched",
        "Units that were not what the programme has in their place",
        |counts| counts.mismatched,
    ),
    ("packager_path_locks", "Times that a path's place was found", |counts| counts.locks),
];

/// A number of one egress, as a counter.
type Total = (&'static str, &'static str, fn(&Merged) -> u64);

const TOTALS: [Total; 2] = [
    ("packager_frames_lost", "Frames that no path delivered, by the clock", |merged| {
        merged.totals.lost
    }),
    ("packager_frames_repeated", "Frames that were on air twice", |merged| merged.totals.repeated),
];

/// A length of time of one egress.
type Length = (&'static str, &'static str, fn(&Merged) -> f64);

const LENGTHS: [Length; 2] = [
    (
        "packager_longest_gap_seconds",
        "Longest wait for a frame of a programme that went on",
        |merged| merged.totals.longest_gap.as_secs_f64(),
    ),
    ("packager_late_seconds", "How much later than hold_back the programme is", |merged| {
        merged.late.as_secs_f64()
    }),
];

impl Programmes {
    /// A programme begins.
    pub(crate) fn add(&self, egress: &str, status: Arc<Mutex<Status>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((egress.to_owned(), status));
    }

    fn merged(&self) -> Vec<(String, Merged)> {
        let programmes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let merged = programmes.iter().map(|(egress, status)| {
            let status = status.lock().unwrap_or_else(PoisonError::into_inner);
            (egress.clone(), status.merge.clone())
        });
        merged.collect()
    }
}

impl Collector for Programmes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let merged = self.merged();
        encode_paths(&merged, &mut encoder)?;
        for (name, help, total) in TOTALS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (egress, merged) in &merged {
                let label = EgressLabel { egress: egress.clone() };
                ConstCounter::new(total(merged)).encode(family.encode_family(&label)?)?;
            }
        }
        for (name, help, length) in LENGTHS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (egress, merged) in &merged {
                let label = EgressLabel { egress: egress.clone() };
                ConstGauge::new(length(merged)).encode(family.encode_family(&label)?)?;
            }
        }
        Ok(())
    }
}

fn encode_paths(
    merged: &[(String, Merged)],
    encoder: &mut DescriptorEncoder<'_>,
) -> Result<(), fmt::Error> {
    let paths = || {
        merged.iter().flat_map(|(egress, merged)| {
            merged.paths.iter().map(|(ingest, status)| (egress.clone(), ingest.clone(), status))
        })
    };
    let help = "1 for the state in which a path is";
    let mut family =
        encoder.encode_descriptor("packager_path_state", help, None, MetricType::Gauge)?;
    for (egress, ingest, status) in paths() {
        for state in PathState::ALL {
            let (egress, ingest) = (egress.clone(), ingest.clone());
            let label = StateLabel { egress, ingest, state: state.name() };
            let is = i64::from(state == status.state);
            ConstGauge::new(is).encode(family.encode_family(&label)?)?;
        }
    }
    let help = "1 for a path that has been silent for longer than the egress's `silence`";
    let mut family =
        encoder.encode_descriptor("packager_path_silent", help, None, MetricType::Gauge)?;
    for (egress, ingest, status) in paths() {
        let label = PathLabel { egress, ingest };
        ConstGauge::new(i64::from(status.is_silent)).encode(family.encode_family(&label)?)?;
    }
    let help = "How much later than the programme's schedule a path's units come";
    let mut family =
        encoder.encode_descriptor("packager_path_lag_seconds", help, None, MetricType::Gauge)?;
    for (egress, ingest, status) in paths() {
        let Some(lag) = status.lag_nanos.map(secs) else { continue };
        let label = PathLabel { egress, ingest };
        ConstGauge::new(lag).encode(family.encode_family(&label)?)?;
    }
    let help =
        "How much later a path brings the same sound than the ingest on air, by another encoder";
    let mut family =
        encoder.encode_descriptor("packager_path_offset_seconds", help, None, MetricType::Gauge)?;
    for (egress, merged) in merged {
        for (ingest, _) in &merged.paths {
            let Some(nanos) = merged.offsets.of(ingest) else { continue };
            let label = PathLabel { egress: egress.clone(), ingest: ingest.clone() };
            ConstGauge::new(secs(nanos)).encode(family.encode_family(&label)?)?;
        }
    }
    let help = "Units that a path delivered: first, after another one, or too late";
    let mut family =
        encoder.encode_descriptor("packager_path_units", help, None, MetricType::Counter)?;
    for (egress, ingest, status) in paths() {
        for (came, count) in CAME {
            let label = CameLabel { egress: egress.clone(), ingest: ingest.clone(), came };
            ConstCounter::new(count(&status.counts)).encode(family.encode_family(&label)?)?;
        }
    }
    for (name, help, column) in COLUMNS {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (egress, ingest, status) in paths() {
            let label = PathLabel { egress, ingest };
            ConstCounter::new(column(&status.counts)).encode(family.encode_family(&label)?)?;
        }
    }
    Ok(())
}
