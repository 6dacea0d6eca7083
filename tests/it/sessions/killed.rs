//! Sessions of a process that is killed, and of the one after it.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tests::encoder::Source;
use tests::listener::Listener;
use tests::{Program, Scratch, http, wait};
use tokio::task::JoinHandle;

use super::player::{Player, is_closed};
use super::records::{self, Record};
use super::station::Plan;

/// Between the first checkpoint, which comes 30 s after the start, and the limit a
/// process is killed and started again.
const LIMIT_SECS: u64 = 40;
const LIMITED: &str = "session_limit = \"40s\"";

/// The length of a frame of MP3 at 44.1 kHz.
const FRAME: Duration = Duration::from_micros(26_122);

/// What is sent at once: seven segments of two seconds.
const AT_ONCE: usize = 540;

/// Between two reloads of a player, as a player has it.
const RELOADED_EVERY: Duration = Duration::from_secs(1);

/// Sends in real time until the process dies.
async fn send(program: &Program, sound: &[Bytes]) -> JoinHandle<()> {
    let mut source = Source::connect(program.public, "audio/mpeg").await;
    source.send(&sound[..AT_ONCE]).await;
    program.until_egress("segments", |egress| egress["window_segments"].as_u64() >= Some(4)).await;
    let rest = sound[AT_ONCE..].to_vec();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let mut ticks = tokio::time::interval(FRAME);
        for frame in rest {
            ticks.tick().await;
            if source.stream.write_all(&frame).await.is_err() {
                return;
            }
        }
    })
}

/// The sessions of the last checkpoint: one of HLS, and one of ICY.
fn open(data: &Path) -> Option<[Record; 2]> {
    let mut open = records::open(data);
    open.sort_by(|one, other| one.protocol.cmp(&other.protocol));
    open.try_into().ok()
}

/// Reloads as a player does until there is something.
async fn play_until<T>(player: &Player, mut look: impl FnMut(&str) -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(RELOADED_EVERY);
    let playing = async {
        loop {
            ticks.tick().await;
            if let Some(found) = look(&player.reloaded().await) {
                return found;
            }
        }
    };
    tokio::time::timeout(wait::PATIENCE, playing).await.expect("what a player waits for")
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_with_listeners_it_has_lost_no_session() {
    let (folder, sound) = (Scratch::default(), demo::fixtures::mp3(100, 128, 44_100, 2));
    let (manifest, data) = (Plan::of_egress(LIMITED).manifest(), folder.path().join("data"));
    let first = Program::serve(&manifest, folder.path()).await;
    let sending = send(&first, &sound).await;
    let mut listener = Listener::connect(first.public, "/radio").await;
    let hearing = tokio::spawn(async move { listener.hear_until(|_| false).await });
    let player = Player::open(&first.url("/radio/playlist.m3u8"), &http::client()).await;
    let [hls, icy] = play_until(&player, |_| open(&data)).await;
    assert_eq!((&*hls.protocol, &*icy.protocol), ("hls", "icy"));
    assert!(icy.length() > Duration::from_secs(20), "{icy:?}");
    assert_eq!(records::all(&data), [], "both are under way");
    first.kill().await;
    hearing.await.unwrap();
    sending.await.unwrap();

    let lost = [Record { ending: "lost".into(), ..icy.clone() }];
    let second = Program::serve(&manifest, folder.path()).await;
    assert_eq!(records::until(&data, 1).await, lost);
    // Killed again before its first checkpoint.
    second.kill().await;
    let second = Program::serve(&manifest, folder.path()).await;
    let sending = send(&second, &sound[1_500..]).await;
    assert_eq!(records::all(&data), lost);
    let path = player.media.splitn(4, '/').nth(3).unwrap();
    let player = Player { media: second.url(&format!("/{path}")), ..player };
    play_until(&player, |text| is_closed(text).then_some(())).await;
    let all = records::until(&data, 2).await;
    let [_, whole] = &all[..] else { panic!("{all:?}") };
    assert_eq!((&whole.id, whole.started), (&hls.id, hls.started), "it is the same session");
    assert_eq!(&*whole.ending, "limit");
    let secs = whole.length().as_secs();
    assert!((LIMIT_SECS..=LIMIT_SECS + 5).contains(&secs), "{whole:?}");
    assert!(whole.media > hls.media && whole.media <= whole.length(), "{whole:?} {hls:?}");
    sending.abort();
    assert_eq!(second.terminate().await, 0);
    assert_eq!(records::all(&data).len(), 2, "nothing was left to be told");
}
