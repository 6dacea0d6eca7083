//! Accept loops: TLS, the sniffing of first bytes, and who gets the stream.
//!
//! One port serves encoders, old players and browsers. The first bytes of a
//! connection tell what it is ([`icy::classify`]); then either hyper serves it,
//! or it goes as it is, with the bytes read so far in front, to who speaks its
//! protocol.

mod asking;
pub mod forwarded;
mod guard;
mod http;
mod metrics;
mod port;
pub mod proxy;
mod routes;
mod sniff;
#[cfg(test)]
mod testing;
mod tls;
mod transport;
mod tries;

pub use asking::{Asked, FormTooLong, too_many_tries, unauthorised};
pub use http::Secure;
pub use metrics::Metrics;
pub use port::{Error, Port, PortSettings};
pub use routes::{Access, Entry, Guard, Routes};
pub use sniff::{Doors, ListenerDoor, SourceDoor};
pub use tls::{Identities, IdentityFiles, TlsError};
pub use transport::{Connection, LINGER_TIME, Transport};
pub use tries::{TRIES_MAX, Tries};

/// A future that a door gives back, on the heap: doors are trait objects.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
