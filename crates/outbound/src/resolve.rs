//! Names to addresses.

use std::fmt::Debug;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;

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

/// The machine's resolver: `/etc/hosts`, DNS, and what else is set up.
#[derive(Debug)]
pub(crate) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolved<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
