//! An egress in three renditions: AAC first, and MP3 in two bit rates, of which the
//! greater is heard at the mounts themselves.

use std::time::Duration;

use bytes::Bytes;
use media::{Codec, RenditionId};
use playlists::conformance::{assert_conforms, check_multivariant, check_renditions};

use super::{MASTER, MEDIA, check_common};
use crate::Announcement;
use crate::announcement::tests::file;
use crate::testing::{Answer, Bench, FRAME, Peer, Voice, eventually, header, settings_of_acme};

/// Their ids, in the order of the multivariant playlist.
const IDS: [&str; 3] = ["aac-64", "mp3-128", "mp3-64"];

fn voices() -> [Voice; 3] {
    [Voice::new(Codec::Aac, 64), Voice::default(), Voice::new(Codec::Mp3, 64)]
}

async fn bench() -> Bench {
    Bench::of(settings_of_acme(), &voices(), 100).await
}

/// What a multivariant playlist lists.
fn uris(master: &Answer) -> Vec<&str> {
    master.text().lines().filter(|line| !line.starts_with('#')).collect()
}

/// The renditions that it lists.
fn ids(master: &Answer) -> Vec<&str> {
    uris(master).iter().filter_map(|uri| uri.split_once('/')).map(|(id, _)| id).collect()
}

#[tokio::test]
async fn mv_1_each_rendition_is_a_variant_with_the_one_token_of_the_session() {
    let bench = bench().await;
    bench.list(8);
    let master = bench.get(MASTER).await;
    let (_, token) = uris(&master)[0].split_once("?t=").unwrap();
    let expected = "#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=1000,CODECS=\"mp4a.40.2\"
aac-64/media.m3u8?t=TOKEN
#EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=2000,CODECS=\"mp4a.40.34\"
mp3-128/media.m3u8?t=TOKEN
#EXT-X-STREAM-INF:BANDWIDTH=1000,AVERAGE-BANDWIDTH=1000,CODECS=\"mp4a.40.34\"
mp3-64/media.m3u8?t=TOKEN
";
    assert_eq!(master.text().replace(token, "TOKEN"), expected);
    assert_eq!(check_multivariant(&master.body), []);
    let beside = bench.get("/acme.mp3.m3u8").await;
    let folders: Vec<_> = uris(&beside).iter().map(|uri| uri.split("/media").next()).collect();
    let expected = IDS.map(|id| format!("acme.mp3/{id}"));
    assert_eq!(folders, expected.iter().map(|folder| Some(folder.as_str())).collect::<Vec<_>>());
}

#[tokio::test]
async fn seq_6_each_rendition_has_its_own_playlist_with_the_same_numbers() {
    let bench = bench().await;
    bench.list(8);
    for mount in ["acme", "acme.mp3"] {
        let mut texts = Vec::new();
        for id in IDS {
            let answer = bench.get(&format!("/{mount}/{id}/media.m3u8")).await;
            assert_eq!(answer.status, 200, "{mount}/{id}");
            assert_conforms(answer.text());
            check_common(&answer);
            texts.push(answer.body);
        }
        assert_eq!(check_renditions(&texts[0], &texts[1]), []);
        assert!(texts[0].windows(4).any(|four| four == b".aac"));
        assert_eq!(texts[1], texts[2], "of one codec, and with the same names");
    }
}

#[tokio::test]
async fn segments_of_one_rendition_are_not_had_under_another() {
    let bench = bench().await;
    bench.list(8);
    let lens = [500, 1_000, 500];
    for (id, len) in IDS.into_iter().zip(lens) {
        let extension = if id == "aac-64" { "aac" } else { "mp3" };
        let (own, other) = if extension == "aac" { ("aac", "mp3") } else { ("mp3", "aac") };
        let name = |extension| format!("/acme/{id}/7-000000e0.{extension}");
        let answer = bench.get(&name(own)).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, len), "{id}");
        assert_eq!(bench.get(&name(other)).await.status, 404, "{id}");
    }
    // What has left memory is asked of its own folder in the bucket.
    let [_, rendition, _] = bench.station.renditions() else { panic!("three") };
    let segment =
        media::Segment { info: crate::testing::segment(0), body: Bytes::from_static(b"old") };
    let keep = Duration::from_mins(1);
    bench.store.put_segment("acme", rendition.id(), &segment, keep).await.unwrap();
    assert_eq!(bench.get("/acme/mp3-128/0-000000e0.mp3").await.body, "old");
    assert_eq!(bench.get("/acme/mp3-64/0-000000e0.mp3").await.status, 404);
}

