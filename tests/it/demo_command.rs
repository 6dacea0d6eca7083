//! `skywave demo`, as someone tries it.

use tests::hls;
use tests::listener::Listener;
use tests::tones;
use tests::{Program, Scratch, frames, http, wait};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_heard_and_ends_at_ctrl_c() {
    let scratch = Scratch::default();
    let program = Program::demo(scratch.path()).await;
    let said = wait::until("the welcome", || async {
        let said = std::fs::read_to_string(scratch.path().join("log.txt")).unwrap();
        said.contains("Ctrl-C").then_some(said)
    })
    .await;
    for url in [program.url("/demo"), program.url("/demo/playlist.m3u8"), program.control_url("/")]
    {
        assert!(said.contains(&url), "{url} in\n{said}");
    }
    program
        .until_egress("a title", |egress| {
            egress["on_air"] == true && egress["now_playing"].is_string()
        })
        .await;
    let mut listener = Listener::connect(program.public, "/demo").await;
    assert!(listener.head.contains("200"), "{}", listener.head);
    let heard = listener.hear(100_000).await;
    assert!(frames::whole(&heard.audio).len() > 230);
    assert!(heard.titles.iter().any(|(_, title)| !title.is_empty()), "{:?}", heard.titles);
    assert_eq!(http::get(&program.control_url("/")).await.status, 200);

    program.until_egress("segments", |egress| egress["window_segments"].as_u64() >= Some(3)).await;
    let listed = hls::fetch(&program.url("/demo/mp3-128")).await;
    assert!(listed.bodies.len() >= 3);
    // Music, no tone: what counts is that a decoder finds no fault.
    tones::seconds_of(scratch.path(), &listed.audio()).await;
    assert_eq!(program.interrupt().await, 0);
}
