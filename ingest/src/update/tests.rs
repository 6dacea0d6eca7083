use axum::body::{Body, to_bytes};
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use feed::PathItem;
use prometheus_client::registry::Registry;
use runtime::clock::{ManualClock, Steady};
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;

use super::*;
use settings::Secret;

use crate::slot::{Caller, Claim};
use crate::testing::{Log, all, catalogue, metric, router};
use crate::{Limits, Passwords};

/// The role, with a source on each mount.
struct Role {
    ingest: Ingest,
    registry: Registry,
    _claims: Vec<Claim>,
}

fn role() -> Role {
    let mut registry = Registry::default();
    let second = std::time::Duration::from_secs(1);
    let limits = Limits { header_time: second, source_timeout: second, sources_max: 9 };
    let clock = Steady::new(Arc::new(ManualClock::default()));
    let ingest = Ingest::new(
        catalogue(),
        limits,
        (clock, Shutdown::default(), Pool::inline()),
        Passwords { admin: Some(Secret::new("adm1n").unwrap()), ..Passwords::default() },
        &mut registry,
    );
    let claims = ["live", "aac", "strict"].map(|name| {
        let caller = Caller { peer: "192.0.2.1:1".parse().unwrap(), user_agent: None };
        let shared = &ingest.shared;
        shared.slots[name].claim(caller, &shared.places, shared.clock.now()).unwrap()
    });
    Role { ingest, registry, _claims: claims.into() }
}

impl Role {
    async fn ask(&self, request: Request) -> (StatusCode, String) {
        self.ask_from("192.0.2.1:1", request).await
    }

