//! What a node says back: plain data that the status page, the API and tests read.

use serde::Serialize;

use crate::encoding::Mismatch;

/// One node's state at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The node's name.
    pub node: String,
    /// When its process started, RFC 3339.
    pub started: String,
    /// Its ingests, by name.
    pub ingests: Vec<IngestReport>,
    /// Its egresses, by name.
    pub egresses: Vec<EgressReport>,
    /// By what it knows countries; `None` where no egress asks for them and no database
    /// is configured.
    pub geo: Option<GeoReport>,
}

/// By what a node knows in which country a listener is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GeoReport {
    /// What the database in use calls itself; `None` without one: every country is
    /// unknown.
    pub database: Option<String>,
    /// When that was built, in seconds since 1970.
    pub built_at_unix_secs: Option<u64>,
    /// Whether that is more than 30 days ago.
    pub is_old: bool,
    /// Why the configured file, as it is now, is not in use.
    pub error: Option<String>,
    /// Egresses that are blocked somewhere.
    pub egresses: u32,
}

/// One ingest's state. What an encoder told is `None` or zero while none is
/// connected; counters run since the process started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IngestReport {
    /// The ingest's name.
    pub name: String,
    /// The path its encoder connects to, without a leading slash.
    pub mount: Option<String>,
    /// The URL it is pulled from, without user and password.
    pub pulled_from: Option<String>,
    /// Whether an encoder is there.
    pub state: IngestState,
    /// The encoder's address, `192.0.2.7:51234`.
    pub peer_address: Option<String>,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// When it connected, in Unix seconds.
    pub connected_at_unix_secs: Option<u64>,
    /// Whole seconds since it connected.
    pub connected_secs: Option<u64>,
    /// What it sends, for people: `mp3 128 kbit/s cbr, 44100 Hz, joint_stereo`.
    pub format: Option<String>,
    /// Its sampling rate in Hz, as its frame headers have it.
    pub sample_rate_hz: Option<u32>,
    /// Its channels, likewise.
    pub channels: Option<u8>,
    /// Its bit rate as measured, bits per second.
    pub bitrate_bps: Option<u32>,
    /// Settings it does not follow.
    pub mismatch: Vec<Mismatch>,
    /// Times that a source was let in.
    pub connects_total: u64,
    /// Whole frames taken from it.
    pub frames_total: u64,
    /// Bytes of these frames.
    pub frame_bytes_total: u64,
    /// Bytes dropped between frames.
    pub junk_bytes_total: u64,
    /// The title it sent last.
    pub title: Option<String>,
    /// Why an encoder was turned away last, without what it sent.
    pub last_refusal: Option<String>,
}

/// Whether an ingest has an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IngestState {
    /// None is connected.
    #[default]
    Offline,
    /// One is, and sends.
    Connected,
}

/// One egress's state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EgressReport {
    /// The egress's name.
    pub name: String,
    /// The station's name as listeners see it.
    pub title: String,
    /// Whether audio goes out.
    pub on_air: bool,
    /// Whether it has fallen silent; `None` where nobody watches for that.
    pub silent: Option<bool>,
    /// The codec's name in manifests: `mp3`, `he_aac`.
    pub codec: String,
    /// `CODECS` as playlists have it (RFC 6381): `mp4a.40.34`; `None` until known.
    pub codecs: Option<String>,
    /// The rendition's id.
    pub rendition: String,
    /// All its renditions, in the order of the multivariant playlist.
    pub renditions: Vec<RenditionReport>,
    /// The title on air.
    pub now_playing: Option<String>,
    /// The titles that began last, the newest first.
    pub played: Vec<PlayedTitle>,
    /// ICY listeners connected.
    pub icy_listeners: u64,
    /// HLS sessions, where they are counted.
    pub hls_sessions: Option<u64>,
    /// The number of the newest segment listed.
    pub media_sequence: Option<u64>,
    /// Segments listed.
    pub window_segments: u32,
    /// The running epoch's id.
    pub epoch: Option<String>,
    /// The ingest on air: of several that carry the programme the most preferred.
    pub source: Option<String>,
    /// Its ingests, in the order of preference.
    pub ingests: Vec<PathReport>,
    /// Times that what goes out did not continue what went out before, since the
    /// process started.
    pub breaks_total: u64,
    /// Why that was so last, for people.
    pub last_break: Option<String>,
    /// Where it went on with another encoder of the same programme then: how much later
    /// that brings the same sound, in milliseconds. So much was heard twice, or not at
    /// all where it is below zero.
    pub last_break_offset_ms: Option<i64>,
    /// Whether the fallback is on air, because no ingest is left.
    pub on_fallback: bool,
    /// Frames that no ingest brought, reckoned by the clock at these breaks.
    pub frames_lost_total: u64,
    /// Frames that went out twice.
    pub frames_repeated_total: u64,
    /// The longest wait for a frame of a programme that went on, in milliseconds.
    pub longest_gap_ms: u64,
    /// How much later than `hold_back` it goes out, in milliseconds: it has waited
    /// for a slow ingest.
    pub late_ms: u64,
    /// Segments made that the bucket does not have yet.
    pub bucket_lag_segments: u32,
    /// Every path to it without a leading slash, its name first.
    pub paths: Vec<String>,
}

