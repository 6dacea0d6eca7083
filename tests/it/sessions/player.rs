//! Those who listen over HLS, reload by reload.

use bytes::Bytes;
use playlists::conformance::{self, MediaPlaylist};
use reqwest::Client;
use tests::TestNode;
use tests::http::{self, Answer};

use super::station::Station;

/// The limit of sessions, in the manifest and in seconds.
pub(super) const LIMITED: &str = "session_limit = \"20s\"";
pub(super) const LIMIT_SECS: u64 = 20;

/// Seconds of a segment, and of the target duration, where sessions are closed.
pub(super) const TARGET_SECS: u64 = 6;

/// Between two reloads.
pub(super) const STEP_SECS: u64 = 2;

/// One who listens over HLS, reload by reload.
#[derive(Debug, Clone)]
pub(super) struct Player {
    pub(super) client: Client,
    /// The URL of its media playlist, with the session's token.
    pub(super) media: String,
}

impl Player {
    /// Asks for the multivariant playlist.
    pub(super) async fn open(multivariant: &str, client: &Client) -> Self {
        let answer = http::get_by(client, multivariant, &[]).await;
        assert_eq!(answer.status, 200, "{multivariant}: {}", answer.text());
        Self { client: client.clone(), media: media_url(multivariant, &answer) }
    }

    /// Asks for the media playlist.
    pub(super) async fn reload(&self) -> Answer {
        http::get_by(&self.client, &self.media, &[]).await
    }

    /// The same; gives its text.
    pub(super) async fn reloaded(&self) -> String {
        let answer = self.reload().await;
        assert_eq!(answer.status, 200, "{}: {}", self.media, answer.text());
        if self.media.contains("t=") {
            assert_eq!(answer.header("cache-control"), "private, no-store");
        }
        let text = answer.text();
        conformance::assert_conforms(&text);
        text
    }

    /// The token in its URL.
    pub(super) fn token(&self) -> &str {
        self.media.split_once("?t=").expect("a session has a token").1
    }

    /// The same session at another node.
    pub(super) fn at(&self, node: &TestNode) -> Self {
        let path = self.media.splitn(4, '/').nth(3).unwrap();
        Self { client: self.client.clone(), media: node.url(&format!("/{path}")) }
    }

    /// What a playlist of it lists, whole.
    pub(super) async fn bodies(&self, playlist: &str) -> Vec<Bytes> {
        let folder = self.media.rsplit_once('/').unwrap().0;
        let mut bodies = Vec::new();
        for name in tests::hls::listed(playlist) {
            let segment = http::get_by(&self.client, &format!("{folder}/{name}"), &[]).await;
            assert_eq!(segment.status, 200, "{name}");
            bodies.push(segment.body);
        }
        bodies
    }
}

/// The URL of the only media playlist of a multivariant one.
pub(super) fn media_url(multivariant: &str, answer: &Answer) -> String {
    let text = answer.text();
    let uri = *tests::hls::listed(&text).first().expect("a variant");
    let folder = multivariant.rsplit_once('/').unwrap().0;
    format!("{folder}/{uri}")
}

/// What a playlist says.
pub(super) fn read(text: &str) -> MediaPlaylist {
    conformance::read(text.as_bytes()).0
}

/// Whether a playlist has an end.
pub(super) fn is_closed(text: &str) -> bool {
    text.trim_end().ends_with("#EXT-X-ENDLIST")
}

/// States that no cache may keep an answer.
#[track_caller]
pub(super) fn assert_kept_by_none(answer: &Answer) {
    let cache = answer.header("cache-control");
    assert!(cache.contains("no-store"), "{}: {cache:?}", answer.status);
    let shared = ["public", "max-age", "s-maxage", "immutable"];
    assert!(!shared.iter().any(|word| cache.contains(word)), "{cache:?}");
}

/// A player, reload by reload.
pub(super) struct Session {
    pub(super) player: Player,
    /// No later than it began.
    pub(super) began: u64,
    pub(super) live: String,
    pub(super) closing: Option<String>,
}

impl Session {
    pub(super) async fn begin(station: &Station) -> Self {
        let (began, player) = (station.now().secs(), station.play().await);
        Self::of(player, began).await
    }

    pub(super) async fn of(player: Player, began: u64) -> Self {
        let live = player.reloaded().await;
        assert!(!is_closed(&live), "it has just begun");
        Self { player, began, live, closing: None }
    }

    /// Reloads, and states that what came follows what came before.
    pub(super) async fn reload(&mut self, station: &Station) {
        let asked_at = station.now().secs();
        let text = self.player.reloaded().await;
        let answered_at = station.now().secs();
        if let Some(closing) = &self.closing {
            assert_eq!(text, *closing, "what is closed stays as it is");
            return;
        }
        conformance::assert_follows(&self.live, &text);
        if is_closed(&text) {
            let listened = answered_at - self.began;
            assert!(listened >= LIMIT_SECS, "closed after {listened} s");
            self.closing = Some(text);
        } else {
            // A second for times that are whole ones.
            let overdue = asked_at.saturating_sub(self.began + LIMIT_SECS + TARGET_SECS + 1);
            assert!(overdue == 0, "open {overdue} s too long");
            self.live = text;
        }
    }

    /// Goes on until it is closed.
    pub(super) async fn until_closed(&mut self, station: &mut Station) -> String {
        while self.closing.is_none() {
            station.go_on(STEP_SECS).await;
            self.reload(station).await;
        }
        self.closing.clone().unwrap()
    }

    /// Goes on for so long, and states that it is not closed.
    pub(super) async fn assert_goes_on(&mut self, station: &mut Station, secs: u64) {
        for _ in 0..secs / STEP_SECS {
            station.go_on(STEP_SECS).await;
            let text = self.player.reloaded().await;
            conformance::assert_follows(&self.live, &text);
            assert!(!is_closed(&text), "closed after {} s", station.now().secs() - self.began);
            self.live = text;
        }
    }
}
