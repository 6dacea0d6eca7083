//! Disks that are full, read-only or broken: listeners hear nothing of it, and
//! the bucket has everything as soon as it can.

use std::path::Path;

use playlists::conformance;
use serde_json::Value;
use tests::disk::{Disk, Failing};
use tests::hls::{self, Fetched};
use tests::watch::Watch;
use tests::{Scratch, frames, metrics, wait};

use super::{RENDITION, short};

/// Room for a minute and more of the station.
const ROOM: &str = "size=8m,nr_inodes=200";

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Full,
    NoInodes,
    ReadOnly,
    Errors,
}

impl Fault {
    async fn strike(self, disk: &Disk) -> Option<Failing> {
        match self {
            Self::Full => disk.fill(),
            Self::NoInodes => disk.take_inodes(),
            Self::ReadOnly => disk.remount("ro").await,
            Self::Errors => return Some(disk.fail().await),
        }
        None
    }

    async fn end(self, disk: &Disk, failing: Option<Failing>) {
        match self {
            Self::Full | Self::NoInodes => disk.free(),
            Self::ReadOnly => disk.remount("rw").await,
            Self::Errors => failing.unwrap().mend().await,
        }
    }

    /// The lines of shell after which it is there from the start.
    fn lines(self) -> &'static str {
        match self {
            Self::Full => "cat /dev/zero > filling",
            Self::NoInodes => {
                "mkdir filling; n=0; while touch filling/$n; do n=$((n + 1)); done 2> /dev/null"
            }
            Self::ReadOnly => "mount -o remount,ro \"$PWD\"",
            Self::Errors => "",
        }
    }
}

/// Waits until so many segments are listed that the bucket does not have.
async fn until_behind(disk: &Disk, segments: u64) -> Value {
    let is = |egress: &Value| egress["bucket_lag_segments"].as_u64() >= Some(segments);
    disk.program.until_egress("segments in memory alone", is).await
}

async fn served(disk: &Disk) -> Fetched {
    hls::fetch(&disk.program.url(&format!("/radio/{RENDITION}"))).await
}

/// The playlist in the bucket, all of whose segments are there and whole.
fn stored(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("media.m3u8")).unwrap();
    conformance::assert_conforms(&text);
    for name in hls::listed(&text) {
        let body = std::fs::read(folder.join(name)).unwrap();
        let len = frames::of_segment(&body).len();
        assert!((76..=77).contains(&len), "{name}: {len} frames");
    }
    text
}

/// Nothing half-written stays that would take what space there is.
async fn until_clean(disk: &Disk) {
    wait::until("an empty staging folder", || async {
        let staged = std::fs::read_dir(disk.path("bucket/.store/staging")).ok()?;
        (staged.count() == 0).then_some(())
    })
    .await;
}

/// The bucket has all that memory had, and goes on.
async fn check_caught_up(disk: &Disk, during: &Fetched) {
    disk.program
        .until_egress("a bucket with everything", |egress| egress["bucket_lag_segments"] == 0)
        .await;
    let folder = disk.rendition(RENDITION);
    for (name, body) in hls::listed(&during.text).into_iter().zip(&during.bodies) {
        assert_eq!(&std::fs::read(folder.join(name)).unwrap(), body, "{name}");
    }
    let text = stored(&folder);
    conformance::assert_follows(&during.text, &text);
    assert!(!text.contains("#EXT-X-DISCONTINUITY\n"), "{text}");
    let given_up = "skywave_packager_segments_given_up_total{egress=\"radio\"}";
    assert_eq!(metrics::value(disk.program.control, given_up).await, 0);
    until_clean(disk).await;
}

/// The fault comes while the station is on air, and ends.
async fn check(fault: Fault) {
    let scratch = Scratch::default();
    let disk = Disk::serve(&short(), scratch.path(), ROOM, "").await;
    let mut watch = Watch::start(disk.program.public, 2).await;
    disk.program.until_stored(3).await;
    let before = stored(&disk.rendition(RENDITION));

    let failing = fault.strike(&disk).await;
    until_behind(&disk, 3).await;
    watch.add_listener().await;
    let during = served(&disk).await;
    conformance::assert_follows(&before, &during.text);
    let stuck = stored(&disk.rendition(RENDITION));
    conformance::assert_follows(&before, &stuck);
    assert!(hls::listed(&stuck).len() < hls::listed(&during.text).len(), "{stuck}");
    until_clean(&disk).await;

    fault.end(&disk, failing).await;
    check_caught_up(&disk, &during).await;
    watch.add_listener().await;
    watch.finish().await;
    assert_eq!(disk.program.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_is_not_heard_and_is_made_up_for() {
    check(Fault::Full).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_inodes_is_not_heard_and_is_made_up_for() {
    check(Fault::NoInodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_is_not_heard_and_is_made_up_for() {
    check(Fault::ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_with_errors_is_not_heard_and_is_made_up_for() {
    check(Fault::Errors).await;
}

/// The fault is there when the process begins, and ends while it is on air.
async fn check_start(fault: Fault) {
    let scratch = Scratch::default();
    let disk = Disk::serve(&short(), scratch.path(), ROOM, fault.lines()).await;
    let watch = Watch::start(disk.program.public, 2).await;
    until_behind(&disk, 3).await;
    let during = served(&disk).await;
    fault.end(&disk, None).await;
    check_caught_up(&disk, &during).await;
    watch.finish().await;
    assert_eq!(disk.program.terminate().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_begins_on_a_disk_that_is_full() {
    check_start(Fault::Full).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_begins_on_a_disk_without_inodes() {
    check_start(Fault::NoInodes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_begins_on_a_disk_that_is_read_only() {
    check_start(Fault::ReadOnly).await;
}
