//! `skywave demo`: a station of our own, on air through the front door.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use catalogue::{Catalogue, manifest};
use demo::{Encoding, Programme, encoder};
use runtime::clock::Clock;
use runtime::shutdown::Shutdown;

use crate::ports::Addresses;

/// The demo's resources. The password guards nothing: the demo is for one's own
/// machine.
const MANIFEST: &str = r#"
[[publisher]]
name = "skywave"
title = "Skywave"

[[ingest]]
name = "demo-encoder"
publisher = "skywave"
encoding = { codec = "mp3", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = "joint_stereo" }
push = { mount = "demo-encoder", user = "source", password = "demo-only", shoutcast = true }

[[egress]]
name = "demo"
publisher = "skywave"
ingests = ["demo-encoder"]
aliases = ["demo.mp3"]
[egress.mount]
icy_name = "Skywave Demo"
icy_description = "Chords and arpeggios, made by the program itself"
genre = "Ambient"
"#;

/// What the encoder sends at once, so that listeners have something to buffer.
const HEAD_START: Duration = Duration::from_secs(2);

/// The first piece of the programme.
const SEED: u64 = 1;

/// The demo's resources, checked as any manifest is.
///
/// # Errors
///
/// None, unless the program itself is wrong.
pub fn catalogue() -> Result<Catalogue> {
    manifest::parse(MANIFEST, "the demo's manifest", &|_| None).context("the demo is broken")
}

/// Plays the demo programme into the process's own ingest, over the real
/// protocol, until the shutdown.
///
/// # Errors
///
/// The programme cannot be encoded.
pub async fn play(public: SocketAddr, clock: Arc<dyn Clock>, shutdown: &Shutdown) -> Result<()> {
    let target = encoder::Target {
        address: reachable(public).to_string(),
        mount: "demo-encoder".into(),
        user: "source".into(),
        password: "demo-only".into(),
        name: "Skywave Demo".into(),
        description: "Chords and arpeggios, made by the program itself".into(),
        genre: "Ambient".into(),
        url: String::new(),
    };
    let settings =
        encoder::Settings { encoding: Encoding::Mp3 { kbps: 128 }, head_start: HEAD_START };
    let programme = Box::new(Programme::new(SEED));
    encoder::run(target, settings, programme, clock, shutdown.wait()).await?;
    Ok(())
}

/// What to open and what to type, for someone who has just started it.
pub fn welcome(addresses: &Addresses) -> String {
    let (public, control) = (reachable(addresses.public), reachable(addresses.control));
    format!(
        "\n\
        Skywave demo is on the air.\n\
        \n\
        \x20 page      http://{control}/\n\
        \x20 ICY       http://{public}/demo\n\
        \x20 HLS       http://{public}/demo/playlist.m3u8   (after about 20 s)\n\
        \n\
        Try:\n\
        \x20 mpg123 http://{public}/demo\n\
        \x20 ffplay http://{public}/demo\n\
        \x20 vlc http://{public}/demo/playlist.m3u8\n\
        \x20 curl -sI http://{public}/demo\n\
        \n\
        Ctrl-C ends it.\n"
    )
}

/// The address to connect to: where one listens everywhere, loopback will do.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    }
}
