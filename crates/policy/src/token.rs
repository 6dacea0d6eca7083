//! A session's token: who may listen to what until when, signed, so that any node
//! that has the key can tell and none has to remember.
//!
//! A Common Access Token (CTA-5007): a CWT (RFC 8392) in a `COSE_Mac0` structure
//! (RFC 9052 §6.2) with HMAC 256/256, in base64url without padding. The MAC is
//! checked over the bytes as they came, before any of them is decoded: the reader of
//! its claims never sees what a stranger wrote.

mod claims;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalogue::Country;
use common_access_token::{Algorithm, CborValue, KeyId, RegisteredClaims, TokenBuilder, cat_keys};
use media::{SessionId, WallTime};
use ring::{digest, hmac};
use settings::Secret;

/// Characters of a token at most, chosen: one for an egress with the longest name
/// has 230.
pub const TOKEN_LEN_MAX: usize = 256;

/// How long a session without a limit goes before it is admitted afresh.
pub const SESSION_MAX: Duration = Duration::from_hours(24);

/// How long a listener may listen at most, whatever an egress says; chosen: what a
/// token can say in four bytes of seconds, and more than anybody listens.
const LIMIT_MAX: Duration = Duration::from_hours(100 * 365 * 24);

/// CWT and `COSE_Mac0` tags, and an array of four (RFC 8392 §6, RFC 9052 §6.2).
const HEAD: [u8; 4] = [0xD8, 0x3D, 0xD1, 0x84];

/// No unprotected headers: an empty map.
const UNPROTECTED: u8 = 0xA0;

/// What stands before the MAC: it has 32 bytes.
const MAC_HEAD: [u8; 2] = [0x58, 32];

/// Bytes of a key's id.
const KEY_ID_LEN: usize = 4;

/// The claim that the expiry is the egress's limit; private use (RFC 8392 §9.1).
const LIMITED: i32 = -65_537;

/// What a session is, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// Which one.
    pub id: SessionId,
    /// The egress that it listens to.
    pub egress: String,
    /// When it began, in whole seconds.
    pub started: WallTime,
    /// When it is over.
    pub expiry: Expiry,
    /// Where its listener was then; `None` where nobody knew.
    pub country: Option<Country>,
}

/// When a session is over, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The egress's limit: the listener has to press play again.
    Limit(WallTime),
    /// There is no limit: who still listens then is admitted afresh.
    Renewal(WallTime),
}

/// Why a token is none. A listener is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// More than [`TOKEN_LEN_MAX`] characters.
    #[error("longer than any token")]
    Oversized,
    /// It is not shaped as one, or cut short.
    #[error("no token")]
    Malformed,
    /// It is signed with no key that is known here.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// Its MAC is not that of what it says.
    #[error("forged")]
    Forged,
    /// It is for another egress.
    #[error("for another egress")]
    OtherEgress,
}

/// The keys of tokens: the first signs, all verify.
#[derive(Debug, Clone)]
pub struct SessionKeys {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    secret: Secret,
    id: [u8; KEY_ID_LEN],
    /// The protected headers as they stand in a token, the length before them.
    protected: Vec<u8>,
    mac: hmac::Key,
}

impl SessionToken {
    /// A session that begins now and lasts as long as an egress lets it.
    pub fn new(
        id: SessionId,
        egress: impl Into<String>,
        now: WallTime,
        limit: Option<Duration>,
        country: Option<Country>,
    ) -> Self {
        let started = whole_secs(now);
        let expiry = match limit {
            Some(limit) => Expiry::Limit(whole_secs(started.plus(limit.min(LIMIT_MAX)))),
            None => Expiry::Renewal(started.plus(SESSION_MAX)),
        };
        Self { id, egress: egress.into(), started, expiry, country }
    }
}

impl Expiry {
    /// The moment.
    pub fn at(self) -> WallTime {
        match self {
            Self::Limit(at) | Self::Renewal(at) => at,
        }
    }
}

