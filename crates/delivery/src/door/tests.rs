mod geo;
mod renditions;

use std::io::Read as _;
use std::time::Duration;

use axum::http::StatusCode;
use flate2::read::GzDecoder;
use playlists::conformance::{assert_conforms, check_multivariant};

use crate::testing::{Answer, Bench, Peer, SEGMENT_MAX_AGE, TARGET_SECS, body, header, segment};

const MEDIA: &str = "/acme/mp3-128/media.m3u8";
const MASTER: &str = "/acme/playlist.m3u8";

/// The path of a segment.
fn path(number: u64) -> String {
    format!("/acme/mp3-128/{}", segment(number).file_name())
}

/// What every answer has, whatever it is.
#[track_caller]
fn check_common(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.status.is_redirection() || answer.status == StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn dl_2_playlists_and_segments_have_their_media_types() {
    let bench = Bench::new().await;
    let text = bench.list(8);
    for (path, media_type) in [
        (MEDIA, "application/vnd.apple.mpegurl"),
        (MASTER, "application/vnd.apple.mpegurl"),
        (&path(7), "audio/mpeg"),
        ("/acme.pls", "audio/x-scpls"),
        ("/acme.m3u", "audio/x-mpegurl"),
        ("/acme.xspf", "application/xspf+xml"),
    ] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        assert_eq!(answer.header("x-station"), "acme", "the operator's own");
        check_common(&answer);
    }
    assert_eq!(bench.get(MEDIA).await.text(), text);
    assert_conforms(bench.get(MEDIA).await.text());
    assert_eq!(check_multivariant(&bench.get(MASTER).await.body), []);
    assert_eq!(bench.get(&path(7)).await.body, body(7));
}

