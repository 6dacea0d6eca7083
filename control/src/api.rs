//! The API, `/api/v1`: JSON, and errors as RFC 9457 has them.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::report::Report;
use listen::{Access, Routes};
use serde::Serialize;

use crate::watch::Event;
use crate::{Control, Ports};

/// What goes wrong, told as a problem document (RFC 9457 §3).
#[derive(Debug, Clone, Copy)]
struct Problem {
    status: StatusCode,
    detail: &'static str,
}

/// What the node does, and where it is heard.
#[derive(Serialize)]
struct Status {
    ports: Ports,
    #[serde(flatten)]
    report: Report,
}

/// What has happened lately.
#[derive(Serialize)]
struct Events {
    /// The newest first.
    events: Vec<Event>,
}

/// Everything beneath `/api`.
pub(crate) fn routes() -> Routes<Control> {
    Routes::default().get("/api/v1/status", Access::Public, status).get(
        "/api/v1/events",
        Access::Public,
        events,
    )
}

/// Whether a path lies beneath `/api`.
pub(crate) fn is_below(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// No such resource.
pub(crate) fn nothing() -> Response {
    let detail = "the API has nothing at this path";
    Problem { status: StatusCode::NOT_FOUND, detail }.into_response()
}

/// The resource is there, the method is not.
pub(crate) fn no_method() -> Response {
    let detail = "this resource does not have that method";
    Problem { status: StatusCode::METHOD_NOT_ALLOWED, detail }.into_response()
}

async fn status(State(control): State<Control>) -> Response {
    let report = (control.report)();
    Json(Status { ports: control.ports, report }).into_response()
}

async fn events(State(control): State<Control>) -> Response {
    Json(Events { events: control.recent.events() }).into_response()
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // No `type` means `about:blank`: the status says it all (§4.2.1).
        let body = serde_json::json!({
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let headers = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, headers, body.to_string()).into_response()
    }
}