#[tokio::test]
async fn what_has_no_playlist_to_show_is_no_variant() {
    let bench = bench().await;
    let [aac, mp3, low] = bench.station.renditions() else { panic!("three") };
    assert_eq!(bench.get(MASTER).await.status, 503);
    bench.list_in(mp3, 8);
    assert_eq!(ids(&bench.get(MASTER).await), ["mp3-128"]);
    assert_eq!(bench.get("/acme/aac-64/media.m3u8").await.status, 503);
    bench.list_in(aac, 2);
    bench.list_in(low, 8);
    assert_eq!(ids(&bench.get(MASTER).await), ["mp3-128", "mp3-64"]);
    // One stands still, and the others go on.
    bench.list_in(aac, 8);
    bench.clock.advance(Duration::from_secs(12));
    bench.list_in(aac, 9);
    bench.list_in(mp3, 9);
    bench.clock.advance(Duration::from_secs(12));
    assert_eq!(ids(&bench.get(MASTER).await), ["aac-64", "mp3-128"]);
    assert_eq!(bench.get("/acme/mp3-64/media.m3u8").await.status, 503);
    assert_eq!(bench.get(MEDIA).await.status, 200);
}

#[tokio::test]
async fn a_rendition_that_falls_behind_is_no_variant_and_goes_on() {
    let bench = bench().await;
    bench.list(8);
    let [_, mp3, low] = bench.station.renditions() else { panic!("three") };
    for rendition in [mp3, low] {
        bench.list_in(rendition, 9);
    }
    assert_eq!(ids(&bench.get(MASTER).await), IDS, "one behind is in time");
    for rendition in [mp3, low] {
        bench.list_in(rendition, 10);
    }
    let master = bench.get(MASTER).await;
    assert_eq!(ids(&master), ["mp3-128", "mp3-64"]);
    let of_element = bench.ask("GET", MASTER, &[("Sec-Fetch-Dest", "audio")]).await;
    assert_eq!(ids(&of_element), ["aac-64"], "it plays nothing else");
    let (_, token) = uris(&master)[0].split_once('?').unwrap();
    for query in ["", token] {
        let path = format!("/acme/aac-64/media.m3u8?{query}");
        assert_eq!(bench.get(&path).await.status, 200, "who hears it goes on");
    }
    let [aac, ..] = bench.station.renditions() else { panic!("three") };
    bench.list_in(aac, 10);
    assert_eq!(ids(&bench.get(MASTER).await), IDS);
}

