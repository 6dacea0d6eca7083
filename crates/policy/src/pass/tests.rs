use std::time::Duration;

use settings::Secret;

use super::*;

const NOW: WallTime = WallTime::from_nanos(1_764_000_000_000_000_000);

fn keys(secrets: &[&str]) -> SessionKeys {
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new(text).unwrap()).collect();
    SessionKeys::new(&secrets).unwrap()
}

#[test]
fn a_pass_is_the_same_for_a_country_and_a_day() {
    let keys = keys(&["new", "old"]);
    let german = SegmentPass::new(NOW, Some("DE".parse().unwrap()));
    let text = german.sign(&keys, "acme");
    assert!(text.len() <= PASS_LEN_MAX && text.starts_with("20416-DE-"), "{text}");
    let later = SegmentPass::new(NOW.plus(Duration::from_mins(1)), german.country);
    assert_eq!(later.sign(&keys, "acme"), text);
    for pass in [german, SegmentPass::new(NOW, None)] {
        assert_eq!(SegmentPass::verify(&pass.sign(&keys, "acme"), &keys, "acme"), Some(pass));
    }
}

#[test]
fn a_pass_is_for_one_egress_and_by_a_known_key() {
    let (new, both) = (keys(&["new"]), keys(&["new", "old"]));
    let pass = SegmentPass::new(NOW, None);
    let by_old = pass.sign(&keys(&["old"]), "acme");
    assert_eq!(SegmentPass::verify(&by_old, &both, "acme"), Some(pass));
    assert_eq!(SegmentPass::verify(&by_old, &new, "acme"), None);
    assert_eq!(SegmentPass::verify(&by_old, &both, "acm"), None);
}

#[test]
fn nothing_of_a_pass_can_be_changed() {
    let keys = keys(&["key"]);
    let text = SegmentPass::new(NOW, Some("DE".parse().unwrap())).sign(&keys, "acme");
    for nth in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[nth] = if changed[nth] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(SegmentPass::verify(&changed, &keys, "acme"), None, "{changed}");
        assert_eq!(SegmentPass::verify(&text[..nth], &keys, "acme"), None);
    }
    for text in ["", "-", "--", "1-", "1-DE", "1-D\u{e9}-A", &"1".repeat(PASS_LEN_MAX + 1)] {
        assert_eq!(SegmentPass::verify(text, &keys, "acme"), None, "{text}");
    }
}

#[test]
fn a_pass_ages_by_the_day_and_none_is_of_the_day_after_tomorrow() {
    let day = |day: u64| WallTime::from_nanos(day * 86_400 * 1_000_000_000);
    let pass = SegmentPass { day: 100, country: None };
    assert_eq!(pass.age_days(day(98)), None);
    assert_eq!(pass.age_days(day(99)), Some(0), "another node's clock is ahead");
    assert_eq!(pass.age_days(day(100)), Some(0));
    assert_eq!(pass.age_days(day(102)), Some(2));
}
