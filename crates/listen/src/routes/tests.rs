use axum::body::Body;
use tower::ServiceExt as _;

use super::*;

/// Lets in who says the right's name.
#[derive(Debug)]
struct Word;

impl Guard for Word {
    fn admit(&self, access: Access, request: &Parts, _: SocketAddr) -> Result<(), Box<Response>> {
        let said = request.headers.get("x-word").and_then(|word| word.to_str().ok());
        let is_right = match access {
            Access::Relay => matches!(said, Some("relay" | "admin")),
            Access::Admin => said == Some("admin"),
            Access::Node => said == Some("node"),
            Access::Public | Access::Source => unreachable!("not asked"),
        };
        if is_right { Ok(()) } else { Err(Box::new(StatusCode::UNAUTHORIZED.into_response())) }
    }
}

fn routes() -> Routes {
    let of_source = Routes::default().get_or_post("/source", Access::Source, async || "source");
    Routes::default()
        .get("/public", Access::Public, async || "public")
        .get("/relay", Access::Relay, async || "relay")
        .get("/admin", Access::Admin, async || "admin")
        .get("/node", Access::Node, async || "node")
        .and(of_source)
}

async fn check(method: Method, path: &str, word: &str, expected: u16) {
    let peer: SocketAddr = ([192, 0, 2, 1], 1).into();
    let request = Request::builder().method(&method).uri(path).header("x-word", word);
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    let guard: Arc<dyn Guard> = Arc::new(Word);
    let answer = routes().into_router(&guard).oneshot(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), expected, "{method} {path} as {word:?}");
}

#[tokio::test]
async fn each_route_is_for_whom_its_entry_says() {
    for (path, allowed) in [
        ("/public", &["", "relay", "admin", "node"][..]),
        ("/source", &["", "relay", "admin", "node"]),
        ("/relay", &["relay", "admin"]),
        ("/admin", &["admin"]),
        ("/node", &["node"]),
    ] {
        for word in ["", "relay", "admin", "node"] {
            let expected = if allowed.contains(&word) { 200 } else { 401 };
            check(Method::GET, path, word, expected).await;
            check(Method::HEAD, path, word, expected).await;
        }
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    check(Method::POST, "/public", "", 405).await;
    check(Method::POST, "/source", "", 200).await;
    check(Method::DELETE, "/source", "", 405).await;
}

/// A refused method tells nothing that the guard does not let be known.
#[tokio::test]
async fn the_guard_is_asked_before_the_method() {
    check(Method::DELETE, "/admin", "", 401).await;
    check(Method::DELETE, "/admin", "admin", 405).await;
}

#[test]
fn entries_are_what_was_added() {
    let entries = routes().entries();
    let paths: Vec<_> = entries.iter().map(|entry| (entry.path, entry.access)).collect();
    let expected = [
        ("/public", Access::Public),
        ("/relay", Access::Relay),
        ("/admin", Access::Admin),
        ("/node", Access::Node),
        ("/source", Access::Source),
    ];
    assert_eq!(paths, expected);
    assert_eq!(entries[4].methods, [Method::GET, Method::POST]);
}
