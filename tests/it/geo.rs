//! Where an egress may be heard: networks of this machine are countries, and players
//! connect from them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use catalogue::report::Report;
use fastrand::Rng;
use ipnet::IpNet;
use tests::countries::{self, Layout};
use tests::encoder::Source;
use tests::{Scratch, TestNode, http, tools};

/// The countries of networks, and a network of proxies.
const NETWORKS: [(&str, &str); 6] = [
    ("127.0.1.0/24", "DE"),
    ("127.0.2.0/24", "US"),
    ("198.51.100.0/24", "DE"),
    ("203.0.113.0/24", "US"),
    ("2001:db8:1::/48", "DE"),
    ("2001:db8:2::/48", "US"),
];
const PROXIES: &str = "127.0.3.0/24";

/// A node that is heard where `geo` says, on air.
struct OnAir {
    node: TestNode,
    _source: Source,
    scratch: Scratch,
    manifest: String,
    lines: String,
}

impl OnAir {
    async fn start(geo: &str, is_flat: bool) -> Self {
        Self::start_behind(PROXIES, geo, is_flat).await
    }

    async fn start_behind(proxies: &str, geo: &str, is_flat: bool) -> Self {
        let scratch = Scratch::default();
        let layout = if is_flat { Layout::Flat } else { Layout::Nested };
        let file = countries::database(&NETWORKS, layout, scratch.path());
        let mount = format!("geo = {geo}\n[egress.mount]");
        let manifest = tests::node::MP3.replace("[egress.mount]", &mount)
            + "segment = \"2s\"\nwindow = \"18s\"\n";
        let bucket = scratch.path().join("bucket");
        let lines = format!(
            "store = \"file:{}\"\n[geo]\ndatabase = \"{}\"\ntrusted_proxies = [\"{proxies}\"]\n",
            bucket.display(),
            file.display()
        );
        let node = TestNode::start_configured(&manifest, &lines).await;
        let mut source = Source::connect(node.public(), "audio/mpeg").await;
        source.send(&demo::fixtures::mp3(20, 128, 44_100, 2)).await;
        node.until_listed("radio", 6).await;
        Self { node, _source: source, scratch, manifest, lines }
    }