impl SessionKeys {
    /// These keys; `None` without any.
    pub fn new(secrets: &[Secret]) -> Option<Self> {
        let keys: Vec<_> = secrets.iter().map(Key::new).collect();
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// The text of a token.
    pub fn sign(&self, token: &SessionToken) -> String {
        let Some(key) = self.keys.first() else { return String::new() };
        URL_SAFE_NO_PAD.encode(key.sign(token))
    }

    /// What a token says that was signed with one of the keys, for this egress.
    /// Whether it is over is the caller's to see.
    ///
    /// # Errors
    ///
    /// [`TokenError`].
    pub fn verify(&self, text: &str, egress: &str) -> Result<SessionToken, TokenError> {
        if text.len() > TOKEN_LEN_MAX {
            return Err(TokenError::Oversized);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed)?;
        let parts = Parts::of(&bytes).ok_or(TokenError::Malformed)?;
        let key = self.keys.iter().find(|key| key.protected == parts.protected);
        let key = key.ok_or(TokenError::UnknownKey)?;
        let signed = to_be_signed(parts.protected, parts.payload);
        hmac::verify(&key.mac, &signed, parts.mac).map_err(|_| TokenError::Forged)?;
        // From here on it is our own writing.
        let token = claims::read(parts.payload).ok_or(TokenError::Malformed)?;
        if token.egress == egress { Ok(token) } else { Err(TokenError::OtherEgress) }
    }

    /// The first `N` bytes of the MAC of a text with each key, the signing one first.
    pub(crate) fn marks<'a, const N: usize>(
        &'a self,
        text: &'a [u8],
    ) -> impl Iterator<Item = [u8; N]> + 'a {
        let mark = |key: &Key| *hmac::sign(&key.mac, text).as_ref().first_chunk().expect("N <= 32");
        self.keys.iter().map(mark)
    }
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, secret.expose());
        // Of the digest and not of the key, which is nobody's to know.
        let digest = digest::digest(&digest::SHA256, secret.expose());
        let id = *digest.as_ref().first_chunk().expect("a digest has 32 bytes");
        let mut key = Self { secret: secret.clone(), id, protected: Vec::new(), mac };
        let any = SessionToken::new(SessionId::new([0; 16]), "", WallTime::default(), None, None);
        let bytes = key.sign(&any);
        key.protected = Parts::of(&bytes).expect("what is signed is a token").protected.to_vec();
        key
    }

    fn sign(&self, token: &SessionToken) -> Vec<u8> {
        let claims = RegisteredClaims::new()
            .with_audience(&token.egress)
            .with_issued_at(token.started.secs())
            .with_expiration(token.expiry.at().secs())
            .with_cti(token.id.bytes().as_slice());
        let mut builder = TokenBuilder::new()
            .algorithm(Algorithm::HmacSha256)
            .protected_key_id(KeyId::binary(self.id.as_slice()))
            .registered_claims(claims)
            .custom_int(cat_keys::CATV, 1);
        if let Some(country) = token.country {
            let countries = vec![CborValue::Text(country.as_str().to_owned())];
            builder = builder.custom_array(cat_keys::CATGEOISO3166, countries);
        }
        if let Expiry::Limit(_) = token.expiry {
            builder = builder.custom_int(LIMITED, 1);
        }
        let signed = builder.sign(self.secret.expose()).and_then(|token| token.to_bytes());
        signed.expect("numbers and texts can be written as CBOR")
    }
}

/// A token's bytes, with the length before each part as it stands there.
struct Parts<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    mac: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (protected, rest) = byte_string(bytes.strip_prefix(&HEAD)?)?;
        let (payload, rest) = byte_string(rest.strip_prefix(&[UNPROTECTED])?)?;
        let (mac, rest) = byte_string(rest)?;
        let mac = mac.strip_prefix(&MAC_HEAD)?;
        rest.is_empty().then_some(Self { protected, payload, mac })
    }
}

/// A byte string of less than 256 bytes, its length included, and what is behind it
/// (RFC 8949 §3.1).
fn byte_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = match *bytes {
        [short @ 0x40..=0x57, ..] => 1 + usize::from(short - 0x40),
        [0x58, len, ..] => 2 + usize::from(len),
        _ => return None,
    };
    bytes.split_at_checked(len)
}

/// `["MAC0", protected, h'', payload]` (RFC 9052 §6.3).
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    [b"\x84\x64MAC0".as_slice(), protected, b"\x40", payload].concat()
}

fn whole_secs(time: WallTime) -> WallTime {
    WallTime::from_nanos(time.secs() * 1_000_000_000)
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
