//! The claims of a token whose MAC is right: a CBOR map (RFC 8949 §3) as we have written
//! it, of numbers to numbers, texts, byte strings and arrays of texts.
//!
//! Read at each reload of a playlist, so without a tree of all that is in it.

use catalogue::Country;
use common_access_token::{cat_keys, cwt_keys};
use media::{SessionId, WallTime};

use super::{Expiry, LIMITED, SessionToken};

/// What a payload says, a byte string with its length; `None` of what we would not have
/// written. Further claims are passed over.
pub(super) fn read(payload: &[u8]) -> Option<SessionToken> {
    let Item::Bytes(claims) = Items(payload).next()? else { return None };
    let mut items = Items(claims);
    let Item::Map(len) = items.next()? else { return None };
    let (mut id, mut egress, mut started, mut expires) = (None, None, None, None);
    let (mut country, mut is_limited) = (None, false);
    for _ in 0..len {
        let Item::Number(claim) = items.next()? else { return None };
        let claim = i32::try_from(claim).ok()?;
        match (claim, items.next()?) {
            (cwt_keys::CTI, Item::Bytes(bytes)) => {
                id = Some(SessionId::new(bytes.try_into().ok()?));
            }
            (cwt_keys::AUD, Item::Text(text)) => egress = Some(text),
            (cwt_keys::IAT, Item::Number(secs)) => started = Some(at(secs)?),
            (cwt_keys::EXP, Item::Number(secs)) => expires = Some(at(secs)?),
            (LIMITED, Item::Number(number)) => is_limited = number == 1,
            (cat_keys::CATGEOISO3166, Item::Array(1)) => country = Some(items.country()?),
            (_, Item::Number(_) | Item::Bytes(_) | Item::Text(_)) => {}
            _ => return None,
        }
    }
    let expires = expires?;
    Some(SessionToken {
        id: id?,
        egress: egress?.to_owned(),
        started: started?,
        expiry: if is_limited { Expiry::Limit(expires) } else { Expiry::Renewal(expires) },
        country,
    })
}

fn at(secs: i64) -> Option<WallTime> {
    Some(WallTime::from_nanos(u64::try_from(secs).ok()?.saturating_mul(1_000_000_000)))
}

/// One item, the insides of an array and of a map still to come.
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(u64),
    Map(u64),
}

/// Items one behind the other.
struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    fn next(&mut self) -> Option<Item<'a>> {
        let first = *self.take(1)?.first()?;
        let argument = match first & 0x1F {
            short @ 0..=23 => u64::from(short),
            // One, two, four or eight bytes.
            width @ 24..=27 => {
                let bytes = self.take(1 << (width - 24))?;
                bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            }
            _ => return None,
        };
        Some(match first >> 5 {
            0 => Item::Number(i64::try_from(argument).ok()?),
            1 => Item::Number(-1 - i64::try_from(argument).ok()?),
            2 => Item::Bytes(self.take(argument)?),
            3 => Item::Text(std::str::from_utf8(self.take(argument)?).ok()?),
            4 => Item::Array(argument),
            5 => Item::Map(argument),
            _ => return None,
        })
    }

    fn country(&mut self) -> Option<Country> {
        match self.next()? {
            Item::Text(code) => code.parse().ok(),
            _ => None,
        }
    }

    fn take(&mut self, len: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests;
