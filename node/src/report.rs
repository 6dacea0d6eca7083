//! What the node says of itself, gathered from its roles.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use catalogue::report::{
    EgressReport, GeoReport, PathReport, PlayedTitle, RenditionProgress, RenditionReport, Report,
};
use catalogue::{Catalogue, Egress, Made, Rendition};
use delivery::Station;
use feed::merge::PathStatus;
use geo::Atlas;
use ingest::Ingest;
use media::{Title, WallTime};
use packager::{Break, Merged, Offsets, Programme, Progress, RenditionStatus};
use runtime::clock::Steady;
use runtime::config::ProcessConfig;

use crate::roles::Followed;
use crate::watching::Silences;

/// Asks every role.
#[derive(Debug)]
pub(crate) struct Reporter {
    node: String,
    started: WallTime,
    clock: Steady,
    catalogue: Arc<Catalogue>,
    ingest: Ingest,
    egresses: Vec<Followed>,
    silences: Silences,
    atlas: Atlas,
}

impl Reporter {
    pub(crate) fn new(
        config: &ProcessConfig,
        catalogue: Arc<Catalogue>,
        clock: &Steady,
        ingest: Ingest,
        egresses: Vec<Followed>,
    ) -> Self {
        Self {
            node: config.node.name.clone(),
            started: clock.now(),
            clock: clock.clone(),
            catalogue,
            ingest,
            egresses,
            silences: Silences::new(),
            atlas: Atlas::default(),
        }
    }

    /// The same, which knows which programmes are silent.
    pub(crate) fn with_silences(self, silences: Silences) -> Self {
        Self { silences, ..self }
    }

    /// The same, which knows of the database of countries.
    pub(crate) fn with_atlas(self, atlas: Atlas) -> Self {
        Self { atlas, ..self }
    }

    /// The node's name.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// When the process started.
    pub(crate) fn started(&self) -> WallTime {
        self.started
    }

    pub(crate) fn report(&self) -> Report {
        let egresses = self.egresses.iter().filter_map(|followed| {
            let Followed { station, programme, .. } = followed;
            let egress = self.catalogue.egress(&station.settings().name)?;
            let silent = self.silences.get(egress.name.as_str());
            let silent = silent.map(|silent| silent.load(Ordering::Relaxed));
            Some(EgressReport { silent, ..egress_report(egress, station, programme.as_ref()) })
        });
        Report {
            node: self.node.clone(),
            started: playlists::date::rfc3339(self.started),
            ingests: self.ingest.report(),
            egresses: egresses.collect(),
            geo: geo_report(&self.atlas.status(), &self.catalogue, self.clock.now()),
        }
    }
}

/// What there is to say of countries: nothing where nobody asks for them.
fn geo_report(status: &geo::Status, catalogue: &Catalogue, now: WallTime) -> Option<GeoReport> {
    let blocks = catalogue.egresses().filter(|egress| egress.geo.is_some()).count();
    (blocks > 0 || status.path.is_some()).then(|| GeoReport {
        database: status.kind.clone(),
        built_at_unix_secs: status.built.map(WallTime::secs),
        is_old: status.is_old(now),
        error: status.error.clone(),
        egresses: u32::try_from(blocks).unwrap_or(u32::MAX),
    })
}

fn played((at, title): &(WallTime, Arc<Title>)) -> PlayedTitle {
    PlayedTitle { at_unix_secs: at.secs(), title: title.stream_title.clone() }
}

fn path_report((ingest, status): &(String, PathStatus), offsets: &Offsets) -> PathReport {
    PathReport {
        ingest: ingest.clone(),
        state: status.state.name().to_owned(),
        silent: status.is_silent,
        lag_ms: status.lag_nanos.map(|nanos| nanos / 1_000_000),
        offset_ms: offsets.of(ingest).map(|nanos| nanos / 1_000_000),
        units_first_total: status.counts.first,
        units_second_total: status.counts.second,
        units_late_total: status.counts.late,
        mismatched_total: status.counts.mismatched,
        locks_total: status.counts.locks,
    }
}

