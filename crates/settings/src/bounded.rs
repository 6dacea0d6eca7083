//! Numbers, levels and texts that carry their bounds in the type.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int<const MIN: u64, const MAX: u64>(u64);

/// A level in dB, LUFS or dBTP, to a tenth; `MIN` and `MAX` are tenths too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level<const MIN: i32, const MAX: i32>(i32);

/// A text of at most `MAX` bytes that is safe to show: see [`has_unsafe_text`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<const MAX: usize>(String);

impl<const MIN: u64, const MAX: u64> Int<MIN, MAX> {
    /// The number, or `None` outside of the range.
    pub const fn new(number: u64) -> Option<Self> {
        if MIN <= number && number <= MAX { Some(Self(number)) } else { None }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as `u32`, saturating where `MAX` is above it.
    pub fn to_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    /// The number as `usize`, saturating where `MAX` is above it.
    pub fn to_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<const MIN: i32, const MAX: i32> Level<MIN, MAX> {
    /// The level of so many tenths, or `None` outside of the range.
    pub const fn new(tenths: i32) -> Option<Self> {
        if MIN <= tenths && tenths <= MAX { Some(Self(tenths)) } else { None }
    }

    /// The level, in tenths.
    pub const fn tenths(self) -> i32 {
        self.0
    }
}

impl<const MAX: usize> Text<MAX> {
    /// The text, or what is wrong with it.
    ///
    /// # Errors
    ///
    /// Too long, or unsafe to show.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > MAX {
            return Err(format!("{} bytes are too many: at most {MAX}", text.len()));
        }
        if has_unsafe_text(text) {
            return Err("control and bidirectional-override characters are not taken".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether a text holds control characters or ones that turn the direction of
/// what follows (Unicode UAX #9, explicit embeddings, overrides and isolates),
/// with which a line of a log or a header can be forged.
pub fn has_unsafe_text(text: &str) -> bool {
    text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Int<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_i64(Number)?;
        let inside = u64::try_from(number).ok().and_then(Self::new);
        inside.ok_or_else(|| D::Error::custom(format!("{number} is out of range: {MIN} to {MAX}")))
    }
}

impl<'de, const MIN: i32, const MAX: i32> Deserialize<'de> for Level<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let level = deserializer.deserialize_f64(Decimal)?;
        let tenths = (level * 10.0).round();
        if !level.is_finite() || (tenths / 10.0 - level).abs() > TENTH_SLACK {
            return Err(D::Error::custom(format!("{level} is finer than a tenth")));
        }
        // What is no `i32` is in no range either.
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let inside = Self::new(tenths as i32);
        inside.ok_or_else(|| {
            let [min, max] = [MIN, MAX].map(|tenths| f64::from(tenths) / 10.0);
            D::Error::custom(format!("{level} is out of range: {min} to {max}"))
        })
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// How far a number may be from the tenth that it is taken for: what decimals lose as binary.
const TENTH_SLACK: f64 = 1e-9;

struct Decimal;

impl Visitor<'_> for Decimal {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    #[expect(clippy::cast_precision_loss, reason = "out of range then")]
    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<i128, E> {
        Ok(number.into())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i128, E> {
        Ok(number.into())
    }
}

#[cfg(test)]
mod tests;
