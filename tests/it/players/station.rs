//! A station that sends the tone in real time.

use std::sync::Arc;
use std::time::Duration;

use demo::encoder::{self, Settings, Target};
use demo::tones::TimeCode;
use demo::{Encoding, Source};
use media::AacProfile;
use runtime::clock::SystemClock;
use runtime::shutdown::Shutdown;
use tests::{TestNode, http, wait};

/// A node on which egress `radio` is on air from an encoder of our own.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) node: TestNode,
    /// The egress's rendition.
    pub(super) rendition: &'static str,
    stop: Shutdown,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sound {
    /// 128 kbit/s at 44.1 kHz.
    Mp3,
    /// AAC-LC, 128 kbit/s at 44.1 kHz.
    Aac,
    /// HE-AAC v1, 64 kbit/s at 44.1 kHz.
    HeAac,
}

/// What the encoder sends at once: three segments, so that HLS is ready.
pub(super) const HEAD_START_SECS: u32 = 20;

/// What it sends where a player is to have a window with room behind it.
const LONG_HEAD_START_SECS: u32 = 44;

/// Length of a segment.
pub(super) const SEGMENT_SECS: u32 = 6;

/// How long a title holds.
pub(super) const TITLE_SECS: u32 = 5;

/// The artist in all titles; not of ASCII alone.
pub(super) const ARTIST: &str = "Blåmejse";

/// The song that begins at a second.
pub(super) fn song(second: u32) -> String {
    format!("Since second {second}")
}

/// The second at which a song began.
pub(super) fn song_second(song: &str) -> Option<u32> {
    song.split_once("Since second ")?.1.trim().parse().ok()
}

/// The tone with titles.
struct Titled(TimeCode);

impl Source for Titled {
    fn sample_rate_hz(&self) -> u32 {
        self.0.sample_rate_hz()
    }

    fn channels(&self) -> u8 {
        self.0.channels()
    }

    fn fill(&mut self, out: &mut [i16]) {
        self.0.fill(out);
    }

    fn title_at(&self, sample: u64) -> String {
        let second = sample / u64::from(self.sample_rate_hz());
        let second = u32::try_from(second).unwrap();
        format!("{ARTIST} - {}", song(second / TITLE_SECS * TITLE_SECS))
    }
}

impl Station {
    /// Puts it on air and waits until HLS is ready.
    pub(super) async fn on_air(sound: Sound) -> Self {
        Self::on_air_ahead(sound, HEAD_START_SECS).await
    }

    /// The same, as it is when it has been on air for some time.
    pub(super) async fn on_air_ahead(sound: Sound, head_start_secs: u32) -> Self {
        Self::start(sound, &sound.manifest(), head_start_secs).await
    }

    /// The same, and listeners may go back by an hour.
    pub(super) async fn on_air_with_past(sound: Sound, head_start_secs: u32) -> Self {
        let manifest = sound.manifest().replace("aliases", "dvr = \"1h\"\naliases");
        Self::start(sound, &manifest, head_start_secs).await
    }

    /// The same, in these renditions: entries of `encodings`.
    pub(super) async fn on_air_in(sound: Sound, encodings: &[&str]) -> Self {
        let encodings = format!("encodings = [{}]\naliases", encodings.join(", "));
        let manifest = sound.manifest().replace("aliases", &encodings);
        Self::start(sound, &manifest, LONG_HEAD_START_SECS).await
    }

    /// The same of an MP3 programme, which gets AAC by itself.
    pub(super) async fn on_air_with_aac() -> Self {
        let manifest = Sound::Mp3.manifest().replace("auto_aac = false", "auto_aac = true");
        Self::start(Sound::Mp3, &manifest, LONG_HEAD_START_SECS).await
    }

    /// A rendition's media playlist, once there is one that is up to date: what was sent at
    /// once takes a moment to encode.
    pub(super) async fn media(&self, rendition: &str) -> String {
        let url = self.node.url(&format!("/radio/{rendition}/media.m3u8"));
        let variant = format!("\n{rendition}/media.m3u8");
        wait::until(&format!("a playlist of {rendition}"), || async {
            let is_listed = http::get(&self.hls()).await.text().contains(&variant);
            (is_listed && http::get(&url).await.status == 200).then_some(())
        })
        .await;
        url
    }

    async fn start(sound: Sound, manifest: &str, head_start_secs: u32) -> Self {
        let node = TestNode::start(manifest).await;
        let target = Target {
            address: node.public().to_string(),
            mount: "in".into(),
            user: "source".into(),
            password: "secret".into(),
            name: "Acme".into(),
            description: String::new(),
            genre: String::new(),
            url: String::new(),
        };
        let head_start = Duration::from_secs(head_start_secs.into());
        let settings = Settings { encoding: sound.encoding(), head_start };
        let source = Box::new(Titled(TimeCode::new(44_100, 2)));
        let stop = Shutdown::default();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let clock = Arc::new(SystemClock);
            encoder::run(target, settings, source, clock, stopped.wait()).await.unwrap();
        });
        let station = Self { node, rendition: sound.rendition(), stop };
        station.node.until_listed("radio", head_start_secs / SEGMENT_SECS).await;
        station
    }

    /// The multivariant playlist's URL.
    pub(super) fn hls(&self) -> String {
        self.node.url("/radio/playlist.m3u8")
    }

    /// The ICY mount's URL.
    pub(super) fn icy(&self) -> String {
        self.node.url("/radio")
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}

impl Sound {
    fn encoding(self) -> Encoding {
        match self {
            Self::Mp3 => Encoding::Mp3 { kbps: 128 },
            Self::Aac => Encoding::Aac { profile: AacProfile::Lc, kbps: 128 },
            Self::HeAac => Encoding::Aac { profile: AacProfile::HeV1, kbps: 64 },
        }
    }

    /// A manifest whose ingest is of this kind.
    pub(super) fn manifest(self) -> String {
        match self {
            Self::Mp3 => tests::node::MP3.to_owned(),
            Self::Aac => tests::node::aac("aac", 128, 44_100),
            Self::HeAac => tests::node::aac("he_aac", 64, 44_100),
        }
    }

    /// Its rendition's id.
    pub(super) fn rendition(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3-128",
            Self::Aac => "aac-128",
            Self::HeAac => "he-aac-64",
        }
    }

    /// Its media type.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Aac | Self::HeAac => "audio/aac",
        }
    }
}
