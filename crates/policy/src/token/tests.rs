use common_access_token::Token;
use fastrand::Rng;

use super::*;

const NOW: WallTime = WallTime::from_nanos(1_764_000_000_500_000_000);

fn keys(secrets: &[&str]) -> SessionKeys {
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new(text).unwrap()).collect();
    SessionKeys::new(&secrets).unwrap()
}

fn session(limit: Option<u64>, country: Option<&str>) -> SessionToken {
    let country = country.map(|country| country.parse().unwrap());
    let id = SessionId::new([7; 16]);
    SessionToken::new(id, "acme", NOW, limit.map(Duration::from_secs), country)
}

#[test]
fn a_session_is_read_as_it_was_signed() {
    let keys = keys(&["key"]);
    for limit in [None, Some(20), Some(4 * 3_600), Some(u64::MAX)] {
        for country in [None, Some("DE")] {
            let session = session(limit, country);
            assert_eq!(keys.verify(&keys.sign(&session), "acme"), Ok(session));
        }
    }
    let limited = session(Some(20), None);
    assert_eq!(limited.started.nanos(), 1_764_000_000_000_000_000);
    assert_eq!(limited.expiry, Expiry::Limit(limited.started.plus(Duration::from_secs(20))));
    let other = session(None, None);
    assert_eq!(other.expiry, Expiry::Renewal(other.started.plus(SESSION_MAX)));
}

#[test]
fn the_longest_name_fits_and_a_longer_text_is_oversized() {
    let keys = keys(&["key"]);
    let name = "a".repeat(63);
    let session = SessionToken { egress: name.clone(), ..session(Some(20), Some("DE")) };
    let text = keys.sign(&session);
    assert!(text.len() <= TOKEN_LEN_MAX, "{}", text.len());
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert_eq!(keys.verify(&text, &name), Ok(session));
    let at_most = keys.verify(&"A".repeat(TOKEN_LEN_MAX), "acme");
    assert_eq!(at_most, Err(TokenError::Malformed));
    let more = keys.verify(&"A".repeat(TOKEN_LEN_MAX + 1), "acme");
    assert_eq!(more, Err(TokenError::Oversized));
}

#[test]
fn the_first_key_signs_and_all_verify() {
    let (old, both) = (keys(&["old"]), keys(&["new", "old"]));
    let session = session(None, None);
    let by_old = old.sign(&session);
    assert_eq!(both.verify(&by_old, "acme"), Ok(session.clone()));
    assert_eq!(both.sign(&session), keys(&["new"]).sign(&session));
    assert_eq!(keys(&["new"]).verify(&by_old, "acme"), Err(TokenError::UnknownKey));
    assert!(SessionKeys::new(&[]).is_none());
}

#[test]
fn a_session_of_another_egress_is_refused() {
    let keys = keys(&["key"]);
    let text = keys.sign(&session(None, None));
    assert_eq!(keys.verify(&text, "acm"), Err(TokenError::OtherEgress));
    assert_eq!(keys.verify(&text, "acme2"), Err(TokenError::OtherEgress));
}

#[test]
fn nothing_of_a_token_can_be_changed_or_left_out() {
    let keys = keys(&["key"]);
    let text = keys.sign(&session(Some(20), Some("DE")));
    for len in 0..text.len() {
        assert!(keys.verify(&text[..len], "acme").is_err(), "{len}");
        assert!(keys.verify(&text[len..], "acme").is_err() || len == 0, "{len}");
    }
    let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    for nth in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[nth / 8] ^= 1 << (nth % 8);
        assert!(keys.verify(&URL_SAFE_NO_PAD.encode(&changed), "acme").is_err(), "bit {nth}");
    }
    for longer in [format!("{text}A"), format!("A{text}"), format!("{text}="), format!("{text} ")] {
        assert!(keys.verify(&longer, "acme").is_err(), "{longer}");
    }
}

/// Its lengths would have the CBOR reader of the crate reserve all memory.
#[test]
fn what_a_stranger_says_of_lengths_is_not_believed() {
    let keys = keys(&["key"]);
    let bytes = URL_SAFE_NO_PAD.decode(keys.sign(&session(None, None))).unwrap();
    let endless = [&HEAD[..], &[0x41, 0x9B], &[0xFF; 8], &[0xA0, 0x40, 0x40]].concat();
    let nested = [&HEAD[..], &[0x58, 150], &[0x81; 150], &[0xA0, 0x40, 0x40]].concat();
    let parts = Parts::of(&bytes).unwrap();
    let payload = [&[0x4A, 0xBB], &[0xFF; 8][..], &[0x01]].concat();
    let signed =
        [&HEAD[..], parts.protected, &[UNPROTECTED], &payload, &[0x58, 32], parts.mac].concat();
    for hostile in [endless, nested, signed] {
        let refused = keys.verify(&URL_SAFE_NO_PAD.encode(&hostile), "acme");
        assert!(refused.is_err(), "{hostile:x?}");
    }
}

#[test]
fn noise_is_refused() {
    let (keys, mut rng) = (keys(&["key", "old"]), Rng::with_seed(5));
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..rng.usize(0..200)).map(|_| rng.u8(..)).collect();
        if rng.bool() {
            bytes.splice(..0, HEAD);
        }
        assert!(keys.verify(&URL_SAFE_NO_PAD.encode(&bytes), "acme").is_err());
        let text: String = (0..rng.usize(0..300)).map(|_| rng.alphanumeric()).collect();
        assert!(keys.verify(&text, "acme").is_err());
    }
}

/// As anybody else reads it who knows the key.
#[test]
fn it_is_a_common_access_token() {
    let keys = keys(&["key"]);
    let bytes = URL_SAFE_NO_PAD.decode(keys.sign(&session(Some(20), Some("DE")))).unwrap();
    let token = Token::from_bytes(&bytes).unwrap();
    assert!(token.verify(b"key").is_ok());
    assert!(token.verify(b"other").is_err());
    assert_eq!(token.audience(), Some("acme"));
    assert_eq!(token.expiration(), Some(1_764_000_020));
    assert_eq!(token.issued_at(), Some(1_764_000_000));
}

#[test]
fn a_key_shows_nothing_of_itself() {
    assert!(!format!("{:?}", keys(&["hush-hush"])).contains("hush"));
}
