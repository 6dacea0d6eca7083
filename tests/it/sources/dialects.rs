//! Encoders that no package brings, by the bytes that they send: head, sound
//! and title. Each says where its bytes are from.

use std::net::SocketAddr;

use bytes::Bytes;
use catalogue::report::IngestReport;
use media::AacProfile;
use tests::encoder::Source;
use tests::listener::Listener;
use tests::watch::tune_in;
use tests::{TestNode, frames, http, raw};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::mp3;

/// `Authorization` of `source:secret`, as all of them write it.
const BASIC: &str = "Authorization: Basic c291cmNlOnNlY3JldA==";

/// What a source is told that is taken by SOURCE.
const TAKEN: &str = "HTTP/1.0 200 OK\r\n";

/// Frames that each sends: more than a burst.
const SENT: usize = 400;

/// Sends frames behind a head, asks for a title, and states that both are heard.
async fn is_heard(
    node: &TestNode,
    mut source: Source,
    sent: &[Bytes],
    title: &str,
) -> IngestReport {
    source.send(&sent[..SENT]).await;
    node.until("frames", |report| report.ingest("in").unwrap().frames_total >= 399).await;
    let mut listener = tune_in(node.public(), "/radio").await;
    say_and_leave(node.public(), title).await;
    let is = |title: &Option<String>| title.as_deref() == Some("A - T");
    node.until("title", |report| is(&report.ingest("in").unwrap().title)).await;
    // It holds from the next frame on.
    source.send(&sent[SENT..]).await;
    node.until("title", |report| is(&report.egress("radio").unwrap().now_playing)).await;
    let heard = frames::whole(&listener.hear(100 * 417).await.audio);
    frames::position(sent, &heard);
    node.ingest("in")
}

/// Sends bytes and closes at once, as encoders do with their titles.
async fn say_and_leave(address: SocketAddr, request: &str) {
    TcpStream::connect(address).await.unwrap().write_all(request.as_bytes()).await.unwrap();
}

/// An encoder that speaks HTTP; gives what it was told.
async fn check_http(head: &str, title: &str) -> (String, IngestReport) {
    let node = TestNode::start(tests::node::MP3).await;
    let (source, told) = Source::send_head(node.public(), head).await;
    let report = is_heard(&node, source, &mp3(20), title).await;
    (told, report)
}

/// An encoder that sends a line and waits.
async fn check_line(line: &str, told: &str, headers: &str, title: &str) -> IngestReport {
    let node = TestNode::start(tests::node::MP3).await;
    let (mut source, answer) = Source::log_in(node.addresses().shoutcast, line).await;
    assert!(answer.starts_with(told), "{answer}");
    source.stream.write_all(headers.as_bytes()).await.unwrap();
    is_heard(&node, source, &mp3(20), title).await
}

/// `icecast.cpp` of butt 0.1.12, before PUT: the user agent stands twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_butt() {
    let head = format!(
        "SOURCE /in HTTP/1.0\r\n{BASIC}\r\nUser-Agent: butt-0.1.12\r\n\
         User-Agent: butt-0.1.12\r\nContent-Type: audio/mpeg\r\nice-name: no name\r\n\
         ice-public: 0\r\n\r\n"
    );
    let title = format!(
        "GET /admin/metadata?mode=updinfo&mount=/in&song=A%20-%20T HTTP/1.0\r\n\
         User-Agent: butt-0.1.12\r\n{BASIC}\r\n\r\n"
    );
    let (told, report) = check_http(&head, &title).await;
    assert!(told.starts_with(TAKEN), "{told}");
    assert_eq!(report.user_agent.as_deref(), Some("butt-0.1.12"));
}

/// `shoutcast.cpp` of butt 0.1.12, which gives itself out as the plug-in, with LF
/// alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_butt_speaks_shoutcast() {
    let headers = "icy-name:no name\nicy-pub:0\nicy-br:128\ncontent-type:audio/mpeg\n\n";
    check_line("secret\n", "OK2", headers, DSP_TITLE).await;
}

