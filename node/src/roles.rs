//! The roles of a process: those that it has, and what stands in for those that it has
//! not.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use catalogue::{Catalogue, Name};
use delivery::Station;
use delivery::fanout::Fanout;
use feed::Record;
use ingest::{Ingest, Passwords};
use journal::Desk;
use packager::{Packager, Programme};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::config::{ProcessConfig, Role};
use runtime::shutdown::Shutdown;
use runtime::tail::Tail;
use store::Stores;
use tokio::task::JoinSet;

use crate::linked::{Linked, Paths, Surroundings};
use crate::serve::{Tasks, ingest_limits};

/// An egress that is served.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) station: Arc<Station>,
    /// Its records.
    pub(crate) feed: Tail<Record>,
    /// Its programme, where this process makes it.
    pub(crate) programme: Option<Programme>,
}

/// The ingest role; in a process without it one that takes nothing.
pub(crate) fn ingest_role(
    config: &ProcessConfig,
    catalogue: &Arc<Catalogue>,
    (clock, shutdown): (&Steady, &Shutdown),
    passwords: &Passwords,
    registry: &mut Registry,
) -> Ingest {
    let mut unseen = Registry::default();
    let (taken, registry) = if config.node.does(Role::Ingest) {
        (Arc::clone(catalogue), registry)
    } else {
        (Arc::default(), &mut unseen)
    };
    let limits = ingest_limits(config);
    Ingest::new(taken, limits, (clock.clone(), shutdown.clone()), passwords.clone(), registry)
}

/// The packager role, in a process that has it.
pub(crate) fn packager_role(
    around: &Surroundings<'_>,
    desk: &Desk,
    registry: &mut Registry,
) -> Option<Packager> {
    let Surroundings { config, stores, clock, shutdown } = *around;
    config.node.does(Role::Packager).then(|| {
        Packager::new(stores.clone(), clock.clone(), shutdown.clone(), registry)
            .with_source_timeout(config.limits.source_timeout)
            .with_data(config.data.clone())
            .with_journals(desk.clone())
    })
}

/// Where programmes get their paths: from the process's own ingests if it has any,
/// else from other nodes'.
pub(crate) fn paths<'a>(
    linked: Option<&Linked>,
    around: &Surroundings<'_>,
    ingest: &'a Ingest,
    tasks: &mut JoinSet<()>,
) -> Paths<'a> {
    let node = &around.config.node;
    // What the process lacks is what its next role would read.
    let lacks = match (node.does(Role::Ingest), node.does(Role::Packager)) {
        (false, true) => Some(Role::Ingest),
        (_, false) if node.does(Role::Origin) => Some(Role::Packager),
        _ => None,
    };
    let links = linked.zip(lacks).map(|(linked, role)| linked.links(around, role, tasks));
    Paths { ingest, links, followed: HashMap::new() }
}

/// Begins every egress's programme and its views, as far as the process has the roles.
pub(crate) async fn follow(
    catalogue: &Catalogue,
    mut paths: Paths<'_>,
    packager: Option<&Packager>,
    (fanout, clock, process): (&Fanout, &Steady, &str),
    (stores, tasks): (&Stores, &mut Tasks),
) -> Result<Vec<Followed>> {
    let mut followed = Vec::new();
    for egress in catalogue.egresses() {
        let programme = match packager {
            Some(packager) => {
                let names = egress.ingests.iter().map(Name::as_str);
                let of_egress = names.filter_map(|name| paths.path(name, &mut tasks.links));
                let of_egress = of_egress.collect();
                Some(packager.start(egress, of_egress, &mut tasks.programmes).await)
            }
            None => None,
        };
        let heard = if let Some(programme) = &programme {
            origin::Programme {
                feed: programme.feed.clone(),
                segments: programme.past.segments.clone(),
                titles: programme.past.titles.clone(),
                profile: programme.past.profile,
                stores: programme.stores.clone(),
            }
        } else {
            let Some(feed) = paths.programme(egress, &mut tasks.links) else { continue };
            // What the packagers remember is longer than a window.
            let (segments, titles, profile) = (Vec::new(), Vec::new(), None);
            origin::Programme { feed, segments, titles, profile, stores: stores.clone() }
        };
        let feed = heard.feed.clone();
        let station = origin::start(egress, heard, fanout, (clock, process), &mut tasks.views)?;
        followed.push(Followed { station, feed, programme });
    }
    Ok(followed)
}

/// Of what a process tells webhooks: one that only serves what others make tells nothing.
pub(crate) fn told_of(config: &ProcessConfig, catalogue: &Arc<Catalogue>) -> Arc<Catalogue> {
    let node = &config.node;
    let sees = node.does(Role::Ingest) || node.does(Role::Packager);
    if sees { Arc::clone(catalogue) } else { Arc::default() }
}
