//! Routes of an HTTP port, each declared with who may ask for it.
//!
//! A router is made of such a table and in no other way (clippy refuses
//! `Router::route` elsewhere), so that there is no route without an entry.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

/// Who may ask for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Anyone.
    Public,
    /// Who has the password of the ingest in question: that depends on the
    /// request, so the handler checks it.
    Source,
    /// Who has the password for relays, or the administrator's.
    Relay,
    /// Who has the administrator's password.
    Admin,
    /// Another node: who has the cluster's secret.
    Node,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The path as axum matches it.
    pub path: &'static str,
    /// Methods that are answered; `GET` includes `HEAD`.
    pub methods: Vec<Method>,
    /// Who may ask.
    pub access: Access,
}

/// Tells whether a request has the right that its route asks for.
pub trait Guard: std::fmt::Debug + Send + Sync {
    /// Lets a request in, or gives the answer that refuses it. Asked for
    /// [`Access::Relay`], [`Access::Admin`] and [`Access::Node`] alone.
    ///
    /// # Errors
    ///
    /// The answer.
    fn admit(&self, access: Access, request: &Parts, peer: SocketAddr)
    -> Result<(), Box<Response>>;
}

/// Routes with their entries.
#[derive(Debug)]
pub struct Routes<S = ()> {
    all: Vec<(Entry, MethodRouter<S>)>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Adds a route for `GET`.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(path, access, on(MethodFilter::GET, handler), vec![Method::GET])
    }

    /// Adds a route for `GET` and `POST`, as Icecast's and SHOUTcast's
    /// administration takes both.
    #[must_use]
    pub fn get_or_post<H, T>(self, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let methods = vec![Method::GET, Method::POST];
        self.with(path, access, on(MethodFilter::GET.or(MethodFilter::POST), handler), methods)
    }

    fn with(
        mut self,
        path: &'static str,
        access: Access,
        handler: MethodRouter<S>,
        methods: Vec<Method>,
    ) -> Self {
        self.all.push((Entry { path, methods, access }, handler));
        self
    }

    /// Adds the routes of another table.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.all.extend(others.all);
        self
    }

    /// The table, in the order of its making.
    pub fn entries(&self) -> Vec<Entry> {
        self.all.iter().map(|(entry, _)| entry.clone()).collect()
    }

    /// Gives the handlers what they work with.
    #[must_use]
    pub fn with_state<S2>(self, state: &S) -> Routes<S2> {
        let all = self.all.into_iter();
        Routes { all: all.map(|(entry, route)| (entry, route.with_state(state.clone()))).collect() }
    }

    /// The router, with `guard` before each route that asks for a right.
    ///
    /// # Panics
    ///
    /// When two routes have the same path.
    #[expect(clippy::disallowed_methods, reason = "the one place where routes are made")]
    pub fn into_router(self, guard: &Arc<dyn Guard>) -> Router<S> {
        self.all.into_iter().fold(Router::new(), |router, (entry, route)| {
            router.route(entry.path, guarded(route, entry.access, guard))
        })
    }
}

fn guarded<S: Clone + Send + Sync + 'static>(
    route: MethodRouter<S>,
    access: Access,
    guard: &Arc<dyn Guard>,
) -> MethodRouter<S> {
    if matches!(access, Access::Public | Access::Source) {
        return route;
    }
    let guard = Arc::clone(guard);
    route.layer(from_fn(move |request: Request, next: Next| {
        let guard = Arc::clone(&guard);
        async move { Ok::<_, Infallible>(check(&*guard, access, request, next).await) }
    }))
}

async fn check(guard: &dyn Guard, access: Access, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>().copied() else {
        // Every port of ours tells it.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match guard.admit(access, &parts, peer) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => *refusal,
    }
}

#[cfg(test)]
mod tests;