/// A title of butt's, and of many a script's that was written after it.
const DSP_TITLE: &str = "GET /admin.cgi?pass=secret&mode=updinfo&song=A%20-%20T&url= HTTP/1.0\n\
     User-Agent: ShoutcastDSP (Mozilla Compatible)\n\n";

/// Winamp's plug-in, by its source as it has been laid open
/// (`Output_SendAuth`, `Output_SendYP`, `Output_Title_SendUpdate`): version 1 of
/// the protocol, lines that end with LF alone.
#[tokio::test(flavor = "multi_thread")]
async fn winamps_shoutcast_plug_in() {
    let headers = "icy-name:My Radio\nicy-genre:Rock\nicy-url:http://radio.example\nicy-irc:\n\
         icy-icq:\nicy-aim:\nicy-pub:1\nicy-br:128\ncontent-type:audio/mpeg\n\n";
    let title = "GET /admin.cgi?pass=secret&mode=updinfo&song=A%20-%20T&dj= HTTP/1.0\n\
         User-Agent: SHOUTcast Source DSP v2.4.2 Title Update (Mozilla)\n\n";
    check_line("secret\n", "OK2", headers, title).await;
}

/// The same with the name of a DJ.
#[tokio::test(flavor = "multi_thread")]
async fn winamps_shoutcast_plug_in_with_a_djs_name() {
    let headers = "icy-name:My Radio\nicy-br:128\ncontent-type:audio/mpeg\n\n";
    let title = "GET /admin.cgi?pass=dj:secret&mode=updinfo&song=A%20-%20T&dj=dj HTTP/1.0\n\
         User-Agent: SHOUTcast Source DSP v2.4.2 Title Update (Mozilla)\n\n";
    check_line("dj:secret\n", "OK2", headers, title).await;
}

/// Version 2 of the protocol begins with a question for a cipher key, in a frame
/// of its own kind; the plug-in goes over to version 1 when it is closed.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_version_of_shoutcasts_protocol_is_closed_at_once() {
    let node = TestNode::start(tests::node::MP3).await;
    for address in [node.public(), node.addresses().shoutcast] {
        let said = raw::exchange(address, b"Z\0\x10\x09\0\x032.1\0").await;
        assert!(said.closed && said.bytes.is_empty(), "{said:?}");
    }
}

