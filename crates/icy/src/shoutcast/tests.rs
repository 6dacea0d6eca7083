use proptest::prelude::*;

use super::*;

type Outcome = (Option<Login>, Option<Station>, Vec<u8>, Option<ShoutcastError>);

fn run(stream: &[u8], chunk: usize) -> Outcome {
    let mut handshake = Handshake::new();
    let mut outcome: Outcome = (None, None, Vec::new(), None);
    for piece in stream.chunks(chunk) {
        handshake.push(piece);
        loop {
            match handshake.next_event() {
                Ok(Some(Event::Login(login))) => assert!(outcome.0.replace(login).is_none()),
                Ok(Some(Event::Station(station))) => assert!(outcome.1.replace(station).is_none()),
                Ok(Some(Event::Audio(audio))) => outcome.2.extend_from_slice(&audio),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(handshake.next_event(), Err(error));
                    outcome.3 = Some(error);
                    return outcome;
                }
            }
        }
    }
    outcome
}

/// The outcome of `stream`, the same in pieces of every size.
#[track_caller]
fn outcome(stream: &[u8]) -> Outcome {
    let expected = run(stream, 65536);
    for chunk in [1, 2, 3, 7, 1460] {
        assert_eq!(run(stream, chunk), expected, "in pieces of {chunk}");
    }
    expected
}

#[track_caller]
fn check(stream: &[u8], password: &str, name: Option<&str>, audio: &[u8]) -> Station {
    let (login, station, got, error) = outcome(stream);
    assert_eq!(error, None);
    assert_eq!(login.expect("a login").password, password);
    assert_eq!(got, audio);
    let station = station.expect("a station");
    assert_eq!(station.description.name.as_deref(), name);
    station
}

#[track_caller]
fn check_refused(stream: &[u8], expected: ShoutcastError) {
    assert_eq!(outcome(stream).3, Some(expected));
}

const AUDIO: &[u8] = b"\xff\xfb\x90\x64\r\n\r\nicy-name:x";

#[test]
fn what_the_shoutcast_dsp_sends_is_read() {
    let head = "s3cret\r\nicy-name:My Radio\r\nicy-genre:Rock\r\nicy-url:http://x.example\r\n\
                icy-pub:1\r\nicy-br:128\r\nicy-irc:\r\nicy-icq:\r\nicy-aim:\r\nicy-reset:1\r\n\
                content-type:audio/aacp\r\n\r\n";
    let station = check(&[head.as_bytes(), AUDIO].concat(), "s3cret", Some("My Radio"), AUDIO);
    assert_eq!(station.description.genre.as_deref(), Some("Rock"));
    assert_eq!(station.description.url.as_deref(), Some("http://x.example"));
    assert_eq!(station.description.public, Some(true));
    assert_eq!(station.description.bitrate_kbps, Some(128));
    assert_eq!(
        (station.content_type.as_deref(), station.codec()),
        (Some("audio/aacp"), Some(Codec::Aac))
    );
}

#[test]
fn what_libshout_sends_is_read() {
    let head = "s3cret\nicy-name:no name\nicy-url:http://www.icecast.org/\nicy-irc:\nicy-aim:\n\
                icy-icq:\nicy-pub:0\nicy-genre:icecast\nicy-br:128\n\n";
    let station = check(&[head.as_bytes(), AUDIO].concat(), "s3cret", Some("no name"), AUDIO);
    assert_eq!((station.description.public, station.codec()), (Some(false), Some(Codec::Mp3)));
    check(
        b"!POKE\nicy-name:libshout server poke request\n\n",
        "!POKE",
        Some("libshout server poke request"),
        b"",
    );
    let is_probe = |line: &[u8]| Login::parse(line).unwrap().is_probe();
    assert!(is_probe(b"!POKE"));
    assert!(!is_probe(b"/live:!POKE") && !is_probe(b"poke") && !is_probe(b"!POKE!"));
}

#[test]
fn what_liquidsoap_sends_is_read() {
    let head = b"hackme\r\nicy-reset:1\r\nicy-aim:\r\nicy-icq:\r\nicy-br:128\r\nicy-pub:1\r\n\
                 icy-irc:\r\nicy-name:Caf\xe9\r\ncontent-type:audio/mpeg\r\n\r\n";
    check(&[head, AUDIO].concat(), "hackme", Some("Café"), AUDIO);
}

#[test]
fn what_ices_sends_as_xaudiocast_is_read() {
    let head = "SOURCE s3cret /live\nx-audiocast-name: My Radio\nx-audiocast-url: http://x.example\n\
                x-audiocast-genre: Rock\nx-audiocast-bitrate: 96\nx-audiocast-public: 1\n\
                x-audiocast-description: Best\n\n";
    let station = check(&[head.as_bytes(), AUDIO].concat(), "s3cret", Some("My Radio"), AUDIO);
    assert_eq!(station.description.bitrate_kbps, Some(96));
    assert_eq!(station.description.description.as_deref(), Some("Best"));
    let login = outcome(b"SOURCE s3cret /live\n").0.unwrap();
    assert_eq!((login.mount.as_deref(), login.granted()), (Some("live"), GRANTED_XAUDIOCAST));
}

