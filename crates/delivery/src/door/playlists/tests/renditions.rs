//! Sessions of an egress in two renditions.

use media::Codec;

use super::*;
use crate::testing::segment;

/// The media playlists, in the order of the multivariant one.
const FOLDERS: [&str; 2] = ["/acme/aac-64", "/acme/mp3-128"];

fn voices() -> [Voice; 2] {
    [Voice::new(Codec::Aac, 64), Voice::default()]
}

/// Where the media playlists are of a session that begins now.
async fn begin(air: &Air, query: &str) -> [String; 2] {
    let master = air.get(&format!("/acme/playlist.m3u8{query}")).await;
    let uris = tests_listed(master.text());
    let [aac, mp3] = &uris[..] else { panic!("{}: {}", master.status, master.text()) };
    [aac, mp3].map(|uri| format!("/acme/{uri}"))
}

/// The session that is open.
fn open(air: &Air) -> ledger::Session {
    let open = air.bench.delivery.sessions.open();
    let [session] = &open[..] else { panic!("one session: {open:?}") };
    session.clone()
}

#[tokio::test]
async fn who_changes_between_renditions_is_one_session_and_is_counted_once() {
    let mut air = Air::of(settings_of_acme(), &voices()).await;
    let tokened = begin(&air, "").await;
    let bare = FOLDERS.map(|folder| format!("{folder}/media.m3u8"));
    for [aac, mp3] in [tokened, bare] {
        let start = air.bench.now();
        // One player loads the other's playlist in between, and goes back.
        for media in [&aac, &mp3, &aac, &mp3, &mp3, &aac] {
            assert_eq!(air.get(media).await.status, 200);
            assert_eq!(air.sessions(), 1);
            air.go_on(6);
        }
        let session = open(&air);
        assert_eq!((session.started, session.length()), (start, Duration::from_secs(30)));
        assert_eq!(session.media, Duration::from_secs(30));
        assert_eq!(session.path, "/acme");
        air.bench.clock.advance(Duration::from_mins(3));
        air.bench.delivery.sweep_sessions();
        assert_eq!(air.sessions(), 0);
        air.segments += 30;
        air.bench.list(air.segments);
    }
    assert_eq!(air.bench.station.snapshot().hls_sessions_total, 2);
}

#[tokio::test]
async fn a_session_is_closed_once_in_the_rendition_that_is_asked_for() {
    let said = Announcement::new(&crate::announcement::tests::file(300), TARGET_SECS);
    let [aac, mp3] = voices();
    let mp3 = Voice { limit_announcement: said, ..mp3 };
    let settings = StationSettings { session_limit: Some(LIMIT), ..settings_of_acme() };
    let mut air = Air::of(settings, &[aac, mp3]).await;
    let [aac, mp3] = begin(&air, "").await;
    air.go_on(12);
    let mut last = Vec::new();
    for media in [&aac, &mp3] {
        last.push(air.get(media).await.text().to_owned());
    }
    air.go_on(12);
    for (media, last) in [&aac, &mp3].into_iter().zip(&last) {
        let closing = air.get(media).await;
        assert_conforms(closing.text());
        assert_follows(last, closing.text());
        assert!(closing.text().ends_with("#EXT-X-ENDLIST\n"));
        assert_eq!(air.sessions(), 0, "it is over with the first");
    }
    let listed = air.get(&aac).await;
    assert!(!listed.text().contains("announcement-"), "it has none of its own format");
    assert!(tests_listed(listed.text()).iter().all(|name| name.ends_with("-000000e0.aac")));
    let listed = air.get(&mp3).await;
    assert!(tests_listed(listed.text()).last().unwrap().starts_with("announcement-"));
    air.go_on(70);
    for media in [&aac, &mp3] {
        assert_eq!(air.get(media).await.status, 410);
    }
    air.bench.delivery.sweep_sessions();
    assert_eq!(air.bench.station.snapshot().hls_sessions_total, 1);
}

#[tokio::test]
async fn a_pass_is_good_for_the_segments_of_all_renditions() {
    let settings = StationSettings { protect_segments: true, ..settings_of_acme() };
    let air = Air::of(settings, &voices()).await;
    let mut passes = Vec::new();
    for (media, folder) in begin(&air, "").await.iter().zip(FOLDERS) {
        let playlist = air.get(media).await;
        let newest = *tests_listed(playlist.text()).last().unwrap();
        assert_eq!(air.get(&format!("{folder}/{newest}")).await.status, 200);
        let (name, pass) = newest.split_once('?').unwrap();
        assert_eq!(air.get(&format!("{folder}/{name}")).await.status, 403);
        passes.push(pass.to_owned());
    }
    assert_eq!(passes[0], passes[1]);
}

#[tokio::test]
async fn the_past_is_had_in_each_rendition_at_the_same_numbers() {
    let air = Air::of(settings_of_acme(), &voices()).await;
    air.bench.clock.advance(Duration::from_secs(segment(0).duration.ticks() / 48_000 * 200));
    for rendition in air.bench.station.renditions() {
        let timeshift = rendition.timeshift().unwrap();
        for number in 0..200 {
            let codec = rendition.head().codec;
            let info = media::SegmentInfo { codec, ..segment(number) };
            timeshift.push(&info, air.bench.now());
        }
    }
    let [aac, mp3] = air.bench.station.renditions() else { panic!("two") };
    mp3.timeshift().unwrap().put_before(&[], Vec::new());
    // What is kept of the other is not known yet.
    let master = air.get("/acme/playlist.m3u8?from=-10m").await;
    let listed = tests_listed(master.text());
    assert!(listed.len() == 1 && listed[0].starts_with("mp3-128/"), "{listed:?}");
    let unread = air.get("/acme/aac-64/media.m3u8?from=-10m").await;
    assert_eq!(unread.text(), "what is kept is not known yet\n");
    aac.timeshift().unwrap().put_before(&[], Vec::new());
    let mut numbers = Vec::new();
    for (media, extension) in begin(&air, "?from=-10m").await.iter().zip([".aac", ".mp3"]) {
        assert!(media.contains("from=-10m&t="), "{media}");
        let playlist = air.get(media).await;
        assert_eq!(playlist.status, 200);
        assert_conforms(playlist.text());
        let listed = tests_listed(playlist.text());
        assert!(listed.len() > 90 && listed.iter().all(|name| name.ends_with(extension)));
        numbers.push(
            listed
                .iter()
                .map(|name| name.split('-').next().unwrap().to_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(air.sessions(), 1);
}
