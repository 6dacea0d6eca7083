//! The one way out of the process: to URLs that operators, strangers' servers
//! and their redirects name.
//!
//! Whatever is connected to, its addresses are resolved, checked against the
//! [`Policy`], and one of those that passed is connected to, with no second
//! resolution in between: a name cannot be public when it is checked and
//! private when it is used. Each redirect begins anew.
//!
//! Proxies of the environment (`http_proxy`) are not used: they would resolve
//! on their own.

mod client;
mod connect;
mod error;
mod get;
mod policy;
mod post;
mod resolve;
mod stream;
mod target;
#[cfg(test)]
mod testing;
mod url_auth;

pub use client::{CONNECT_TIME, Client, HEAD_TIME, Opened, REDIRECTS_MAX, Settings};
pub use error::{Error, Phase};
pub use policy::{Forbidden, Policy};
pub use post::{ANSWER_LEN_MAX, Answer, Post};
pub use stream::Stream;
pub use target::{TARGET_LEN_MAX, Target, TargetError};
pub use url_auth::BACK_END_TIME;
