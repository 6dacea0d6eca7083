//! SHOUTcast 2's endpoints.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use icy::admin::ADMIN_USER;
use icy::admin::shoutcast::{self, Admin};
use icy::admin::{Document, Format, Mode, QueryError, ServerStats, SourceStats, StatsQuery};
use icy::source::Credentials;
use listen::{Access, Asked, Secure};

use super::{Panel, answer, line, public, read};
use crate::administrator::basic;

/// `/7.html`.
pub(super) async fn seven(State(panel): State<Panel>, uri: Uri) -> Response {
    of_stream(&panel, &uri, |stream| shoutcast::seven(stream.server, stream.source))
}

/// `/stats`.
pub(super) async fn stats(State(panel): State<Panel>, uri: Uri) -> Response {
    of_stream(&panel, &uri, |stream| {
        shoutcast::stats(stream.server, stream.source, &stream.format())
    })
}

/// `/statistics`.
pub(super) async fn statistics(State(panel): State<Panel>, uri: Uri) -> Response {
    match query_of(&uri) {
        Ok(query) => public(shoutcast::statistics(&panel.told(), &format(&query))),
        Err(refusal) => *refusal,
    }
}

/// `/currentsong`.
pub(super) async fn current_song(State(panel): State<Panel>, uri: Uri) -> Response {
    of_stream(&panel, &uri, |stream| shoutcast::current_song(stream.source))
}

/// `/played`.
pub(super) async fn played(State(panel): State<Panel>, uri: Uri) -> Response {
    of_stream(&panel, &uri, |stream| {
        let history = panel.history(&stream.source.mount);
        shoutcast::played(&history, stream.query.format.as_ref())
    })
}

/// `/nextsong` and `/nextsongs`.
pub(super) async fn next_songs(State(panel): State<Panel>, uri: Uri) -> Response {
    of_stream(&panel, &uri, |stream| shoutcast::next_songs(&stream.format()))
}

/// `/listen.pls`: as the other tune-in files, with this server as the client
/// knows it.
pub(super) async fn listen_pls(
    State(panel): State<Panel>,
    Extension(Secure(secure)): Extension<Secure>,
    head: Parts,
) -> Response {
    of_stream(&panel, &head.uri, |stream| {
        let listen_url = delivery::own_url(&head, secure, &stream.source.mount);
        shoutcast::listen_pls(&SourceStats { listen_url, ..stream.source.clone() })
    })
}

/// The pages of `/admin.cgi`: for the administrator.
pub(super) async fn admin_cgi(panel: &Panel, request: Request) -> Response {
    let Asked { head, parameters, .. } = match read(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let asked = query(&parameters).and_then(|query| admit(panel, &head, &query).map(|()| query));
    let query = match asked {
        Ok(query) => query,
        Err(refusal) => return *refusal,
    };
    if query.mode != Some(Mode::View) {
        return line(StatusCode::NOT_FOUND, "there is no such page\n");
    }
    let server = panel.server();
    let Some(source) = server.stream(query.sid) else { return no_stream() };
    let admin = Admin {
        server: &server,
        source,
        listeners: &panel.listeners(&source.mount),
        history: &panel.history(&source.mount),
    };
    answer(StatusCode::OK, admin.page(query.page, &format(&query)))
}

/// Whether it is the administrator, by `pass` or by Basic authentication.
fn admit(panel: &Panel, head: &Parts, query: &StatsQuery) -> Result<(), Box<Response>> {
    let by_query = query
        .password
        .clone()
        .map(|password| Credentials { user: ADMIN_USER.to_owned(), password });
    // Every port of ours tells where a request comes from.
    let Some(&ConnectInfo(peer)) = head.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return Err(Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
    };
    let given = by_query.or_else(|| basic(head));
    panel.0.parts.administrator.check(given, Access::Admin, peer)
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

fn of_stream(panel: &Panel, uri: &Uri, render: impl FnOnce(&Stream<'_>) -> Document) -> Response {
    let query = match query_of(uri) {
        Ok(query) => query,
        Err(refusal) => return *refusal,
    };
    let server = panel.told();
    match server.stream(query.sid) {
        Some(source) => public(render(&Stream { server: &server, source, query: &query })),
        None => no_stream(),
    }
}

fn no_stream() -> Response {
    line(StatusCode::NOT_FOUND, "there is no stream of this number\n")
}

fn format(query: &StatsQuery) -> Format {
    query.format.clone().unwrap_or(Format::Xml)
}

fn query_of(uri: &Uri) -> Result<StatsQuery, Box<Response>> {
    query(uri.query().unwrap_or_default().as_bytes())
}

fn query(parameters: &[u8]) -> Result<StatsQuery, Box<Response>> {
    StatsQuery::parse(parameters).map_err(|error| {
        Box::new(match error {
            QueryError::Sid => no_stream(),
            _ => line(StatusCode::BAD_REQUEST, "the query cannot be read\n"),
        })
    })
}
