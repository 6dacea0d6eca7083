use bytes::Bytes;
use media::{MediaDuration, MediaTime, Timescale, WallTime};

use super::*;
use crate::testing::{Scratch, key};

const KEEP: Duration = Duration::from_secs(90);

fn segment(number: u64, body: &[u8]) -> Segment {
    let info = SegmentInfo {
        number: MediaSequence(number),
        epoch: EpochId(0x00c0_ffee),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: Codec::Aac,
        start: MediaTime::ZERO,
        duration: MediaDuration::from_ticks(6 * 48_000),
        timescale: Timescale::new(48_000).unwrap(),
        wall_start: WallTime::from_nanos(0),
        bytes: body.len() as u64,
    };
    Segment { info, body: Bytes::copy_from_slice(body) }
}

fn rendition() -> RenditionId {
    RenditionId::new("aac", 128)
}

#[tokio::test]
async fn a_segment_is_stored_under_its_name_and_may_be_stored_again() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let made = segment(7, b"sound");
    for _ in 0..2 {
        let stored = store.put_segment("demo", &rendition(), &made, KEEP).await.unwrap();
        assert_eq!(stored.info(), &made.info);
    }
    let object = store.get(&key("public/demo/aac-128/7-00c0ffee.aac"), 10).await.unwrap();
    assert_eq!(object.unwrap().bytes, "sound");
}

#[tokio::test]
async fn a_segment_that_differs_is_adopted_as_it_is_stored() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (theirs, ours) = (segment(7, b"their sound"), segment(7, b"our sound"));
    store.put_segment("demo", &rendition(), &theirs, KEEP).await.unwrap();
    let error = store.put_segment("demo", &rendition(), &ours, KEEP).await.unwrap_err();
    let Error::Differs { entry, stored } = error else { panic!("{error}") };
    assert_eq!(stored, theirs.body);
    let info = SegmentInfo { bytes: entry.bytes(), ..ours.info };
    let adopted = Store::adopt_segment(&entry, "demo", &rendition(), info).unwrap();
    assert_eq!(adopted.info(), &theirs.info);
}

#[tokio::test]
async fn only_what_a_listing_shows_is_adopted() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let made = segment(7, b"sound");
    store.put_segment("demo", &rendition(), &made, KEEP).await.unwrap();
    let listed = store.list(&keys::rendition("demo", &rendition()).unwrap(), 10).await.unwrap();
    let [entry] = listed.as_slice() else { panic!("{listed:?}") };
    let adopt = |egress: &str, info: SegmentInfo| {
        Store::adopt_segment(entry, egress, &rendition(), info).is_some()
    };
    assert!(adopt("demo", made.info.clone()));
    assert!(!adopt("other", made.info.clone()));
    assert!(!adopt("demo", segment(8, b"sound").info));
    assert!(!adopt("demo", segment(7, b"other sound").info));
}

#[tokio::test]
async fn a_segment_has_a_bounded_size() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let full = segment(7, &vec![0; SEGMENT_BYTES_MAX]);
    store.put_segment("demo", &rendition(), &full, KEEP).await.unwrap();
    let above = segment(8, &vec![0; SEGMENT_BYTES_MAX + 1]);
    let error = store.put_segment("demo", &rendition(), &above, KEEP).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn caches_may_keep_a_segment_as_long_as_the_bucket_does() {
    let attributes = Attributes::segment(Codec::Aac, KEEP);
    assert_eq!(attributes.content_type, "audio/aac");
    assert_eq!(attributes.cache_control, "public, max-age=90, immutable");
}

#[test]
fn a_segments_name_is_read_as_it_is_written() {
    for number in [0, 1_700_000_000, u64::MAX] {
        let info = segment(number, b"").info;
        let name = SegmentName::parse(&info.file_name()).unwrap();
        assert_eq!((name.number, name.epoch, name.codec), (info.number, info.epoch, info.codec));
    }
}

#[test]
fn other_names_are_no_segments() {
    for name in [
        "media.m3u8",
        "7-00c0ffee.ogg",
        "7-00c0ffee.mp3.mp3",
        "7-c0ffee.mp3",
        "7-00C0FFEE.mp3",
        "7-000c0ffee.mp3",
        "07-00c0ffee.mp3",
        "+7-00c0ffee.mp3",
        "-7-00c0ffee.mp3",
        "18446744073709551616-00c0ffee.mp3",
        "7.mp3",
        "",
    ] {
        assert_eq!(SegmentName::parse(name), None, "{name}");
    }
}
