//! What happens to a station, told from one look at it to the next.
//!
//! [`Watch`] compares each [`Report`] with the one before. It asks nobody and
//! waits for nothing: what begins and ends between two looks is seen only where
//! a counter of the report keeps it.

mod path;
mod recent;
pub mod silence;

use std::collections::HashMap;

use catalogue::report::{EgressReport, Report};
use catalogue::{Catalogue, WebhookEvent};
use media::WallTime;
use playlists::date;
use serde::{Serialize, Serializer};

use path::Path;

pub use recent::{EVENTS_KEPT_MAX, Recent};

/// Something that has happened, as webhooks and the API tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What.
    #[serde(rename = "event")]
    pub kind: WebhookEvent,
    /// To which egress.
    pub egress: String,
    /// Whose that is.
    pub publisher: String,
    /// At which ingest, where it is the matter of one.
    pub ingest: Option<String>,
    /// When it was seen, on the clock of the programme.
    #[serde(serialize_with = "as_rfc3339")]
    pub at: WallTime,
    /// By which node.
    pub node: String,
    /// More of it, for people.
    pub detail: String,
    /// No other event's, of whichever node and process.
    pub id: String,
}

/// Sees what happens.
///
/// It begins with nothing on air and no source, as a process does: the first
/// `on_air` counts, and a process that begins off air tells nothing.
#[derive(Debug)]
pub struct Watch {
    identity: Identity,
    paths: HashMap<String, Path>,
    egresses: Vec<Egress>,
}

/// Makes events of what was seen.
#[derive(Debug)]
struct Identity {
    node: String,
    /// No two processes of a node start at one moment.
    started: WallTime,
    count: u64,
}

/// An egress as it was at the last look.
#[derive(Debug)]
struct Egress {
    name: String,
    publisher: String,
    ingests: Vec<String>,
    is_on_air: bool,
    is_silent: bool,
    source: Option<String>,
    breaks: u64,
}

/// What one look has found.
#[derive(Debug, Clone)]
struct Finding {
    kind: WebhookEvent,
    ingest: Option<String>,
    detail: String,
}

impl Watch {
    /// Watches all of a catalogue's egresses for `node`, a process that started
    /// at `started`.
    pub fn new(catalogue: &Catalogue, node: &str, started: WallTime) -> Self {
        let egresses = catalogue.egresses().map(|egress| Egress {
            name: egress.name.as_str().to_owned(),
            publisher: egress.publisher.as_str().to_owned(),
            ingests: egress.ingests.iter().map(|name| name.as_str().to_owned()).collect(),
            is_on_air: false,
            is_silent: false,
            source: None,
            breaks: 0,
        });
        Self {
            identity: Identity { node: node.to_owned(), started, count: 0 },
            paths: HashMap::new(),
            egresses: egresses.collect(),
        }
    }

    /// What has happened since the last look: for each egress a `path_down` and
    /// a `mismatch` of each ingest at most, and three more.
    pub fn handle_report(&mut self, report: &Report, now: WallTime) -> Vec<Event> {
        let mut found: HashMap<&str, Vec<Finding>> = HashMap::new();
        for ingest in &report.ingests {
            let path = self.paths.entry(ingest.name.clone()).or_default();
            found.insert(&ingest.name, path.handle_report(ingest));
        }
        let mut events = Vec::new();
        for egress in &mut self.egresses {
            let of_paths = egress.ingests.iter().filter_map(|name| found.get(name.as_str()));
            let mut findings: Vec<_> = of_paths.flatten().cloned().collect();
            // A node tells what it sees: of sources the one that takes them.
            let state = report.egress(&egress.name);
            findings.extend(state.into_iter().flat_map(|state| egress.handle_report(state)));
            findings.sort_by_key(|finding| place(finding.kind));
            let event = |finding| self.identity.event(egress, finding, now);
            events.extend(findings.into_iter().map(event));
        }
        events
    }
}

impl Egress {
    /// The programme has gone on with another ingest, or with something else.
    fn switched(&mut self, state: &EgressReport, is_on_air_still: bool) -> Option<Finding> {
        let source = std::mem::replace(&mut self.source, state.source.clone());
        let breaks = std::mem::replace(&mut self.breaks, state.breaks_total);
        if !is_on_air_still || (state.source.is_none() && !state.on_fallback) {
            return None;
        }
        let detail = if state.on_fallback && state.breaks_total > breaks {
            state.last_break.clone().unwrap_or_default()
        } else if state.breaks_total > breaks {
            let why = state.last_break.as_deref().unwrap_or_default();
            match state.last_break_offset_ms {
                Some(offset) => format!("{}: {why}", another_encoder(offset)),
                None => format!("not the same programme, or frames are missing: {why}"),
            }
        } else if source.is_some() && source != state.source {
            "it carries the same frames: nothing is lost".to_owned()
        } else {
            return None;
        };
        Some(Finding { kind: WebhookEvent::Switched, ingest: state.source.clone(), detail })
    }

    fn handle_report(&mut self, state: &EgressReport) -> Vec<Finding> {
        let finding = |kind, detail: String| Finding { kind, ingest: None, detail };
        let is_silent = state.silent == Some(true);
        let was_on_air = std::mem::replace(&mut self.is_on_air, state.on_air);
        let was_silent = std::mem::replace(&mut self.is_silent, is_silent);
        let mut findings = Vec::new();
        match (was_on_air, state.on_air) {
            (false, true) => {
                let source = state.source.as_deref().unwrap_or("an ingest");
                findings.push(finding(WebhookEvent::OnAir, format!("audio comes from {source}")));
            }
            (true, false) => {
                findings.push(finding(WebhookEvent::OffAir, "no audio goes out".to_owned()));
            }
            _ => {}
        }
        findings.extend(self.switched(state, was_on_air && state.on_air));
        if is_silent && !was_silent {
            findings.push(finding(WebhookEvent::Silence, silence::detail()));
        }
        findings
    }
}

/// What is heard of a switch to another encoder of the programme.
fn another_encoder(offset_ms: i64) -> String {
    let millis = offset_ms.unsigned_abs();
    let heard = if offset_ms < 0 { "is skipped" } else { "is heard twice" };
    format!("another encoder of the same programme, {millis} ms of it {heard}")
}

impl Identity {
    fn event(&mut self, egress: &Egress, finding: Finding, now: WallTime) -> Event {
        self.count += 1;
        Event {
            kind: finding.kind,
            egress: egress.name.clone(),
            publisher: egress.publisher.clone(),
            ingest: finding.ingest,
            at: now,
            node: self.node.clone(),
            detail: finding.detail,
            id: format!("{}-{:x}-{}", self.node, self.started.nanos(), self.count),
        }
    }
}

/// Where an event stands among those of one look: what leads to the other is
/// told before it.
fn place(kind: WebhookEvent) -> u8 {
    match kind {
        WebhookEvent::PathDown => 0,
        WebhookEvent::OffAir => 1,
        WebhookEvent::OnAir => 2,
        WebhookEvent::Switched => 3,
        WebhookEvent::Mismatch => 4,
        WebhookEvent::Silence => 5,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
fn as_rfc3339<S: Serializer>(time: &WallTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&date::rfc3339(*time))
}

#[cfg(test)]
mod tests;
