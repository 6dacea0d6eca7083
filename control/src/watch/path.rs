//! One ingest, from one look to the next.

use catalogue::Setting;
use catalogue::WebhookEvent;
use catalogue::report::{IngestReport, IngestState};

use super::Finding;

/// An ingest as it was at the last look.
#[derive(Debug, Default)]
pub(super) struct Path {
    is_connected: bool,
    connects: u64,
    frames: u64,
    /// Its source has brought frames. One that never does, as an encoder that
    /// is turned away again and again, is no path that could be lost.
    is_up: bool,
    /// The settings that its source was told not to follow: each once, since a
    /// measured bit rate is another one at each look.
    told: Vec<Setting>,
}

impl Path {
    pub(super) fn handle_report(&mut self, report: &IngestReport) -> Vec<Finding> {
        let is_connected = report.state == IngestState::Connected;
        // A source that came and went between two looks shows in the count.
        let came = report.connects_total.saturating_sub(self.connects);
        let lost = (u64::from(self.is_connected) + came).saturating_sub(u64::from(is_connected));
        let has_frames = report.frames_total > self.frames;
        let mut findings = Vec::new();
        if lost > 0 {
            if self.is_up || has_frames {
                findings.push(down(report, is_connected));
            }
            self.is_up = false;
            self.told.clear();
        }
        self.is_up = is_connected && (self.is_up || has_frames);
        self.is_connected = is_connected;
        self.connects = report.connects_total;
        self.frames = report.frames_total;
        findings.extend(self.mismatch(report));
        findings
    }

    fn mismatch(&mut self, report: &IngestReport) -> Option<Finding> {
        let known = self.told.len();
        for one in &report.mismatch {
            if !self.told.contains(&one.setting) {
                self.told.push(one.setting);
            }
        }
        let all: Vec<_> = report.mismatch.iter().map(ToString::to_string).collect();
        (self.told.len() > known).then(|| finding(WebhookEvent::Mismatch, report, all.join("; ")))
    }
}

fn down(report: &IngestReport, is_back: bool) -> Finding {
    let detail = if is_back { "its source was lost and is back" } else { "its source was lost" };
    finding(WebhookEvent::PathDown, report, detail.to_owned())
}

fn finding(kind: WebhookEvent, report: &IngestReport, detail: String) -> Finding {
    Finding { kind, ingest: Some(report.name.clone()), detail }
}
