//! Where an egress may be heard.

use super::{check_egress_refused, check_parses, manifest};
use crate::{Countries, Country, Geo, limits};

fn geo(line: &str) -> Option<Geo> {
    let catalogue = check_parses(&manifest("", &format!("geo = {line}")));
    catalogue.egress("acme").unwrap().geo.clone()
}

fn countries(codes: &[&str]) -> Vec<Country> {
    codes.iter().map(|code| code.parse().unwrap()).collect()
}

#[test]
fn a_geo_block_names_those_who_may_or_those_who_may_not() {
    let none = geo("{ allow_none_except = ['US', 'CA'] }").unwrap();
    assert_eq!(none.countries, Countries::NoneExcept(countries(&["US", "CA"])));
    assert!(!none.unknown_country);
    let all = geo("{ allow_all_except = ['KP'] }").unwrap();
    assert_eq!(all.countries, Countries::AllExcept(countries(&["KP"])));
    assert!(all.unknown_country);
    let none = geo("{ allow_none_except = ['US'], allow_all_except = [] }").unwrap();
    assert_eq!(none.countries, Countries::NoneExcept(countries(&["US"])));
}

#[test]
fn unknown_countries_are_as_the_operator_says() {
    assert!(
        geo("{ allow_none_except = ['US'], unknown_country = 'allow' }").unwrap().unknown_country
    );
    assert!(
        !geo("{ allow_all_except = ['US'], unknown_country = 'deny' }").unwrap().unknown_country
    );
    let known_alone = geo("{ unknown_country = 'deny' }").unwrap();
    assert_eq!(known_alone.countries, Countries::AllExcept(Vec::new()));
    assert!(!known_alone.unknown_country);
}

#[test]
fn a_geo_block_that_keeps_nobody_out_is_none() {
    for line in ["{}", "{ allow_all_except = [] }", "{ unknown_country = 'allow' }"] {
        assert_eq!(geo(line), None, "{line}");
    }
}

#[test]
fn networks_are_exempt() {
    let geo = geo("{ allow_none_except = ['US'], exempt = ['10.0.0.0/8', '::1'] }").unwrap();
    let is_exempt = |address: &str| geo.exempt.contains(address.parse().unwrap());
    assert!(is_exempt("10.1.2.3") && is_exempt("::1") && !is_exempt("11.0.0.1"));
}

#[test]
fn what_is_no_rule_is_refused() {
    let refused = |line: &str, expected: &str| {
        check_egress_refused(&format!("geo = {line}"), expected);
    };
    refused(
        "{ allow_none_except = ['US', 'UK'] }",
        "egress.geo.allow_none_except: `UK` is no country: codes are those of ISO 3166-1, two \
         capitals such as `DE`",
    );
    refused(
        "{ allow_all_except = ['US', 'US'] }",
        "egress.geo.allow_all_except: `US` is named twice",
    );
    refused(
        "{ allow_none_except = ['US'], allow_all_except = ['CA'] }",
        "egress.geo: `allow_none_except` and `allow_all_except` exclude each other",
    );
    refused(
        "{ allow_none_except = [] }",
        "egress.geo: `allow_none_except` names no country: nobody could hear it",
    );
    refused(
        "{ allow_none_except = ['US'], exempt = ['10.0.0.1/8'] }",
        "egress.geo.exempt: `10.0.0.1/8` has bits behind its length: the network is `10.0.0.0/8`",
    );
}

#[test]
fn so_many_networks_are_exempt_and_no_more() {
    let line = |count: usize| {
        let networks: Vec<_> = (0..count).map(|nth| format!("'10.0.0.{nth}'")).collect();
        format!("{{ allow_none_except = ['US'], exempt = [{}] }}", networks.join(", "))
    };
    assert!(geo(&line(limits::GEO_EXEMPT_MAX)).is_some());
    let expected = "egress.geo: at most 64 networks are exempt";
    check_egress_refused(&format!("geo = {}", line(limits::GEO_EXEMPT_MAX + 1)), expected);
}
