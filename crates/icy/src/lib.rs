//! The ICY protocols (Icecast and SHOUTcast), both directions. Sans-IO.
//!
//! Bytes come in as arguments, values and bytes go out as results. There is no
//! standard: the sources are what Icecast 2.4 and 2.5, SHOUTcast DNAS 1.9 and
//! their encoders and players send, and RFC 9112 where they speak HTTP.

pub mod admin;
pub mod charset;
pub mod chunked;
mod classify;
mod form;
pub mod head;
pub mod listener;
pub mod metaint;
mod mount;
pub mod response;
pub mod shoutcast;
pub mod source;
pub mod update;
pub mod url_auth;
mod wire;
pub mod yp;

pub use classify::{Kind, PASSWORD_LEN_MAX, classify};
pub use mount::{MOUNT_LEN_MAX, MountError};
