use catalogue::report::{IngestReport, IngestState};
use feed::PathItem;
use icy::charset::Charset;
use icy::metaint::block;
use media::synthetic::mp3_frame;
use media::{ChannelMode, Title};
use prometheus_client::registry::Registry;
use runtime::clock::Steady;
use runtime::pool::Pool;
use runtime::shutdown::Shutdown;

use super::*;
use crate::testing::{TokioClock, all, kinds, metric, mp3, units};
use crate::{Limits, Passwords};

mod server;

use server::{Answer, Server};

/// Longer than anything takes that happens at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the role's own process would say.
const PROCESS: &str = "00c0ffee00c0ffee";

/// A head without more.
const OK: &str = "HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n";

/// A role with one ingest, `live`, that is pulled.
struct Role {
    ingest: Ingest,
    shutdown: Shutdown,
    registry: Registry,
    tasks: JoinSet<()>,
}

/// How a role is set up.
#[derive(Clone, Copy)]
struct Setup {
    limits: Limits,
    /// Further lines of the ingest.
    lines: &'static str,
    allow_private: bool,
}

impl Default for Setup {
    fn default() -> Self {
        let limits = Limits { header_time: PATIENCE, source_timeout: PATIENCE, sources_max: 1 };
        Self { limits, lines: "", allow_private: true }
    }
}

impl Role {
    fn pull(url: &str) -> Self {
        Self::set_up(url, Setup::default())
    }

    fn set_up(url: &str, setup: Setup) -> Self {
        let text = format!(
            "[[publisher]]\nname = \"acme\"\n[[ingest]]\nname = \"live\"\npublisher = \"acme\"\n\
             encoding = {{ codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 44100, \
             channel_mode = \"joint_stereo\" }}\npull = {{ url = \"{url}\" }}\n{}\n",
            setup.lines
        );
        let catalogue = catalogue::manifest::parse(&text, "test.toml", &|_| None);
        let catalogue = catalogue.unwrap_or_else(|error| panic!("{error}"));
        let (shutdown, mut registry) = (Shutdown::default(), Registry::default());
        let clock = Steady::new(Arc::new(TokioClock { started: Instant::now() }));
        let ingest = Ingest::new(
            Arc::new(catalogue),
            setup.limits,
            (clock, shutdown.clone(), Pool::inline()),
            Passwords::default(),
            &mut registry,
        );
        let policy = outbound::Policy { allow_private: setup.allow_private };
        let client = Client::new(outbound::Settings { policy, ..outbound::Settings::default() });
        let mut tasks = JoinSet::new();
        ingest.pull(&client, PROCESS, &mut tasks);
        Self { ingest, shutdown, registry, tasks }
    }

    fn report(&self) -> IngestReport {
        self.ingest.report().remove(0)
    }

    fn failures(&self) -> u64 {
        metric(&self.registry, "ingest_pull_failures_total{ingest=\"live\"}")
    }

