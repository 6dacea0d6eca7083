use bytes::Bytes;
use catalogue::EncodingCodec;
use media::{ChannelMode, FrameHeader, WallTime};
use prometheus_client::registry::Registry;

use super::*;
use crate::metrics::Metrics;

fn conform() -> Conform {
    let wanted = Encoding {
        channel_mode: ChannelMode::JointStereo,
        ..Encoding::stereo(EncodingCodec::Mp3, 128, 44_100)
    };
    let metrics = Metrics::register(&mut Registry::default()).of("live");
    Conform::new(wanted, Pool::inline(), metrics)
}

/// A source's stream, from its beginning on.
fn source(frames: &[Bytes]) -> Vec<PathItem> {
    let header = |data: &Bytes| FrameHeader::of(data).unwrap();
    let info = SourceInfo { header: header(&frames[0]), profile: None };
    let units = frames.iter().map(|data| {
        let arrival = WallTime::from_nanos(7);
        PathItem::Unit(PathUnit { header: header(data), data: data.clone(), arrival })
    });
    [PathItem::Connected(info)].into_iter().chain(units).collect()
}

fn units(items: &[PathItem]) -> Vec<&PathUnit> {
    let units = items.iter().filter_map(|item| match item {
        PathItem::Unit(unit) => Some(unit),
        _ => None,
    });
    units.collect()
}

#[tokio::test]
async fn what_follows_its_settings_is_not_touched() {
    let mut conform = conform();
    let items = source(&demo::fixtures::mp3(1, 128, 44_100, 2));
    assert!(conform.pass(items.clone(), false).await.unwrap() == items);
    assert!(!conform.is_at_work());
}

#[tokio::test]
async fn a_source_of_another_form_is_transcoded_and_one_that_follows_again_is_not() {
    for (kbps, hz, channels) in [(96, 44_100, 2), (64, 44_100, 1), (128, 48_000, 2)] {
        let mut conform = conform();
        let items = source(&demo::fixtures::mp3(2, kbps, hz, channels));
        let passed = conform.pass(items, false).await.unwrap();
        let connected = passed.iter().filter(|item| matches!(item, PathItem::Connected(_)));
        assert_eq!(connected.count(), 1);
        assert!(conform.is_at_work());
        let made = units(&passed);
        assert!((70..=80).contains(&made.len()), "{}", made.len());
        let wanted = conform.wanted;
        assert!(made.iter().all(|unit| wanted.mismatch(&unit.header, None).is_empty()));
        assert!(made.iter().all(|unit| unit.arrival == WallTime::from_nanos(7)));
        let right = source(&demo::fixtures::mp3(1, 128, 44_100, 2));
        assert!(conform.pass(right.clone(), false).await.unwrap() == right);
        assert!(!conform.is_at_work());
    }
}

#[tokio::test]
async fn a_mean_bit_rate_that_is_off_counts_too() {
    let mut conform = conform();
    let items = source(&demo::fixtures::mp3(1, 128, 44_100, 2));
    let (_, rest) = items.split_at(10);
    let passed = conform.pass(rest.to_vec(), true).await.unwrap();
    assert!(conform.is_at_work() && units(&passed) != units(rest));
}

#[tokio::test]
async fn frames_that_do_not_decode_are_counted() {
    let mut conform = conform();
    let mut frames = demo::fixtures::mp3(1, 96, 44_100, 2);
    let cut = frames[20].slice(..4);
    frames[20] = [&cut[..], &vec![0xFF; frames[20].len() - 4]].concat().into();
    conform.pass(source(&frames), false).await.unwrap();
    assert!(conform.metrics.concealed.get() >= 1);
}
