use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;

use super::*;
use crate::{Int, Secret};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    name: String,
    #[serde(default)]
    listen: Listen,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    tls: Vec<Tls>,
    #[serde(default)]
    ingest: Vec<Ingest>,
    password: Option<Secret>,
}

#[derive(Debug, Deserialize, PartialEq, Default)]
#[serde(deny_unknown_fields, default)]
struct Listen {
    public: Option<SocketAddr>,
    backlog: Option<Int<1, 4096>>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Tls {
    key: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Ingest {
    name: Spanned<String>,
    encoding: Encoding,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Encoding {
    codec: Role,
    bitrate_kbps: u32,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Role {
    Ingest,
    Packager,
    Mp3,
}

fn env(name: &str) -> Option<String> {
    (name == "HOST").then(|| "fra-1".to_owned())
}

fn parse(text: &str) -> Result<Settings, Error> {
    crate::from_toml(text, "stations.toml", &env)
}

fn check_refused(text: &str, expected: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
}

const INGEST: &str = "[[ingest]]\nname = \"a\"\n";

#[test]
fn an_unknown_key_names_file_line_path_and_the_nearest() {
    check_refused(
        &format!("{INGEST}encoding = {{ codec = \"mp3\",\n bitrate = 128 }}"),
        "stations.toml:4: ingest.encoding.bitrate: unknown key; did you mean `bitrate_kbps`?",
    );
    check_refused(
        "[listen]\npubilc = \"1.2.3.4:5\"",
        "stations.toml:2: listen.pubilc: unknown key; did you mean `public`?",
    );
    check_refused(
        "# first\n\n[listne]\npublic = \"1.2.3.4:5\"",
        "stations.toml:3: listne: unknown key; did you mean `listen`?",
    );
    check_refused(
        "[listen]\ncolour = 1",
        "stations.toml:2: listen.colour: unknown key; known here: `public`, `backlog`",
    );
}

#[test]
fn the_second_of_two_tables_is_told_from_the_first() {
    let good = format!("{INGEST}encoding = {{ codec = \"mp3\", bitrate_kbps = 128 }}\n");
    check_refused(
        &format!("{good}{INGEST}[ingest.encoding]\ncodec = \"mp3\"\nbitrates_kbps = 128"),
        "stations.toml:8: ingest.encoding.bitrates_kbps: unknown key; did you mean `bitrate_kbps`?",
    );
    check_refused(
        &format!("{good}{good}[ingest.headers]\na = 1"),
        "stations.toml:8: ingest.headers.a: invalid type: integer, expected a string",
    );
}

#[test]
fn a_missing_key_names_its_table() {
    check_refused(&format!("\n{INGEST}"), "stations.toml:2: ingest: missing key `encoding`");
    check_refused(
        &format!("{INGEST}encoding = {{ codec = \"mp3\" }}"),
        "stations.toml:3: ingest.encoding: missing key `bitrate_kbps`",
    );
}

#[test]
fn bad_values_and_types_name_their_key() {
    check_refused(
        "[listen]\npublic = \"8000\"",
        "stations.toml:2: listen.public: invalid socket address syntax",
    );
    check_refused(
        "[listen]\nbacklog = 0",
        "stations.toml:2: listen.backlog: 0 is out of range: 1 to 4096",
    );
    check_refused(
        "roles = [\n \"ingest\",\n \"pakager\" ]",
        "stations.toml:3: roles: `pakager` is none of `ingest`, `packager`, `mp3`; did you mean `packager`?",
    );
    check_refused("name = 5", "stations.toml:1: name: invalid type: integer, expected a string");
}

#[test]
fn a_value_of_the_wrong_type_is_not_quoted() {
    for text in ["roles = 'hush'", "listen = 'hush\", expected x'", "tls = 'hush `'"] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(": invalid type: string, expected "), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}

#[test]
fn broken_syntax_names_its_line() {
    let error = parse("name = \"a\"\n[listen\n").unwrap_err();
    assert_eq!((error.place(), error.line()), ("stations.toml", Some(2)), "{error}");
    check_refused("name = 'a'\nname = 'b'", "stations.toml:2: duplicate key");
}

#[test]
fn whatever_the_text_an_error_is_one_line() {
    let long = "x".repeat(5_000);
    for text in
        ["\"a\\nb\" = 1", "name = \"\"\"\na\n", &format!("{long} = 1"), "\u{0}", "[[[[", "= ="]
    {
        let error = parse(text).unwrap_err().to_string();
        assert!(!error.contains(char::is_control), "{error:?}");
        assert!(error.len() < 1_500, "{error}");
    }
}

#[test]
fn deep_nesting_is_refused_without_a_crash() {
    parse(&format!("name = {}", "[".repeat(100_000))).unwrap_err();
}

#[test]
fn a_text_over_the_limit_is_refused() {
    let fits = format!("#{}", "x".repeat(TEXT_BYTES_MAX - 1));
    parse(&fits).unwrap();
    check_refused(&format!("{fits}x"), "stations.toml: longer than 8388608 bytes");
}

#[test]
fn variables_in_strings_are_put_in_or_named() {
    assert_eq!(parse("name = \"${HOST}.example\"").unwrap().name, "fra-1.example");
    check_refused(
        &format!("{INGEST}encoding = {{ codec = \"${{NOPE}}\" }}"),
        "stations.toml:3: ingest.encoding.codec: the environment variable `NOPE` is not set",
    );
    check_refused(
        "roles = [\"ingest\",\n\"${NOPE}\"]",
        "stations.toml:2: roles: the environment variable `NOPE` is not set",
    );
}

#[test]
fn semantic_errors_name_line_key_and_the_nearest_name() {
    let text = format!("{INGEST}encoding = {{ codec = \"mp3\", bitrate_kbps = 128 }}");
    let document = Document::new("stations.toml", text).unwrap();
    let settings: Settings = document.parse(&env).unwrap();
    let name = &settings.ingest[0].name;
    assert_eq!(
        document.error(name.span(), "is taken").to_string(),
        "stations.toml:2: ingest.name: is taken"
    );
    let name = Spanned::new(name.span(), "acme-x");
    assert_eq!(
        document.unknown_name(&name, "ingest", ["acme-a", "other"]).to_string(),
        "stations.toml:2: ingest.name: no ingest is named `acme-x`; did you mean `acme-a`?"
    );
    assert_eq!(document.origin(&name.span()), Origin::Text);
}

fn overridden(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Error> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Document::new("skywave.toml", text)?
        .with_overrides::<Settings>("SKYWAVE_", variables, &["SKYWAVE_LOG"])?
        .parse(&env)
}

fn check_override_refused(variables: &[(&str, &str)], expected: &str) {
    let error = overridden("name = \"a\"\n", variables).unwrap_err();
    assert_eq!(error.to_string(), expected, "{variables:?}");
}

#[test]
fn variables_lie_over_the_text() {
    let settings = overridden(
        "name = \"a\"\n[listen]\nbacklog = 7",
        &[
            ("SKYWAVE_LISTEN__PUBLIC", "127.0.0.1:80"),
            ("SKYWAVE_NAME", "12"),
            ("SKYWAVE_ROLES", "[\"ingest\"]"),
            ("SKYWAVE_TLS", "[{ key = \"k.pem\" }]"),
            ("SKYWAVE_PASSWORD", "${HOST}"),
            ("SKYWAVE_LOG", "debug"),
            ("HOME", "/"),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!(settings.listen.public, Some("127.0.0.1:80".parse().unwrap()));
    assert_eq!(settings.listen.backlog.map(Int::get), Some(7));
    assert_eq!(settings.name, "12");
    assert_eq!(settings.roles, [Role::Ingest]);
    assert_eq!(settings.tls, [Tls { key: "k.pem".to_owned() }]);
    assert_eq!(settings.password.unwrap().expose(), b"${HOST}");
}

#[test]
fn a_variable_replaces_what_the_text_has_and_the_last_wins() {
    let settings = overridden("name = 'a'", &[("SKYWAVE_NAME", "b"), ("SKYWAVE_NAME", "c")]);
    assert_eq!(settings.unwrap().name, "c");
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest() {
    check_override_refused(
        &[("SKYWAVE_LISTEN__PUBILC", "x")],
        "SKYWAVE_LISTEN__PUBILC: unknown environment variable; did you mean `SKYWAVE_LISTEN__PUBLIC`?",
    );
    check_override_refused(
        &[("SKYWAVE_TLS__KEY", "x")],
        "SKYWAVE_TLS__KEY: unknown environment variable; did you mean `SKYWAVE_TLS`?",
    );
}

#[test]
fn a_bad_value_of_a_variable_names_the_variable_and_the_key() {
    check_override_refused(
        &[("SKYWAVE_NAME", "b"), ("SKYWAVE_LISTEN__BACKLOG", "0")],
        "SKYWAVE_LISTEN__BACKLOG: listen.backlog: 0 is out of range: 1 to 4096",
    );
    check_override_refused(
        &[("SKYWAVE_LISTEN__PUBLIC", "8000")],
        "SKYWAVE_LISTEN__PUBLIC: listen.public: invalid socket address syntax",
    );
    check_override_refused(
        &[("SKYWAVE_ROLES", "[\"ingest\", \"pakager\"]")],
        "SKYWAVE_ROLES: roles: `pakager` is none of `ingest`, `packager`, `mp3`; did you mean `packager`?",
    );
    check_override_refused(
        &[("SKYWAVE_TLS", "[{ keyy = 'k' }]")],
        "SKYWAVE_TLS: tls: unknown key; did you mean `key`?",
    );
}

#[test]
fn what_cannot_be_laid_over_is_said_by_the_text() {
    let error = overridden("listen = 5", &[("SKYWAVE_LISTEN__PUBLIC", "1.1.1.1:1")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "skywave.toml:1: listen: invalid type: integer, expected struct Listen"
    );
}

#[test]
fn an_override_is_printed_without_its_value() {
    let variables = [("SKYWAVE_PASSWORD".to_owned(), "hush".to_owned())];
    let document = Document::new("a.toml", "").unwrap();
    let document = document.with_overrides::<Settings>("SKYWAVE_", variables, &[]).unwrap();
    assert!(!format!("{document:?}").contains("hush"));
}
