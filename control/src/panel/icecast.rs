//! Icecast 2.4's endpoints.

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use delivery::ListenerError;
use delivery::fanout::{ListenerId, Which};
use icy::admin::icecast::{self, Outcome, Refusal};
use icy::admin::{AdminQuery, Document, StatsQuery};
use listen::Asked;
use tracing::info;

use super::{Panel, answer, line, public, read};

/// `/status-json.xsl`.
pub(super) async fn status_json(State(panel): State<Panel>, uri: Uri) -> Response {
    let Ok(query) = StatsQuery::parse(uri.query().unwrap_or_default().as_bytes()) else {
        return line(StatusCode::BAD_REQUEST, "the query cannot be read\n");
    };
    let mount = query.mount.map(|mount| panel.name_of(mount));
    public(icecast::status_json(&panel.told(), mount.as_deref()))
}

/// `/admin/streamlist.txt`.
pub(super) async fn stream_list(State(panel): State<Panel>) -> Response {
    answer(StatusCode::OK, icecast::stream_list(&panel.server()))
}

/// Every other command of `/admin/`.
pub(super) async fn command(State(panel): State<Panel>, request: Request) -> Response {
    let Asked { head, parameters, .. } = match read(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let command = head.uri.path().strip_prefix("/admin/").unwrap_or_default();
    let done = AdminQuery::parse(command, &parameters).and_then(|query| panel.obey(query));
    match done {
        Ok(document) => answer(StatusCode::OK, document),
        Err(refusal) => answer(StatusCode::BAD_REQUEST, refusal.to_document()),
    }
}

impl Panel {
    fn obey(&self, query: AdminQuery) -> Result<Document, Refusal> {
        match query {
            AdminQuery::Stats { mount } => {
                let mount = mount.map(|mount| self.name_of(mount));
                icecast::stats(&self.server(), mount.as_deref())
            }
            AdminQuery::ListMounts => Ok(icecast::list_mounts(&self.server())),
            AdminQuery::StreamList => Ok(icecast::stream_list(&self.server())),
            AdminQuery::ListClients { mount } => {
                let egress = self.egress_at(&mount).ok_or(Refusal::NoSource)?;
                Ok(icecast::list_clients(&mount, &self.listeners(&egress)))
            }
            AdminQuery::KillClient { mount, id } => self.kill_client(&mount, id),
            AdminQuery::KillSource { mount } => self.kill_source(&mount),
            AdminQuery::MoveClients { mount, destination: None } => {
                Ok(icecast::move_targets(&self.server(), &self.name_of(mount)))
            }
            AdminQuery::MoveClients { mount, destination: Some(to) } => {
                self.move_clients(&mount, &to)
            }
            // An egress's fallback is its manifest's; `metadata` has a route.
            _ => Err(Refusal::UnknownCommand),
        }
    }

    fn kill_client(&self, mount: &str, id: u64) -> Result<Document, Refusal> {
        match self.0.parts.delivery.kill(mount, ListenerId::from(id)) {
            Ok(()) => {
                info!(mount, listener = id, "listener removed by the administrator");
                Ok(Outcome::ClientRemoved(id).to_document())
            }
            Err(ListenerError::NoSuchMount(_)) => Err(Refusal::NoSource),
            Err(_) => Ok(Outcome::ClientNotFound(id).to_document()),
        }
    }

    /// Ends the source at an encoder's mount, or that which a listeners' mount
    /// has on air.
    fn kill_source(&self, mount: &str) -> Result<Document, Refusal> {
        let parts = &self.0.parts;
        let at = parts.catalogue.ingest_at(mount).map(|ingest| ingest.name.as_str().to_owned());
        let on_air = || (parts.report)().egress(&self.egress_at(mount)?)?.source.clone();
        let ingest = at.or_else(on_air).ok_or(Refusal::NoSource)?;
        if !parts.sources.end(&ingest) {
            return Err(Refusal::NoSource);
        }
        info!(ingest, "source removed by the administrator");
        Ok(Outcome::SourceRemoved.to_document())
    }

    fn move_clients(&self, from: &str, to: &str) -> Result<Document, Refusal> {
        match self.0.parts.delivery.move_listeners(from, to, Which::All) {
            Ok(()) => {
                info!(from, to, "listeners moved by the administrator");
                Ok(Outcome::ClientsMoved { from, to }.to_document())
            }
            Err(ListenerError::SameMount(_)) => Err(Refusal::SameMount),
            Err(ListenerError::NoSuchMount(mount)) if mount == from => Err(Refusal::NoSource),
            Err(error) => {
                info!(from, to, %error, "listeners not moved");
                Err(Refusal::NoDestination)
            }
        }
    }
}