#[tokio::test]
async fn a_rendition_that_there_is_not_is_not_found() {
    let bench = bench().await;
    bench.list(8);
    for path in [
        "/acme/mp3-96",
        "/acme/mp3-96/media.m3u8",
        "/acme/mp3-96/7-000000e0.mp3",
        "/acme/mp3-96/announcement.m3u8",
        "/acme/mp3-96.pls",
        "/acme/mp3-64.m3u8",
        "/acme/mp3-64/playlist.m3u8",
        "/acme/mp3-64/",
        "/acme/mp3-64/mp3-64",
        "/acme/mp3-64/mp3-64/media.m3u8",
        "/acme/aac-64/mp3-64/media.m3u8",
        "/mp3-64",
        "/mp3-64/media.m3u8",
        "/acme/MP3-64",
    ] {
        assert_eq!(bench.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn tune_in_files_of_a_rendition_lead_to_its_stream() {
    let bench = bench().await;
    for mount in ["acme", "acme.mp3"] {
        for extension in ["m3u", "pls", "xspf"] {
            let path = format!("/{mount}/aac-64.{extension}");
            let answer = bench.ask("GET", &path, &[("host", "radio.example")]).await;
            let text = answer.text();
            assert!(text.contains("http://radio.example/acme/aac-64"), "{path}: {text}");
        }
    }
    let own = bench.ask("GET", "/acme.m3u", &[("host", "radio.example")]).await;
    assert_eq!(own.text(), "http://radio.example/acme\r\n");
}

/// Puts frames of its own on the air of each rendition.
fn push_each(bench: &Bench) {
    bench.push(5);
    for (letter, writer) in [b'a', b'l'].into_iter().zip(&bench.beside) {
        let data = vec![letter; 100].into();
        let frame = crate::fanout::TimedFrame { data, duration: Duration::from_millis(24) };
        writer.push(&mut vec![frame; 5]).unwrap();
    }
}

#[tokio::test]
async fn each_rendition_is_heard_at_its_mount_and_the_default_one_at_the_egress_s() {
    let bench = bench().await;
    push_each(&bench);
    let (address, _shutdown) = bench.serve();
    for (path, media_type, kbps, audio) in [
        ("/acme", "audio/mpeg", "128", FRAME),
        ("/acme.mp3", "audio/mpeg", "128", FRAME),
        ("/acme/mp3-128", "audio/mpeg", "128", FRAME),
        ("/acme/aac-64", "audio/aac", "64", &[b'a'; 100]),
        ("/acme.mp3/aac-64", "audio/aac", "64", &[b'a'; 100]),
        ("/acme/mp3-64", "audio/mpeg", "64", &[b'l'; 100]),
        ("/stream/1", "audio/mpeg", "128", FRAME),
    ] {
        let mut peer = Peer::connect(address).await;
        let head = peer.ask(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert!(head.starts_with("HTTP/1.0 200 "), "{path}: {head}");
        assert_eq!(header(&head, "content-type"), Some(media_type), "{path}");
        assert_eq!(header(&head, "icy-br"), Some(kbps), "{path}");
        assert_eq!(header(&head, "icy-name"), Some("Acme Radio"), "{path}");
        assert_eq!(peer.take(500).await, audio.repeat(5), "{path}");
    }
    // Through hyper as well.
    let answer = bench.ask("HEAD", "/acme/aac-64", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("icy-br")), (200, "64"));
}

#[tokio::test]
async fn listeners_of_all_renditions_have_one_limit_and_are_counted_together() {
    let bench = Bench::of(settings_of_acme(), &voices(), 3).await;
    bench.list(8);
    push_each(&bench);
    let (address, _shutdown) = bench.serve();
    let ask = |path: &'static str| async move {
        let mut peer = Peer::connect(address).await;
        let head = peer.ask(&format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        (head, peer)
    };
    let (_, first) = ask("/acme").await;
    let (_, _second) = ask("/acme/aac-64").await;
    let master = bench.get(MASTER).await;
    assert_eq!(bench.get(&format!("/acme/{}", uris(&master)[2])).await.status, 200);
    for path in ["/acme", "/acme/aac-64", "/acme.mp3/mp3-64"] {
        let (head, _) = ask(path).await;
        assert!(head.starts_with("HTTP/1.0 503 "), "{path}: {head}");
    }
    let audience = bench.delivery.audience("acme").unwrap();
    assert_eq!((audience.listeners, audience.listeners_peak), (3, 3));
    let heard: Vec<_> = bench.delivery.roster().of("acme");
    let heard: Vec<_> =
        heard.iter().map(|one| one.rendition.as_ref().map(RenditionId::as_str)).collect();
    assert_eq!(heard, [Some("mp3-128"), Some("aac-64"), None], "over HLS it may be any");
    let metrics = bench.metrics();
    for line in
        ["delivery_icy_listeners{mount=\"acme\"} 2\n", "delivery_hls_sessions{mount=\"acme\"} 1\n"]
    {
        assert!(metrics.contains(line), "{metrics}");
    }
    drop(first);
    eventually(|| bench.station.snapshot().listeners == 2).await;
    let (head, _third) = ask("/acme/mp3-64").await;
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
}

#[tokio::test]
async fn who_is_blocked_hears_the_announcement_of_the_rendition_asked_for() {
    let [aac, mp3, low] = voices();
    let of_mp3 = Announcement::new(&file(500), crate::testing::TARGET_SECS);
    let of_low = Announcement::new(&file(300), crate::testing::TARGET_SECS);
    let mp3 = Voice { geo_announcement: of_mp3, ..mp3 };
    let low = Voice { geo_announcement: of_low, ..low };
    let geo = Some(super::geo::geo(false, &[]));
    let settings = crate::StationSettings { geo, ..settings_of_acme() };
    let bench = Bench::of(settings, &[aac, mp3, low], 100).await;
    bench.list(8);
    push_each(&bench);
    let master = bench.get(MASTER).await;
    assert_eq!(uris(&master), ["mp3-128/announcement.m3u8", "mp3-64/announcement.m3u8"]);
    assert_eq!(check_multivariant(&master.body), []);
    let mut listed = Vec::new();
    for uri in uris(&master) {
        let (folder, _) = uri.rsplit_once('/').unwrap();
        let said = bench.get(&format!("/acme/{uri}")).await;
        let name = uris(&said)[0].to_owned();
        assert_eq!(bench.get(&format!("/acme/{folder}/{name}")).await.status, 200);
        listed.push(name);
    }
    assert_eq!(bench.get(&format!("/acme/mp3-64/{}", listed[0])).await.status, 404);
    assert_eq!(bench.get("/acme/aac-64/announcement.m3u8").await.status, 404);
    let lens = [("/acme", 200), ("/acme/mp3-64", 200), ("/acme/aac-64", 403)];
    for (path, status) in lens {
        assert_eq!(bench.get(path).await.status.as_u16(), status, "{path}");
    }
}

/// Chromium's own player goes over to MP3, and fails there.
#[tokio::test]
async fn a_media_element_is_not_offered_mp3_beside_aac() {
    let bench = bench().await;
    bench.list(8);
    for (dest, offered) in [("audio", &IDS[..1]), ("video", &IDS[..1]), ("empty", &IDS[..])] {
        let master = bench.ask("GET", MASTER, &[("Sec-Fetch-Dest", dest)]).await;
        assert_eq!(ids(&master), offered, "{dest}");
    }
    let low = Bench::of(settings_of_acme(), &voices()[1..2], 100).await;
    low.list(8);
    let master = low.ask("GET", MASTER, &[("Sec-Fetch-Dest", "audio")]).await;
    assert_eq!(ids(&master), ["mp3-128"]);
}