/// An egress's renditions. A process that makes none of them tells of those that it serves.
fn rendition_reports(
    egress: &Egress,
    station: &Station,
    programme: Option<&Programme>,
) -> Vec<RenditionReport> {
    let told = |rendition: &Rendition| {
        let served = station.rendition(rendition.id.as_str());
        // One that could not be begun here is served by nobody, and told of all the same.
        (served.is_some() || programme.is_some()).then(|| {
            let listed = served.map_or(0, |served| served.hls().listed);
            rendition_report(rendition, status_of(rendition, programme), listed)
        })
    };
    egress.renditions.iter().filter_map(told).collect()
}

/// What a rendition says of itself; `None` where this process does not encode it.
fn status_of(rendition: &Rendition, programme: Option<&Programme>) -> Option<RenditionStatus> {
    let programme = programme.filter(|_| rendition.made == Made::Here)?;
    let made = programme.made.iter().find(|made| *made.id() == rendition.id);
    let failed = RenditionStatus { progress: Progress::Failed, ..RenditionStatus::default() };
    Some(made.map_or(failed, packager::Made::status))
}

fn rendition_report(
    rendition: &Rendition,
    status: Option<RenditionStatus>,
    listed: usize,
) -> RenditionReport {
    let encoding = &rendition.encoding;
    let is_made = |status: &RenditionStatus| status.progress != Progress::Failed;
    RenditionReport {
        id: rendition.id.to_string(),
        codec: encoding.codec.as_str().to_owned(),
        bitrate_kbps: encoding.bitrate_kbps,
        sample_rate_hz: encoding.sample_rate_hz,
        own_bytes: rendition.made == Made::Outside,
        progress: status.map(|status| match status.progress {
            Progress::OnTime => RenditionProgress::OnTime,
            Progress::Late => RenditionProgress::Late,
            Progress::Failed => RenditionProgress::Failed,
        }),
        behind_ms: status.filter(is_made).map(|status| millis(status.behind)),
        window_segments: u32::try_from(listed).unwrap_or(u32::MAX),
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn egress_report(
    egress: &Egress,
    station: &Station,
    programme: Option<&Programme>,
) -> EgressReport {
    let status = programme.map(Programme::status).unwrap_or_default();
    let (rendition, listening) = (station.default_rendition(), station.snapshot());
    let hls = rendition.hls();
    // Where others make it, that it is served is all that is known.
    let is_made = programme.is_none() || status.epoch.is_some();
    let Merged { paths, offsets, last_break, .. } = &status.merge;
    EgressReport {
        name: egress.name.as_str().to_owned(),
        title: egress.mount.icy_name.clone(),
        on_air: is_made && rendition.mount().is_open(),
        silent: None,
        codec: egress.encoding.codec.as_str().to_owned(),
        codecs: hls.variant.as_ref().map(|variant| variant.codecs.clone()),
        rendition: rendition.id().to_string(),
        renditions: rendition_reports(egress, station, programme),
        now_playing: status.title.as_ref().map(|title| title.stream_title.clone()),
        played: status.played.iter().map(played).collect(),
        icy_listeners: listening.icy_listeners() as u64,
        hls_sessions: Some(listening.hls_sessions as u64),
        media_sequence: hls.number.map(|number| number.0),
        window_segments: u32::try_from(hls.listed).unwrap_or(u32::MAX),
        bucket_lag_segments: status.bucket_lag(),
        epoch: status.epoch,
        source: status.source,
        ingests: paths.iter().map(|path| path_report(path, offsets)).collect(),
        breaks_total: status.merge.breaks,
        last_break: last_break.as_ref().map(|Break { ingest, cause, .. }| {
            format!("{}: {cause}", ingest.as_deref().unwrap_or("fallback"))
        }),
        last_break_offset_ms: last_break
            .as_ref()
            .and_then(|last| Some(last.offset_nanos? / 1_000_000)),
        on_fallback: status.merge.plays_fallback,
        frames_lost_total: status.merge.totals.lost,
        frames_repeated_total: status.merge.totals.repeated,
        longest_gap_ms: millis(status.merge.totals.longest_gap),
        late_ms: millis(status.merge.late),
        paths: egress.paths().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests;
