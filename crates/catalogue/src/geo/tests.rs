use super::*;

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

#[test]
fn there_are_249_codes_and_one_more_in_order() {
    let all: Vec<_> = Country::all().collect();
    assert_eq!(all.len(), 250);
    assert!(all.is_sorted_by(|one, next| one < next));
    for code in ["AD", "DE", "GB", "US", "XK", "ZW"] {
        assert_eq!(country(code).to_string(), code);
    }
}

#[test]
fn what_is_no_code_is_refused() {
    for text in ["", "D", "de", "De", "DEU", "UK", "EU", "ZZ", "XX", "D ", "DE US", "ДЕ"] {
        let error = text.parse::<Country>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is no country")), "{error}");
    }
}

#[test]
fn a_rule_is_for_every_country_or_for_every_other() {
    for unknown_country in [false, true] {
        let geo = |countries| Geo { countries, unknown_country, exempt: Networks::default() };
        let those = vec![country("US"), country("CA")];
        let none = geo(Countries::NoneExcept(those.clone()));
        let all = geo(Countries::AllExcept(those.clone()));
        for country in Country::all() {
            let is_one = those.contains(&country);
            assert_eq!(none.admits(Some(country)), is_one, "{country}");
            assert_eq!(all.admits(Some(country)), !is_one, "{country}");
        }
        assert_eq!((none.admits(None), all.admits(None)), (unknown_country, unknown_country));
    }
}
