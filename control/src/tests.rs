//! Tests of the control port as programs see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use catalogue::WebhookEvent;
use catalogue::report::{
    EgressReport, IngestReport, IngestState, RenditionProgress, RenditionReport, Report,
};
use expect_test::{Expect, expect};
use http_body_util::BodyExt;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use runtime::shutdown::Shutdown;
use tower::ServiceExt;

use listen::Guard;
use runtime::clock::{ManualClock, Steady};

use media::WallTime;

use super::watch::{Event, Recent};
use super::{Administrator, Control, Ports};

const PORTS: Ports = Ports { public: 8000, public_tls: Some(8443) };

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Its status, its media type, and its body.
    fn summary(&self) -> String {
        let media_type = self.header(header::CONTENT_TYPE);
        format!("{} {media_type}\n{}", self.status.as_u16(), self.body)
    }
}

fn report() -> Report {
    let ingest = IngestReport {
        name: "acme-a".into(),
        mount: Some("acme-a".into()),
        state: IngestState::Connected,
        ..IngestReport::default()
    };
    let egress = EgressReport {
        name: "acme".into(),
        title: "Acme <Radio>".into(),
        on_air: true,
        codec: "mp3".into(),
        rendition: "mp3-128".into(),
        renditions: renditions(),
        now_playing: Some("</script><script>alert(1)</script>".into()),
        paths: vec!["acme".into(), "live/acme".into()],
        ..EgressReport::default()
    };
    Report {
        node: "fra-1".into(),
        started: "2026-01-02T03:04:05.000Z".into(),
        ingests: vec![ingest],
        egresses: vec![egress],
        geo: None,
    }
}

/// One that is late, one that has failed, and the ingest's own bytes.
fn renditions() -> Vec<RenditionReport> {
    let own = RenditionReport {
        id: "mp3-128".into(),
        codec: "mp3".into(),
        bitrate_kbps: 128,
        sample_rate_hz: 44_100,
        own_bytes: true,
        progress: None,
        behind_ms: None,
        window_segments: 10,
    };
    let late = RenditionReport {
        id: "he-aac-48".into(),
        codec: "he_aac".into(),
        bitrate_kbps: 48,
        own_bytes: false,
        progress: Some(RenditionProgress::Late),
        behind_ms: Some(4_200),
        window_segments: 9,
        ..own.clone()
    };
    let failed = RenditionReport {
        id: "he-aac-v2-32".into(),
        codec: "he_aac_v2".into(),
        bitrate_kbps: 32,
        window_segments: 0,
        progress: Some(RenditionProgress::Failed),
        behind_ms: None,
        ..late.clone()
    };
    vec![late, failed, own]
}

fn router(shutdown: &Shutdown) -> Router {
    let mut registry = Registry::with_prefix("skywave");
    let counter = Counter::<u64>::default();
    counter.inc_by(3);
    registry.register("test_frames", "Frames of the test", counter);
    Control::new(Arc::new(report), registry, shutdown.clone(), PORTS).router(&guard())
}

fn guard() -> Arc<dyn Guard> {
    let clock = Steady::new(Arc::new(ManualClock::default()));
    Arc::new(Administrator::new(None, None, Arc::default(), clock))
}

async fn ask(method: Method, path: &str) -> Answer {
    ask_of(router(&Shutdown::default()), method, path).await
}

async fn ask_of(router: Router, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (head, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: head.status, headers: head.headers, body }
}

async fn check(method: Method, path: &str, expected: Expect) {
    expected.assert_eq(&ask(method, path).await.summary());
}

#[tokio::test]
async fn the_status_is_the_report_with_the_ports() {
    let answer = ask(Method::GET, "/api/v1/status").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let status: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(status["ports"], serde_json::json!({ "public": 8000, "public_tls": 8443 }));
    assert_eq!(status["node"], "fra-1");
    assert_eq!(status["ingests"][0]["state"], "connected");
    assert_eq!(status["egresses"][0]["now_playing"], "</script><script>alert(1)</script>");
    assert_eq!(status["egresses"][0]["paths"][1], "live/acme");
}

