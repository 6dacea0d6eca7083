//! Every route, for everyone: the table that the router was made of, held
//! against what the ports answer and against what the reference says.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use tests::{TestNode, http};

/// Who asks, and with what.
const ROLES: [(Role, Option<&str>); 6] = [
    (Role::Nobody, None),
    // `admin:wrong`.
    (Role::WrongPassword, Some("Basic YWRtaW46d3Jvbmc=")),
    // `source:secret`, of `in`.
    (Role::Source, Some("Basic c291cmNlOnNlY3JldA==")),
    // `source:secret2`, of `in2`.
    (Role::OtherSource, Some("Basic c291cmNlOnNlY3JldDI=")),
    // `relay:r3lay`.
    (Role::Relay, Some("Basic cmVsYXk6cjNsYXk=")),
    // `admin:adm1n`.
    (Role::Admin, Some("Basic YWRtaW46YWRtMW4=")),
];

/// Commands of `/admin/`, none that does something.
const COMMANDS: [&str; 6] =
    ["stats", "listmounts", "listclients?mount=/radio", "moveclients?mount=/radio", "none", "a/b"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Nobody,
    WrongPassword,
    Source,
    OtherSource,
    Relay,
    Admin,
}

/// A route as the node tells it.
struct Route {
    port: &'static str,
    path: &'static str,
    methods: Vec<String>,
    access: String,
}

impl Route {
    /// Requests that it answers.
    fn targets(&self) -> Vec<String> {
        let of_title = "mode=updinfo&song=x";
        match self.path {
            "/admin/metadata" => vec![format!("/admin/metadata?mount=/in&{of_title}")],
            "/admin.cgi" => vec![
                format!("/admin.cgi?sid=1&{of_title}"),
                "/admin.cgi?sid=1&mode=viewxml".to_owned(),
            ],
            path => match path.strip_suffix("{*command}") {
                Some(folder) => COMMANDS.iter().map(|rest| format!("{folder}{rest}")).collect(),
                None => vec![path.to_owned()],
            },
        }
    }

    /// Whether someone may ask.
    fn is_for(&self, role: Role, target: &str) -> bool {
        match self.access.as_str() {
            "Public" => true,
            // Titles are the source's, pages the administrator's alone.
            "Source" if target.contains("mode=view") => role == Role::Admin,
            "Source" => matches!(role, Role::Source | Role::Admin),
            "Relay" => matches!(role, Role::Relay | Role::Admin),
            "Admin" => role == Role::Admin,
            other => panic!("nobody knows who {other} is"),
        }
    }

    /// The status that a method has to give. A guard is asked before the method.
    fn expected(&self, method: &Method, role: Role, target: &str) -> u16 {
        let is_guarded = matches!(self.access.as_str(), "Relay" | "Admin");
        let is_for = self.is_for(role, target);
        let as_listed = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let is_method = self.methods.iter().any(|known| known == as_listed);
        match (is_for, is_method) {
            (false, _) if is_guarded => 401,
            (_, false) => 405,
            (false, true) => 401,
            // What is no command, and what names no mount, is refused to the
            // administrator, who alone hears so.
            (true, true) if target.starts_with("/admin/none") || target == "/admin/" => 400,
            (true, true) if target == "/admin/a/b" => 400,
            (true, true) => 200,
        }
    }
}

/// Asks with whatever is the role's.
struct Asker<'a> {
    node: &'a TestNode,
}

impl Asker<'_> {
    /// The status, and whether there was a body. What has no end is not waited
    /// for.
    async fn ask(&self, port: &str, method: Method, target: &str, login: Option<&str>) -> u16 {
        let url = match port {
            "public" => self.node.url(target),
            "shoutcast" => format!("http://{}{target}", self.node.addresses().shoutcast),
            "control" => self.node.control_url(target),
            "node" => format!("http://{}{target}", self.node.addresses().node.unwrap()),
            other => panic!("there is no port {other}"),
        };
        let mut request = http::stranger().request(method, url);
        if let Some(login) = login {
            request = request.header("Authorization", login);
        }
        request.send().await.unwrap().status().as_u16()
    }
}

const MANIFEST_OF_OTHER: &str = r#"
[[ingest]]
name = "in2"
publisher = "acme"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "in2", user = "source", password = "secret2" }
"#;

const CONFIG: &str = "[admin]\npassword = \"adm1n\"\nrelay_password = \"r3lay\"\n";

async fn start(config: &str) -> TestNode {
    TestNode::start_configured(&format!("{}{MANIFEST_OF_OTHER}", tests::node::MP3), config).await
}

