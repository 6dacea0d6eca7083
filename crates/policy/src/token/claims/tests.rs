use std::time::Duration;

use common_access_token::{CborValue, Token};
use fastrand::Rng;
use settings::Secret;

use super::*;
use crate::token::{Key, Parts};

fn key() -> Key {
    Key::new(&Secret::new("key").unwrap())
}

fn any(rng: &mut Rng) -> SessionToken {
    let countries: Vec<_> = Country::all().collect();
    let id = SessionId::new(rng.u128(..).to_be_bytes());
    let egress: String = (0..rng.usize(0..64)).map(|_| rng.lowercase()).collect();
    let bits = rng.u32(30..63);
    let now = WallTime::from_nanos(rng.u64(..1 << bits));
    let limit = rng.bool().then(|| Duration::from_secs(rng.u64(..1 << 33)));
    let country = rng.bool().then(|| *rng.choice(&countries).unwrap());
    SessionToken::new(id, egress, now, limit, country)
}

/// The crate's reader and ours say the same of what is signed.
#[test]
fn claims_are_read_as_the_crate_reads_them() {
    let (key, mut rng) = (key(), Rng::with_seed(3));
    for _ in 0..2_000 {
        let token = any(&mut rng);
        let bytes = key.sign(&token);
        let ours = read(Parts::of(&bytes).unwrap().payload).unwrap();
        assert_eq!(ours, token);
        let theirs = Token::from_bytes(&bytes).unwrap();
        let claims = &theirs.claims.registered;
        assert_eq!(claims.aud.as_deref(), Some(ours.egress.as_str()));
        assert_eq!(claims.iat, Some(ours.started.secs()));
        assert_eq!(claims.exp, Some(ours.expiry.at().secs()));
        assert_eq!(claims.cti.as_deref(), Some(ours.id.bytes().as_slice()));
        let is_limited = theirs.get_custom_int(LIMITED) == Some(1);
        assert_eq!(is_limited, matches!(ours.expiry, Expiry::Limit(_)));
        let country = ours
            .country
            .map(|country| CborValue::Array(vec![CborValue::Text(country.as_str().to_owned())]));
        assert_eq!(theirs.get_custom_claim(cat_keys::CATGEOISO3166), country.as_ref());
    }
}

#[test]
fn what_is_cut_short_or_noise_is_nothing_and_ends() {
    let (key, mut rng) = (key(), Rng::with_seed(4));
    for _ in 0..200 {
        let bytes = key.sign(&any(&mut rng));
        let payload = Parts::of(&bytes).unwrap().payload;
        for len in 0..payload.len() {
            assert_eq!(read(&payload[..len]), None, "{len} of {payload:x?}");
        }
        let mut noise = payload.to_vec();
        for _ in 0..rng.usize(1..8) {
            let at = rng.usize(..noise.len());
            noise[at] = rng.u8(..);
        }
        // Whatever it says.
        let _ = read(&noise);
    }
    // A map of all the claims that there can be.
    assert_eq!(read(&[0x49, 0xBB, 255, 255, 255, 255, 255, 255, 255, 255]), None);
}

#[test]
fn a_claim_of_a_later_version_is_passed_over() {
    let token = any(&mut Rng::with_seed(5));
    let bytes = key().sign(&token);
    let payload = Parts::of(&bytes).unwrap().payload;
    let (_, claims) = payload.split_at(if payload[0] == 0x58 { 2 } else { 1 });
    // One claim more: 1000 is "later".
    let more = [&[claims[0] + 1][..], &claims[1..], b"\x19\x03\xE8\x65later"].concat();
    let payload = [&[0x58, u8::try_from(more.len()).unwrap()], &more[..]].concat();
    assert_eq!(read(&payload), Some(token));
}