    async fn until(&self, is_so: impl Fn(&IngestReport) -> bool) -> IngestReport {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !is_so(&self.report()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{:?}", self.report()));
        self.report()
    }

    /// Waits until a stream has come and gone.
    async fn played(&self) -> Vec<PathItem> {
        // One that opens and gives no frame is none.
        self.until(|report| report.frames_total > 0 && report.state == IngestState::Offline).await;
        all(&self.ingest.feed("live").unwrap()).await
    }

    /// Why nothing is had.
    async fn refusal(&self) -> String {
        self.until(|report| report.last_refusal.is_some()).await.last_refusal.unwrap()
    }

    /// Waits for the tasks' end, which is to be at once.
    async fn ends(mut self) {
        self.shutdown.trigger();
        let ended = tokio::time::timeout(Duration::from_secs(1), self.tasks.join_next());
        ended.await.expect("it ends at once").unwrap().unwrap();
    }
}

fn frames(items: &[PathItem]) -> Vec<Vec<u8>> {
    units(items).into_iter().map(|unit| unit.data.to_vec()).collect()
}

/// Titles, each with the frames that came before it.
fn titles(items: &[PathItem]) -> Vec<(usize, String)> {
    let mut count = 0;
    let mut titles = Vec::new();
    for item in items {
        match item {
            PathItem::Unit(_) => count += 1,
            PathItem::Title(title) => titles.push((count, title.stream_title.clone())),
            _ => {}
        }
    }
    titles
}

/// Answers the first connection, and no other.
async fn once(head: &str, body: &[u8]) -> Server {
    let answer = Answer::new(head, body);
    Server::start(move |request| if request.number == 0 { answer.clone() } else { Answer::NONE })
        .await
}

fn chunked(bytes: &[u8], len: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in bytes.chunks(len) {
        body.extend(format!("{:x};ext=1\r\n", chunk.len()).bytes());
        body.extend(chunk);
        body.extend(b"\r\n");
    }
    body.extend(b"0\r\n\r\n");
    body
}

/// Every frame of a body comes through, whatever the head.
async fn check_plays(head: &str, body: impl Fn(&[u8]) -> Vec<u8>) {
    let sent = mp3(0..100);
    let server = once(head, &body(&sent.concat())).await;
    let items = Role::pull(&server.url("/live")).played().await;
    assert_eq!(kinds(&items), "C 100 G", "{head}");
    assert_eq!(frames(&items), sent, "{head}");
}

#[tokio::test]
async fn each_way_to_answer_is_understood() {
    check_plays(OK, <[u8]>::to_vec).await;
    check_plays("ICY 200 OK\r\ncontent-type:audio/mpeg\r\nicy-name:x\r\n\r\n", <[u8]>::to_vec)
        .await;
    check_plays("ICY 200 OK\nicy-br:128\n\n", <[u8]>::to_vec).await;
    check_plays(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n",
        <[u8]>::to_vec,
    )
    .await;
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: audio/mpeg\r\n\r\n";
    check_plays(head, |body| chunked(body, 1_000)).await;
    check_plays(head, |body| chunked(body, 7)).await;
}

#[tokio::test]
async fn a_body_ends_where_its_length_says() {
    let sent = mp3(0..20);
    let body = sent.concat();
    let head = OK.replacen("\r\n\r\n", &format!("\r\nContent-Length: {}\r\n\r\n", body.len()), 1);
    let server = once(&head, &[body, mp3(90..95).concat()].concat()).await;
    assert_eq!(frames(&Role::pull(&server.url("/")).played().await), sent);
}

#[tokio::test]
async fn the_server_is_asked_as_listeners_ask() {
    let server = once(OK, &mp3(0..5).concat()).await;
    let url = server.url("/a%20b;x?c=d").replace("http://", "http://us%65r:p%40ss@");
    let role = Role::pull(&url);
    role.played().await;
    let asked = server.requests().remove(0);
    assert!(asked.starts_with("GET /a%20b;x?c=d HTTP/1.1\r\n"), "{asked}");
    for line in ["Icy-MetaData: 1", "User-Agent: Skywave", "Authorization: Basic dXNlcjpwQHNz"] {
        assert_eq!(asked.matches(&format!("\r\n{line}\r\n")).count(), 1, "{line} in {asked}");
    }
    let from = role.report().pulled_from.unwrap();
    assert!(!from.contains("p%40ss") && from.contains("/a%20b;x"), "{from}");
}

#[tokio::test]
async fn what_a_server_calls_itself_is_told() {
    let head = OK.replacen("\r\n", "\r\nServer: Icecast 2.4.4\r\n", 1);
    let body = mp3(0..5).concat();
    let server = Server::start(move |_| Answer::new(&head, &body).then_stay()).await;
    let role = Role::pull(&server.url("/"));
    let report = role.until(|report| report.frames_total == 4).await;
    assert_eq!(report.state, IngestState::Connected);
    assert_eq!(report.user_agent.as_deref(), Some("Icecast 2.4.4"));
    assert_eq!(report.peer_address, Some(server.address.to_string()));
    assert_eq!(report.mount, None);
    assert_eq!(report.last_refusal, None);
}

/// A server that redirects so many times before it plays.
async fn redirects(count: usize) -> Role {
    let body = mp3(0..10).concat();
    let server = Server::start(move |request| {
        let at: usize = request.path.trim_start_matches('/').parse().unwrap();
        let next = format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\n\r\n", at + 1);
        if at < count { Answer::new(&next, b"") } else { Answer::new(OK, &body) }
    });
    Role::pull(&server.await.keep().url("/0"))
}

#[tokio::test]
async fn five_redirects_are_followed_and_six_are_not() {
    redirects(5).await.played().await;
    let role = redirects(6).await;
    assert!(role.refusal().await.starts_with("more than 5 redirects"), "{:?}", role.report());
    assert_eq!(role.report().connects_total, 0);
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let server = once(OK, &mp3(0..5).concat()).await;
    let setup = Setup { allow_private: false, ..Setup::default() };
    let role = Role::set_up(&server.url("/"), setup);
    let expected = format!(
        "http://{} may not be connected to: 127.0.0.1 is not public: loopback, 127.0.0.0/8",
        server.address
    );
    assert_eq!(role.refusal().await, expected);
    assert_eq!(server.requests().len(), 0);
    assert!(role.failures() >= 1);
}

fn tune_in(media_type: &str, text: &str) -> Answer {
    Answer::new(&format!("HTTP/1.0 200 OK\r\nContent-Type: {media_type}\r\n\r\n"), text.as_bytes())
}

/// A server whose `/{name}` is a tune-in file of these lines, `HOST` in them
/// being the server, with a stream at `/live`.
async fn tunes_in(name: &'static str, media_type: &'static str, file: &'static str) -> Server {
    let body = mp3(0..30).concat();
    Server::start(move |request| match request.path.as_str() {
        "/live" => Answer::new(OK, &body),
        "/garbage" => Answer::new(OK, &b"<html>".repeat(2_000)),
        path if path == name => tune_in(media_type, &file.replace("HOST", &request.host)),
        _ => Answer::NONE,
    })
    .await
}

async fn check_tunes_in(name: &'static str, media_type: &'static str, file: &'static str) {
    let server = tunes_in(name, media_type, file).await;
    let items = Role::pull(&server.url(name)).played().await;
    assert_eq!(frames(&items), mp3(0..30), "{name} {media_type}");
}

const PLS: &str = "[playlist]\r\nNumberOfEntries=2\r\nFile2=http://HOST/live\r\n\
    File1=http://HOST/dead\r\nTitle1=x\r\nVersion=2\r\n";

const M3U: &str = "#EXTM3U\n#EXTINF:-1,x\nhttp://HOST/dead\n\nhttp://HOST/live\n";

#[tokio::test]
async fn the_urls_of_a_tune_in_file_are_tried_in_order_until_one_plays() {
    check_tunes_in("/x", "audio/x-scpls", PLS).await;
    check_tunes_in("/x", "Audio/X-MPEGURL; charset=utf-8", M3U).await;
    // What is in it counts, not what it is called.
    check_tunes_in("/x", "audio/x-mpegurl", PLS).await;
    let server = tunes_in("/x", "audio/x-scpls", PLS).await;
    Role::pull(&server.url("/x")).played().await;
    let paths: Vec<_> = server.requests().iter().map(|asked| asked[..9].to_owned()).collect();
    assert_eq!(paths[..3], ["GET /x HT", "GET /dead", "GET /live"]);
}

#[tokio::test]
async fn what_opens_and_gives_no_frame_has_not_played() {
    check_tunes_in("/x", "audio/x-mpegurl", "http://HOST/garbage\nhttp://HOST/live\n").await;
}

#[tokio::test]
async fn a_tune_in_file_is_known_by_its_name_where_its_media_type_says_nothing() {
    check_tunes_in("/listen.PLS", "application/octet-stream", PLS).await;
    check_tunes_in("/live.m3u", "text/plain", M3U).await;
    let server = tunes_in("/listen", "text/plain", PLS).await;
    let refusal = Role::pull(&server.url("/listen")).refusal().await;
    assert_eq!(refusal, "content type is text/plain, the ingest takes audio/mpeg");
}

async fn check_tune_in_refused(media_type: &'static str, file: &'static str, expected: &str) {
    let server = tunes_in("/x", media_type, file).await;
    assert_eq!(Role::pull(&server.url("/x")).refusal().await, expected);
}

#[tokio::test]
async fn a_tune_in_file_that_leads_nowhere_is_named() {
    let none = "tune-in file has no URL of http or https";
    check_tune_in_refused("audio/x-scpls", "", none).await;
    check_tune_in_refused("audio/x-mpegurl", "mms://HOST/live\nlive.mp3\n", none).await;
    let hls = "#EXTM3U\n#EXT-X-TARGETDURATION:6\nhttp://HOST/live\n";
    let expected = "the file is a playlist of HLS, not a tune-in file";
    check_tune_in_refused("application/vnd.apple.mpegurl", hls, expected).await;
    let server = tunes_in("/x", "audio/x-mpegurl", "http://HOST/dead\n").await;
    let refusal = Role::pull(&server.url("/x")).refusal().await;
    assert_eq!(refusal, format!("http://{} answers with status 404", server.address));
}

#[tokio::test]
async fn tune_in_files_lead_to_one_more_and_no_further() {
    let body = mp3(0..30).concat();
    let server = Server::start(move |request| match request.path.as_str() {
        "/live" => Answer::new(OK, &body),
        "/loop" => tune_in("audio/x-mpegurl", &format!("http://{}/loop", request.host)),
        path => {
            let next = match path.trim_start_matches('/').parse::<usize>().unwrap() {
                1 => "live".to_owned(),
                more => (more - 1).to_string(),
            };
            tune_in("audio/x-mpegurl", &format!("http://{}/{next}", request.host))
        }
    })
    .await;
    let deepest = format!("/{TUNE_IN_DEPTH_MAX}");
    Role::pull(&server.url(&deepest)).played().await;
    let deeper = Role::pull(&server.url(&format!("/{}", TUNE_IN_DEPTH_MAX + 1)));
    assert_eq!(deeper.refusal().await, "tune-in files lead to tune-in files");
    let refusal = Role::pull(&server.url("/loop")).refusal().await;
    assert_eq!(refusal, "tune-in files lead to tune-in files");
}

#[tokio::test]
async fn so_many_urls_of_a_tune_in_file_are_tried_and_no_more() {
    let server = Server::start(|request| {
        let urls = 1..=TUNE_IN_URLS_TRIED_MAX + 1;
        let urls = urls.map(|number| format!("http://{}/{number}\n", request.host));
        let is_file = request.path == "/x";
        if is_file { tune_in("audio/x-mpegurl", &urls.collect::<String>()) } else { Answer::NONE }
    })
    .await;
    let role = Role::pull(&server.url("/x"));
    role.refusal().await;
    let asked = server.requests();
    let asked = |path: &str| asked.iter().any(|asked| asked.starts_with(&format!("GET {path} ")));
    assert!(asked(&format!("/{TUNE_IN_URLS_TRIED_MAX}")));
    assert!(!asked(&format!("/{}", TUNE_IN_URLS_TRIED_MAX + 1)));
}

#[tokio::test]
async fn a_tune_in_file_has_at_most_64_kib() {
    let file = |len: usize| "#".repeat(len) + "\nhttp://HOST/live\n";
    let room = tune_in::FILE_LEN_MAX - "\nhttp://127.0.0.1:65535/live\n".len();
    let body = mp3(0..5).concat();
    let server = Server::start(move |request| match request.path.as_str() {
        "/live" => Answer::new(OK, &body),
        "/fits" => tune_in("audio/x-mpegurl", &file(room).replace("HOST", &request.host)),
        "/long" => tune_in("audio/x-mpegurl", &file(tune_in::FILE_LEN_MAX)),
        // It never ends.
        _ => tune_in("audio/x-mpegurl", &"#".repeat(1 << 20)).then_stay(),
    })
    .await;
    Role::pull(&server.url("/fits")).played().await;
    for path in ["/long", "/endless"] {
        let refusal = Role::pull(&server.url(path)).refusal().await;
        assert_eq!(refusal, "tune-in file exceeds 65536 bytes", "{path}");
    }
}

#[tokio::test]
async fn a_tune_in_file_that_does_not_come_is_late() {
    let server = Server::start(|_| tune_in("audio/x-scpls", "[playlist]\n").then_stay()).await;
    let limits = Limits { header_time: Duration::from_millis(50), ..Setup::default().limits };
    let role = Role::set_up(&server.url("/x"), Setup { limits, ..Setup::default() });
    assert_eq!(role.refusal().await, "the tune-in file took longer than 50ms");
}

/// A stream with a title before each of its blocks of audio.
fn with_titles(audio: &[u8], metaint: usize, block_at: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut body = Vec::new();
    for (number, part) in audio.chunks(metaint).enumerate() {
        if number > 0 {
            body.extend(block_at(number));
        }
        body.extend(part);
    }
    body
}

fn titled(number: usize) -> Vec<u8> {
    block(&Title::new(format!("Title {number}"), String::new())).to_vec()
}

fn metaint_head(metaint: usize) -> String {
    format!("ICY 200 OK\r\ncontent-type:audio/mpeg\r\nicy-metaint:{metaint}\r\n\r\n")
}

/// Frames of 320 kbit/s that make up a little more than `len` bytes: two mebibytes
/// are less than the minute that a source may be ahead.
fn frames_of(len: usize) -> Vec<Vec<u8>> {
    let frame = |seed| mp3_frame(320, 44_100, ChannelMode::JointStereo, seed);
    (0..(len / frame(0).len()) as u64 + 20).map(frame).collect()
}

#[tokio::test]
async fn titles_come_out_of_the_audio_and_keep_their_place() {
    for metaint in [1_000, 16_000, 1 << 20] {
        let sent = frames_of(2 * metaint);
        let body = with_titles(&sent.concat(), metaint, titled);
        let server = once(&metaint_head(metaint), &body).await;
        let items = Role::pull(&server.url("/")).played().await;
        assert!(frames(&items) == sent, "{metaint}: the frames are as they were sent");
        let titles = titles(&items);
        assert_eq!(titles.len(), (sent.concat().len() - 1) / metaint, "{metaint}");
        for (number, (before, title)) in (1..).zip(titles) {
            assert_eq!(title, format!("Title {number}"));
            // A frame is known to be whole by what follows it.
            let whole = whole_within(&sent, number * metaint);
            assert!(
                (whole.saturating_sub(1)..=whole).contains(&before),
                "{metaint}: {before} of {whole}"
            );
        }
    }
}

/// How many frames are whole within the first bytes.
fn whole_within(frames: &[Vec<u8>], len: usize) -> usize {
    let mut end = 0;
    frames.iter().take_while(|frame| (end += frame.len(), end <= len).1).count()
}

#[tokio::test]
async fn an_interval_of_one_byte_works() {
    let sent = mp3(0..40);
    let body =
        with_titles(&sent.concat(), 1, |number| if number == 4_000 { titled(1) } else { vec![0] });
    let server = once(&metaint_head(1), &body).await;
    let items = Role::pull(&server.url("/")).played().await;
    assert_eq!(frames(&items), sent);
    assert_eq!(titles(&items).len(), 1);
}

#[tokio::test]
async fn an_interval_is_a_number_up_to_a_mebibyte() {
    for wrong in ["1048577", "x", "-1", "1 2"] {
        let head = metaint_head(1).replace("icy-metaint:1\r", &format!("icy-metaint:{wrong}\r"));
        let server = once(&head, &mp3(0..9).concat()).await;
        let role = Role::pull(&server.url("/"));
        role.until(|report| report.last_refusal.is_some()).await;
        assert_eq!(role.report().connects_total, 0, "{wrong}");
    }
    check_plays(&metaint_head(0), <[u8]>::to_vec).await;
}

async fn check_title(lines: &'static str, bytes: &[u8], expected: &str) {
    let mut text = [b"StreamTitle='".as_slice(), bytes, b"';"].concat();
    text.resize(text.len().next_multiple_of(16), 0);
    let mut block = vec![u8::try_from(text.len() / 16).unwrap()];
    block.extend(text);
    let body = with_titles(&mp3(0..60).concat(), 16_000, |_| block.clone());
    let server = once(&metaint_head(16_000), &body).await;
    let role = Role::set_up(&server.url("/"), Setup { lines, ..Setup::default() });
    let titles = titles(&role.played().await);
    assert_eq!(
        titles.into_iter().map(|(_, title)| title).collect::<Vec<_>>(),
        [expected],
        "{lines}"
    );
}

#[tokio::test]
async fn titles_are_read_in_the_ingests_charset() {
    check_title("", "Bj\u{f6}rk – J\u{f3}ga".as_bytes(), "Björk – Jóga").await;
    check_title("", b"Bj\xf6rk", "Björk").await;
    check_title("charset = \"latin1\"", b"Bj\xf6rk", "Björk").await;
    check_title("charset = \"windows-1251\"", b"\xca\xe8\xed\xee", "Кино").await;
    check_title("charset = \"shift_jis\"", b"\x89\xb9\x8a\x79", "音楽").await;
    check_title("charset = \"euc-kr\"", b"\xc0\xbd\xbe\xc7", "음악").await;
    // Valid UTF-8 is UTF-8, whatever was said.
    check_title("charset = \"windows-1251\"", "Кино".as_bytes(), "Кино").await;
}

#[test]
fn utf_16_is_no_charset_of_blocks_that_end_at_a_zero() {
    let utf_16 = "S".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let charset: Charset = "utf-16le".parse().unwrap();
    assert!(icy::metaint::parse_block(&utf_16, charset).is_err());
}

/// What is on the feed of a stream that lies, all of it frames that were sent, and
/// how many.
async fn check_lies(head: &str, body: &[u8], sent: &[Vec<u8>]) -> (usize, Role) {
    let server = once(head, body).await;
    let role = Role::pull(&server.url("/"));
    let items = role.played().await;
    for frame in frames(&items) {
        assert!(sent.contains(&frame), "no frame of those that were sent");
    }
    (units(&items).len(), role)
}

#[tokio::test]
async fn titles_that_are_not_where_they_should_be_end_the_stream() {
    let sent = mp3(0..200);
    let audio = sent.concat();
    let told = |role: &Role| role.report().last_refusal.unwrap_or_default();
    // There are none.
    let (count, role) = check_lies(&metaint_head(16_000), &audio, &sent).await;
    let whole = whole_within(&sent, 16_000);
    assert!((whole - 2..=whole).contains(&count), "{count} of {whole}");
    assert_eq!(told(&role), "metadata block does not begin with a name and a value");
    // They are twice as often.
    let body = with_titles(&audio, 8_000, titled);
    let (count, _) = check_lies(&metaint_head(16_000), &body, &sent).await;
    assert!(count < whole, "{count} of {whole}");
    // A block is a unit longer than it says.
    let body = with_titles(&audio, 16_000, |number| {
        let mut block = titled(number);
        block[0] -= 1;
        block
    });
    let (count, _) = check_lies(&metaint_head(16_000), &body, &sent).await;
    assert!(count >= whole - 2, "{count}");
    // A block is a unit shorter than it says, which takes 16 bytes of audio.
    let body = with_titles(&audio, 16_000, |number| {
        let mut block = titled(number);
        block[0] += 1;
        block
    });
    let (count, _) = check_lies(&metaint_head(16_000), &body, &sent).await;
    assert!(count >= whole - 2, "{count}");
}

#[tokio::test]
async fn a_title_without_its_end_costs_nothing() {
    let sent = mp3(0..60);
    let mut text = b"StreamTitle='Unended".to_vec();
    text.resize(32, 0);
    let block = [vec![2], text].concat();
    let body = with_titles(&sent.concat(), 16_000, |_| block.clone());
    let (count, _) = check_lies(&metaint_head(16_000), &body, &sent).await;
    assert_eq!(count, 60);
}

#[tokio::test]
async fn a_stream_out_of_step_is_had_again() {
    let sent = mp3(0..100);
    let (lie, truth) = (sent.concat(), with_titles(&mp3(100..200).concat(), 16_000, titled));
    let server = Server::start(move |request| {
        Answer::new(&metaint_head(16_000), if request.number == 0 { &lie } else { &truth })
            .then_stay()
    })
    .await;
    let role = Role::pull(&server.url("/"));
    role.until(|report| report.connects_total == 2 && report.title.is_some()).await;
    let items = all(&role.ingest.feed("live").unwrap()).await;
    assert!(kinds(&items).starts_with("C 3"), "{}", kinds(&items));
    assert!(kinds(&items).contains("G C"), "{}", kinds(&items));
}

#[tokio::test]
async fn what_is_no_audio_of_the_ingest_is_refused_by_its_name() {
    for (media_type, name) in [
        ("text/html; charset=utf-8", "text/html"),
        ("application/ogg", "application/ogg"),
        ("audio/aacp", "audio/aacp"),
    ] {
        let head = OK.replace("audio/mpeg", media_type);
        let server = once(&head, b"").await;
        let refusal = Role::pull(&server.url("/")).refusal().await;
        assert_eq!(refusal, format!("content type is {name}, the ingest takes audio/mpeg"));
    }
    let mut ogg =
        b"OggS\x00\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis".to_vec();
    ogg.resize(4_096, 1);
    for (body, name) in [(ogg, "Ogg"), (b"<!DOCTYPE html><html>gone</html>".repeat(99), "web page")]
    {
        let server = once(OK, &body).await;
        let role = Role::pull(&server.url("/"));
        let refusal = role.refusal().await;
        assert!(refusal.contains(name), "{refusal}");
        assert_eq!(units(&all(&role.ingest.feed("live").unwrap()).await).len(), 0);
    }
}

#[tokio::test]
async fn a_server_that_refuses_is_named_with_its_status() {
    for status in [401, 403, 404, 426, 503] {
        let server = once(&format!("HTTP/1.0 {status} x\r\n\r\n"), b"").await;
        let refusal = Role::pull(&server.url("/secret?key=1")).refusal().await;
        assert_eq!(refusal, format!("http://{} answers with status {status}", server.address));
    }
}

#[tokio::test]
async fn a_head_without_an_end_and_one_that_is_none_are_refused() {
    let endless = format!("HTTP/1.0 200 OK\r\n{}", "X-Filler: 12345678\r\n".repeat(100_000));
    let server = once(&endless, b"").await;
    let refusal = Role::pull(&server.url("/")).refusal().await;
    assert!(refusal.contains("cannot read the answer"), "{refusal}");
    let server = once("SSH-2.0-OpenSSH_9.2\r\n", b"").await;
    let refusal = Role::pull(&server.url("/")).refusal().await;
    assert!(refusal.contains("no status line"), "{refusal}");
}

#[tokio::test]
async fn a_server_that_stops_sending_is_left_and_tried_again() {
    let body = mp3(0..10).concat();
    let server = Server::start(move |_| Answer::new(OK, &body).then_stay()).await;
    let limits = Limits { source_timeout: Duration::from_millis(300), ..Setup::default().limits };
    let role = Role::set_up(&server.url("/"), Setup { limits, ..Setup::default() });
    role.until(|report| report.connects_total == 2).await;
    let items = all(&role.ingest.feed("live").unwrap()).await;
    assert!(kinds(&items).starts_with("C 10 G"), "{}", kinds(&items));
}

#[tokio::test]
async fn a_burst_of_a_quarter_mebibyte_at_once_is_taken_whole() {
    let sent = frames_of(256 << 10);
    let body = sent.concat();
    let server = Server::start(move |_| Answer::new(OK, &body).then_stay()).await;
    let role = Role::pull(&server.url("/"));
    role.until(|report| report.frames_total == sent.len() as u64 - 1).await;
}

#[tokio::test]
async fn a_stream_of_the_process_itself_is_not_taken() {
    let own = OK.replacen("\r\n", &format!("\r\n{PROCESS_HEADER}: {PROCESS}\r\n"), 1);
    let server = once(&own, &mp3(0..9).concat()).await;
    let role = Role::pull(&server.url("/"));
    let expected = "the stream is one of this process: a mount cannot be its own source";
    assert_eq!(role.refusal().await, expected);
    assert_eq!(role.report().connects_total, 0);
    let another = own.replace(PROCESS, "another");
    check_plays(&another, <[u8]>::to_vec).await;
}

#[tokio::test]
async fn a_pulled_stream_needs_a_place_among_the_sources() {
    let server = once(OK, &mp3(0..9).concat()).await;
    let limits = Limits { sources_max: 0, ..Setup::default().limits };
    let role = Role::set_up(&server.url("/"), Setup { limits, ..Setup::default() });
    assert_eq!(role.refusal().await, "too many sources are connected");
}

#[tokio::test]
async fn a_stream_that_the_administrator_ends_comes_back() {
    let body = mp3(0..10).concat();
    let server = Server::start(move |_| Answer::new(OK, &body).then_stay()).await;
    let role = Role::pull(&server.url("/"));
    role.until(|report| report.frames_total == 9).await;
    assert!(role.ingest.end_source("live"));
    role.until(|report| report.connects_total == 2).await;
}

#[tokio::test]
async fn a_failure_is_logged_once_and_counted_each_time() {
    let log = crate::testing::Log::default();
    let _guard = log.collect();
    let server = Server::start(|_| Answer::NONE).await;
    let role = Role::pull(&server.url("/"));
    let three = async {
        while role.failures() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, three).await.unwrap();
    assert_eq!(log.text().matches("the stream cannot be had").count(), 1, "{}", log.text());
    assert_eq!(metric(&role.registry, "ingest_refused_total{ingest=\"live\"}"), 0);
}

#[tokio::test]
async fn the_shutdown_ends_it_at_every_stage() {
    let body = mp3(0..10).concat();
    let server = Server::start(move |request| match request.path.as_str() {
        "/head" => Answer::new("HTTP/1.0 200 OK\r\n", b"").then_stay(),
        "/file" => tune_in("audio/x-scpls", "[playlist]\n").then_stay(),
        "/live" => Answer::new(OK, &body).then_stay(),
        _ => Answer::NONE,
    })
    .await;
    for path in ["/head", "/file", "/live", "/gone"] {
        let role = Role::pull(&server.url(path));
        let before = server.requests().len();
        let asked = async {
            while server.requests().len() == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap();
        match path {
            "/live" => _ = role.until(|report| report.frames_total == 9).await,
            "/gone" => _ = role.refusal().await,
            _ => {}
        }
        let feed = role.ingest.feed("live").unwrap();
        role.ends().await;
        let expected = if path == "/live" { "C 10 G" } else { "" };
        assert_eq!(kinds(&all(&feed).await), expected, "{path}");
    }
}

/// Time that stands still until a test turns it on.
struct StoppedTime {
    _release: std::sync::mpsc::Sender<()>,
}

impl StoppedTime {
    /// Tokio turns paused time on by itself whenever it waits, for a network too,
    /// unless a blocking task is under way.
    fn new() -> Self {
        let (release, released) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || released.recv());
        Self { _release: release }
    }

    /// Waits without the time going on.
    async fn until(&self, is_so: impl Fn() -> bool) {
        for _ in 0..10_000_000 {
            if is_so() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it does not come");
    }

    /// Turns time on until something is so; says how long.
    async fn turn_until(&self, is_so: impl Fn() -> bool) -> Duration {
        const STEP: Duration = Duration::from_millis(50);
        let start = Instant::now();
        while !is_so() && start.elapsed() < Duration::from_mins(2) {
            tokio::time::advance(STEP).await;
            // What is due now happens now: a connection takes a few turns.
            for _ in 0..2_000 {
                tokio::task::yield_now().await;
            }
        }
        start.elapsed()
    }
}

/// How long each wait is behind streams that held so long.
async fn waits(held: Duration, streams: usize) -> Vec<Duration> {
    let time = StoppedTime::new();
    let body = mp3(0..10).concat();
    let server = Server::start(move |_| Answer::new(OK, &body).then_close_after(held)).await;
    let role = Role::pull(&server.url("/"));
    let mut waits = Vec::new();
    for number in 1..=streams as u64 {
        time.until(|| role.report().frames_total >= number * 9).await;
        tokio::time::advance(held).await;
        time.until(|| role.report().state == IngestState::Offline).await;
        waits.push(time.turn_until(|| role.report().connects_total > number).await);
    }
    waits
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_again_and_again_is_tried_ever_later() {
    let waits = waits(Duration::from_secs(10), 7).await;
    for (wait, expected) in waits.iter().zip([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
        // A step, and the turns that a connection takes.
        let allowed = Duration::from_millis(expected / 2)..=Duration::from_millis(expected + 300);
        assert!(allowed.contains(wait), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_held_is_had_again_soon_each_time() {
    let waits = waits(WAIT_MAX, 4).await;
    assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(1_300)), "{waits:?}");
}
