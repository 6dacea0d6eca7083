//! Passwords and keys: never printed, compared in constant time.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use subtle::ConstantTimeEq as _;

/// Longest secret in bytes. Chosen: far above what encoders can send, small
/// enough to be compared whole at every attempt.
pub const SECRET_BYTES_MAX: usize = 256;

/// A password or key: 1 to 256 bytes without control characters.
///
/// Its `Debug` shows nothing of it, and errors about it never quote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Padded);

/// The secret at its full width, so that a comparison takes the same time
/// whatever either length is.
#[derive(Clone)]
struct Padded {
    bytes: [u8; SECRET_BYTES_MAX],
    len: usize,
}

impl Secret {
    /// Takes a text as a secret.
    ///
    /// # Errors
    ///
    /// What is wrong with it: empty, over [`SECRET_BYTES_MAX`], or with control
    /// characters, which no protocol can send.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("a secret must not be empty");
        }
        if text.len() > SECRET_BYTES_MAX {
            return Err("a secret has at most 256 bytes");
        }
        if text.chars().any(char::is_control) {
            return Err("a secret has no control characters");
        }
        Ok(Self(Padded::new(text.as_bytes())))
    }

    /// Whether `given` is this secret, in a time that depends on neither its
    /// contents nor its length.
    pub fn matches(&self, given: &[u8]) -> bool {
        Padded::new(given) == self.0
    }

    /// The secret in clear, for what has to be sent or signed.
    pub fn expose(&self) -> &[u8] {
        self.0.bytes.get(..self.0.len).unwrap_or_default()
    }
}

impl Padded {
    fn new(given: &[u8]) -> Self {
        let mut bytes = [0; SECRET_BYTES_MAX];
        for (to, from) in bytes.iter_mut().zip(given) {
            *to = *from;
        }
        Self { bytes, len: given.len() }
    }
}

impl PartialEq for Padded {
    fn eq(&self, other: &Self) -> bool {
        (self.bytes.ct_eq(&other.bytes) & self.len.ct_eq(&other.len)).into()
    }
}

impl Eq for Padded {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Serde's own words for a wrong type quote the value, so every type has its
/// visit here.
struct Text;

const WRONG_TYPE: &str = "a secret is a text in quotes";

impl<'de> Visitor<'de> for Text {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
        Secret::new(text).map_err(E::custom)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom(WRONG_TYPE))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(serde::de::Error::custom(WRONG_TYPE))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(serde::de::Error::custom(WRONG_TYPE))
    }
}

#[cfg(test)]
mod tests;
