//! Where a title stands in each view.

use media::id3;
use tests::encoder::set_title;
use tests::listener::Listener;
use tests::{TestNode, hls};

use super::{Pieces, SPACING_FRAMES, set_bytes};

/// Bytes between two blocks of metadata, where no manifest says otherwise.
const METAINT: usize = 16_000;

/// The texts of a segment's tag, by the frame's id; `TXXX` with its description.
fn texts(body: &[u8]) -> Vec<(String, String)> {
    let frames = id3::frames(body).expect("a segment begins with a tag");
    frames
        .filter(|frame| frame.id[0] == b'T')
        .map(|frame| {
            let id = String::from_utf8(frame.id.to_vec()).unwrap();
            (id, frame.text().unwrap().to_owned())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_holds_from_its_exact_frame() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut pieces = Pieces::connect(&node, demo::fixtures::mp3(58, 128, 44_100, 2)).await;
    pieces.send(&node, 100).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    // One and a half segments: the second one mostly has the title.
    pieces.send(&node, 200).await;
    let index = pieces.index();
    assert_eq!(set_title(node.public(), "Ärtist - Títle").await, 200);
    node.until("the title", |report| {
        report.ingest("in").unwrap().title.as_deref() == Some("Ärtist - Títle")
    })
    .await;
    pieces.send(&node, 1_500).await;
    node.until_listed("radio", 7).await;

    let listed = hls::fetch(&node.url("/radio/mp3-128")).await;
    let expected = [
        ("TIT2".to_owned(), "Títle".to_owned()),
        ("TPE1".to_owned(), "Ärtist".to_owned()),
        ("TXXX".to_owned(), "StreamTitle\0Ärtist - Títle".to_owned()),
    ];
    assert!(texts(&listed.bodies[0]).is_empty());
    assert_eq!(texts(&listed.bodies[2]), expected);
    check_moment(&listed, index);
    check_byte(&mut listener, &pieces, index).await;
}

/// The date range begins at the frame: the first segment's date and so many
/// frames.
fn check_moment(listed: &hls::Fetched, index: usize) {
    let playlist = listed.playlist();
    let [range] = &playlist.date_ranges[..] else { panic!("{:?}", playlist.date_ranges) };
    let exact = i64::try_from(index).unwrap() * 1_152 * 1_000_000 / 44_100;
    let begins = range.start_micros().unwrap() - playlist.segments[0].date_micros.unwrap();
    assert!((begins - exact).abs() <= 1, "frame {index} is at {exact} µs, the range at {begins}");
    assert_eq!(range.get("END-ON-NEXT"), Some("YES"));
    assert_eq!(range.get("X-ORG-SKYWAVE-TITLE"), Some("Títle"));
    assert_eq!(range.get("X-ORG-SKYWAVE-ARTIST"), Some("Ärtist"));
}

/// The block is the first behind the frame.
async fn check_byte(listener: &mut Listener, pieces: &Pieces, index: usize) {
    assert_eq!(listener.header("icy-metaint"), Some("16000"));
    let heard = listener.hear(30 * METAINT).await;
    let start = pieces.frames.iter().position(|frame| heard.audio.starts_with(frame)).unwrap();
    let before: usize = pieces.frames[start..index].iter().map(bytes::Bytes::len).sum();
    let place = before.div_ceil(METAINT) * METAINT;
    let titles: Vec<_> = heard.titles.iter().filter(|(_, title)| !title.is_empty()).collect();
    assert_eq!(titles, [&(place, "Ärtist - Títle".to_owned())], "frame {index}, {before} bytes");
}

/// A title in bytes of some charset, as it comes out everywhere.
async fn check_charset(song: &[u8], more: &str, expected: &str) {
    let node = TestNode::start(tests::node::MP3).await;
    let mut pieces = Pieces::connect(&node, demo::fixtures::mp3(40, 128, 44_100, 2)).await;
    assert_eq!(set_bytes(node.public(), song, more).await, 200);
    pieces.send(&node, SPACING_FRAMES).await;
    let mut listener = Listener::connect(node.public(), "/radio").await;
    pieces.send(&node, 1_400).await;
    node.until_listed("radio", 5).await;
    assert_eq!(node.egress("radio").now_playing.as_deref(), Some(expected));
    let listed = hls::fetch(&node.url("/radio/mp3-128")).await;
    assert!(listed.text.contains(expected), "{}", listed.text);
    assert!(texts(&listed.bodies[0]).iter().any(|(_, text)| text == expected), "{expected}");
    let heard = listener.hear(2 * METAINT).await;
    assert!(heard.titles.iter().any(|(_, title)| title == expected), "{:?}", heard.titles);
}

#[tokio::test(flavor = "multi_thread")]
async fn utf_8_is_known_as_such() {
    check_charset("Motörhead – Ace".as_bytes(), "", "Motörhead – Ace").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_utf_8_is_latin_1() {
    check_charset(b"Mot\xF6rhead", "", "Motörhead").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_quotes_are_what_latin_1_encoders_mean() {
    check_charset(b"\x93Ace\x94", "", "“Ace”").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_charset_counts() {
    check_charset(b"\xE6\xE9\xF0", "&charset=windows-1251", "жйр").await;
}