    /// The statuses of a playlist and of the stream, asked for from an address.
    async fn ask(&self, from: Ipv4Addr, headers: &[(&str, &str)]) -> (u16, u16) {
        let client = http::client_at(from.into());
        let playlist = self.node.url("/radio/playlist.m3u8");
        let playlist = http::get_by(&client, &playlist, headers).await.status;
        let mut stream = client.head(self.node.url("/radio"));
        for (name, value) in headers {
            stream = stream.header(*name, *value);
        }
        (playlist, stream.send().await.unwrap().status().as_u16())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_is_let_in_and_kept_out_by_its_country() {
    let on_air = OnAir::start("{ allow_none_except = ['DE'] }", false).await;
    let report = on_air.node.report().geo.unwrap();
    assert_eq!((report.database.as_deref(), report.egresses), (Some("Test-Country"), 1));
    assert!(!report.is_old && report.error.is_none(), "{report:?}");
    let url = on_air.node.url("/radio/playlist.m3u8");
    let stream = on_air.node.url("/radio");
    for (from, status) in [("127.0.1.9", None), ("127.0.2.9", Some(["451", "403"]))] {
        // curl from the network itself.
        for (nth, url) in [&url, &stream].into_iter().enumerate() {
            let arguments =
                ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", from, "-m", "2"];
            let arguments = [&arguments[..], &[url.as_str()]].concat();
            let said = tools::run("curl", &arguments, Duration::from_secs(20)).await.stdout;
            let wanted = status.map_or("200", |status| status[nth]);
            assert_eq!(String::from_utf8_lossy(&said), wanted, "{from} {url}");
        }
    }
    on_air.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_behind_a_proxy_is_let_in_and_kept_out_by_what_the_proxy_says() {
    let on_air = OnAir::start_behind("127.0.0.1", "{ allow_all_except = ['US'] }", true).await;
    for (address, plays) in [("198.51.100.7", true), ("203.0.113.7", false)] {
        let headers = format!("X-Forwarded-For: {address}\r\n");
        for (path, refusal) in [("/radio/playlist.m3u8", "4XX"), ("/radio", "403")] {
            let url = on_air.node.url(path);
            let input =
                ["-v", "error", "-headers", &headers, "-i", &url, "-t", "1", "-f", "null", "-"];
            let output = tools::run("ffmpeg", &input, Duration::from_secs(30)).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), plays, "{address} {path}: {said}");
            assert!(plays || said.contains(refusal), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_has_no_playlist_that_would_go_round_the_block() {
    let on_air = OnAir::start("{ allow_all_except = ['US'] }", true).await;
    let stored = |report: &Report| report.egress("radio").unwrap().bucket_lag_segments == 0;
    on_air.node.until("all segments are stored", stored).await;
    let bucket = on_air.scratch.path().join("bucket/public/radio");
    let rendition = on_air.node.egress("radio").rendition;
    let files = std::fs::read_dir(bucket.join(rendition)).unwrap().flatten();
    let kinds: BTreeSet<_> =
        files.filter_map(|file| Some(file.path().extension()?.to_owned())).collect();
    assert_eq!(kinds, BTreeSet::from(["mp3".into()]));
    assert!(!bucket.join("playlist.m3u8").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_outlives_a_process_without_a_playlist_in_the_bucket() {
    let on_air = OnAir::start("{ allow_none_except = ['DE'] }", false).await;
    let OnAir { node, scratch, manifest, lines, .. } = on_air;
    // 20 s are nine whole segments.
    let stored = |report: &Report| {
        let egress = report.egress("radio").unwrap();
        egress.window_segments == 9 && egress.bucket_lag_segments == 0
    };
    let before = node.until("all segments", stored).await.egress("radio").unwrap().clone();
    node.stop().await;
    // With nothing of its own but the bucket.
    let node = TestNode::start_configured(&manifest, &lines).await;
    let after = node.until_listed("radio", 9).await;
    assert_eq!(after.media_sequence, before.media_sequence);
    let german = http::client_at(Ipv4Addr::new(127, 0, 1, 1).into());
    let answer = http::get_by(&german, &node.url("/radio/playlist.m3u8"), &[]).await;
    assert_eq!(answer.status, 200);
    drop(scratch);
}

/// Where a listener is by the model: the list's last hop that is no proxy's.
fn country(peer: IpAddr, hops: &[IpAddr]) -> Option<&'static str> {
    let within = |network: &str, address: IpAddr| {
        network.parse::<IpNet>().unwrap().contains(&address.to_canonical())
    };
    let mut client = peer;
    let mut behind = hops.iter().rev();
    while within(PROXIES, client)
        && let Some(hop) = behind.next()
    {
        client = *hop;
    }
    NETWORKS.iter().find(|(network, _)| within(network, client)).map(|(_, code)| *code)
}

/// An address of a country, of none, or of a proxy.
fn address(rng: &mut Rng) -> IpAddr {
    let last = rng.u8(1..250);
    match rng.u8(..9) {
        0 => Ipv4Addr::new(198, 51, 100, last).into(),
        1 => Ipv4Addr::new(203, 0, 113, last).into(),
        2 => Ipv4Addr::new(192, 0, 2, last).into(),
        3 => Ipv4Addr::new(198, 51, 100, last).to_ipv6_mapped().into(),
        4 => Ipv4Addr::new(203, 0, 113, last).to_ipv6_mapped().into(),
        5 => Ipv6Addr::new(0x2001, 0xDB8, 1, 0, 0, 0, 0, last.into()).into(),
        6 => Ipv6Addr::new(0x2001, 0xDB8, 2, 0, 0, 0, 0, last.into()).into(),
        7 => Ipv6Addr::new(0x2001, 0xDB8, 3, 0, 0, 0, 0, last.into()).into(),
        _ => Ipv4Addr::new(127, 0, 3, last).into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_says_what_of_where_one_is_the_last_stranger_s_country_decides() {
    let rules = [
        ("{ allow_none_except = ['DE'] }", false),
        ("{ allow_all_except = ['US'] }", true),
        ("{ allow_none_except = ['DE'], unknown_country = 'allow' }", true),
        ("{ allow_all_except = ['US'], unknown_country = 'deny' }", false),
    ];
    for (nth, (rule, unknown)) in rules.into_iter().enumerate() {
        let on_air = OnAir::start(rule, nth % 2 == 0).await;
        let mut rng = Rng::with_seed(nth as u64);
        for case in 0..75 {
            let peer = Ipv4Addr::new(127, 0, rng.u8(0..4), rng.u8(1..250));
            let hops: Vec<_> = (0..rng.usize(..5)).map(|_| address(&mut rng)).collect();
            let texts: Vec<_> = hops.iter().map(ToString::to_string).collect();
            // Of two lists the one that all proxies write counts.
            let list = texts.join(", ");
            let nodes = hops.iter().map(|hop| match hop {
                IpAddr::V4(hop) => format!("for={hop}"),
                IpAddr::V6(hop) => format!("for=\"[{hop}]\""),
            });
            let forwarded = nodes.collect::<Vec<_>>().join(", ");
            let headers: &[(&str, &str)] = match rng.u8(..3) {
                _ if hops.is_empty() => &[],
                0 => &[("forwarded", &forwarded)],
                1 => &[("x-forwarded-for", &list)],
                _ => &[("x-forwarded-for", &list), ("forwarded", "for=198.51.100.1")],
            };
            let is_allowed = match country(peer.into(), &hops) {
                Some(code) => code == "DE",
                None => unknown,
            };
            let wanted = if is_allowed { (200, 200) } else { (451, 403) };
            let got = on_air.ask(peer, headers).await;
            assert_eq!(got, wanted, "{rule} case {case}: {peer} {headers:?}");
        }
        on_air.node.stop().await;
    }
}