/// What edcast's family (oddcast, altacast: `libedcast.cpp`) sends in its three
/// modes. It closes as soon as a title is sent.
#[tokio::test(flavor = "multi_thread")]
async fn edcast_speaks_icecast_2() {
    let head = format!(
        "SOURCE /in ICE/1.0\ncontent-type: audio/mpeg\n{BASIC}\nice-name: My Radio\n\
         ice-url: http://radio.example\nice-genre: Rock\nice-bitrate: 128\nice-private: 1\n\
         ice-public: 0\nice-description: Best\n\
         ice-audio-info: ice-samplerate=44100;ice-bitrate=128;ice-channels=2\n\n"
    );
    let title = format!(
        "GET /admin/metadata?pass=secret&mode=updinfo&mount=/in&song=A%20%2D%20T HTTP/1.0\r\n\
         {BASIC}\r\nUser-Agent: (Mozilla Compatible)\r\n\r\n"
    );
    let (told, _) = check_http(&head, &title).await;
    assert!(told.starts_with(TAKEN), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn edcast_speaks_shoutcast() {
    let headers = "content-type:audio/mpeg\r\nicy-name:My Radio\r\nicy-genre:Rock\r\n\
         icy-url:http://radio.example\r\nicy-pub:0\r\nicy-irc:N/A\r\nicy-icq:N/A\r\nicy-aim:N/A\r\n\
         icy-br:128\r\n\r\n";
    let title = "GET /admin.cgi?pass=secret&mode=updinfo&song=A%20%2D%20T HTTP/1.0\r\n\
         User-Agent: (Mozilla Compatible)\r\n\r\n";
    check_line("secret\r\n", "OK2", headers, title).await;
}

/// Its oldest mode sends all at once, with CR LF.
#[tokio::test(flavor = "multi_thread")]
async fn edcast_speaks_xaudiocast() {
    let head = "SOURCE secret /in\r\ncontent-type: audio/mpeg\r\nx-audiocast-name: My Radio\r\n\
         x-audiocast-url: http://radio.example\r\nx-audiocast-genre: Rock\r\n\
         x-audiocast-bitrate: 128\r\nx-audiocast-public: 0\r\nx-audiocast-description: Best\r\n\r\n";
    let title = "GET /admin.cgi?pass=secret&mode=updinfo&mount=/in&song=A%20%2D%20T HTTP/1.0\r\n\
         User-Agent: (Mozilla Compatible)\r\n\r\n";
    check_line(head, "OK", "", title).await;
}

/// The same of libshout (`shout.c` of 2.0, now `proto_xaudiocast.c`), with LF.
#[tokio::test(flavor = "multi_thread")]
async fn libshout_speaks_xaudiocast() {
    let head = "SOURCE secret /in\nx-audiocast-name: unnamed\n\
         x-audiocast-url: http://www.icecast.org/\nx-audiocast-genre: icecast\n\
         x-audiocast-bitrate: 128\nx-audiocast-public: 0\n\
         x-audiocast-description: Broadcasting with the icecast streaming media server!\n\n";
    let title = "GET /admin.cgi?mode=updinfo&pass=secret&mount=/in&song=A%20-%20T HTTP/1.0\r\n\
         User-Agent: libshout/2.0\r\n\r\n";
    check_line(head, "OK", "", title).await;
}

/// Rocket Broadcaster sends an empty line more than it should before its sound,
/// as servers that had to take it out have noted.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_line_before_the_sound_is_skipped() {
    let headers = "icy-name:My Radio\r\nicy-br:128\r\ncontent-type:audio/mpeg\r\n\r\n\r\n";
    let report = check_line("secret\r\n", "OK2", headers, DSP_TITLE).await;
    assert_eq!(report.junk_bytes_total, 2);
}

/// A logger for Windows that gives itself out as BASS: PUT in HTTP/1.0, no
/// length, no `Expect`. It waits 3 s for an answer and sends all the same.
#[tokio::test(flavor = "multi_thread")]
async fn put_in_http_1_0_until_the_end() {
    let node = TestNode::start(tests::node::MP3).await;
    let mut stream = TcpStream::connect(node.public()).await.unwrap();
    let head = format!(
        "PUT /in HTTP/1.0\r\nHost: radio.example:8000\r\n{BASIC}\r\nUser-Agent: BASS/2.4\r\n\
         Content-Type: audio/mpeg\r\nice-name: My Radio\r\nice-public: 0\r\n\
         ice-bitrate: 128\r\nicy-metadata: 1\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let report = is_heard(&node, Source { stream }, &mp3(20), DSP_TITLE).await;
    assert_eq!(report.user_agent.as_deref(), Some("BASS/2.4"));
}

/// m3w ends what it says with a NUL, which comes before the sound.
#[tokio::test(flavor = "multi_thread")]
async fn a_nul_before_the_sound_is_skipped() {
    let head = format!(
        "SOURCE /in HTTP/1.0\r\n{BASIC}\r\nice-name: unknown\r\nice-audio-info: none\r\n\
         ice-public: 0\r\nUser-Agent: m3w\r\nContent-Type: audio/mpeg\r\n\r\n\0"
    );
    let (told, report) = check_http(&head, DSP_TITLE).await;
    assert!(told.starts_with(TAKEN), "{told}");
    assert_eq!(report.junk_bytes_total, 1);
}

/// `shout.c` of libshout 2.0: first without a password, to see whether one is
/// wanted; then with it, at the head's end.
#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_on_an_old_libshout() {
    let head = "SOURCE /in HTTP/1.0\r\nice-name: no name\r\nice-bitrate: 128\r\n\
         ice-public: 0\r\nUser-Agent: libshout/2.0\r\nContent-Type: audio/mpeg\r\n";
    let node = TestNode::start(tests::node::MP3).await;
    let (_, told) = Source::send_head(node.public(), &format!("{head}\r\n")).await;
    assert!(told.starts_with("HTTP/1.0 401 "), "{told}");
    assert!(told.contains("\r\nWWW-Authenticate: Basic realm=\"Icecast2 Server\"\r\n"), "{told}");
    let (source, told) = Source::send_head(node.public(), &format!("{head}{BASIC}\r\n\r\n")).await;
    assert!(told.starts_with(TAKEN), "{told}");
    let title = format!(
        "GET /admin/metadata?mode=updinfo&mount=/in&song=A+-+T HTTP/1.0\r\n\
         User-Agent: libshout/2.0\r\n{BASIC}\r\n\r\n"
    );
    is_heard(&node, source, &mp3(20), &title).await;
}

/// The dialect that `shout.c` had beside it, with the password in a header of its
/// own, is no server's any more: it is asked for Basic credentials.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_a_header_of_its_own_is_none() {
    let node = TestNode::start(tests::node::MP3).await;
    let head = "SOURCE /in ICE/1.0\nice-password: secret\nice-name: no name\nice-bitrate: 128\n\
         ice-public: 0\nContent-Type: audio/mpeg\n\n";
    let said = raw::exchange(node.public(), head.as_bytes()).await;
    assert_eq!(said.status(), 401);
}