fn routes(node: &TestNode) -> Vec<Route> {
    let route = |(port, entry): &(&'static str, listen::Entry)| Route {
        port,
        path: entry.path,
        methods: entry.methods.iter().map(ToString::to_string).collect(),
        access: format!("{:?}", entry.access),
    };
    node.routes().iter().map(route).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_answers_whom_its_entry_lets_in_and_nobody_else() {
    let node = start(CONFIG).await;
    let asker = Asker { node: &node };
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::DELETE, Method::OPTIONS];
    let mut wrong = Vec::new();
    for route in routes(&node) {
        for target in route.targets() {
            for (role, login) in ROLES {
                for method in &methods {
                    let expected = route.expected(method, role, &target);
                    let got = asker.ask(route.port, method.clone(), &target, login).await;
                    if got != expected {
                        let port = route.port;
                        wrong.push(format!(
                            "{method} {target} on {port} as {role:?}: {got}, not {expected}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_of_shoutcast_sources_answers_as_the_public_one() {
    let node = start(CONFIG).await;
    let asker = Asker { node: &node };
    let routes = routes(&node);
    for route in routes.iter().filter(|route| route.port == "public") {
        for target in route.targets() {
            for (role, login) in ROLES {
                let expected = route.expected(&Method::GET, role, &target);
                let got = asker.ask("shoutcast", Method::GET, &target, login).await;
                assert_eq!(got, expected, "{target} as {role:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_is_on_another_port_than_its_own() {
    let node = start(CONFIG).await;
    let asker = Asker { node: &node };
    let routes = routes(&node);
    for route in &routes {
        let other = if route.port == "public" { "control" } else { "public" };
        if routes.iter().any(|one| (one.port, one.path) == (other, route.path)) {
            continue;
        }
        for target in route.targets() {
            for (role, login) in ROLES {
                let got = asker.ask(other, Method::GET, &target, login).await;
                assert_eq!(got, StatusCode::NOT_FOUND, "{target} on {other} as {role:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_password_of_the_administrator_all_of_admin_is_closed() {
    let node = start("").await;
    let asker = Asker { node: &node };
    for command in ["", "!POKE", "stats.xsl", "streamlist.txt"].iter().chain(&COMMANDS) {
        let target = format!("/admin/{command}");
        for (role, login) in ROLES {
            for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
                let got = asker.ask("public", method.clone(), &target, login).await;
                assert_eq!(got, StatusCode::UNAUTHORIZED, "{method} {target} as {role:?}");
            }
        }
    }
    // Titles are the source's all the same, and nobody else's.
    for (role, login) in ROLES {
        let target = "/admin/metadata?mode=updinfo&mount=/in&song=x";
        let got = asker.ask("public", Method::GET, target, login).await;
        assert_eq!(got, if role == Role::Source { 200 } else { 401 }, "{role:?}");
    }
    let by_query = asker.ask("public", Method::GET, "/admin.cgi?mode=viewxml&pass=", None).await;
    assert_eq!(by_query, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_port_is_for_nodes_alone() {
    let node = start("[secrets]\ncluster = \"c1uster\"\n[admin]\npassword = \"adm1n\"\n").await;
    let asker = Asker { node: &node };
    let text = include_str!("../../docs/reference/routes.md");
    let routes: Vec<Route> = routes(&node).into_iter().filter(|one| one.port == "node").collect();
    assert_eq!(routes.len(), text.lines().filter(|line| line.starts_with("| node |")).count());
    for route in routes {
        let row = format!("| node | `{}` | {} | a node |", route.path, route.methods.join(", "));
        assert!(text.contains(&row), "{row}");
        assert_eq!(route.access, "Node");
        let target = route.path.replace("{ingest}", "in").replace("{egress}", "radio");
        let target = target.replace("{rendition}", "mp3-128");
        for (role, login) in ROLES {
            let got = asker.ask("node", Method::GET, &target, login).await;
            assert_eq!(got, StatusCode::UNAUTHORIZED, "{target} as {role:?}");
        }
        let got = asker.ask("node", Method::GET, &target, Some("Bearer c1uster")).await;
        assert_eq!(got, StatusCode::OK, "{target}");
        let got = asker.ask("public", Method::GET, &target, Some("Bearer c1uster")).await;
        assert_eq!(got, StatusCode::NOT_FOUND, "{target}");
    }
    for target in ["/", "/metrics", "/radio", "/admin/stats", "/feeds/"] {
        let got = asker.ask("node", Method::GET, target, Some("Bearer c1uster")).await;
        assert_eq!(got, StatusCode::NOT_FOUND, "{target}");
    }
}

/// A line of the reference's table.
fn line(route: &Route) -> String {
    let who = match route.access.as_str() {
        "Public" => "anyone",
        "Source" => "the source",
        "Relay" => "a relay",
        _ => "the administrator",
    };
    format!("| {} | `{}` | {} | {who} |", route.port, route.path, route.methods.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_has_every_route_and_no_other() {
    let node = start(CONFIG).await;
    let text = include_str!("../../docs/reference/routes.md");
    let is_row = |line: &&str| line.starts_with("| public |") || line.starts_with("| control |");
    let told: BTreeSet<String> = text
        .lines()
        .filter(is_row)
        .map(|row| row.splitn(6, '|').take(5).collect::<Vec<_>>().join("|") + "|")
        .collect();
    let routes = routes(&node);
    let known: BTreeSet<String> = routes.iter().map(line).collect();
    assert_eq!(known.len(), routes.len(), "a route stands twice");
    let difference: Vec<_> = known.symmetric_difference(&told).collect();
    assert!(difference.is_empty(), "in one of both alone: {difference:#?}");
}
