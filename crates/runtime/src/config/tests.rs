use std::collections::BTreeSet;

use settings::reference::{keys_in_reference, keys_in_sample, uncommented};

use super::resolve::{YP_DIRECTORIES_MAX, fitting_name};
use super::*;

const SAMPLE: &str = include_str!("../../../../docs/reference/skywave.sample.toml");
const REFERENCE: &str = include_str!("../../../../docs/reference/config.md");

fn parse_with(text: &str, variables: &[(&str, &str)]) -> Result<ProcessConfig, Error> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let variables: Vec<_> = variables.collect();
    ProcessConfig::parse(text, "skywave.toml", Path::new("/etc/skywave"), &variables)
}

fn parse(text: &str) -> ProcessConfig {
    parse_with(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn check_refused(text: &str, expected: &str) {
    assert_eq!(parse_with(text, &[]).unwrap_err().to_string(), expected, "{text}");
}

fn check_variable_refused(name: &str, value: &str, expected: &str) {
    assert_eq!(parse_with("", &[(name, value)]).unwrap_err().to_string(), expected);
}

#[test]
fn without_a_file_everything_has_its_default() {
    let config = ProcessConfig::load(None, &[]).unwrap();
    assert_eq!(config.data, Path::new("./skywave-data"));
    assert_eq!(config.store, "file:./skywave-data/bucket");
    assert_eq!(config.listen.public, "0.0.0.0:8000".parse().unwrap());
    assert_eq!(config.listen.shoutcast, "0.0.0.0:8001".parse().unwrap());
    assert_eq!(config.listen.control, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.listen.node, "127.0.0.1:8090".parse().unwrap());
    assert_eq!((config.listen.public_tls, config.listen.control_tls), (None, None));
    assert!(settings::is_name(&config.node.name), "{}", config.node.name);
    assert_eq!((config.node.region.as_str(), config.node.pop.as_str()), ("local", "local"));
    assert_eq!(config.node.roles, Role::ALL);
    assert_eq!((config.admin_password, config.secrets), (None, Secrets::default()));
    assert_eq!(config.limits, ProcessLimits::default());
    assert_eq!((config.log_format, config.log_filter), (LogFormat::Text, None));
}

#[test]
fn every_key_is_in_the_reference_and_the_sample_and_no_other() {
    let known: BTreeSet<String> = ProcessConfig::keys().into_iter().map(|key| key.path).collect();
    assert_eq!(keys_in_reference(REFERENCE), known, "docs/reference/config.md");
    let everything = uncommented(SAMPLE);
    let shape: Result<raw::Config, _> =
        settings::from_toml(&everything, "sample", &|_| Some("x".to_owned()));
    shape.unwrap_or_else(|error| panic!("{error}"));
    let sample = keys_in_sample(&everything).unwrap();
    assert_eq!(known.difference(&sample).collect::<Vec<_>>(), [""; 0], "skywave.sample.toml");
}

#[test]
fn commented_out_defaults_of_the_sample_are_the_defaults() {
    let plain = parse(SAMPLE);
    assert_eq!(plain, ProcessConfig { manifest: plain.manifest.clone(), ..parse("") });
    let examples = [
        "s3_endpoint",
        "private_store",
        "name",
        "address",
        "cluster",
        "sessions",
        "password",
        "relay_password",
        "public_url",
        "directories",
        "access",
        "public_tls",
        "control_tls",
        "certificate",
        "key",
        "[[tls]]",
        "[geo]",
        "database",
        "trusted_proxies",
    ];
    let is_default = |line: &&str| !examples.iter().any(|key| line.starts_with(&format!("#{key}")));
    let defaults: Vec<&str> = SAMPLE.lines().filter(is_default).collect();
    let everything = uncommented(&defaults.join("\n"));
    assert!(everything.contains("\nheader_time = "));
    assert_eq!(parse(&everything), parse("manifest = 'stations.toml'"));
}

#[test]
fn the_limits_of_the_reference_hold_on_both_sides() {
    let rows = REFERENCE.lines().filter_map(|line| line.strip_prefix("| `limits."));
    let mut seen = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (key, range) = (cells[0].trim_end_matches('`'), cells[2].replace(' ', ""));
        let (min, max) = range.split_once(',').unwrap();
        let is_length = cells[1].contains('"');
        let quoted = |value: &str| if is_length { format!("'{value}'") } else { value.to_owned() };
        let limits = |value: &str| parse_with(&format!("limits.{key} = {value}"), &[]);
        limits(&quoted(min)).unwrap();
        limits(&quoted(max)).unwrap();
        let over = if is_length { format!("'{max}1ms'") } else { format!("{max}0") };
        assert!(limits(&over).unwrap_err().to_string().contains("out of range"), "{key}");
        if min != "0" {
            let under = if is_length { "'0s'" } else { "0" };
            assert!(limits(under).unwrap_err().to_string().contains("out of range"), "{key}");
        }
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[test]
fn paths_of_the_file_start_at_its_folder_and_a_variables_do_not() {
    let config = parse("data = 'd'\nmanifest = 'm.toml'\nprivate_store = 'file:p'");
    assert_eq!(config.data, Path::new("/etc/skywave/d"));
    assert_eq!(config.store, "file:/etc/skywave/d/bucket");
    assert_eq!(config.private_store.as_deref(), Some("file:/etc/skywave/p"));
    assert_eq!(config.manifest.as_deref(), Some(Path::new("/etc/skywave/m.toml")));
    assert_eq!(parse("data = '/var/d'").data, Path::new("/var/d"));
    let config = parse_with("data = 'd'", &[("SKYWAVE_DATA", "e"), ("SKYWAVE_STORE", "file:s")]);
    let config = config.unwrap();
    assert_eq!((config.data.as_path(), config.store.as_str()), (Path::new("e"), "file:s"));
}

#[test]
fn buckets_and_endpoints_have_a_scheme() {
    assert_eq!(parse("store = 's3://b/p'").store, "s3://b/p");
    assert_eq!(parse("store = 'file:///srv/b'").store, "file:///srv/b");
    let expected = "skywave.toml:1: store: a bucket is `file:PATH` or `s3://BUCKET/PREFIX`";
    check_refused("store = '/srv/b'", expected);
    check_refused("store = 'file:'", "skywave.toml:1: store: `file:` lacks its path");
    check_refused(
        "s3_endpoint = 'localhost:9000'",
        "skywave.toml:1: s3_endpoint: a URL begins with `http://` or `https://`",
    );
}

#[test]
fn the_shoutcast_port_follows_the_public_one() {
    let shoutcast = |public: &str| parse(&format!("listen.public = '{public}'")).listen.shoutcast;
    assert_eq!(shoutcast("127.0.0.1:9000"), "127.0.0.1:9001".parse().unwrap());
    assert_eq!(shoutcast("[::]:9000"), "[::]:9001".parse().unwrap());
    assert_eq!(shoutcast("127.0.0.1:0"), "127.0.0.1:0".parse().unwrap());
    check_refused(
        "\nlisten.public = '127.0.0.1:65535'",
        "skywave.toml:2: listen.public: no port follows 65535: give `listen.shoutcast` too",
    );
}

#[test]
fn two_listeners_do_not_want_one_port() {
    check_refused(
        "[listen]\ncontrol = '127.0.0.1:8000'",
        "skywave.toml:2: listen.control: `listen.public` and `listen.control` want the same port",
    );
    check_refused(
        "[listen]\npublic = '0.0.0.0:8079'",
        "skywave.toml:2: listen.public: `listen.shoutcast` and `listen.control` want the same port",
    );
    parse("[listen]\npublic = '127.0.0.1:0'\ncontrol = '127.0.0.1:0'\nnode = '127.0.0.1:0'");
    parse("[listen]\npublic = '10.0.0.1:8000'\ncontrol = '127.0.0.1:8000'");
}

#[test]
fn tls_listens_with_a_certificate_and_only_then() {
    let tls = "[[tls]]\ncertificate = 'c.pem'\nkey = '/k.pem'";
    let config = parse(tls);
    assert_eq!(config.listen.public_tls, Some("0.0.0.0:8443".parse().unwrap()));
    assert_eq!(config.listen.control_tls, Some("0.0.0.0:8444".parse().unwrap()));
    assert_eq!(config.tls[0].certificate, Path::new("/etc/skywave/c.pem"));
    assert_eq!(config.tls[0].key, Path::new("/k.pem"));
    check_refused(
        "listen.public_tls = '0.0.0.0:1'",
        "skywave.toml:1: listen.public_tls: without a [[tls]] there is no certificate",
    );
    let variable = ("SKYWAVE_TLS", "[{ certificate = 'c.pem', key = 'k.pem' }]");
    let config = parse_with("", &[variable]).unwrap();
    assert_eq!(config.tls[0].certificate, Path::new("c.pem"));
}

#[test]
fn what_is_not_built_yet_says_so() {
    check_refused(
        "manifest_mode = 'enforce'",
        "skywave.toml:1: manifest_mode: `enforce` is not built yet",
    );
    check_refused(
        "node.roles = ['ingest', 'edge']",
        "skywave.toml:1: node.roles: `edge` is not built yet",
    );
    check_refused(
        "node.roles = ['packager', 'control']",
        "skywave.toml:1: node.roles: `packager` goes with `origin`: without it that is not built yet",
    );
    parse("pull.allow_private = false\nmanifest_mode = 'create'");
    parse("node.roles = ['control', 'edge', 'origin', 'packager', 'ingest']");
}

#[test]
fn a_process_with_some_of_the_roles_works_with_others() {
    let alone = parse("");
    assert!(!alone.is_linked() && alone.node.does(Role::Ingest));
    let ingest = parse("node.roles = ['control', 'ingest']");
    assert_eq!(ingest.node.roles, [Role::Ingest, Role::Control]);
    assert!(ingest.is_linked() && !ingest.node.does(Role::Packager));
    assert!(!parse("node.roles = ['ingest', 'packager', 'origin']").is_linked());
    assert!(parse("secrets.cluster = 'c'").is_linked());
    check_refused(
        "node.roles = []",
        "skywave.toml:1: node.roles: a process has a role: `ingest`, `packager`, `origin`, `control`",
    );
}

#[test]
fn others_reach_a_node_at_a_host_and_a_port() {
    for address in ["fra-1:8090", "192.0.2.1:1", "[2001:db8::1]:65535"] {
        let config = parse(&format!("node.address = '{address}'"));
        assert_eq!(config.node.address.as_deref(), Some(address));
    }
    for address in ["fra-1", ":8090", "fra-1:0", "fra-1:65536", "a/b:1", "x@y:1", "2001:db8::1:80"]
    {
        check_refused(
            &format!("node.address = '{address}'"),
            "skywave.toml:1: node.address: others reach it at `HOST:PORT`, such as `fra-1.example:8090` or `[::1]:8090`",
        );
    }
}

#[test]
fn trusted_proxies_are_networks_and_none_without_the_key() {
    assert!(parse("").trusted_proxies.is_empty());
    assert!(parse("geo.trusted_proxies = []").trusted_proxies.is_empty());
    let trusted = parse("geo.trusted_proxies = ['127.0.0.0/8', '::1']").trusted_proxies;
    let is_trusted = |address: &str| trusted.contains(address.parse().unwrap());
    assert!(is_trusted("127.1.2.3") && is_trusted("::1") && !is_trusted("10.0.0.1"));
    check_refused(
        "geo.trusted_proxies = ['::1', '10.0.0.0/33']",
        "skywave.toml:1: geo.trusted_proxies: `10.0.0.0/33` is no network: it is written like `10.0.0.0/8`, `fd00::/8` or `192.0.2.1`",
    );
    check_refused(
        "geo.trusted_proxies = ['10.1.2.3/8']",
        "skywave.toml:1: geo.trusted_proxies: `10.1.2.3/8` has bits behind its length: the network is `10.0.0.0/8`",
    );
    let variable = ("SKYWAVE_GEO__TRUSTED_PROXIES", "['192.0.2.1']");
    let config = parse_with("", &[variable]).unwrap();
    assert!(config.trusted_proxies.contains("192.0.2.1".parse().unwrap()));
}

#[test]
fn private_addresses_are_for_back_ends_alone_unless_allowed() {
    let AllowPrivate { pull, webhooks, auth } = parse("").allow_private;
    assert_eq!((pull, webhooks, auth), (false, false, true));
    let text =
        "pull.allow_private = true\nwebhooks.allow_private = true\nauth.allow_private = false";
    let AllowPrivate { pull, webhooks, auth } = parse(text).allow_private;
    assert_eq!((pull, webhooks, auth), (true, true, false));
}

#[test]
fn a_process_says_where_it_is_heard_and_who_lists_it() {
    let url = "listen.public_url = 'https://radio.example'";
    assert_eq!(parse(url).listen.public_url.as_deref(), Some("https://radio.example"));
    let bad = "listen.public_url = 'radio.example'";
    let expected = "listen.public_url: a URL begins with `http://` or `https://`";
    check_refused(bad, &format!("skywave.toml:1: {expected}"));
    let directories =
        |count| format!("{url}\nyp.directories = {:?}", vec!["http://a.example/"; count]);
    assert_eq!(parse(&directories(YP_DIRECTORIES_MAX)).yp_directories.len(), YP_DIRECTORIES_MAX);
    let expected = "skywave.toml:2: yp.directories: at most 4 directories";
    check_refused(&directories(YP_DIRECTORIES_MAX + 1), expected);
    let alone = "yp.directories = ['http://a.example/']";
    let expected = "yp.directories: a directory has to be told where listeners connect: give `listen.public_url`";
    check_refused(alone, &format!("skywave.toml:1: {expected}"));
}

#[test]
fn unknown_keys_and_variables_name_the_nearest() {
    check_refused(
        "[listen]\npubilc = '1'",
        "skywave.toml:2: listen.pubilc: unknown key; did you mean `public`?",
    );
    check_variable_refused(
        "SKYWAVE_LISTEN__PUBILC",
        "1",
        "SKYWAVE_LISTEN__PUBILC: unknown environment variable; did you mean `SKYWAVE_LISTEN__PUBLIC`?",
    );
    check_variable_refused(
        "SKYWAVE_LIMITS__SOURCES_MAX",
        "10001",
        "SKYWAVE_LIMITS__SOURCES_MAX: limits.sources_max: 10001 is out of range: 0 to 10000",
    );
    check_refused(
        "node.name = 'Fra 1'",
        "skywave.toml:1: node.name: `Fra 1` is no name: 1 to 63 of a-z, 0-9 and `-`, beginning with a letter or a digit",
    );
}

#[test]
fn every_key_outside_of_lists_is_a_variable() {
    let text = uncommented(SAMPLE);
    for key in ProcessConfig::keys().into_iter().filter(|key| !key.listed) {
        let name = format!("SKYWAVE_{}", key.path.replace('.', "__").to_uppercase());
        let got = parse_with("", &[(&name, "\u{1}")]);
        let unknown = got.is_err_and(|error| error.what().contains("unknown environment variable"));
        assert!(!unknown, "{name}");
    }
    assert!(text.contains("public"));
}

#[test]
fn the_log_filter_comes_from_either_variable() {
    let filter = |variables| parse_with("", variables).unwrap().log_filter;
    assert_eq!(filter(&[("RUST_LOG", "warn")]).as_deref(), Some("warn"));
    assert_eq!(filter(&[("RUST_LOG", "warn"), ("SKYWAVE_LOG", "off")]).as_deref(), Some("off"));
    assert_eq!(filter(&[("RUST_LOG", "")]), None);
}

#[test]
fn a_host_name_is_made_to_fit() {
    for (host, expected) in [
        ("fra-1\n", "fra-1"),
        ("FRA_1.example.", "fra-1-example"),
        ("--x", "x"),
        ("", "node"),
        ("äöü", "node"),
        (&"x".repeat(80), &"x".repeat(63)),
    ] {
        assert_eq!(fitting_name(host), expected);
        assert!(settings::is_name(&fitting_name(host)));
    }
}

/// A folder of a test's own, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("skywave-config-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn secrets_are_given_themselves_or_as_files() {
    let folder = Folder::new("secrets");
    folder.write("admin", "s3cret\n");
    folder.write("sessions", "new\nold\n");
    folder.write("empty", "");
    let parse = |text: &str| ProcessConfig::parse(text, "a.toml", &folder.0, &[]);
    let config =
        parse("admin.password_file = 'admin'\nsecrets.sessions_file = 'sessions'").unwrap();
    assert!(config.admin_password.unwrap().matches(b"s3cret"));
    assert!(
        config.secrets.sessions[0].matches(b"new") && config.secrets.sessions[1].matches(b"old")
    );
    let config =
        parse("admin.password = 'x'\nsecrets.sessions = ['a']\nsecrets.cluster = 'c'").unwrap();
    assert!(config.admin_password.unwrap().matches(b"x"));
    assert!(config.secrets.cluster.unwrap().matches(b"c"));
    let both = parse("admin.password = 'x'\nadmin.password_file = 'admin'").unwrap_err();
    assert_eq!(
        both.to_string(),
        "a.toml:2: admin.password_file: the secret is given itself and as a file: keep one"
    );
    for text in [
        "admin.password_file = 'sessions'",
        "admin.password_file = 'empty'",
        "admin.password_file = 'none'",
    ] {
        assert_eq!(parse(text).unwrap_err().key(), "admin.password_file");
    }
}

#[test]
fn a_file_is_read_with_its_folder() {
    let folder = Folder::new("load");
    let path = folder.write("skywave.toml", "manifest = 'stations.toml'\nlog.format = 'json'");
    let config = ProcessConfig::load(Some(&path), &[]).unwrap();
    assert_eq!(config.manifest, Some(folder.0.join("stations.toml")));
    assert_eq!(config.log_format, LogFormat::Json);
    let absent = ProcessConfig::load(Some(&folder.0.join("none.toml")), &[]).unwrap_err();
    assert!(absent.to_string().contains("none.toml: cannot be opened: "), "{absent}");
}

#[test]
fn nothing_of_a_secret_is_printed() {
    let config = parse("admin.password = 'hush-1'\nsecrets.cluster = 'hush-2'");
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn addresses_are_whole_for_no_longer_than_files_are_kept() {
    assert_eq!(parse("").session_logs, SessionLogs { address_days: 1, keep_days: 62 });
    let logs = |text: &str| parse(&format!("[log]\n{text}")).session_logs;
    let both = SessionLogs { address_days: 7, keep_days: 7 };
    assert_eq!(logs("address_days = 7\nkeep_days = 7"), both);
    assert_eq!(logs("address_days = 62").address_days, 62);
    let what = "addresses are shortened in files that are there: at most the";
    let longer = "skywave.toml:2: log.address_days:";
    check_refused("[log]\naddress_days = 63", &format!("{longer} {what} 62 of `log.keep_days`"));
    check_refused(
        "[log]\naddress_days = 3650\nkeep_days = 3649",
        &format!("{longer} {what} 3649 of `log.keep_days`"),
    );
}

#[test]
fn days_of_logs_have_their_ranges() {
    let longest = parse("[log]\naddress_days = 3650\nkeep_days = 3650").session_logs;
    assert_eq!(longest, SessionLogs { address_days: 3_650, keep_days: 3_650 });
    let least = parse("[log]\naddress_days = 0\nkeep_days = 1").session_logs;
    assert_eq!(least, SessionLogs { address_days: 0, keep_days: 1 });
    for text in ["address_days = 3651", "address_days = -1", "keep_days = 0", "keep_days = 3651"] {
        let error = parse_with(&format!("[log]\n{text}"), &[]).unwrap_err().to_string();
        assert!(error.contains("out of range"), "{error}");
    }
}
