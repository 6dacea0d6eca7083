use super::*;

fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
    values.iter().map(|value| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn dl_1_gzip_is_sent_to_those_who_take_it() {
    let takes = |values: &[&str]| takes_gzip(&headers(&header::ACCEPT_ENCODING, values));
    assert!(takes(&["gzip"]) && takes(&["br, GZIP;q=0.5"]) && takes(&["br", "gzip"]));
    assert!(!takes(&[]) && !takes(&["br"]) && !takes(&["gzip;q=0"]) && !takes(&["identity"]));
}

#[test]
fn who_asks_for_a_range_gets_no_gzip() {
    let mut headers = headers(&header::ACCEPT_ENCODING, &["gzip, identity;q=1, *;q=0"]);
    assert!(takes_gzip(&headers));
    headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-"));
    assert!(!takes_gzip(&headers));
}

#[test]
fn a_known_tag_is_known_in_any_list() {
    let known = |values: &[&str]| is_known(&headers(&header::IF_NONE_MATCH, values), "\"a\"");
    assert!(
        known(&["\"a\""]) && known(&["\"b\", W/\"a\""]) && known(&["*"]) && known(&["x", "\"a\""])
    );
    assert!(!known(&[]) && !known(&["\"b\""]) && !known(&["a"]));
}

#[test]
fn dl_4_errors_are_readable_by_scripts_and_hardly_cached() {
    for refusal in [
        Refusal::NotFound,
        Refusal::Method,
        Refusal::OffAir { retry_secs: 6 },
        Refusal::Full,
        Refusal::Range { len: 9 },
        Refusal::Upstream,
        Refusal::PastBusy,
    ] {
        let response = refusal.respond();
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{refusal:?}");
        let cache = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
        assert!(cache == "no-store" || cache == "public, max-age=1", "{refusal:?}");
        assert!(!response.status().is_redirection() && !response.status().is_success());
    }
}

#[test]
fn a_preflight_allows_what_players_send() {
    let response = options();
    assert_eq!(response.status(), 200);
    let allowed = response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
    assert!(allowed.contains("Icy-MetaData") && allowed.contains("Range"));
}