    async fn ask_from(&self, peer: &str, mut request: Request) -> (StatusCode, String) {
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let others: OtherPages = Arc::new(|request: Request| {
            let said = format!("another page: {:?}", request.uri().query());
            Box::pin(async move {
                let form = to_bytes(request.into_body(), 99).await.unwrap();
                format!("{said} {}", String::from_utf8_lossy(&form)).into_response()
            })
        });
        let mut routes = router(&self.ingest, others);
        let answer = tower::Service::call(&mut routes, request).await.unwrap();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// The titles on an ingest's feed.
    async fn titles(&self, ingest: &str) -> Vec<String> {
        let items = all(&self.ingest.feed(ingest).unwrap()).await;
        let title = |item| match item {
            PathItem::Title(title) => Some(title.stream_title.clone()),
            _ => None,
        };
        items.into_iter().filter_map(title).collect()
    }
}

fn get(uri: &str, login: &str) -> Request {
    request(Method::GET, uri, login, "")
}

fn request(method: Method, uri: &str, login: &str, body: &str) -> Request {
    let mut request = axum::http::Request::builder().method(method).uri(uri);
    if !login.is_empty() {
        let value = format!("Basic {}", BASE64_STANDARD.encode(login));
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

const UPDATED: &str = "Metadata update successful";

#[tokio::test]
async fn titles_come_in_each_way_that_encoders_know() {
    let icecast = "/admin/metadata?mode=updinfo&song=A+-+B";
    let shoutcast = "/admin.cgi?mode=updinfo&song=A+-+B";
    let form = "song=A+-+B&mode=updinfo&mount=/live";
    for request in [
        get(&format!("{icecast}&mount=/live"), "dj:s3cret"),
        get(&format!("{icecast}&mount=live&pass=s3cret"), ""),
        get(&format!("{icecast}&pass=s3cret"), ""),
        request(Method::POST, "/admin/metadata", "dj:s3cret", form),
        request(
            Method::POST,
            "/admin/metadata?mount=/live&mode=updinfo",
            "dj:s3cret",
            "song=A+-+B",
        ),
        request(Method::POST, &format!("{icecast}&mount=/live"), "dj:s3cret", ""),
        get(&format!("{shoutcast}&pass=s3cret"), ""),
        get(&format!("{shoutcast}&pass=dj:s3cret&sid=1"), ""),
        get(&format!("{shoutcast}&pass=/live:s3cret"), ""),
        get(&format!("{shoutcast}&pass=s3cret%3A%237"), ""),
        get(shoutcast, "admin:s3cret"),
        get(&format!("{shoutcast}&mount=/live"), "dj:s3cret"),
    ] {
        let role = role();
        let uri = request.uri().clone();
        let (status, body) = role.ask(request).await;
        assert!(status == StatusCode::OK && body.contains(UPDATED), "{uri}: {body}");
        assert_eq!(role.titles("live").await, ["A - B"], "{uri}");
        assert_eq!(body.starts_with("<html>"), uri.path() == "/admin.cgi", "{body}");
    }
}

#[tokio::test]
async fn titles_are_read_in_the_requests_charset_or_the_ingests() {
    for (ingest, login, query, expected) in [
        ("live", "dj:s3cret", "song=Zo%C3%AB", "Zoë"),
        ("live", "dj:s3cret", "song=Zo%EB", "Zoë"),
        ("live", "dj:s3cret", "song=%C7%EE%FF&charset=windows-1251", "Зоя"),
        ("strict", "source:s3cret", "song=%C7%EE%FF", "Зоя"),
        ("strict", "source:s3cret", "song=%D0%97%D0%BE%D1%8F", "Зоя"),
        ("strict", "source:s3cret", "song=Zo%EB&charset=ISO-8859-1", "Zoë"),
        ("live", "dj:s3cret", "artist=A&title=B", "A - B"),
        ("live", "dj:s3cret", "song=%00a%0D%0Ab%E2%80%AE", "ab"),
    ] {
        let role = role();
        let uri = format!("/admin/metadata?mode=updinfo&mount=/{ingest}&{query}");
        let (_, body) = role.ask(get(&uri, login)).await;
        assert!(body.contains(UPDATED), "{query}: {body}");
        assert_eq!(role.titles(ingest).await, [expected], "{query}");
    }
}

#[tokio::test]
async fn nobody_without_the_password_sets_a_title() {
    let role = role();
    let icecast = "/admin/metadata?mode=updinfo&song=A";
    let requests = [
        get(&format!("{icecast}&mount=/live"), ""),
        get(&format!("{icecast}&mount=/live"), "dj:wrong"),
        get(&format!("{icecast}&mount=/live"), "source:s3cret"),
        get(&format!("{icecast}&mount=/nothing"), "dj:s3cret"),
        get(&format!("{icecast}&mount=/live&pass=wrong"), ""),
        // The password of an ingest that no bare password means.
        get(&format!("{icecast}&mount=/aac&pass=s3cret"), ""),
        get("/admin.cgi?mode=updinfo&song=A&pass=wrong", ""),
    ];
    let count = requests.len() as u64;
    for (number, request) in requests.into_iter().enumerate() {
        let uri = request.uri().clone();
        let (status, body) = role.ask_from(&format!("192.0.2.{number}:1"), request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{uri}");
        assert_eq!(body, "You need to authenticate\n");
    }
    for ingest in ["live", "aac", "strict"] {
        assert!(role.titles(ingest).await.is_empty());
    }
    // Who gives no password is no stranger yet.
    assert_eq!(metric(&role.registry, "ingest_strangers_total"), count - 1);
}

#[tokio::test]
async fn who_tries_passwords_is_heard_no_more() {
    let role = role();
    let ask = |login: &str| role.ask(get("/admin/metadata?mode=updinfo&song=A&mount=/live", login));
    for _ in 0..listen::TRIES_MAX {
        assert_eq!(ask("dj:wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask("dj:s3cret").await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_and_counted() {
    let role = role();
    for query in ["", "mode=updinfo", "mode=list&song=A", "mode=updinfo&song=A&mount=/../x"] {
        let (status, body) = role.ask(get(&format!("/admin/metadata?{query}"), "dj:s3cret")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(body.contains("will not accept"), "{body}");
    }
    assert_eq!(metric(&role.registry, "ingest_titles_refused_total"), 4);
}

#[tokio::test]
async fn an_update_has_at_most_eight_kib() {
    let role = role();
    let fixed = "mode=updinfo&mount=/live&song=".len();
    for (len, expected) in
        [(FORM_LEN_MAX, StatusCode::OK), (FORM_LEN_MAX + 1, StatusCode::PAYLOAD_TOO_LARGE)]
    {
        let form = format!("mode=updinfo&mount=/live&song={}", "a".repeat(len - fixed));
        let request = request(Method::POST, "/admin/metadata", "dj:s3cret", &form);
        assert_eq!(role.ask(request).await.0, expected, "{len}");
    }
    let form = format!("song={}", "a".repeat(FORM_LEN_MAX - 5));
    let request =
        request(Method::POST, "/admin/metadata?mode=updinfo&mount=/live", "dj:s3cret", &form);
    assert_eq!(role.ask(request).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_title_for_an_ingest_without_a_source_is_told_so() {
    let role = Role { _claims: Vec::new(), ..role() };
    let uri = "/admin/metadata?mode=updinfo&song=A&mount=/live";
    let (status, body) = role.ask(get(uri, "dj:s3cret")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("Source does not exist"), "{body}");
    assert!(role.titles("live").await.is_empty());
}

#[tokio::test]
async fn what_strangers_send_stands_in_no_log() {
    let log = Log::default();
    let _guard = log.collect();
    let role = role();
    for (uri, login) in [
        ("/admin/metadata?mode=updinfo&song=TITLE&mount=/live", "USER:PASSWORD"),
        ("/admin/metadata?mode=updinfo&song=TITLE&mount=/PASSWORD", "USER:PASSWORD"),
        ("/admin/metadata?mode=updinfo&song=TITLE&mount=/live&pass=PASSWORD", ""),
        ("/admin.cgi?mode=updinfo&song=TITLE&pass=PASSWORD", ""),
        ("/admin.cgi?mode=PASSWORD&song=TITLE&pass=PASSWORD", ""),
        ("/admin/metadata?mode=updinfo&song=TITLE&mount=/live", "dj:s3cret"),
    ] {
        role.ask(get(uri, login)).await;
    }
    let text = log.text();
    assert_eq!(text.matches("no right password").count(), 4, "{text}");
    for secret in ["PASSWORD", "USER", "TITLE", "s3cret", "dj"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn other_pages_of_shoutcast_are_answered_by_others() {
    let role = role();
    let page = get("/admin.cgi?mode=viewxml&page=1", "");
    let expected = "another page: Some(\"mode=viewxml&page=1\") ".to_owned();
    assert_eq!(role.ask(page).await, (StatusCode::OK, expected));
    let form = request(Method::POST, "/admin.cgi", "", "mode=viewxml");
    let expected = "another page: None mode=viewxml".to_owned();
    assert_eq!(role.ask(form).await, (StatusCode::OK, expected));
}

#[tokio::test]
async fn the_administrator_sets_every_title() {
    let icecast = "/admin/metadata?mode=updinfo&song=A+-+B";
    let shoutcast = "/admin.cgi?mode=updinfo&song=A+-+B";
    for (request, ingest) in [
        (get(&format!("{icecast}&mount=/aac"), "admin:adm1n"), "aac"),
        (get(&format!("{icecast}&mount=/strict"), "admin:adm1n"), "strict"),
        (get(&format!("{icecast}&mount=/radio.mp3"), "admin:adm1n"), "live"),
        (get(&format!("{shoutcast}&pass=adm1n"), ""), "live"),
        (get(&format!("{shoutcast}&pass=adm1n&sid=1"), ""), "live"),
    ] {
        let role = role();
        let uri = request.uri().clone();
        let (status, body) = role.ask(request).await;
        assert!(status == StatusCode::OK && body.contains(UPDATED), "{uri}: {body}");
        assert_eq!(role.titles(ingest).await, ["A - B"], "{uri}");
    }
    for (request, status) in [
        (get(&format!("{icecast}&mount=/nowhere"), "admin:adm1n"), StatusCode::BAD_REQUEST),
        (get(&format!("{shoutcast}&pass=adm1n&sid=2"), ""), StatusCode::BAD_REQUEST),
        (get(&format!("{icecast}&mount=/live"), "admin:s3cret"), StatusCode::UNAUTHORIZED),
    ] {
        let uri = request.uri().clone();
        assert_eq!(role().ask(request).await.0, status, "{uri}");
    }
}

#[tokio::test]
async fn a_title_goes_to_the_ingest_that_has_a_source() {
    let role = role();
    assert!(role.ingest.end_source("live"));
    assert!(!role.ingest.end_source("live") && !role.ingest.end_source("nobody"));
    let update = "/admin/metadata?mode=updinfo&song=A+-+B&mount=/radio";
    assert_eq!(role.ask(get(update, "admin:adm1n")).await.0, StatusCode::OK);
    assert_eq!(role.titles("strict").await, ["A - B"]);
}
