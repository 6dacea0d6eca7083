//! What back ends of URL authentication know this process as, and how it gets
//! to them.

use delivery::BackEndSetup;
use ingest::{Passwords, StreamAuth};
use outbound::Client;
use runtime::clock::Steady;
use runtime::config::ProcessConfig;

use crate::public::PublicAddress;

/// The way to back ends.
#[derive(Debug, Clone)]
pub(crate) struct UrlAuth {
    client: Client,
    host: String,
    port: u16,
}

impl UrlAuth {
    /// This process is known by its public address.
    pub(crate) fn new(client: Client, public: &PublicAddress) -> Self {
        Self { client, host: public.host.clone(), port: public.port }
    }

    /// What the ingest role compares passwords with: its back ends know further
    /// ones.
    pub(crate) fn passwords(&self, config: &ProcessConfig) -> Passwords {
        let Self { client, host, port } = self.clone();
        Passwords {
            admin: config.admin_password.clone(),
            stream_auth: Some(StreamAuth { client, host, port }),
            ..Passwords::default()
        }
    }

    /// For those who serve listeners.
    pub(crate) fn for_listeners(&self, clock: &Steady) -> BackEndSetup {
        let Self { client, host, port } = self.clone();
        BackEndSetup { client, host, port, clock: clock.clone() }
    }
}
