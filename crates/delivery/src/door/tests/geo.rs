use catalogue::{Countries, Geo};
use settings::networks::{Network, Networks};

use super::{MASTER, MEDIA, path};
use crate::testing::{Bench, Peer};

const TEXT: &str = "This stream is not available in your country";

fn networks(texts: &[&str]) -> Networks {
    texts.iter().map(|text| text.parse::<Network>().unwrap()).collect()
}

/// In Germany alone; nobody knows where who asks here is.
pub(super) fn geo(unknown_country: bool, exempt: &[&str]) -> Geo {
    let countries = Countries::NoneExcept(vec!["DE".parse().unwrap()]);
    Geo { countries, unknown_country, exempt: networks(exempt) }
}

#[tokio::test]
async fn hls_is_unavailable_for_legal_reasons_and_no_cache_keeps_that() {
    let bench = Bench::blocked(geo(false, &[])).await;
    bench.list(8);
    for path in [MEDIA, MASTER, "/acme.mp3/playlist.m3u8", "/acme/mp3-128/media.m3u8?from=-1m"] {
        for method in ["GET", "HEAD"] {
            let answer = bench.ask(method, path, &[("if-none-match", "*")]).await;
            assert_eq!(answer.status, 451, "{path}");
            assert_eq!(answer.header("x-block-reason"), "geo");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert!(answer.header("access-control-expose-headers").contains("X-Block-Reason"));
        }
        assert_eq!(bench.get(path).await.text(), format!("{TEXT}\n"));
    }
    let counted = "delivery_blocked_total{mount=\"acme\",reason=\"geo\"} 12\n";
    assert!(bench.metrics().contains(counted), "{}", bench.metrics());
}

#[tokio::test]
async fn a_stream_is_forbidden_whichever_way_it_is_asked_for() {
    let bench = Bench::blocked(geo(false, &[])).await;
    bench.push(10);
    let answer = bench.get("/acme").await;
    assert_eq!((answer.status.as_u16(), answer.header("x-block-reason")), (403, "geo"));
    assert_eq!(answer.text(), format!("{TEXT}\n"));
    let (address, shutdown) = bench.serve();
    for request in ["GET /acme HTTP/1.0\r\n\r\n", "GET /acme.mp3 HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut peer = Peer::connect(address).await;
        let head = peer.ask(request).await;
        assert!(head.contains(" 403 ") && head.contains("\r\nX-Block-Reason: geo\r\n"), "{head}");
        assert!(String::from_utf8(peer.rest().await).unwrap().contains(TEXT));
    }
    assert_eq!(bench.rendition.mount().listeners(), 0);
    shutdown.trigger();
}

#[tokio::test]
async fn who_is_let_in_gets_playlists_that_no_cache_gives_to_others() {
    for geo in [geo(true, &[]), geo(false, &["127.0.0.0/8"])] {
        let bench = Bench::blocked(geo).await;
        bench.list(8);
        for path in [MEDIA, MASTER] {
            let answer = bench.get(path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
        }
        // A segment is the same for everyone.
        assert!(bench.get(&path(7)).await.header("cache-control").starts_with("public, "));
    }
}

#[tokio::test]
async fn a_segment_s_url_is_enough_for_the_segment() {
    let bench = Bench::blocked(geo(false, &[])).await;
    bench.list(8);
    assert_eq!(bench.get(&path(7)).await.status, 200);
    assert_eq!(bench.get("/acme.pls").await.status, 200);
}
