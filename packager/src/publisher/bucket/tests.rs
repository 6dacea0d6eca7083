use media::{EpochId, MediaDuration, MediaSequence, MediaTime, WallTime};

use super::super::multivariant::Multivariant;
use super::*;
use crate::testing::{self, Bench};

fn playlist(first: u64, segments: usize) -> String {
    format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{first}\n{}", "#EXTINF:6,\nx\n".repeat(segments))
}

#[test]
fn seq_1_a_playlist_that_ends_later_is_not_taken_back() {
    let newer = |stored: &str, ours: &str| is_newer(stored.as_bytes(), ours);
    assert!(newer(&playlist(10, 6), &playlist(9, 6)));
    assert!(newer(&playlist(10, 6), &playlist(10, 6)), "one of the two is enough");
    assert!(!newer(&playlist(10, 6), &playlist(11, 6)));
    assert!(!newer("nonsense", &playlist(1, 1)));
}

/// Playlists of this many segments in a row.
fn playlists(first: u64, segments: u64) -> LivePlaylists<SegmentRef> {
    let mut playlists = LivePlaylists::new(2, Duration::from_secs(18));
    let stream = testing::header().stream;
    let length = MediaDuration::from_ticks(96_000);
    for number in first..first + segments {
        let ticks = i64::try_from((number - first) * length.ticks()).unwrap();
        let start = MediaTime::from_ticks(ticks);
        let segment = SegmentRef::stored(SegmentInfo {
            number: MediaSequence(number),
            epoch: EpochId(1),
            discontinuity_sequence: 0,
            discontinuity: false,
            codec: stream.codec,
            start,
            duration: length,
            timescale: stream.timescale,
            wall_start: WallTime::from_nanos(1_700_000_000_000_000_000 + number * 2_000_000_000),
            bytes: 32_000,
        });
        let _ = playlists.append(segment).unwrap();
    }
    playlists
}

async fn bucket(bench: &Bench) -> Bucket {
    let clock = bench.clock.clone();
    let part = (bench.egress.rendition_id(), Some(Multivariant::default().entry(0)));
    Bucket::new(&bench.egress, part, bench.stores().await, clock, EgressMetrics::default())
}

#[tokio::test(start_paused = true)]
async fn seq_1_a_late_packager_takes_no_playlist_back() {
    let bench = Bench::new(testing::SHORT);
    let (mut early, mut late) = (bucket(&bench).await, bucket(&bench).await);
    early.list(&playlists(10, 9), Listing::Listed).await;
    let newer = bench.media().unwrap();
    for segments in 3..9 {
        late.list(&playlists(10, segments), Listing::Listed).await;
        assert_eq!(bench.media().as_ref(), Some(&newer), "{segments} segments");
    }
    late.list(&playlists(10, 11), Listing::Listed).await;
    let newest = playlists(10, 11).media();
    assert_eq!(bench.media(), newest, "its turn has come");
    early.list(&playlists(10, 10), Listing::Listed).await;
    assert_eq!(bench.media(), newest);
}

#[tokio::test(start_paused = true)]
async fn a_playlist_of_the_process_before_is_replaced() {
    let bench = Bench::new(testing::SHORT);
    bucket(&bench).await.list(&playlists(10, 9), Listing::Listed).await;
    bucket(&bench).await.list(&playlists(10, 10), Listing::Listed).await;
    assert_eq!(bench.media(), playlists(10, 10).media());
    let multivariant = std::fs::read_to_string(bench.bucket().join("public/acme/playlist.m3u8"));
    assert!(multivariant.unwrap().ends_with("\nmp3-2s-128/media.m3u8\n"));
}

fn fact(index: u64) -> Fact {
    Fact::TitleSet { epoch: 1, index, stream_title: index.to_string(), url: String::new() }
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_to_the_log_is_known_before_our_own() {
    let bench = Bench::new(testing::SHORT);
    let (mut one, mut two) = (bucket(&bench).await, bucket(&bench).await);
    assert_eq!(one.append(fact(1)).await, [(0, Some(fact(1)))]);
    assert_eq!(two.append(fact(2)).await, [(0, Some(fact(1))), (1, Some(fact(2)))]);
    let unknown = bench.bucket().join("private/acme/log/00000000000000000002");
    std::fs::write(unknown, "{\"fact\":\"of a later version\"}").unwrap();
    let lines = one.append(fact(3)).await;
    assert_eq!(lines, [(1, Some(fact(2))), (2, None), (3, Some(fact(3)))]);
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_another_one_said_is_not_said_again() {
    let bench = Bench::new(testing::SHORT);
    let (mut one, mut two) = (bucket(&bench).await, bucket(&bench).await);
    let _ = one.append(fact(1)).await;
    let _ = two.append(fact(2)).await;
    let _ = two.append(fact(3)).await;
    assert_eq!(one.append(fact(2)).await, [(1, Some(fact(2))), (2, Some(fact(3)))]);
    assert_eq!(bench.log().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_egress_that_asks_about_listeners_has_no_playlists_for_everyone() {
    let mut bench = Bench::new(testing::SHORT);
    bucket(&bench).await.list(&playlists(10, 9), Listing::Listed).await;
    let multivariant = bench.bucket().join("public/acme/playlist.m3u8");
    assert!(bench.media().is_some() && multivariant.exists());
    let auth = "auth = { listener_add = \"http://127.0.0.1/\" }\n";
    bench.egress = testing::egress(&format!("{auth}{}", testing::SHORT));
    let mut asks = bucket(&bench).await;
    asks.unlist().await;
    assert!(bench.media().is_none() && !multivariant.exists(), "what was there is gone");
    asks.list(&playlists(10, 11), Listing::Listed).await;
    assert!(bench.media().is_none() && !multivariant.exists(), "and nothing comes");
}

#[tokio::test(start_paused = true)]
async fn what_is_due_goes_in_portions() {
    let bench = Bench::new(testing::SHORT);
    let mut bucket = bucket(&bench).await;
    let now = bench.clock.now();
    let folder = keys::rendition("acme", &bench.egress.rendition_id()).unwrap();
    let stray = |number| folder.child(&format!("{number}-00000001.mp3")).unwrap();
    let due = (0..=DELETED_AT_ONCE_MAX).map(|number| (Leaving::Stray(stray(number)), now));
    bucket.put_before(due.collect());
    assert!(bucket.delete_due().await);
    assert_eq!(bucket.next_due(), Some(now), "one is left for the next time");
    assert!(bucket.delete_due().await);
    assert_eq!(bucket.next_due(), None);
}
