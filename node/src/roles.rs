//! The roles of a process: those that it has, and what stands in for those that it has
//! not.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use catalogue::{Catalogue, Egress, Made, Name, Rendition};
use delivery::Station;
use delivery::fanout::Fanout;
use feed::Record;
use ingest::{Ingest, Passwords};
use journal::Desk;
use media::RenditionId;
use packager::{Packager, Programme};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::config::{ProcessConfig, Role};
use runtime::tail::Tail;
use store::Stores;
use tokio::task::JoinSet;

use crate::linked::{Linked, Paths, Surroundings};
use crate::serve::{Tasks, ingest_limits};

/// An egress that is served.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) station: Arc<Station>,
    /// The rendition of the ingest's own bytes.
    pub(crate) source: RenditionId,
    /// Its records.
    pub(crate) feed: Tail<Record>,
    /// Its programme, where this process makes it.
    pub(crate) programme: Option<Programme>,
}

/// The ingest role; in a process without it one that takes nothing.
pub(crate) fn ingest_role(
    around: &Surroundings<'_>,
    catalogue: &Arc<Catalogue>,
    passwords: &Passwords,
    registry: &mut Registry,
) -> Ingest {
    let Surroundings { config, clock, shutdown, pool, .. } = *around;
    let mut unseen = Registry::default();
    let (taken, registry) = if config.node.does(Role::Ingest) {
        (Arc::clone(catalogue), registry)
    } else {
        (Arc::default(), &mut unseen)
    };
    let parts = (clock.clone(), shutdown.clone(), pool.clone());
    Ingest::new(taken, ingest_limits(config), parts, passwords.clone(), registry)
}

/// The packager role, in a process that has it.
pub(crate) fn packager_role(
    around: &Surroundings<'_>,
    desk: &Desk,
    registry: &mut Registry,
) -> Option<Packager> {
    let Surroundings { config, stores, clock, shutdown, pool } = *around;
    config.node.does(Role::Packager).then(|| {
        Packager::new(stores.clone(), clock.clone(), shutdown.clone(), registry)
            .with_source_timeout(config.limits.source_timeout)
            .with_data(config.data.clone())
            .with_journals(desk.clone())
            .with_pool(pool.clone())
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
    (packager, fanout, clock, process): (Option<&Packager>, &Fanout, &Steady, &str),
    (stores, tasks): (&Stores, &mut Tasks),
) -> Result<Vec<Followed>> {
    let mut followed = Vec::new();
    for egress in catalogue.egresses() {
        let programme = match packager {
            Some(packager) => {
                let names = egress.ingests.iter().map(Name::as_str);
                let of_egress = names.filter_map(|name| paths.path(name, &mut tasks.links));
                let of_egress = of_egress.collect();
                let starting = packager.start(egress, of_egress, &mut tasks.programmes);
                // It is large, and what starts a process holds it.
                Some(Box::pin(starting).await)
            }
            None => None,
        };
        let source = match &programme {
            Some(programme) => Some(programme.feed.clone()),
            None => paths.programme(egress, &egress.rendition_id(), &mut tasks.links),
        };
        let Some(feed) = source else { continue };
        let heard = match &programme {
            Some(programme) => made_here(egress, programme),
            None => followed_programmes(egress, &feed, &paths, (stores, &mut tasks.links)),
        };
        let station = origin::start(egress, heard, fanout, (clock, process), &mut tasks.views)?;
        let source = egress.rendition_id();
        followed.push(Followed { station, source, feed, programme });
    }
    Ok(followed)
}

/// What the process's own packager makes of an egress, for its listeners.
fn made_here(egress: &Egress, programme: &Programme) -> Vec<origin::Programme> {
    let titles = &programme.past.titles;
    let stores = &programme.stores;
    let own = |rendition: &Rendition| origin::Programme {
        rendition: rendition.clone(),
        feed: programme.feed.clone(),
        segments: programme.past.segments.clone(),
        titles: titles.clone(),
        profile: programme.past.profile,
        stores: stores.clone(),
    };
    let made = |rendition: &Rendition| {
        let made = programme.made.iter().find(|made| made.rendition.id == rendition.id)?;
        Some(origin::Programme {
            rendition: rendition.clone(),
            feed: made.feed.clone(),
            segments: made.past.clone(),
            titles: titles.clone(),
            profile: rendition.encoding.codec.profile(),
            stores: stores.clone(),
        })
    };
    let listed = egress.renditions.iter().filter_map(|rendition| match rendition.made {
        Made::Outside => Some(own(rendition)),
        Made::Here => made(rendition),
    });
    listed.collect()
}

/// What other nodes make of an egress. They remember more than a window.
fn followed_programmes(
    egress: &Egress,
    source: &Tail<Record>,
    paths: &Paths<'_>,
    (stores, links): (&Stores, &mut JoinSet<()>),
) -> Vec<origin::Programme> {
    let mut programmes = Vec::new();
    for rendition in egress.renditions.iter() {
        let feed = match rendition.made {
            Made::Outside => Some(source.clone()),
            Made::Here => paths.programme(egress, &rendition.id, links),
        };
        programmes.extend(feed.map(|feed| origin::Programme {
            rendition: rendition.clone(),
            feed,
            segments: Vec::new(),
            titles: Vec::new(),
            profile: None,
            stores: stores.clone(),
        }));
    }
    programmes
}

/// Of what a process tells webhooks: one that only serves what others make tells nothing.
pub(crate) fn told_of(config: &ProcessConfig, catalogue: &Arc<Catalogue>) -> Arc<Catalogue> {
    let node = &config.node;
    let sees = node.does(Role::Ingest) || node.does(Role::Packager);
    if sees { Arc::clone(catalogue) } else { Arc::default() }
}
