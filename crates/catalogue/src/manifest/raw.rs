//! The manifest's shape, key by key.

#![expect(dead_code, reason = "what is not built yet is accepted in shape and then refused")]

use std::collections::BTreeMap;

use serde::Deserialize;
use settings::{Duration, Int, Level, Secret, Spanned, Text};

use crate::encoding::{EncodingCodec, RateControl};
use crate::limits;
use crate::link::Link;
use crate::name::{MountPath, Name};
use crate::resources::{Charset, WebhookEvent};

pub(super) type Encodings = Spanned<Vec<Spanned<Encoding>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub(super) struct Manifest {
    pub publisher: Vec<Publisher>,
    pub ingest: Vec<Ingest>,
    pub egress: Vec<Egress>,
    pub pop: Vec<Spanned<Pop>>,
    pub cluster: Vec<Spanned<Cluster>>,
    pub clustered_egress: Vec<Spanned<ClusteredEgress>>,
    pub balancer: Vec<Spanned<Balancer>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publisher {
    pub name: Spanned<Name>,
    pub title: Option<Text<{ limits::TITLE_BYTES_MAX }>>,
    pub timezone: Option<Spanned<Text<{ limits::TIMEZONE_BYTES_MAX }>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ingest {
    pub name: Spanned<Name>,
    pub publisher: Spanned<Name>,
    pub region: Option<Name>,
    pub encoding: Encoding,
    pub push: Option<Push>,
    pub pull: Option<Spanned<Pull>>,
    #[serde(default)]
    pub on_mismatch: OnMismatchAt,
    #[serde(default)]
    pub charset: Charset,
}

/// Where it is given, with its place.
pub(super) type OnMismatchAt = Option<Spanned<OnMismatch>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnMismatch {
    Warn,
    Refuse,
    Conform,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encoding {
    pub codec: Spanned<EncodingCodec>,
    pub bitrate_kbps: Spanned<Int<{ limits::BITRATE_KBPS_MIN }, { limits::BITRATE_KBPS_MAX }>>,
    pub sample_rate_hz:
        Spanned<Int<{ limits::SAMPLE_RATE_HZ_MIN }, { limits::SAMPLE_RATE_HZ_MAX }>>,
    pub channel_mode: Spanned<ChannelMode>,
    #[serde(default)]
    pub rate_control: RateControl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChannelMode {
    Mono,
    Stereo,
    JointStereo,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Push {
    pub mount: Spanned<MountPath>,
    pub user: Option<Spanned<Text<{ limits::USER_BYTES_MAX }>>>,
    pub password: Option<Spanned<Secret>>,
    pub stream_auth: Option<Link>,
    #[serde(default)]
    pub shoutcast: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pull {
    pub url: Link,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Egress {
    pub name: Spanned<Name>,
    pub publisher: Spanned<Name>,
    pub region: Option<Name>,
    pub ingests: Spanned<Vec<Spanned<Name>>>,
    pub session_limit: Option<Duration<0, { limits::SESSION_LIMIT_MS_MAX }>>,
    pub limit_announcement: Option<Spanned<String>>,
    pub protect_segments: Option<bool>,
    pub geo: Option<Spanned<Geo>>,
    pub ads: Option<Spanned<bool>>,
    #[serde(default)]
    pub aliases: Vec<Spanned<MountPath>>,
    pub encodings: Option<Encodings>,
    pub auto_aac: Option<bool>,
    pub loudness: Option<Spanned<Loudness>>,
    pub hold_back: Option<Spanned<Duration<0, { limits::HOLD_BACK_MS_MAX }>>>,
    pub silence: Option<Spanned<Duration<0, { limits::SILENCE_MS_MAX }>>>,
    pub fallback: Option<Spanned<String>>,
    pub hold: Option<Duration<0, { limits::HOLD_MS_MAX }>>,
    pub dvr: Option<Duration<0, { limits::DVR_MS_MAX }>>,
    pub webhooks: Option<Spanned<Vec<Webhook>>>,
    pub auth: Option<Spanned<UrlAuth>>,
    #[serde(default)]
    pub mount: Mount,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Loudness {
    pub target_lufs: Level<{ limits::LOUDNESS_TENTHS_MIN }, { limits::LOUDNESS_TENTHS_MAX }>,
    pub true_peak_dbtp: Option<Level<{ limits::TRUE_PEAK_TENTHS_MIN }, 0>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Geo {
    pub allow_none_except: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub allow_all_except: Vec<Spanned<String>>,
    pub unknown_country: Option<UnknownCountry>,
    #[serde(default)]
    pub exempt: Vec<Spanned<String>>,
    pub announcement: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownCountry {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Webhook {
    pub url: Link,
    pub on: Spanned<Vec<WebhookEvent>>,
    pub secret: Option<Secret>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UrlAuth {
    pub listener_add: Option<Link>,
    pub listener_remove: Option<Link>,
    pub mount_add: Option<Link>,
    pub mount_remove: Option<Link>,
    pub auth_header: Option<Spanned<String>>,
    pub timelimit_header: Option<Spanned<String>>,
    pub headers: Option<Spanned<Vec<String>>>,
    pub header_prefix: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Mount {
    pub icy_name: Option<Text<{ limits::ICY_NAME_BYTES_MAX }>>,
    pub icy_description: Text<{ limits::ICY_DESCRIPTION_BYTES_MAX }>,
    pub icy_url: Text<{ limits::ICY_URL_BYTES_MAX }>,
    pub genre: Text<{ limits::GENRE_BYTES_MAX }>,
    #[serde(default)]
    pub public: bool,
    pub burst: Option<Duration<0, { limits::BURST_MS_MAX }>>,
    pub metaint: Option<Int<{ limits::METAINT_MIN }, { limits::METAINT_MAX }>>,
    pub max_listeners: Option<Int<0, { limits::LISTENERS_MAX }>>,
    pub segment: Option<Spanned<Duration<{ limits::SEGMENT_MS_MIN }, { limits::SEGMENT_MS_MAX }>>>,
    pub window: Option<Spanned<Duration<{ limits::WINDOW_MS_MIN }, { limits::WINDOW_MS_MAX }>>>,
    pub intro: Option<Spanned<String>>,
    pub headers: Option<Spanned<BTreeMap<String, Spanned<String>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pop {
    pub name: Name,
    pub region: Option<Name>,
    pub url: String,
    pub location: Option<Location>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Location {
    pub latitude: f64,
    pub longitude: f64,
    pub country: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub name: Name,
    pub pops: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusteredEgress {
    pub name: Name,
    pub publisher: Name,
    pub cluster: Name,
    pub ingests: Vec<Name>,
    pub session_limit: Option<Duration>,
    pub limit_announcement: Option<String>,
    pub protect_segments: Option<bool>,
    pub geo: Option<Geo>,
    pub ads: Option<bool>,
    pub aliases: Option<Vec<MountPath>>,
    pub encodings: Option<Vec<Encoding>>,
    pub auto_aac: Option<bool>,
    pub loudness: Option<Loudness>,
    pub hold_back: Option<Duration>,
    pub silence: Option<Duration>,
    pub fallback: Option<String>,
    pub hold: Option<Duration>,
    pub dvr: Option<Duration>,
    pub webhooks: Option<Vec<Webhook>>,
    pub auth: Option<UrlAuth>,
    #[serde(default)]
    pub mount: Mount,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Balancer {
    pub name: Name,
    pub publisher: Name,
    pub egresses: Vec<Name>,
    pub aliases: Option<Vec<MountPath>>,
}
