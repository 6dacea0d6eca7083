//! A POST and its whole answer.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT,
};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use icy::head::HEAD_LEN_MAX;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::error::{Error, Phase};
use crate::get;
use crate::stream::Transport;
use crate::target::Target;

/// The most bytes of an answer's body that are read; the rest is left.
pub const ANSWER_LEN_MAX: usize = 64 * 1024;

/// What is sent.
#[derive(Clone)]
pub struct Post<'a> {
    /// `Content-Type`.
    pub content_type: &'a str,
    /// The body.
    pub body: Bytes,
    /// Further headers.
    pub headers: &'a [(&'a str, &'a str)],
}

/// What came back.
#[derive(Clone)]
pub struct Answer {
    /// The status, whichever it is; redirects are not followed.
    pub status: u16,
    /// The first [`ANSWER_LEN_MAX`] bytes of the body.
    pub body: Bytes,
    headers: HeaderMap,
}

impl Client {
    /// Sends a POST and gives its answer, all within `time`.
    ///
    /// `Host`, `User-Agent`, `Connection` and, where the URL has a user,
    /// `Authorization` are added. Servers of HTTP/1.0, LF as a line's end and
    /// lines that are no headers are suffered: back ends are often scripts.
    ///
    /// # Errors
    ///
    /// [`Error`]; never for a status.
    pub async fn post(
        &self,
        target: &Target,
        post: Post<'_>,
        time: Duration,
    ) -> Result<Answer, Error> {
        let exchange = async {
            let request = request(target, post)?;
            let (transport, _) = self.connector.connect(target).await?;
            let failed = |source| Error::Answer { origin: target.to_string(), source };
            answer(transport, request).await.map_err(failed)
        };
        let late = |_| Error::Late { origin: target.to_string(), phase: Phase::Answer, time };
        tokio::time::timeout(time, exchange).await.map_err(late)?
    }
}

impl Answer {
    /// The value of the first header of this name, without regard to case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(HeaderValue::as_bytes)
    }

    /// All headers, by lower-case name.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

impl fmt::Debug for Post<'_> {
    /// Without the body and the values of headers: credentials are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("content_type", &self.content_type)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    /// Without the body and the values of headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn request(target: &Target, post: Post<'_>) -> Result<Request<Full<Bytes>>, Error> {
    let mut headers = HeaderMap::new();
    let authorization = target.authorization();
    let own = [
        (HOST, Some(target.authority())),
        (USER_AGENT, Some(get::USER_AGENT.to_owned())),
        (CONNECTION, Some("close".to_owned())),
        (CONTENT_TYPE, Some(post.content_type.to_owned())),
        (AUTHORIZATION, authorization),
    ];
    let own = own.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    for (name, value) in own.chain(post.headers.iter().copied()) {
        let (name, value) = get::header(name, value)?;
        headers.insert(name, value);
    }
    let mut request = Request::post(target.path_and_query().as_ref())
        .body(Full::new(post.body))
        .expect("the path and query of a URL are those of a request");
    *request.headers_mut() = headers;
    Ok(request)
}

async fn answer(transport: Transport, request: Request<Full<Bytes>>) -> hyper::Result<Answer> {
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .max_buf_size(HEAD_LEN_MAX)
        .handshake(TokioIo::new(transport))
        .await?;
    // Ends with the set: nothing outlives the call.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let (head, body) = sender.send_request(request).await.map(Response::into_parts)?;
    let body = start_of(body).await?;
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

async fn start_of(mut body: Incoming) -> hyper::Result<Bytes> {
    let mut start = BytesMut::new();
    while start.len() < ANSWER_LEN_MAX && !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        if let Ok(data) = frame?.into_data() {
            let room = data.len().min(ANSWER_LEN_MAX - start.len());
            start.extend_from_slice(data.get(..room).unwrap_or_default());
        }
    }
    Ok(start.freeze())
}

#[cfg(test)]
mod tests;