#[test]
fn line_ends_may_be_of_any_kind_and_mixed() {
    for end in ["\r\n", "\n", "\r", "\r\r\n"] {
        let head = format!("pw{end}icy-name:A{end}icy-br:64{end}{end}");
        let station = check(&[head.as_bytes(), AUDIO].concat(), "pw", Some("A"), AUDIO);
        assert_eq!(station.description.bitrate_kbps, Some(64), "{end:?}");
    }
    check(b"pw\r\r\nicy-name:A\nicy-br:64\r\n\nx", "pw", Some("A"), b"x");
    check(b"pw\nicy-name:A\r\n\r\r\nx", "pw", Some("A"), b"x");
}

#[test]
fn the_login_comes_before_anything_else_is_sent() {
    for end in ["\r\n", "\n", "\r", "\r\r\n"] {
        let (login, station, ..) = outcome(format!("pw{end}").as_bytes());
        assert_eq!(login.map(|login| login.granted()), Some(GRANTED));
        assert_eq!(station, None);
    }
}

#[test]
fn an_encoder_without_headers_is_suffered() {
    for audio in
        [&b"\xff\xfb\x90\x64"[..], b"\xff\xf1P\x80", b"ID3\x03\0\0\0\0\0\0", b"\0\0\xff\xfb"]
    {
        check(&[b"pw\r\n", audio].concat(), "pw", None, audio);
        check(&[b"pw\r\n\r\n", audio].concat(), "pw", None, audio);
        check(&[b"pw\r\nicy-name:A\r\n", audio].concat(), "pw", Some("A"), audio);
        check(&[b"pw\r\nicy-name:A\r\n\r\n", audio].concat(), "pw", Some("A"), audio);
    }
}

#[test]
fn lines_without_a_colon_are_read_over() {
    check(b"pw\nhello\nicy-name:A\n\nx", "pw", Some("A"), b"x");
}

#[test]
fn a_name_of_more_than_64_bytes_is_audio() {
    let name = "n".repeat(NAME_LEN_MAX);
    check(format!("pw\n{name}:x\n\ny").as_bytes(), "pw", None, b"y");
    let audio = format!("{name}n:x\n\ny");
    check(format!("pw\n{audio}").as_bytes(), "pw", None, audio.as_bytes());
}

#[test]
fn a_mount_and_a_number_may_stand_beside_the_password() {
    for (line, mount, password, sid) in [
        ("s3cret", None, "s3cret", None),
        ("/live:s3cret", Some("live"), "s3cret", None),
        ("/live/a:s3:cret", Some("live/a"), "s3:cret", None),
        ("/slash", None, "/slash", None),
        ("s3cret:#2", None, "s3cret", Some(2)),
        ("/live:s3cret:#17", Some("live"), "s3cret", Some(17)),
        ("s3cret:#x", None, "s3cret:#x", None),
        ("dj:s3cret", None, "dj:s3cret", None),
        ("two words", None, "two words", None),
    ] {
        let login = Login::parse(line.as_bytes()).expect(line);
        assert_eq!(login.mount.as_deref(), mount, "{line}");
        assert_eq!((login.password.as_str(), login.sid), (password, sid), "{line}");
        assert!(!format!("{login:?}").contains("cret"), "{line}");
    }
    let login = Login::parse(b"dj:s3cret").unwrap();
    assert_eq!(login.user_and_password(), Some(("dj", "s3cret")));
}

#[test]
fn impossible_logins_are_refused() {
    for line in ["\n", "\r\n", "a\0b\n", "/../x:pw\n", "//x:pw\n", "SOURCE pw /../x\n", "a\tb\n"] {
        check_refused(line.as_bytes(), ShoutcastError::Login);
    }
}

#[test]
fn a_password_line_has_at_most_255_bytes() {
    let longest = "a".repeat(PASSWORD_LEN_MAX);
    check(format!("{longest}\nicy-name:A\n\n").as_bytes(), &longest, Some("A"), b"");
    check_refused(format!("{longest}a\n").as_bytes(), ShoutcastError::LoginTooLong);
    check_refused(&vec![b'a'; 100_000], ShoutcastError::LoginTooLong);
}

#[test]
fn headers_have_at_most_16_kib_and_100_lines() {
    let head = |len: usize| format!("pw\nicy-name:{}\n\n", "x".repeat(len - "icy-name:\n\n".len()));
    assert_eq!(outcome(format!("{}y", head(HEADERS_LEN_MAX)).as_bytes()).2, b"y");
    check_refused(head(HEADERS_LEN_MAX + 1).as_bytes(), ShoutcastError::HeadersTooLong);
    check_refused(
        format!("pw\na:{}", "x".repeat(100_000)).as_bytes(),
        ShoutcastError::HeadersTooLong,
    );

    let lines = |count| format!("pw\n{}\ny", "a:b\n".repeat(count));
    assert_eq!(outcome(lines(HEADERS_MAX).as_bytes()).2, b"y");
    check_refused(lines(HEADERS_MAX + 1).as_bytes(), ShoutcastError::HeadersTooLong);
    check_refused(
        format!("pw\n{}", "junk\n".repeat(9000)).as_bytes(),
        ShoutcastError::HeadersTooLong,
    );
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        text in "(/m:)?[a-z]{0,4}[\r\n]{0,3}([a-z:]{0,6}[\r\n]{1,3}){0,6}[a-z\u{80}-\u{fff}]{0,9}",
        chunk in 1..9_usize,
    ) {
        prop_assert_eq!(run(text.as_bytes(), chunk), run(text.as_bytes(), 65536));
    }

    #[test]
    fn noise_does_not_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), chunk in 1..99_usize) {
        prop_assert_eq!(run(&bytes, chunk), run(&bytes, 65536));
    }
}
