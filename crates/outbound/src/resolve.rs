//! Names to addresses.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use tokio::sync::Semaphore;

/// What [`Resolve::resolve`] gives.
pub(crate) type Resolved<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds a name's addresses. A trait so that tests can be the DNS.
pub(crate) trait Resolve: Debug + Send + Sync {
    /// The addresses of a name, the better ones first.
    ///
    /// # Errors
    ///
    /// The name has none, or nobody could be asked.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolved<'a>;
}

/// Names that the machine's resolver is asked for at a time, in the process.
///
/// It holds a thread for each, for half a minute where the DNS is away, whoever
/// has given up waiting meanwhile; the process has 512 of them, for disks too.
/// Chosen.
pub(crate) const LOOKUPS_MAX: usize = 32;

static LOOKUPS: Semaphore = Semaphore::const_new(LOOKUPS_MAX);

/// The machine's resolver: `/etc/hosts`, DNS, and what else is set up.
#[derive(Debug)]
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolved<'a> {
        Box::pin(async move {
            // It is never closed.
            let turn = LOOKUPS.acquire().await.map_err(io::Error::other)?;
            let host = host.to_owned();
            // A task of its own: the place is free when the thread is.
            let lookup = tokio::spawn(async move {
                let found = tokio::net::lookup_host((host, 0)).await;
                drop(turn);
                found.map(|found| found.map(|address| address.ip()).collect())
            });
            lookup.await?
        })
    }
}