/// The first thing libshout 2.4 says, where no TLS has been agreed on; its last
/// resort for the same is a page that no server has.
#[tokio::test(flavor = "multi_thread")]
async fn libshouts_questions_are_answered() {
    let node = TestNode::start(tests::node::MP3).await;
    let options = "OPTIONS * HTTP/1.1\r\nHost: radio.example:8000\r\nUser-Agent: libshout/2.4.6\r\n\
         Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n";
    let answer = Listener::request(node.public(), options).await;
    assert!(answer.head.starts_with("HTTP/1.1 200 "), "{}", answer.head);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS, PUT, SOURCE"));
    assert_eq!((answer.header("upgrade"), answer.header("content-length")), (None, Some("0")));
    let poke = http::get(&node.url("/admin/!POKE")).await;
    assert!((400..500).contains(&poke.status), "{}", poke.status);
    let line = b"!POKE\nicy-name:libshout server poke request\n\n";
    let said = raw::exchange(node.addresses().shoutcast, line).await;
    assert_eq!(said.text(), "invalid password\r\n");
}

/// PUT as a script writes it: no `Expect`, in HTTP/1.0 or in chunks. It is told
/// nothing until its end.
#[tokio::test(flavor = "multi_thread")]
async fn put_without_a_question_is_answered_at_its_end() {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = mp3(5);
    let sound = sent.concat();
    let chunked = sound
        .chunks(1_000)
        .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    let chunked = [&chunked.collect::<Vec<u8>>()[..], b"0\r\n\r\n"].concat();
    for (version, framing, body) in [
        ("1.1", "Transfer-Encoding: chunked".to_owned(), &chunked),
        ("1.0", format!("Content-Length: {}", sound.len()), &sound),
        ("1.0", "X-Nothing: 1".to_owned(), &sound),
    ] {
        let before = node.ingest("in").frames_total;
        let head = format!(
            "PUT /in HTTP/{version}\r\nHost: x\r\n{BASIC}\r\nContent-Type: audio/mpeg\r\n\
             {framing}\r\n\r\n"
        );
        let (mut stream, request) =
            (TcpStream::connect(node.public()).await.unwrap(), [head.as_bytes(), body].concat());
        stream.write_all(&request).await.unwrap();
        stream.shutdown().await.unwrap();
        let told = raw::exchange_on(stream, b"").await.text();
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{framing}: {told}");
        let frames = node.ingest("in").frames_total - before;
        assert_eq!(frames, sent.len() as u64, "{framing}");
    }
}

