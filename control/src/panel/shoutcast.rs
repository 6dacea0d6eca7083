//! SHOUTcast 2's endpoints.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use icy::admin::shoutcast::{self, Admin};
use icy::admin::{Document, Format, Mode, QueryError, ServerStats, SourceStats, StatsQuery};
use icy::source::Credentials;
use tracing::info;

use super::{Panel, answer, line, peer};
use crate::administrator::{Known, too_many_tries, unauthorised};

/// The user for whom `pass=` is the password.
const ADMIN: &str = "admin";

/// `/7.html`.
pub(super) async fn seven(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| shoutcast::seven(stream.server, stream.source))
}

/// `/stats`.
pub(super) async fn stats(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| {
        shoutcast::stats(stream.server, stream.source, &stream.format())
    })
}

/// `/statistics`.
pub(super) async fn statistics(State(panel): State<Panel>, request: Request) -> Response {
    match query(&request) {
        Ok(query) => answer(shoutcast::statistics(&panel.server(), &format(&query))),
        Err(refusal) => *refusal,
    }
}

/// `/currentsong`.
pub(super) async fn current_song(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| shoutcast::current_song(stream.source))
}

/// `/played`.
pub(super) async fn played(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| {
        let history = panel.history(&stream.source.mount);
        shoutcast::played(&history, stream.query.format.as_ref())
    })
}

/// `/nextsong` and `/nextsongs`.
pub(super) async fn next_songs(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| shoutcast::next_songs(&stream.format()))
}

/// `/listen.pls`.
pub(super) async fn listen_pls(State(panel): State<Panel>, request: Request) -> Response {
    of_stream(&panel, &request, |stream| shoutcast::listen_pls(stream.source))
}

/// The pages of `/admin.cgi`: for the administrator.
pub(super) fn admin_cgi(panel: &Panel, request: &Request) -> Response {
    let query = match query(request) {
        Ok(query) => query,
        Err(refusal) => return *refusal,
    };
    if let Err(refusal) = admit(panel, request, &query) {
        return *refusal;
    }
    let (server, sid) = (panel.server(), query.sid);
    match (query.mode, server.stream(sid)) {
        (Some(Mode::View), Some(source)) => {
            let admin = Admin {
                server: &server,
                source,
                listeners: &panel.listeners(&source.mount),
                history: &panel.history(&source.mount),
            };
            answer(admin.page(query.page, &format(&query)))
        }
        (Some(Mode::View), None) => no_stream(),
        _ => line(StatusCode::NOT_FOUND, "there is no such page\n"),
    }
}

/// Whether it is the administrator, by `pass` or by Basic authentication.
fn admit(panel: &Panel, request: &Request, query: &StatsQuery) -> Result<(), Box<Response>> {
    let basic = request.headers().get(header::AUTHORIZATION);
    let basic = basic.and_then(|value| Credentials::from_authorization(value.as_bytes()).ok()?);
    let by_query =
        query.password.clone().map(|password| Credentials { user: ADMIN.to_owned(), password });
    let Some((given, peer)) = by_query.or(basic).zip(peer(request)) else {
        return Err(Box::new(unauthorised()));
    };
    match panel.0.parts.administrator.knows(&given, peer) {
        Known::Admin => Ok(()),
        Known::TooManyTries => Err(Box::new(too_many_tries())),
        Known::Relay | Known::Nobody => {
            info!(%peer, "administrator refused: no right password");
            Err(Box::new(unauthorised()))
        }
    }
}

/// The stream that a query asks for.
struct Stream<'a> {
    server: &'a ServerStats,
    source: &'a SourceStats,
    query: &'a StatsQuery,
}

impl Stream<'_> {
    fn format(&self) -> Format {
        format(self.query)
    }
}

fn of_stream(
    panel: &Panel,
    request: &Request,
    render: impl FnOnce(&Stream<'_>) -> Document,
) -> Response {
    let query = match query(request) {
        Ok(query) => query,
        Err(refusal) => return *refusal,
    };
    let server = panel.server();
    match server.stream(query.sid) {
        Some(source) => answer(render(&Stream { server: &server, source, query: &query })),
        None => no_stream(),
    }
}

fn no_stream() -> Response {
    line(StatusCode::NOT_FOUND, "there is no stream of this number\n")
}

fn format(query: &StatsQuery) -> Format {
    query.format.clone().unwrap_or(Format::Xml)
}

fn query(request: &Request) -> Result<StatsQuery, Box<Response>> {
    let query = request.uri().query().unwrap_or_default();
    StatsQuery::parse(query.as_bytes()).map_err(|error| {
        Box::new(match error {
            QueryError::Sid => no_stream(),
            _ => line(StatusCode::BAD_REQUEST, "the query cannot be read\n"),
        })
    })
}
