//! The control port on a port of its own, and a Chromium that looks at it.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use catalogue::report::Report;
use control::watch::{Event, Recent};
use control::{Administrator, Control, Ports};
use listen::Guard;
use prometheus_client::registry::Registry;
use runtime::clock::{Steady, SystemClock};
use runtime::shutdown::Shutdown;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::Command;

/// Where and for what the browser looks.
pub(crate) struct Look<'a> {
    /// What must be seen first.
    pub wait_for: &'a str,
    /// What is then clicked on.
    pub click: Option<&'a str>,
    /// The window's width in pixels.
    pub width: u32,
    /// What has happened, the oldest first.
    pub events: &'a [Event],
}

impl Default for Look<'_> {
    fn default() -> Self {
        Self { wait_for: "#egress-rows > li", click: None, width: 1280, events: &[] }
    }
}

/// What the browser found.
#[derive(Debug)]
pub(crate) struct Seen {
    pub title: String,
    /// What is to be read.
    pub text: String,
    /// Exceptions, and the console's errors.
    pub errors: Vec<String>,
    /// Breaches of the content security policy.
    pub violations: Vec<Value>,
    /// What was to be waited for or clicked on, and was not there.
    pub missing: Vec<Value>,
    /// Whether one has to scroll sideways.
    pub is_too_wide: bool,
    /// The paths that were asked for; whole URLs where another host was.
    pub requests: Vec<String>,
}

/// Serves what `report` tells, and looks at the page.
pub(crate) async fn look(report: Arc<dyn Fn() -> Report + Send + Sync>, look: Look<'_>) -> Seen {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
    let ports = Ports { public: 9, public_tls: None };
    let clock = Steady::new(Arc::new(SystemClock));
    let guard = Administrator::new(None, None, Arc::default(), clock);
    let guard: Arc<dyn Guard> = Arc::new(guard);
    let recent = Recent::default();
    look.events.iter().cloned().for_each(|event| recent.push(event));
    let control =
        Control::new(report, Registry::default(), Shutdown::default(), ports).with_events(recent);
    let serving = tokio::spawn(axum::serve(listener, control.router(&guard)).into_future());
    let seen = open(&origin, &look).await;
    serving.abort();
    read(&seen, &origin)
}

/// Runs the browser's script, which ends by itself whatever happens.
async fn open(origin: &str, look: &Look<'_>) -> Value {
    let players = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/players");
    let mut node = Command::new("node");
    node.current_dir(players).arg("page.mjs").arg(origin).args(["--wait-for", look.wait_for]);
    node.args(["--width", &look.width.to_string()]);
    if let Some(selector) = look.click {
        node.args(["--click", selector]);
    }
    let output = node.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.expect("node is installed: `cargo xtask test` does it");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "page.mjs failed: {complaint}");
    serde_json::from_slice(&output.stdout).expect("page.mjs prints one JSON document")
}

fn read(seen: &Value, origin: &str) -> Seen {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| seen[name].as_array().cloned().expect("a list");
    let path = |request: &Value| {
        let url = text(&request["url"]);
        url.strip_prefix(origin).map_or(url.clone(), str::to_owned)
    };
    Seen {
        title: text(&seen["title"]),
        text: text(&seen["text"]),
        errors: list("errors").iter().map(text).collect(),
        violations: list("csp"),
        missing: list("missing"),
        is_too_wide: seen["overflow"].as_bool().expect("yes or no"),
        requests: list("requests").iter().map(path).collect(),
    }
}
