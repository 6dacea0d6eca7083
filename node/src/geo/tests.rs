use super::*;

const NOW: WallTime = WallTime::from_nanos(1_700_000_000_000_000_000);

fn status(built: Option<WallTime>, error: Option<&str>) -> Status {
    Status {
        path: Some("/srv/country.mmdb".into()),
        kind: built.map(|_| "GeoLite2-Country".to_owned()),
        built,
        error: error.map(str::to_owned),
    }
}

#[test]
fn what_is_loaded_is_said_with_its_age() {
    let day = std::time::Duration::from_hours(24);
    assert_eq!(
        describe(&status(Some(NOW.minus(day * 3)), None), NOW),
        "/srv/country.mmdb: GeoLite2-Country, built 2023-11-11T22:13:20.000000Z, 3 days ago\n"
    );
    let old = describe(&status(Some(NOW.minus(day * 31)), None), NOW);
    assert!(old.ends_with(", 31 days ago, more than 30: get a new one\n"), "{old}");
}

#[test]
fn what_is_not_there_is_said_with_its_reason() {
    let broken = describe(&status(None, Some("larger than 256 MiB")), NOW);
    assert_eq!(broken, "/srv/country.mmdb: larger than 256 MiB\n");
    let none = describe(&Status { path: None, ..status(None, None) }, NOW);
    assert!(none.starts_with("no database of countries is configured"), "{none}");
}