#[tokio::test]
async fn dl_1_a_playlist_is_compressed_for_who_takes_it() {
    let bench = Bench::new().await;
    let text = bench.list(8);
    let plain = bench.get(MEDIA).await;
    let gzip = bench.ask("GET", MEDIA, &[("accept-encoding", "gzip, deflate, br")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let mut unpacked = String::new();
    GzDecoder::new(&gzip.body[..]).read_to_string(&mut unpacked).unwrap();
    assert_eq!(unpacked, text);
    for answer in [&plain, &gzip] {
        assert_eq!(answer.header("vary"), "Accept-Encoding");
    }
    assert!(plain.headers.get("content-encoding").is_none());
    assert_ne!(plain.header("etag"), gzip.header("etag"));
}

/// The URI of a multivariant playlist's one variant.
fn last_line(master: &Answer) -> &str {
    master.text().lines().last().unwrap()
}

#[tokio::test]
async fn dl_4_caches_are_told_how_long() {
    let bench = Bench::new().await;
    bench.list(8);
    let answer = bench.get(MEDIA).await;
    let cache = format!("public, max-age={}", TARGET_SECS / 2);
    assert_eq!(answer.header("cache-control"), cache);
    assert_eq!(answer.header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    // A session begins with the one, and lives by the other.
    let master = bench.get(MASTER).await;
    assert_eq!(master.header("cache-control"), "private, no-store");
    let media = bench.get(&format!("/acme/{}", last_line(&master))).await;
    assert_eq!(media.header("cache-control"), "private, no-store");
    assert_eq!(media.body, answer.body);
    let cache = format!("public, max-age={SEGMENT_MAX_AGE}, immutable");
    assert_eq!(bench.get(&path(7)).await.header("cache-control"), cache);
}

#[tokio::test]
async fn dl_4_what_is_known_is_not_sent_again() {
    let bench = Bench::new().await;
    bench.list(8);
    for (path, encoding) in [(MEDIA, ""), (MEDIA, "gzip"), (&path(7), "gzip")] {
        let fresh = bench.ask("GET", path, &[("accept-encoding", encoding)]).await;
        let tag = fresh.header("etag");
        let headers = [("accept-encoding", encoding), ("if-none-match", tag)];
        let known = bench.ask("GET", path, &headers).await;
        assert_eq!((known.status.as_u16(), known.body.len()), (304, 0), "{path}");
        for name in ["etag", "cache-control"] {
            assert_eq!(known.header(name), fresh.header(name), "{path}");
        }
        check_common(&known);
        let headers = [("accept-encoding", encoding), ("if-none-match", "\"other\"")];
        assert_eq!(bench.ask("GET", path, &headers).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn dl_4_head_says_what_get_says() {
    let bench = Bench::new().await;
    bench.list(8);
    for path in [MEDIA, MASTER, &path(7), "/acme.pls", "/nobody", "/acme/mp3-128/media"] {
        let (get, head) = (bench.get(path).await, bench.ask("HEAD", path, &[]).await);
        assert_eq!(head.body.len(), 0, "{path}");
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
        assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
    }
}

#[tokio::test]
async fn dl_4_head_and_what_is_known_are_framed_right_on_the_wire() {
    let bench = Bench::new().await;
    bench.list(8);
    let (address, _shutdown) = bench.serve();
    let mut peer = Peer::connect(address).await;
    let length = bench.get(MEDIA).await.body.len().to_string();
    let ask =
        |method: &str, more: &str| format!("{method} {MEDIA} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
    let head = peer.ask(&ask("HEAD", "")).await;
    assert_eq!(header(&head, "content-length"), Some(length.as_str()));
    let get = peer.ask(&ask("GET", "")).await;
    let len = header(&get, "content-length").unwrap();
    assert_eq!(len, length);
    peer.take(len.parse().unwrap()).await;
    let tag = header(&get, "etag").unwrap();
    let known = peer.ask(&ask("GET", &format!("If-None-Match: {tag}\r\n"))).await;
    assert!(known.starts_with("HTTP/1.1 304 "), "{known}");
    let length_told = header(&known, "content-length");
    assert!(length_told.is_none_or(|told| told == length), "{known}");
    assert!(peer.ask(&ask("HEAD", "")).await.starts_with("HTTP/1.1 200 "), "still in step");
}

#[tokio::test]
async fn dl_4_a_range_of_a_segment_is_given() {
    let bench = Bench::new().await;
    bench.list(8);
    let (path, whole) = (path(7), body(7));
    let tag = bench.get(&path).await.header("etag").to_owned();
    for (range, part) in [("bytes=0-", 0..1000), ("bytes=10-19", 10..20), ("bytes=-5", 995..1000)] {
        let answer = bench.ask("GET", &path, &[("range", range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        let told = format!("bytes {}-{}/1000", part.start, part.end - 1);
        assert_eq!(answer.header("content-range"), told);
        assert_eq!(answer.body, whole.slice(part));
        check_common(&answer);
    }
    for (range, condition) in [("bytes=0-1,5-6", tag.as_str()), ("bytes=0-1", "\"other\"")] {
        let headers = [("range", range), ("if-range", condition)];
        let answer = bench.ask("GET", &path, &headers).await;
        assert_eq!((answer.status.as_u16(), answer.body), (200, whole.clone()), "{range}");
        assert_eq!(answer.headers["accept-ranges"], "bytes");
    }
    let headers = [("range", "bytes=0-1"), ("if-range", tag.as_str())];
    assert_eq!(bench.ask("GET", &path, &headers).await.status, 206);
    let beyond = bench.ask("GET", &path, &[("range", "bytes=1000-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), "bytes */1000");
    check_common(&beyond);
}

#[tokio::test]
async fn ses_1_a_playlist_is_whole_for_who_asks_from_byte_0() {
    let bench = Bench::new().await;
    let text = bench.list(8);
    let answer = bench.ask("GET", MEDIA, &[("range", "bytes=0-")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), text);
    assert!(bench.ask("GET", MASTER, &[("range", "bytes=0-")]).await.status.is_success());
}

#[tokio::test]
async fn seq_9_nothing_is_listed_before_three_segments() {
    let bench = Bench::new().await;
    for segments in 0..3 {
        bench.list(segments);
        for path in [MEDIA, MASTER] {
            let answer = bench.get(path).await;
            assert_eq!(answer.status, 503, "{segments} segments");
            assert_eq!(answer.header("retry-after"), TARGET_SECS.to_string());
            assert_eq!(answer.header("cache-control"), "no-store");
            check_common(&answer);
        }
    }
    bench.list(3);
    assert_eq!(bench.get(MEDIA).await.status, 200);
}

#[tokio::test]
async fn seq_14_dl_5_a_stale_playlist_is_not_sent() {
    let bench = Bench::new().await;
    bench.list(8);
    bench.clock.advance(Duration::from_secs(3 * TARGET_SECS));
    assert_eq!(bench.get(MEDIA).await.status, 200);
    bench.clock.advance(Duration::from_secs(1));
    for path in [MEDIA, MASTER] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), TARGET_SECS.to_string());
    }
    assert_eq!(bench.get(&path(7)).await.status, 200, "segments live on");
}

#[tokio::test]
async fn every_mount_leads_to_its_own_playlist() {
    let bench = Bench::new().await;
    bench.list(8);
    for (path, uri) in [
        ("/acme/playlist.m3u8", "mp3-128/media.m3u8"),
        ("/acme.m3u8", "acme/mp3-128/media.m3u8"),
        ("/acme.mp3/playlist.m3u8", "mp3-128/media.m3u8"),
        ("/acme.mp3.m3u8", "acme.mp3/mp3-128/media.m3u8"),
    ] {
        let answer = bench.get(path).await;
        let (listed, token) = last_line(&answer).split_once("?t=").unwrap();
        assert_eq!(listed, uri, "{path}");
        let folder = path.rsplit_once('/').unwrap().0;
        for uri in [uri, &format!("{uri}?t={token}")] {
            assert_eq!(bench.get(&format!("{folder}/{uri}")).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let bench = Bench::new().await;
    bench.list(8);
    for path in [
        "/",
        "/nobody",
        "/nobody/playlist.m3u8",
        "/acme/",
        "/acme/aac-64/media.m3u8",
        "/acme.exe",
        "/acme/mp3-128/99-000000e0.mp3",
        "/acme/mp3-128/../../private/acme/log/0",
        "/acme/mp3-128/%2e%2e%2f%2e%2e%2fprivate%2f1-000000e0.mp3",
        "/acme%00",
        "//acme",
    ] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.text(), "not found\n", "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=1");
        check_common(&answer);
    }
}

#[tokio::test]
async fn another_method_is_refused() {
    let bench = Bench::new().await;
    bench.list(8);
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        for path in [MEDIA, "/acme", &path(7)] {
            let answer = bench.ask(method, path, &[]).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
            check_common(&answer);
        }
        assert_eq!(bench.ask(method, "/nobody", &[]).await.status, 404);
    }
}

#[tokio::test]
async fn a_preflight_is_answered_everywhere() {
    let bench = Bench::new().await;
    let asked = [
        ("origin", "https://player.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "icy-metadata, range"),
    ];
    for path in [MEDIA, "/acme", "/nobody", "*"] {
        let answer = bench.ask("OPTIONS", path, &asked).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0), "{path}");
        assert!(answer.header("access-control-allow-headers").contains("Icy-MetaData, Range"));
        assert!(answer.header("access-control-allow-methods").contains("GET"));
        assert_eq!(answer.header("access-control-max-age"), "86400");
        check_common(&answer);
    }
}

#[tokio::test]
async fn tune_in_files_lead_to_the_host_that_was_asked() {
    let bench = Bench::new().await;
    for (host, expected) in [
        ("radio.example", "radio.example"),
        ("radio.example:8000", "radio.example:8000"),
        ("[2001:db8::1]:8000", "[2001:db8::1]:8000"),
    ] {
        let headers = [("host", host)];
        let url = format!("http://{expected}/acme");
        let m3u = bench.ask("GET", "/acme.m3u", &headers).await;
        assert_eq!(m3u.text(), format!("{url}\r\n"));
        let pls = bench.ask("GET", "/acme.mp3.pls", &headers).await;
        assert!(pls.text().contains(&format!("File1={url}\n")), "{}", pls.text());
        assert!(pls.text().contains("Title1=Acme Radio\n"));
        let xspf = bench.ask("GET", "/acme.xspf", &headers).await;
        assert!(xspf.text().contains(&format!("<location>{url}</location>")));
        assert_eq!(xspf.header("cache-control"), "no-cache");
    }
}

#[tokio::test]
async fn a_hostile_host_stands_in_no_tune_in_file() {
    let bench = Bench::new().await;
    let long = "a".repeat(256);
    for host in ["evil.example/x?", "a@evil.example", "<script>", "a b", "\"", "%0d%0a", "", &long]
    {
        for path in ["/acme.m3u", "/acme.pls", "/acme.xspf"] {
            let answer = bench.ask("GET", path, &[("host", host)]).await;
            assert!(answer.text().contains("http://localhost/acme"), "{host}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn seq_11_a_segment_that_left_memory_comes_from_the_bucket() {
    let bench = Bench::new().await;
    bench.list(8);
    let (rendition, info) = (&bench.rendition, segment(0));
    let segment = media::Segment { info, body: body(0) };
    let keep = Duration::from_mins(1);
    bench.store.put_segment("acme", rendition.id(), &segment, keep).await.unwrap();
    let (old, new) = (bench.get(&path(0)).await, bench.get(&path(7)).await);
    assert_eq!((old.status.as_u16(), &old.body), (200, &body(0)));
    for name in ["content-type", "cache-control", "accept-ranges"] {
        assert_eq!(old.header(name), new.header(name));
    }
    assert_eq!(bench.get(&path(1)).await.status, 404, "nobody has it");
    assert!(bench.metrics().contains("delivery_segments_from_bucket_total 2\n"));
}

#[tokio::test]
async fn requests_are_counted_by_kind_and_status() {
    let bench = Bench::new().await;
    bench.list(8);
    for path in [MEDIA, MASTER, &path(7), "/acme.pls", "/nobody", "/x/y/z", "/<script>"] {
        bench.get(&path.replace(['<', '>'], "%3c")).await;
    }
    let text = bench.metrics();
    let mut counted: Vec<_> =
        text.lines().filter(|line| line.starts_with("delivery_http_requests_total")).collect();
    counted.sort_unstable();
    assert_eq!(
        counted,
        [
            "delivery_http_requests_total{kind=\"Playlist\",status=\"200\"} 2",
            "delivery_http_requests_total{kind=\"Segment\",status=\"200\"} 1",
            "delivery_http_requests_total{kind=\"TuneIn\",status=\"200\"} 1",
            "delivery_http_requests_total{kind=\"Unknown\",status=\"404\"} 3",
        ]
    );
    assert!(text.contains("delivery_icy_listeners{mount=\"acme\"} 0\n"));
}
