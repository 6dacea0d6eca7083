use catalogue::Countries;
use settings::networks::{Network, Networks};

use super::*;

fn networks(texts: &[&str]) -> Networks {
    texts.iter().map(|text| text.parse::<Network>().unwrap()).collect()
}

fn caller(address: &str, country: Option<&str>) -> Caller {
    Caller {
        address: address.parse().unwrap(),
        country: country.map(|country| country.parse().unwrap()),
    }
}

fn geo(countries: Countries, unknown_country: bool) -> Geo {
    Geo { countries, unknown_country, exempt: networks(&["10.0.0.0/8", "fd00::/8"]) }
}

fn decided(caller: &Caller, geo: &Geo) -> Result<(), Block> {
    decide(caller, Rules { geo: Some(geo), ..Rules::default() })
}

#[test]
fn without_a_rule_everybody_may_listen() {
    assert_eq!(decide(&caller("192.0.2.1", None), Rules::default()), Ok(()));
}

#[test]
fn a_country_decides_wherever_it_is_known() {
    let none = geo(Countries::NoneExcept(vec!["US".parse().unwrap()]), false);
    let all = geo(Countries::AllExcept(vec!["US".parse().unwrap()]), true);
    for address in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
        let told = |country, geo| decided(&caller(address, country), geo);
        assert_eq!(told(Some("US"), &none), Ok(()));
        assert_eq!(told(Some("DE"), &none), Err(Block::Geo));
        assert_eq!(told(None, &none), Err(Block::Geo));
        assert_eq!(told(Some("US"), &all), Err(Block::Geo));
        assert_eq!(told(Some("DE"), &all), Ok(()));
        assert_eq!(told(None, &all), Ok(()));
    }
}

#[test]
fn what_is_exempt_is_so_in_every_country_and_in_every_spelling() {
    let nowhere = geo(Countries::NoneExcept(vec!["US".parse().unwrap()]), false);
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"] {
        for country in [Some("DE"), None] {
            assert_eq!(decided(&caller(address, country), &nowhere), Ok(()), "{address}");
        }
    }
    assert_eq!(decided(&caller("11.1.2.3", None), &nowhere), Err(Block::Geo));
}

#[test]
fn geo_comes_before_limits_and_each_limit_lets_in_as_many_as_it_says() {
    let full = Room { taken: 3, max: Some(3) };
    let free = Room { taken: 2, max: Some(3) };
    let geo = geo(Countries::NoneExcept(vec!["DE".parse().unwrap()]), false);
    let rules = |egress, node, address| Rules { geo: Some(&geo), egress, node, address };
    let german = caller("192.0.2.1", Some("DE"));
    assert_eq!(decide(&german, rules(free, free, free)), Ok(()));
    assert_eq!(decide(&german, rules(full, full, full)), Err(Block::Egress));
    assert_eq!(decide(&german, rules(free, full, full)), Err(Block::Node));
    assert_eq!(decide(&german, rules(free, free, full)), Err(Block::Address));
    let french = caller("192.0.2.1", Some("FR"));
    assert_eq!(decide(&french, rules(full, full, full)), Err(Block::Geo));
}

#[test]
fn who_was_let_in_goes_on_where_it_was_and_is_decided_afresh_elsewhere() {
    let geo = geo(Countries::NoneExcept(vec!["DE".parse().unwrap()]), false);
    let stamped = stamp(&caller("192.0.2.1", Some("DE")), Some(&geo));
    assert_eq!(stamped, Some("DE".parse().unwrap()));
    let again = |address, country| decide_again(&caller(address, country), stamped, Some(&geo));
    assert_eq!(again("192.0.2.99", Some("DE")), Ok(()));
    assert_eq!(again("192.0.2.99", Some("FR")), Err(Block::Geo));
    assert_eq!(again("192.0.2.99", None), Err(Block::Geo));
    assert_eq!(again("10.0.0.1", None), Ok(()), "exempt");
    // A later rule is for later sessions.
    let other = Geo { countries: Countries::NoneExcept(Vec::new()), ..geo.clone() };
    let german = caller("192.0.2.1", Some("DE"));
    assert_eq!(decide_again(&german, stamped, Some(&other)), Ok(()));
}

#[test]
fn the_session_of_one_who_is_exempt_is_of_no_use_to_others() {
    let geo = geo(Countries::NoneExcept(vec!["DE".parse().unwrap()]), false);
    for country in [Some("FR"), None] {
        let exempt = caller("10.0.0.1", country);
        let stamped = stamp(&exempt, Some(&geo));
        assert_eq!(decide_again(&exempt, stamped, Some(&geo)), Ok(()));
        let other = caller("192.0.2.1", country);
        assert_eq!(decide_again(&other, stamped, Some(&geo)), Err(Block::Geo));
    }
}
