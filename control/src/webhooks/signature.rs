//! The signature that shows a receiver who sent a request, and when.

use std::fmt::Write as _;

use ring::hmac;

/// The header that carries it: `t=1700000000,v1=` and 64 hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "X-Skywave-Signature";

/// HMAC-SHA-256 (RFC 2104) of the time, a full stop and the body. The time is
/// within, so that a request that was overheard is not good for ever.
pub(super) fn sign(secret: &[u8], unix_secs: u64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(format!("{unix_secs}.").as_bytes());
    context.update(body);
    let mut text = format!("t={unix_secs},v1=");
    for byte in context.sign().as_ref() {
        write!(text, "{byte:02x}").expect("a text takes what is written to it");
    }
    text
}

#[cfg(test)]
mod tests;
