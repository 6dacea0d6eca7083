//! What identifies a listener's session.

use std::fmt;
use std::str::FromStr;

/// Bytes of an id.
const LEN: usize = 16;

/// A listener's session: random, so that nobody guesses another's.
///
/// Written as 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; LEN]);

/// What is no session's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSessionId;

impl SessionId {
    /// The id of these bytes.
    pub const fn new(bytes: [u8; LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; LEN] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SessionId {
    type Err = NoSessionId;

    fn from_str(text: &str) -> Result<Self, NoSessionId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 2 * LEN || !text.bytes().all(is_digit) {
            return Err(NoSessionId);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| NoSessionId)?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for NoSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session's id is 32 hexadecimal digits")
    }
}

impl std::error::Error for NoSessionId {}

#[cfg(test)]
mod tests {
    use super::SessionId;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = SessionId::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 254, 255]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0dfeff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "00", "000102030405060708090A0B0C0DFEFF", &"+".repeat(32)] {
            assert!(text.parse::<SessionId>().is_err(), "{text}");
        }
    }
}
