//! Any manifest: no panic; what is wrong is said in one line that names the
//! file, and the same every time.

use catalogue::manifest::parse;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let env = |name: &str| (name != "ABSENT").then(|| "value".to_owned());
    let parsed = parse(text, "stations.toml", &env);
    if let Err(error) = &parsed {
        let line = error.to_string();
        assert!(line.starts_with("stations.toml"), "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let again = parse(text, "stations.toml", &env);
    assert_eq!(again.err().map(|e| e.to_string()), parsed.err().map(|e| e.to_string()));
}

/// A manifest with most keys, and faulty ones.
pub fn seeds() -> Vec<Vec<u8>> {
    const WHOLE: &str = r#"[[publisher]]
name = "acme"
title = "Acme"
timezone = "Europe/Berlin"
[[ingest]]
name = "a"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "stereo" }
push = { mount = "a", user = "source", password = "${PASSWORD}", shoutcast = true }
on_mismatch = "refuse"
charset = "auto"
[[egress]]
name = "acme"
publisher = "acme"
ingests = ["a"]
session_limit = "4h"
aliases = ["acme.mp3", "live/acme"]
hold = "60s"
[egress.mount]
icy_name = "Acme"
burst = "4s"
metaint = 16000
segment = "6s"
window = "60s"
headers = { "X-Station" = "acme" }
"#;
    let texts = [
        WHOLE.to_owned(),
        WHOLE.replace("acme.mp3", "../acme"),
        WHOLE.replace("60s", "-1h"),
        WHOLE.replace("PASSWORD", "ABSENT"),
        "[[egress]]\nname = \"a\"\nnmae = \"b\"\n".to_owned(),
        "[[egres]]\n".to_owned(),
        "a = [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n".to_owned(),
        "[egress\nname = \"\u{202E}\"".to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}
