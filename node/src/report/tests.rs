use catalogue::{Encoding, EncodingCodec};
use media::RenditionId;

use super::*;

fn rendition(made: Made) -> Rendition {
    let encoding = Encoding::stereo(EncodingCodec::HeAac, 48, 44_100);
    Rendition { id: RenditionId::new("he-aac", 48), encoding, made }
}

fn told(made: Made, status: Option<RenditionStatus>) -> RenditionReport {
    rendition_report(&rendition(made), status, 7)
}

/// What is told of one that is made here.
fn check(progress: Progress, expected: (RenditionProgress, Option<u64>)) {
    let behind = Duration::from_micros(4_200_900);
    let report = told(Made::Here, Some(RenditionStatus { behind, progress }));
    assert!(!report.own_bytes);
    assert_eq!((report.progress.unwrap(), report.behind_ms), expected);
}

#[test]
fn a_rendition_is_told_with_its_settings() {
    let expected = RenditionReport {
        id: "he-aac-48".into(),
        codec: "he_aac".into(),
        bitrate_kbps: 48,
        sample_rate_hz: 44_100,
        own_bytes: true,
        progress: None,
        behind_ms: None,
        window_segments: 7,
    };
    assert_eq!(told(Made::Outside, None), expected);
}

#[test]
fn one_that_is_made_here_says_how_it_keeps_up() {
    check(Progress::OnTime, (RenditionProgress::OnTime, Some(4_200)));
    check(Progress::Late, (RenditionProgress::Late, Some(4_200)));
}

#[test]
fn of_one_that_has_failed_nothing_waits() {
    check(Progress::Failed, (RenditionProgress::Failed, None));
}

#[test]
fn one_that_others_make_has_no_progress() {
    let report = told(Made::Here, None);
    assert_eq!((report.own_bytes, report.progress, report.behind_ms), (false, None, None));
    assert_eq!(status_of(&rendition(Made::Here), None), None);
}
