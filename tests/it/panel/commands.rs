//! What the administrator's commands do to those who listen and to those who
//! send.

use bytes::Bytes;
use tests::encoder::Source;
use tests::listener::Listener;
use tests::{frames, http, wait};

use super::{AT_ONCE, Studio, element};

/// A player that says who it is.
const PLAYER: &str = "GET /radio HTTP/1.0\r\nHost: x\r\nUser-Agent: Player/1 <x>\r\n\
    Referer: https://page.example/?a&b\r\n\r\n";

/// Waits until a mount has so many listeners; gives their document.
async fn clients(studio: &Studio, mount: &str, count: usize) -> String {
    wait::until("listeners", || async {
        let text = studio.admin(&format!("/admin/listclients?mount=/{mount}")).await.text();
        (element(&text, "Listeners") == count.to_string()).then_some(text)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_seen_and_its_end_comes_after_a_whole_frame() {
    let mut studio = Studio::open().await;
    let mut stays = Listener::connect(studio.node.public(), "/radio").await;
    let stayer = element(&clients(&studio, "radio", 1).await, "ID").to_owned();
    let mut goes = Listener::request(studio.node.public(), PLAYER).await;
    let seen = clients(&studio, "radio", 2).await;
    assert!(seen.contains("<UserAgent>Player/1 &lt;x&gt;</UserAgent>"), "{seen}");
    assert!(seen.contains("<Referer>https://page.example/?a&amp;b</Referer>"), "{seen}");
    assert_eq!(seen.matches("<IP>127.0.0.1</IP>").count(), 2, "{seen}");
    let ids: Vec<_> =
        seen.split("<ID>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    let id = ids.iter().find(|id| **id != stayer).expect("another one");
    let killed = studio.admin(&format!("/admin/killclient?mount=/radio&id={id}")).await.text();
    assert_eq!(element(&killed, "message"), format!("Client {id} removed"));
    let heard = goes.hear(usize::MAX).await;
    // Nothing lies outside of its frames, at the end neither.
    frames::position(&studio.frames[0], &frames::cut(&heard.audio));
    clients(&studio, "radio", 1).await;
    studio.radio.send(&studio.frames[0][AT_ONCE..2 * AT_ONCE]).await;
    let sent: usize = studio.frames[0][..AT_ONCE].iter().map(Bytes::len).sum();
    assert!(stays.hear(sent).await.audio.len() >= sent, "the other one goes on");
}

/// Whether frames are some of those that were sent, without a hole.
fn lies_in(part: &[Bytes], whole: &[Bytes]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_are_moved_and_go_on_with_the_other_stations_frames() {
    let mut studio = Studio::open().await;
    let [first, second] = studio.frames.clone();
    assert_eq!(studio.set_title("/other", "Other - Song").await, 200);
    let mut listener = Listener::connect(studio.node.public(), "/radio").await;
    clients(&studio, "radio", 1).await;
    let moved = studio.admin("/admin/moveclients?mount=/radio&destination=/other").await.text();
    assert_eq!(element(&moved, "message"), "Clients moved from /radio to /other");
    clients(&studio, "other", 1).await;
    clients(&studio, "radio", 0).await;
    studio.other.send(&second[AT_ONCE..]).await;
    let sent: usize =
        [&first[..AT_ONCE], &second[..2 * AT_ONCE]].concat().iter().map(Bytes::len).sum();
    let heard = listener.hear(sent).await;
    let audio = frames::whole(&heard.audio);
    let cut = (1..audio.len()).find(|cut| lies_in(&audio[*cut..], &second));
    let cut = cut.expect("it goes on with the other station's frames");
    frames::position(&first, &audio[..cut]);
    assert!(audio.len() - cut > AT_ONCE, "{cut} of {} frames are the first one's", audio.len());
    assert!(heard.titles.iter().any(|(_, title)| title == "Other - Song"), "{:?}", heard.titles);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_ended_and_may_come_again() {
    let mut studio = Studio::open().await;
    let ended = studio.admin("/admin/killsource?mount=/radio").await.text();
    assert_eq!(element(&ended, "message"), "Source Removed");
    studio.radio.read_to_end().await;
    studio
        .node
        .until("no source", |report| report.ingest("in").unwrap().peer_address.is_none())
        .await;
    let again = studio.admin("/admin/killsource?mount=/radio").await;
    assert_eq!(again.status, 400, "{}", again.text());
    let mut radio = Source::connect(studio.node.public(), "audio/mpeg").await;
    radio.send(&studio.frames[0][AT_ONCE..2 * AT_ONCE]).await;
    studio.node.until("audio", |report| report.egress("radio").unwrap().on_air).await;
    assert!(studio.node.egress("other").on_air, "the other one was left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administrator_sets_titles_by_any_mount_and_they_are_told() {
    let mut studio = Studio::open().await;
    let mounts = ["/in", "/radio", "/live/radio"];
    for (step, mount) in mounts.into_iter().enumerate() {
        let song = format!("Artist - Song {step}");
        assert_eq!(studio.set_title(mount, &song).await, 200, "{mount}");
        // A title holds from the next frame on.
        let at = (step + 1) * AT_ONCE;
        studio.radio.send(&studio.frames[0][at..at + 100]).await;
        let current = studio.node.url("/currentsong?sid=1");
        wait::until("the title", || async {
            (http::try_get(&current).await?.text() == song).then_some(())
        })
        .await;
    }
    let played = http::get(&studio.node.url("/played?sid=1&type=json")).await.body;
    let played: serde_json::Value = serde_json::from_slice(&played).unwrap();
    let titles: Vec<_> = played.as_array().unwrap().iter().map(|one| &one["title"]).collect();
    assert_eq!(titles, ["Artist - Song 2", "Artist - Song 1", "Artist - Song 0"]);
    let of_other = http::get(&studio.node.url("/currentsong?sid=2")).await;
    assert_eq!(of_other.text(), "");
    // As SHOUTcast's panels do it: the password of the administrator, and a number.
    let url = "/admin.cgi?sid=2&mode=updinfo&pass=adm1n&song=Late";
    assert_eq!(http::get(&studio.node.url(url)).await.status, 200);
    studio.other.send(&studio.frames[1][AT_ONCE..2 * AT_ONCE]).await;
    studio
        .node
        .until("title", |report| {
            report.egress("other").unwrap().now_playing.as_deref() == Some("Late")
        })
        .await;
}
