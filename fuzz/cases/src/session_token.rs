//! Any text for a token, a pass or CMCD: no panic; what is taken was signed here, in the
//! one way in which it is written; an id is a part of what it was found in.

use media::{SessionId, WallTime};
use policy::{SegmentPass, SessionKeys, SessionToken, cmcd};
use settings::Secret;

const NOW: WallTime = WallTime::from_nanos(1_764_000_000_000_000_000);

fn keys() -> SessionKeys {
    let secrets = ["new", "old"].map(|text| Secret::new(text).expect("a secret"));
    SessionKeys::new(&secrets).expect("keys")
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let keys = keys();
    if let Ok(token) = keys.verify(text, "acme") {
        assert_eq!(keys.sign(&token), text);
    }
    if let Some(pass) = SegmentPass::verify(text, &keys, "acme") {
        assert_eq!(pass.sign(&keys, "acme"), text);
    }
    if let Some(id) = cmcd::session_id(text) {
        assert!(text.contains(&format!("sid=\"{id}\"")) && id.len() <= cmcd::ID_LEN_MAX);
    }
}

/// Tokens and passes that are good, and payloads.
pub fn seeds() -> Vec<Vec<u8>> {
    let (keys, country) = (keys(), "DE".parse().ok());
    let id = SessionId::new([7; 16]);
    let token = SessionToken::new(id, "acme", NOW, None, country);
    let other = SessionToken { egress: "other".to_owned(), country: None, ..token.clone() };
    let pass = |country| SegmentPass::new(NOW, country).sign(&keys, "acme");
    let payload = "bl=21300,sid=\"6e2fb550-c457-11e9-bb97-0800200c9a66\",cid=\"a,\\\"b\"";
    let texts =
        [keys.sign(&token), keys.sign(&other), pass(country), pass(None), payload.to_owned()];
    texts.into_iter().map(String::into_bytes).collect()
}
