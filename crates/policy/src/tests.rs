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
    decide(caller, Rules { geo: Some(geo) })
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
