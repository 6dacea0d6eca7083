//! `encodings`, `auto_aac`, `loudness` and `conform`.

use super::*;

/// Encodings of these bit rates.
fn encodings(kbps: impl IntoIterator<Item = u32>) -> String {
    let one = |kbps: u32| {
        format!(
            "{{ codec = \"aac\", bitrate_kbps = {kbps}, sample_rate_hz = 44100, channel_mode = \"stereo\" }}"
        )
    };
    let all: Vec<_> = kbps.into_iter().map(one).collect();
    format!("encodings = [{}]", all.join(", "))
}

fn ids(rest: &str) -> Vec<String> {
    let catalogue = parse(&manifest("", rest), "stations.toml", &|_| None).unwrap();
    let egress = catalogue.egress("acme").unwrap();
    egress.renditions.iter().map(|rendition| rendition.id.to_string()).collect()
}

#[test]
fn renditions_are_those_that_are_asked_for() {
    assert_eq!(ids(""), ["aac-128", "mp3-128"]);
    assert_eq!(ids("auto_aac = false"), ["mp3-128"]);
    assert_eq!(ids("encodings = []"), ["aac-128", "mp3-128"]);
    assert_eq!(ids(&encodings([96, 32])), ["aac-96", "aac-32"]);
}

#[test]
fn an_egress_has_at_most_8_encodings() {
    assert_eq!(ids(&encodings((1..=8).map(|nth| nth * 16))).len(), 8);
    let refused =
        parse(&manifest("", &encodings((1..=9).map(|nth| nth * 16))), "stations.toml", &|_| None);
    assert!(refused.unwrap_err().to_string().contains("egress.encodings: at most 8 encodings"));
}

#[test]
fn an_encoding_that_cannot_be_made_is_refused_by_its_line() {
    let refused = |rest: &str| {
        let parsed = parse(&manifest("", rest), "stations.toml", &|_| None);
        parsed.unwrap_err().to_string()
    };
    assert!(refused(&encodings([13])).contains("encoded with 14 to 512 kbit/s, not 13"));
    assert!(refused(&encodings([64, 64])).contains("there is a rendition `aac-64` already"));
}

#[test]
fn loudness_is_that_of_renditions_that_are_made_here() {
    let told = |rest: &str| match parse(&manifest("", rest), "stations.toml", &|_| None) {
        Ok(catalogue) => {
            let loudness = catalogue.egress("acme").unwrap().loudness;
            format!("{:?}", loudness.map(|one| (one.target_tenths, one.true_peak_tenths)))
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(told(""), "None");
    assert_eq!(told("loudness = { target_lufs = -16 }"), "Some((-160, -10))");
    let both = |target: &str, peak: &str| {
        told(&format!("loudness = {{ target_lufs = {target}, true_peak_dbtp = {peak} }}"))
    };
    assert_eq!(both("-36", "-9"), "Some((-360, -90))");
    assert_eq!(both("-9.0", "0"), "Some((-90, 0))");
    for (target, peak, range) in [
        ("-36.1", "0", "-36 to -9"),
        ("-8.9", "0", "-36 to -9"),
        ("-9", "-9.1", "-9 to 0"),
        ("-9", "0.1", "-9 to 0"),
    ] {
        let refused = both(target, peak);
        assert!(refused.contains(&format!("is out of range: {range}")), "{refused}");
    }
    let none_made = told("auto_aac = false\nloudness = { target_lufs = -16 }");
    assert!(none_made.contains("that are made here, and there are none"), "{none_made}");
}

#[test]
fn paths_below_a_rendition_are_its_own() {
    let alias = "aliases = [\"acme/aac-128\"]";
    let refused = parse(&manifest("", alias), "stations.toml", &|_| None).unwrap_err();
    assert!(refused.to_string().contains("`/acme/aac-128` is taken"), "{refused}");
    parse(&manifest("", &format!("{alias}\nauto_aac = false")), "stations.toml", &|_| None)
        .unwrap();
}