/// Spellings of the headers, each from an encoder or a server's list of them.
#[tokio::test(flavor = "multi_thread")]
async fn any_spelling_of_the_headers_is_taken() {
    let node = TestNode::start(tests::node::MP3).await;
    let sent = mp3(5);
    for headers in [
        "icy-name: a\r\nicy-pub: 1\r\nicy-br: 128, 128",
        "ice-name: a\r\nicy-public: 1\r\nice-bitrate: 128kbps",
        "Ice-Public: yes\r\nice-audio-info: samplerate=44100;quality=10%2e0;channels=2",
        "ICE-AUDIO-INFO: ice-samplerate=44100;ice-bitrate=128;ice-channels=2",
        "icy-private: 1\r\nicy-reset: 1\r\nicy-prebuffer: 0\r\nice-bitrate: Quality 0.4",
        "Content-Length: 0\r\nConnection: Keep-Alive\r\nPrefer: return=minimal",
    ] {
        let before = node.ingest("in").frames_total;
        let head = format!("SOURCE /in HTTP/1.0\r\n{BASIC}\r\n{headers}\r\n\r\n");
        let (mut source, told) = Source::send_head(node.public(), &head).await;
        assert!(told.starts_with(TAKEN), "{headers}: {told}");
        source.send(&sent).await;
        source.stream.shutdown().await.unwrap();
        assert_eq!(source.read_to_end().await, b"");
        let frames = node.ingest("in").frames_total - before;
        assert_eq!(frames, sent.len() as u64, "{headers}");
        assert_eq!(node.ingest("in").mismatch, []);
    }
}

/// A media type that names MP3 or AAC, or nothing, is taken.
async fn check_media_types(manifest: &str, sent: &[Bytes], media_types: &[&str]) {
    let node = TestNode::start(manifest).await;
    for media_type in media_types {
        let before = node.ingest("in").frames_total;
        let head = format!("SOURCE /in HTTP/1.0\r\n{BASIC}\r\nContent-Type: {media_type}\r\n\r\n");
        let (mut source, told) = Source::send_head(node.public(), &head).await;
        assert!(told.starts_with(TAKEN), "{media_type}: {told}");
        source.send(sent).await;
        source.stream.shutdown().await.unwrap();
        assert_eq!(source.read_to_end().await, b"");
        let frames = node.ingest("in").frames_total - before;
        assert_eq!(frames, sent.len() as u64, "{media_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_of_mp3_is_taken() {
    let names = ["audio/mpeg", "audio/mpeg; charset=utf-8", "audio/x-mpeg", "audio/mp3"];
    let more = ["AUDIO/MPEG", "audio/mpeg3", "application/octet-stream"];
    check_media_types(tests::node::MP3, &mp3(5), &[&names[..], &more].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_of_aac_is_taken() {
    let sent = demo::fixtures::aac(AacProfile::Lc, 5, 128, 44_100, 2);
    let names =
        ["audio/aac", "audio/aacp", "audio/aach", "audio/x-aac", "application/octet-stream"];
    check_media_types(&tests::node::aac("aac", 128, 44_100), &sent, &names).await;
}

/// Encoders do not wait for the answer to a title, and none is lost by that.
#[tokio::test(flavor = "multi_thread")]
async fn titles_of_encoders_that_leave_at_once_are_taken() {
    let node = TestNode::start(tests::node::MP3).await;
    let _source = Source::connect(node.public(), "audio/mpeg").await;
    for number in 0..200 {
        let title = format!(
            "GET /admin/metadata?mode=updinfo&mount=/in&song=Song{number} HTTP/1.0\r\n\
             User-Agent: butt 0.1.37\r\n{BASIC}\r\nHost: x\r\n\r\n"
        );
        say_and_leave(node.public(), &title).await;
        let wanted = Some(format!("Song{number}"));
        node.until("the title", |report| report.ingest("in").unwrap().title == wanted).await;
    }
}
