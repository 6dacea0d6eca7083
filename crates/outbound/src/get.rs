//! One GET over a connection, as stream clients send it.
//!
//! HTTP/1.1 with `Connection: close`, as ffmpeg and browsers ask: gateways in
//! front of stream servers refuse HTTP/1.0 (426), Icecast and SHOUTcast take
//! either, and the chunks that HTTP/1.1 permits are undone behind. The names of
//! headers keep their capitals, since small servers compare bytes. The user
//! agent does not begin with `Mozilla`: SHOUTcast gives browsers its page
//! instead of the stream.

use std::io;

use bytes::BytesMut;
use hyper::header::{HeaderName, HeaderValue};
use icy::response::{self, Head, Parsed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::error::Error;
use crate::stream::Transport;
use crate::target::Target;

/// What this client calls itself.
pub(crate) const USER_AGENT: &str = "Skywave";

/// Bytes of room for a read: most heads.
const READ_LEN: usize = 4096;

/// Sends the request and reads the answer's head; gives what came behind it.
///
/// # Errors
///
/// [`Error::Header`], [`Error::Broken`], [`Error::Head`].
pub(crate) async fn exchange(
    transport: &mut Transport,
    target: &Target,
    headers: &[(&str, &str)],
) -> Result<(Head, BytesMut), Error> {
    let broken = |source| Error::Broken { origin: target.to_string(), source };
    let request = request(target, headers)?;
    transport.write_all(request.as_bytes()).await.map_err(broken)?;
    transport.flush().await.map_err(broken)?;
    let mut said = BytesMut::new();
    loop {
        said.reserve(READ_LEN);
        if transport.read_buf(&mut said).await.map_err(broken)? == 0 {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        let unread = |source| Error::Head { origin: target.to_string(), source };
        if let Parsed::Complete { head, len } = response::parse(&said).map_err(unread)? {
            return Ok((head, said.split_off(len)));
        }
    }
}

/// Checks that a header can be sent without another one coming of it.
///
/// # Errors
///
/// [`Error::Header`].
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let bad = || Error::Header { name: name.to_owned() };
    let checked_name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
    let checked_value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
    Ok((checked_name, checked_value))
}

fn request(target: &Target, headers: &[(&str, &str)]) -> Result<String, Error> {
    let authorization = target.authorization();
    let own = [
        ("Host", Some(target.authority())),
        ("User-Agent", Some(USER_AGENT.to_owned())),
        ("Accept", Some("*/*".to_owned())),
        ("Connection", Some("close".to_owned())),
        ("Authorization", authorization),
    ];
    let mut request = format!("GET {} HTTP/1.1\r\n", target.path_and_query());
    let mut add = |name: &str, value: &str| {
        request.extend([name, ": ", value, "\r\n"]);
    };
    for (name, value) in own {
        let is_given = headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        if let Some(value) = value.filter(|_| !is_given) {
            add(name, &value);
        }
    }
    for (name, value) in headers {
        header(name, value)?;
        add(name, value);
    }
    request.push_str("\r\n");
    Ok(request)
}
