use std::time::Duration;

use playlists::conformance::{assert_conforms, assert_follows};

use crate::testing::{Answer, Bench, TARGET_SECS, Voice, settings_of_acme};
use crate::{Announcement, StationSettings};

const LIMIT: Duration = Duration::from_secs(20);

/// A station that has been on the air for ten segments.
struct Air {
    bench: Bench,
    segments: u64,
}

impl Air {
    async fn with(settings: StationSettings) -> Self {
        Self::of(settings, &[Voice::default()]).await
    }

    async fn of(settings: StationSettings, voices: &[Voice]) -> Self {
        let bench = Bench::of(settings, voices, 100).await;
        bench.list(10);
        Self { bench, segments: 10 }
    }

    async fn limited() -> Self {
        Self::with(StationSettings { session_limit: Some(LIMIT), ..settings_of_acme() }).await
    }

    /// Time goes by, and segments become listed.
    fn go_on(&mut self, secs: u64) {
        for _ in 0..secs {
            self.bench.clock.advance(Duration::from_secs(1));
            let now = self.bench.now().secs() - 1_700_000_000;
            if now.is_multiple_of(TARGET_SECS) {
                self.segments += 1;
                self.bench.list(self.segments);
            }
        }
    }

    /// Where the media playlist of a session is that begins now.
    async fn begin(&self) -> String {
        let master = self.bench.get("/acme/playlist.m3u8").await;
        assert_eq!(master.status, 200, "{}", master.text());
        format!("/acme/{}", master.text().lines().last().unwrap())
    }

    async fn get(&self, path: &str) -> Answer {
        self.bench.get(path).await
    }

    fn sessions(&self) -> usize {
        self.bench.rendition.mount().snapshot().hls_sessions
    }
}

