use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(query: &str, mount: Option<&str>, stream_title: &str, url: &str) -> TitleUpdate {
    let update = TitleUpdate::parse(query.as_bytes(), Charset::Auto).expect(query);
    assert_eq!(update.mount.as_deref(), mount, "{query}");
    assert_eq!(update.title.stream_title, stream_title, "{query}");
    assert_eq!(update.title.url, url, "{query}");
    update
}

#[track_caller]
fn check_refused(query: &str, expected: UpdateError) {
    assert_eq!(TitleUpdate::parse(query.as_bytes(), Charset::Auto), Err(expected), "{query}");
}

#[test]
fn what_encoders_send_is_read() {
    // libshout 2.4 with HTTP.
    check("mode=updinfo&mount=/live&song=A%20-%20B", Some("live"), "A - B", "");
    // Liquidsoap.
    let query = "mode=updinfo&mount=%2Flive.mp3&song=A+-+B&charset=UTF-8&title=B&artist=A";
    check(query, Some("live.mp3"), "A - B", "");
    // butt.
    let update = check("pass=s3cret&mode=updinfo&song=A%20%26%20B&url=", None, "A & B", "");
    assert_eq!(update.password.as_deref(), Some("s3cret"));
    // The SHOUTcast DSP, and encoders of SHOUTcast 2.
    let update = check("pass=dj:pw%23&mode=updinfo&song=A&dj=x&sid=2&url=u", None, "A", "u");
    assert_eq!((update.password.as_deref(), update.sid), (Some("dj:pw#"), Some(2)));
    // edcast.
    let update = check("pass=p&mode=updinfo&mount=/a&song=B", Some("a"), "B", "");
    assert_eq!(update.password.as_deref(), Some("p"));
    check("sid=1&mode=UpdInfo&mount=&song=A", None, "A", "");
}

#[test]
fn the_song_comes_before_artist_and_title() {
    check("mode=updinfo&song=S&artist=A&title=T", None, "S", "");
    let update = check("mode=updinfo&artist=A+-+1&title=T", None, "A - 1 - T", "");
    assert_eq!((update.title.artist.as_str(), update.title.title.as_str()), ("A - 1", "T"));
    check("mode=updinfo&title=T", None, "T", "");
    check("mode=updinfo&artist=A", None, "A", "");
    check("mode=updinfo&artist=&title=", None, "", "");
    check("mode=updinfo&song=", None, "", "");
    check("mode=updinfo&song", None, "", "");
}

#[test]
fn bytes_are_decoded_by_the_charset() {
    check("mode=updinfo&song=Caf%E9", None, "Café", "");
    check("mode=updinfo&song=Caf%C3%A9", None, "Café", "");
    check("mode=updinfo&song=Café", None, "Café", "");
    check("mode=updinfo&charset=windows-1251&song=%CA%E8%ED%EE", None, "Кино", "");
    check("mode=updinfo&charset=nonsense&song=Caf%E9", None, "Café", "");
    let russian: Charset = "koi8-r".parse().unwrap();
    let update = TitleUpdate::parse(b"mode=updinfo&song=%EB%C9%CE%CF", russian).unwrap();
    assert_eq!(update.title.stream_title, "Кино");
}

#[test]
fn broken_encodings_stay_and_control_characters_go() {
    check("mode=updinfo&song=100%", None, "100%", "");
    check("mode=updinfo&song=%zz+%4", None, "%zz %4", "");
    check("mode=updinfo&song=a%0d%0aSet-Cookie:%20x%00", None, "aSet-Cookie: x", "");
    check("mode=updinfo&song=%252e", None, "%2e", "");
    check("&&mode=updinfo&&song=a=b&", None, "a=b", "");
    check("mode=updinfo&song=first&song=second", None, "first", "");
}

#[test]
fn what_is_no_update_is_refused() {
    check_refused("", UpdateError::Mode);
    check_refused("song=a", UpdateError::Mode);
    check_refused("mode=viewxml&song=a", UpdateError::Mode);
    check_refused("mode=updinfo", UpdateError::NoTitle);
    check_refused("mode=updinfo&url=u", UpdateError::NoTitle);
    check_refused("mode=updinfo&song=a&mount=/../x", UpdateError::Mount(MountError::Segment));
    check_refused("mode=updinfo&song=a&mount=%2e%2e", UpdateError::Mount(MountError::Segment));
    check_refused("mode=updinfo&song=a&mount=/%00", UpdateError::Mount(MountError::Character));
}

#[test]
fn a_query_has_at_most_8_kib() {
    let start = "mode=updinfo&song=";
    let query = format!("{start}{}", "a".repeat(QUERY_LEN_MAX - start.len()));
    check(&query, None, &"a".repeat(TITLE_LEN_MAX), "");
    check_refused(&format!("{query}a"), UpdateError::TooLong);
}

#[test]
fn only_32_parameters_are_read() {
    let filler = "x=y&".repeat(PARAMETERS_MAX - 2);
    check(&format!("{filler}mode=updinfo&song=a"), None, "a", "");
    check_refused(&format!("{filler}x=y&mode=updinfo&song=a"), UpdateError::NoTitle);
}

#[test]
fn debug_shows_no_password() {
    let update = check("pass=hackme&mode=updinfo&song=a", None, "a", "");
    assert!(!format!("{update:?}").contains("hackme"));
}

#[test]
fn the_answers_are_icecasts() {
    assert_eq!(
        Outcome::Updated.to_xml(),
        "<?xml version=\"1.0\"?>\n<iceresponse><message>Metadata update successful</message>\
         <return>1</return></iceresponse>\n"
    );
    assert!(Outcome::NoSource.to_xml().contains("<return>0</return>"));
    assert_eq!(
        Outcome::Updated.to_html(),
        "<html><head><title>Admin request successful</title></head><body>\
         <p>Metadata update successful</p></body></html>\n"
    );
}

proptest! {
    #[test]
    fn any_query_gives_clean_text(query in "(mode=updinfo&)?([a-z]{0,7}|song|url|mount)=[ -~é]{0,40}&song=.{0,20}") {
        if let Ok(update) = TitleUpdate::parse(query.as_bytes(), Charset::Auto) {
            for text in [&update.title.stream_title, &update.title.url] {
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
