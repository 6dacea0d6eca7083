//! HTTP as players and scripts speak it.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as it came.
    pub body: Bytes,
}

impl Answer {
    /// A header's text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

/// Every byte as `%XX`.
pub fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

/// A client that follows no redirect: HLS has none.
pub fn client() -> reqwest::Client {
    builder().build().unwrap()
}

/// The same from another address of this machine each time: wrong passwords are
/// counted by address.
pub fn stranger() -> reqwest::Client {
    static STRANGERS: AtomicU32 = AtomicU32::new(1);
    let number = STRANGERS.fetch_add(1, Ordering::Relaxed);
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(127, 1, 0, 0).to_bits() + number);
    builder().local_address(IpAddr::from(address)).build().unwrap()
}

/// The same from an address of this machine.
pub fn client_at(address: IpAddr) -> reqwest::Client {
    builder().local_address(address).build().unwrap()
}

fn builder() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(20))
}

/// GET.
pub async fn get(url: &str) -> Answer {
    request("GET", url, &[]).await
}

/// GET, or nothing where no answer came.
pub async fn try_get(url: &str) -> Option<Answer> {
    whole(client().get(url).send().await.ok()?).await
}

/// Any request without a body.
pub async fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client().request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    whole(request.send().await.unwrap()).await.unwrap()
}

/// GET by a client of one's own.
pub async fn get_by(client: &reqwest::Client, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = client.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    whole(request.send().await.unwrap()).await.unwrap()
}

async fn whole(response: reqwest::Response) -> Option<Answer> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Some(Answer { status, headers, body: response.bytes().await.ok()? })
}