#[tokio::test]
async fn a_session_whose_time_is_up_gets_a_playlist_that_ends_and_then_410() {
    let mut air = Air::limited().await;
    let (one, two) = (air.begin().await, air.begin().await);
    // Until the end of the target duration in which the limit lies.
    air.go_on(21);
    let last = air.get(&one).await;
    assert!(!last.text().contains("ENDLIST"), "{}", last.text());
    let other = air.bench.ask("GET", &two, &[("user-agent", "another player")]).await;
    assert_eq!(other.body, last.body);
    assert_eq!(air.sessions(), 2);
    air.go_on(1);
    let closing = air.get(&one).await;
    assert_conforms(closing.text());
    assert_follows(last.text(), closing.text());
    assert!(closing.text().ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(closing.header("cache-control"), "private, no-store");
    air.go_on(10);
    assert_eq!(air.get(&two).await.body, closing.body, "however late it asks");
    assert_eq!(air.sessions(), 0, "both are over");
    air.go_on(60);
    let gone = air.get(&one).await;
    assert_eq!((gone.status.as_u16(), gone.header("cache-control")), (410, "no-store"));
    // Pressing play again begins another session.
    let again = air.begin().await;
    assert_ne!(again, one);
    assert_eq!(air.get(&again).await.status, 200);
    assert_eq!(air.sessions(), 1);
}

#[tokio::test]
async fn who_asks_without_a_token_has_a_session_and_its_limit() {
    let mut air = Air::limited().await;
    let media = "/acme/mp3-128/media.m3u8";
    assert_eq!(air.get(media).await.header("cache-control"), "private, no-store");
    assert_eq!(air.sessions(), 1);
    air.go_on(12);
    air.get(media).await;
    air.go_on(12);
    assert!(air.get(media).await.text().ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(air.sessions(), 0);
    // The player that presses play again asks for the same URL.
    air.go_on(70);
    assert!(!air.get(media).await.text().contains("ENDLIST"));
    assert_eq!(air.sessions(), 1);
}

#[tokio::test]
async fn the_limit_is_fixed_when_the_session_begins() {
    let mut air = Air::with(settings_of_acme()).await;
    let free = air.begin().await;
    let limited = StationSettings { session_limit: Some(LIMIT), ..settings_of_acme() };
    let other = Bench::with(limited, 100).await;
    air.bench.delivery = other.delivery.clone().with_keys((*air.bench.delivery.keys).clone());
    other.list(10);
    other.clock.advance(Duration::from_mins(1));
    other.list(20);
    assert!(!air.get(&free).await.text().contains("ENDLIST"));
}

#[tokio::test]
async fn without_a_limit_a_session_is_never_closed_and_decided_afresh_after_a_day() {
    let mut air = Air::with(settings_of_acme()).await;
    let media = air.begin().await;
    assert_eq!(air.get(&media).await.status, 200);
    air.bench.clock.advance(Duration::from_hours(25));
    air.segments += 1;
    air.bench.list(air.segments);
    let after = air.get(&media).await;
    assert_eq!(after.status, 200);
    assert!(!after.text().contains("ENDLIST"));
}

#[tokio::test]
async fn who_has_no_token_of_a_session_here_is_told_so_and_not_why() {
    let air = Air::limited().await;
    let media = air.begin().await;
    let (path, token) = media.split_once("?t=").unwrap();
    let flipped = if token.ends_with('A') { "B" } else { "A" };
    let mut told = Vec::new();
    for bad in [
        "",
        "x",
        &token[1..],
        &token[..token.len() - 1],
        &format!("{}{flipped}", &token[..token.len() - 1]),
        &token.repeat(9),
        "%00%FF",
    ] {
        let answer = air.get(&format!("{path}?t={bad}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (403, "no-store"));
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(air.sessions(), 0);
}

#[tokio::test]
async fn someone_ends_a_session_with_the_same_playlist() {
    let mut air = Air::with(settings_of_acme()).await;
    let media = air.begin().await;
    air.get(&media).await;
    let id = air.bench.delivery.roster().of("acme").remove(0).id;
    air.bench.delivery.kill("acme", id).unwrap();
    air.go_on(6);
    assert!(air.get(&media).await.text().ends_with("#EXT-X-ENDLIST\n"));
    assert_eq!(air.sessions(), 0);
    air.go_on(70);
    assert_eq!(air.get(&media).await.status, 410);
}

#[tokio::test]
async fn an_announcement_is_heard_last_and_its_segments_are_there() {
    let announcement = Announcement::new(&crate::announcement::tests::file(500), TARGET_SECS);
    let settings = StationSettings { session_limit: Some(LIMIT), ..settings_of_acme() };
    let voice = Voice { limit_announcement: announcement, ..Voice::default() };
    let mut air = Air::of(settings, &[voice]).await;
    let media = air.begin().await;
    let live = air.get(&media).await.text().to_owned();
    air.go_on(24);
    let closing = air.get(&media).await;
    assert_conforms(closing.text());
    let names: Vec<_> = tests_listed(closing.text());
    let own: Vec<_> = names.iter().filter(|name| name.starts_with("announcement-")).collect();
    assert_eq!(own.len(), 3);
    assert!(names.ends_with(&own.iter().map(|name| **name).collect::<Vec<_>>()));
    assert!(!live.contains("announcement"));
    for name in own {
        let segment = air.get(&format!("/acme/mp3-128/{name}")).await;
        assert_eq!((segment.status.as_u16(), segment.header("content-type")), (200, "audio/mpeg"));
    }
}

fn tests_listed(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

#[tokio::test]
async fn a_segment_is_protected_by_a_pass_that_all_of_a_country_and_a_day_have() {
    let air = Air::with(StationSettings { protect_segments: true, ..settings_of_acme() }).await;
    let (one, two) = (air.begin().await, air.begin().await);
    let first = air.get(&one).await;
    assert_eq!(first.body, air.get(&two).await.body);
    assert_conforms(first.text());
    let listed = tests_listed(first.text());
    let newest = listed.last().unwrap();
    assert_eq!(air.get(&format!("/acme/mp3-128/{newest}")).await.status, 200);
    let (name, pass) = newest.split_once("?p=").unwrap();
    for query in ["", "?p=", "?p=x", &format!("?p={}", &pass[1..]), &format!("?q={pass}")] {
        let answer = air.get(&format!("/acme/mp3-128/{name}{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (403, "no-store"));
    }
    // The pass of a session is good as long as that may last, and a day.
    for (days, status) in [(1, 200), (1, 200), (1, 403)] {
        air.bench.clock.advance(Duration::from_hours(24 * days));
        assert_eq!(air.get(&format!("/acme/mp3-128/{newest}")).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn head_begins_no_session() {
    let air = Air::limited().await;
    let media = air.begin().await;
    assert_eq!(air.bench.ask("HEAD", &media, &[]).await.status, 200);
    assert_eq!(air.sessions(), 0);
}

#[tokio::test]
async fn a_full_egress_lets_nobody_else_in_and_who_is_in_goes_on() {
    let bench = Bench::with(settings_of_acme(), 1).await;
    bench.list(10);
    let air = Air { bench, segments: 10 };
    let (one, two) = (air.begin().await, air.begin().await);
    assert_eq!(air.get(&one).await.status, 200);
    let refused = air.bench.ask("GET", &two, &[("user-agent", "other")]).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "5"));
    let master = air.bench.ask("GET", "/acme/playlist.m3u8", &[("user-agent", "other")]).await;
    assert_eq!(master.status, 503);
    // Its own player opens the stream once more.
    assert_eq!(air.get(&air.begin().await).await.status, 200);
}

mod renditions;
