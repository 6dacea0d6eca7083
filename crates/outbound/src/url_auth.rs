//! The requests of URL authentication on their way: [`icy::url_auth`] says what
//! is in them, and what their answers mean.

use std::time::Duration;

use bytes::Bytes;
use icy::source::Credentials;
use icy::url_auth::MEDIA_TYPE;

use crate::client::Client;
use crate::error::Error;
use crate::post::{Answer, Post};
use crate::target::{Target, basic};

/// How long a back end has for its answer, connection and all; Icecast gives
/// 15 s, in which a listener has long gone.
pub const BACK_END_TIME: Duration = Duration::from_secs(5);

impl Client {
    /// Asks a back end, or tells it something, within `time`. Redirects are not
    /// followed.
    ///
    /// `credentials` are the listener's own: as Icecast does, they are the
    /// request's too (RFC 7617) where the URL has none.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::Status`] from 500 on, for then the back end did not
    /// come to its end.
    pub async fn ask_back_end(
        &self,
        target: &Target,
        body: String,
        credentials: Option<&Credentials>,
        time: Duration,
    ) -> Result<Answer, Error> {
        let own = credentials.filter(|_| target.authorization().is_none());
        let own = own.map(|own| basic(own.user.as_bytes(), own.password.as_bytes()));
        let header = own.as_deref().map(|value| ("Authorization", value));
        let post =
            Post { content_type: MEDIA_TYPE, body: Bytes::from(body), headers: header.as_slice() };
        let answer = self.post(target, post, time).await?;
        if answer.status >= 500 {
            return Err(Error::Status { origin: target.to_string(), status: answer.status });
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