#[tokio::test]
async fn the_status_has_each_rendition() {
    let answer = ask(Method::GET, "/api/v1/status").await;
    let status: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let renditions = serde_json::to_string_pretty(&status["egresses"][0]["renditions"]).unwrap();
    expect![[r#"
        [
          {
            "behind_ms": 4200,
            "bitrate_kbps": 48,
            "codec": "he_aac",
            "id": "he-aac-48",
            "own_bytes": false,
            "progress": "late",
            "sample_rate_hz": 44100,
            "window_segments": 9
          },
          {
            "behind_ms": null,
            "bitrate_kbps": 32,
            "codec": "he_aac_v2",
            "id": "he-aac-v2-32",
            "own_bytes": false,
            "progress": "failed",
            "sample_rate_hz": 44100,
            "window_segments": 0
          },
          {
            "behind_ms": null,
            "bitrate_kbps": 128,
            "codec": "mp3",
            "id": "mp3-128",
            "own_bytes": true,
            "progress": null,
            "sample_rate_hz": 44100,
            "window_segments": 10
          }
        ]"#]]
    .assert_eq(&renditions);
}

#[tokio::test]
async fn without_the_control_role_there_are_metrics_and_health_alone() {
    let control = Control::new(Arc::new(report), Registry::default(), Shutdown::default(), PORTS);
    let control = control.with_extent(crate::Extent::Health);
    for (path, status) in [
        ("/metrics", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 404),
        ("/api/v1/status", 404),
    ] {
        let answer = ask_of(control.router(&guard()), Method::GET, path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn events_are_the_newest_first() {
    let recent = Recent::default();
    for id in ["1", "2"] {
        recent.push(Event {
            kind: WebhookEvent::PathDown,
            egress: "acme".into(),
            publisher: "acme".into(),
            ingest: Some("acme-a".into()),
            at: WallTime::default(),
            node: "fra-1".into(),
            detail: "its source was lost".into(),
            id: id.into(),
        });
    }
    let control = Control::new(Arc::new(report), Registry::default(), Shutdown::default(), PORTS);
    let router = control.with_events(recent).router(&guard());
    let answer = ask_of(router, Method::GET, "/api/v1/events").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&told["events"][0]["id"], &told["events"][1]["id"]), (&"2".into(), &"1".into()));
    assert_eq!(told["events"][0]["event"], "path_down");
    check(
        Method::GET,
        "/api/v1/events",
        expect![[r#"
        200 application/json
        {"events":[]}"#]],
    )
    .await;
}

#[tokio::test]
async fn every_answer_bears_the_policy() {
    for path in ["/", "/assets/page.js", "/favicon.svg", "/api/v1/status", "/metrics", "/none"] {
        let answer = ask(Method::GET, path).await;
        expect![[r#"
            default-src 'none'
            script-src 'self'
            style-src 'self'
            img-src 'self'
            connect-src 'self'
            media-src http://*:8000 https://*:8443
            base-uri 'none'
            form-action 'none'
            frame-ancestors 'none'
            require-trusted-types-for 'script'
            trusted-types 'none'
        "#]]
        .assert_eq(&(answer.header(header::CONTENT_SECURITY_POLICY).replace("; ", "\n") + "\n"));
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{path}");
    }
}

#[tokio::test]
async fn without_tls_sound_comes_from_the_plain_port_alone() {
    let ports = Ports { public: 80, public_tls: None };
    let registry = Registry::default();
    let control = Control::new(Arc::new(report), registry, Shutdown::default(), ports);
    let answer = ask_of(control.router(&guard()), Method::GET, "/").await;
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("media-src http://*:80;"), "{policy}");
}

#[tokio::test]
async fn the_page_has_nothing_inline_and_nothing_from_elsewhere() {
    let html = ask(Method::GET, "/").await.body;
    for inline in ["<style", "style=", " onclick", " onload", " onerror", "http://", "https://"] {
        assert!(!html.contains(inline), "the page has {inline}");
    }
    let scripts = html.matches("<script").count();
    assert_eq!(html.matches(r#"<script type="module" src="/assets/"#).count(), scripts);
}

#[tokio::test]
async fn no_script_makes_markup_from_strings() {
    for path in files_of_the_page().await {
        let text = ask(Method::GET, &path).await.body;
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(sink), "{path} has {sink}");
        }
    }
}

#[tokio::test]
async fn every_file_that_the_page_asks_for_is_there() {
    let files = files_of_the_page().await;
    assert!(files.len() >= 9, "{files:?}");
    for path in files {
        let answer = ask(Method::GET, &path).await;
        let media_type = match path.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), media_type, "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache", "{path}");
    }
}

/// What the markup links to, and what the scripts import.
async fn files_of_the_page() -> BTreeSet<String> {
    let html = ask(Method::GET, "/").await.body;
    let linked = html.split('"').filter(|text| text.starts_with('/') && text.contains('.'));
    let mut waiting: Vec<String> = linked.map(str::to_owned).collect();
    let mut files = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if files.insert(path.clone()) {
            let text = ask(Method::GET, &path).await.body;
            let imported = text.split('"').filter_map(|text| text.strip_prefix("./"));
            waiting.extend(imported.map(|name| format!("/assets/{name}")));
        }
    }
    files
}

#[tokio::test]
async fn metrics_are_open_metrics_text() {
    let answer = ask(Method::GET, "/metrics").await;
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    expect![[r#"
        # HELP skywave_test_frames Frames of the test.
        # TYPE skywave_test_frames counter
        skywave_test_frames_total 3
        # EOF
    "#]]
    .assert_eq(&answer.body);
}

#[tokio::test]
async fn a_node_lives_and_is_ready() {
    check(
        Method::GET,
        "/healthz",
        expect![[r#"
        200 text/plain; charset=utf-8
        ok
    "#]],
    )
    .await;
    check(
        Method::GET,
        "/readyz",
        expect![[r#"
        200 text/plain; charset=utf-8
        ready
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_node_about_to_end_lives_and_is_not_ready() {
    let shutdown = Shutdown::default();
    shutdown.trigger();
    let answer = ask_of(router(&shutdown), Method::GET, "/readyz").await;
    expect![[r#"
        503 text/plain; charset=utf-8
        shutting down
    "#]]
    .assert_eq(&answer.summary());
    let answer = ask_of(router(&shutdown), Method::GET, "/healthz").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn elsewhere_is_a_line_of_text() {
    check(
        Method::GET,
        "/none",
        expect![[r#"
        404 text/plain; charset=utf-8
        there is nothing here
    "#]],
    )
    .await;
    check(
        Method::GET,
        "/assets/../page.rs",
        expect![[r#"
        404 text/plain; charset=utf-8
        there is nothing here
    "#]],
    )
    .await;
    check(
        Method::POST,
        "/",
        expect![[r#"
        405 text/plain; charset=utf-8
        this can be read and nothing else
    "#]],
    )
    .await;
}

#[tokio::test]
async fn errors_of_the_api_are_problems() {
    check(
        Method::GET,
        "/api",
        expect![[r#"
        404 application/problem+json
        {"detail":"the API has nothing at this path","status":404,"title":"Not Found"}"#]],
    )
    .await;
    check(
        Method::GET,
        "/api/",
        expect![[r#"
            404 application/problem+json
            {"detail":"the API has nothing at this path","status":404,"title":"Not Found"}"#]],
    )
    .await;
    check(
        Method::GET,
        "/api/v1/none",
        expect![[r#"
        404 application/problem+json
        {"detail":"the API has nothing at this path","status":404,"title":"Not Found"}"#]],
    )
    .await;
    check(Method::DELETE, "/api/v1/status", expect![[r#"
        405 application/problem+json
        {"detail":"this resource does not have that method","status":405,"title":"Method Not Allowed"}"#]]).await;
    let answer = ask(Method::DELETE, "/api/v1/status").await;
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn a_head_request_has_no_body() {
    for path in ["/", "/api/v1/status", "/metrics"] {
        let answer = ask(Method::HEAD, path).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{path}");
    }
}
