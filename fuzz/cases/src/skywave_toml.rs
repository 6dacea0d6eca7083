//! Any `skywave.toml`: no panic; what is wrong is said in one line that names
//! the file.

use std::path::Path;

use runtime::config::ProcessConfig;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Secrets are read from the files that the text names: of those a fuzzer
    // finds some that never end.
    if text.contains("_file") || text.contains("\\u") {
        return;
    }
    if let Err(error) = ProcessConfig::parse(text, "skywave.toml", Path::new(""), &[]) {
        let line = error.to_string();
        assert!(line.starts_with("skywave.toml"), "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

/// A file with most keys, and faulty ones.
pub fn seeds() -> Vec<Vec<u8>> {
    const WHOLE: &str = r#"data = "./data"
store = "s3://bucket/prefix"
s3_endpoint = "http://127.0.0.1:9000"
manifest = "stations.toml"
manifest_mode = "enforce"
[listen]
public = "0.0.0.0:8000"
control = "[::1]:8080"
[[tls]]
certificate = "a.pem"
key = "b.pem"
[node]
name = "fra-1"
region = "eu"
roles = ["ingest", "packager"]
[secrets]
cluster = "0123456789abcdef0123456789abcdef"
[limits]
[pull]
allow_private = true
[log]
format = "json"
"#;
    let texts = [
        WHOLE.to_owned(),
        WHOLE.replace("8000", "80000"),
        WHOLE.replace("[listen]", "[lisen]"),
        WHOLE.replace("s3://bucket", "ftp://bucket"),
        WHOLE.replace("packager", "packer"),
        String::new(),
        "data = 1\n".to_owned(),
        "[listen]\npublic = { port = 1 }\n".to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}