/// One rendition of an egress.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RenditionReport {
    /// Its id, which is its name in URLs: `aac-128`.
    pub id: String,
    /// The codec's name in manifests: `mp3`, `he_aac`.
    pub codec: String,
    /// Bit rate in kbit/s, as its settings have it; a mean where the rate varies.
    pub bitrate_kbps: u32,
    /// Sampling rate in Hz that is heard, likewise.
    pub sample_rate_hz: u32,
    /// Whether it is the ingest's own bytes; else it is encoded by Skywave.
    pub own_bytes: bool,
    /// Whether it keeps up with the programme; `None` where nothing is encoded, or
    /// another process does it.
    pub progress: Option<RenditionProgress>,
    /// How long what of the programme is not encoded yet has waited, in milliseconds;
    /// `None` likewise, and where it has failed.
    pub behind_ms: Option<u64>,
    /// Segments listed in its live window.
    pub window_segments: u32,
}

/// Whether a rendition that is encoded here keeps up with its programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RenditionProgress {
    /// It does.
    OnTime,
    /// It has fallen behind, and has not caught up yet.
    Late,
    /// It is not made until the restart.
    Failed,
}

/// An ingest as one of an egress's paths.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PathReport {
    /// The ingest's name.
    pub ingest: String,
    /// `away`, `seeking`, `locked`, `unprotected`, `stalled` or `other`.
    pub state: String,
    /// Whether it has been silent for longer than the egress's `silence`.
    pub silent: bool,
    /// How much later than the programme's schedule its frames come, in
    /// milliseconds; below zero where it is ahead, `None` where nobody knows.
    pub lag_ms: Option<i64>,
    /// How much later it brings the same sound than the ingest on air, in milliseconds,
    /// where it is another encoder of the same programme; below zero where it is
    /// earlier, `None` where that is not so or nobody knows.
    pub offset_ms: Option<i64>,
    /// Frames that it was the first to bring.
    pub units_first_total: u64,
    /// Frames that it brought after another one had, in time.
    pub units_second_total: u64,
    /// Frames that came when theirs were out.
    pub units_late_total: u64,
    /// Times that it brought something else than the programme has in that place.
    pub mismatched_total: u64,
    /// Times that its place in the programme was found.
    pub locks_total: u64,
}

/// A title and when it began.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PlayedTitle {
    /// Seconds since 1970.
    pub at_unix_secs: u64,
    /// The whole title.
    pub title: String,
}

impl Report {
    /// The ingest of this name.
    pub fn ingest(&self, name: &str) -> Option<&IngestReport> {
        self.ingests.iter().find(|ingest| ingest.name == name)
    }

    /// The egress of this name.
    pub fn egress(&self, name: &str) -> Option<&EgressReport> {
        self.egresses.iter().find(|egress| egress.name == name)
    }
}
