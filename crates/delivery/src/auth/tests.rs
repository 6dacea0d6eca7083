use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::*;
use crate::fanout::ListenerId;
use crate::testing::{Bench, FRAME, Peer, eventually, header, manifest_of_acme};

const YES: &str = "HTTP/1.1 200 OK\r\nIcecast-AUTH-User: 1\r\nContent-Length: 0\r\n\r\n";
const NO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// A back end that answers each action with what is laid out for it, and hangs
/// where that is empty.
struct Script {
    address: SocketAddr,
    answers: watch::Sender<HashMap<&'static str, &'static str>>,
    requests: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Script {
    async fn start(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answers, laid_out) = watch::channel(answers.iter().copied().collect());
        let (requests, mut tasks) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
        let kept = Arc::clone(&requests);
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                served.spawn(serve(stream, laid_out.clone(), Arc::clone(&kept)));
            }
        });
        Self { address, answers, requests, _tasks: tasks }
    }

    /// Answers otherwise from now on, those too that wait.
    fn lay_out(&self, action: &'static str, answer: &'static str) {
        self.answers.send_modify(|answers| {
            answers.insert(action, answer);
        });
    }

    /// The keys of the manifest that name it, for these actions.
    fn keys(&self, actions: &[&str]) -> String {
        let key = |action| format!("{action} = \"http://{}/{action}\"\n", self.address);
        actions.iter().map(key).collect()
    }

    /// The bodies of an action, in the order of their arrival.
    fn bodies(&self, action: &str) -> Vec<String> {
        let begin = format!("action={action}&");
        let requests = self.requests.lock().unwrap();
        let bodies = requests.iter().filter_map(|request| Some(request.split_once("\r\n\r\n")?.1));
        bodies.filter(|body| body.starts_with(&begin)).map(str::to_owned).collect()
    }

    async fn until_told(&self, action: &str, times: usize) {
        eventually(|| self.bodies(action).len() >= times).await;
        assert_eq!(self.bodies(action).len(), times, "{:?}", self.bodies(action));
    }
}

async fn serve(
    mut stream: TcpStream,
    mut answers: watch::Receiver<HashMap<&'static str, &'static str>>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let mut bytes = Vec::new();
    let request = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            break text;
        }
    };
    let action = request.rsplit_once("action=").unwrap().1.split('&').next().unwrap().to_owned();
    requests.lock().unwrap().push(request);
    let laid_out = |answers: &HashMap<_, &str>| answers.get(action.as_str()) != Some(&"");
    let answer = answers.wait_for(laid_out).await.unwrap().get(action.as_str()).copied();
    let _ = stream.write_all(answer.unwrap_or(NO).as_bytes()).await;
}

/// A station on air whose back end is this.
struct Asked {
    bench: Bench,
    script: Script,
    back_ends: BackEnds,
    tasks: JoinSet<()>,
    address: SocketAddr,
}

async fn asked_with(
    bench: Bench,
    answers: &[(&'static str, &'static str)],
    keys: (&[&str], &str),
) -> Asked {
    let (mut bench, script) = (bench, Script::start(answers).await);
    let (back_ends, tasks) = bench.set_back_end(&format!("{}{}", script.keys(keys.0), keys.1));
    bench.push(5);
    let address = bench.serve().0;
    Asked { bench, script, back_ends, tasks, address }
}

const LISTENERS: (&[&str], &str) = (&["listener_add", "listener_remove"], "");

async fn asked(answer: &'static str) -> Asked {
    asked_with(Bench::new().await, &[("listener_add", answer)], LISTENERS).await
}

impl Asked {
    /// The head of what is answered off the accept loop, and the peer.
    async fn ask(&self, request: &str) -> (String, Peer) {
        let mut peer = Peer::connect(self.address).await;
        let head = peer.ask(request).await;
        (head, peer)
    }

    /// What `/acme` answers at both doors: the status and the line.
    async fn refusals(&self) -> [(u16, String); 2] {
        let (head, mut peer) = self.ask("GET /acme HTTP/1.0\r\n\r\n").await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(header(&head, "access-control-allow-origin"), Some("*"), "{head}");
        let challenge = header(&head, "www-authenticate");
        assert_eq!(challenge.is_some(), status == 401, "{head}");
        let line = String::from_utf8(peer.rest().await).unwrap().trim_end().to_owned();
        let hyper = self.bench.get("/acme").await;
        let has_challenge = hyper.headers.contains_key("www-authenticate");
        assert_eq!(has_challenge, hyper.status == 401, "{hyper:?}");
        assert_eq!(hyper.header("cache-control"), "no-store");
        [(status, line), (hyper.status.as_u16(), hyper.text().trim_end().to_owned())]
    }

    fn back_end(&self) -> &Arc<BackEnd> {
        self.back_ends.of("acme").unwrap()
    }

    fn question(&self) -> Option<ask::Question> {
        let who = (ListenerId::fresh(), "192.0.2.1:1".parse().unwrap());
        self.back_end().question(who, "/acme", |_| None)
    }

    #[track_caller]
    fn check_metric(&self, line: &str) {
        assert!(self.bench.metrics().contains(line), "{line}: {}", self.bench.metrics());
    }

    /// Waits until nobody listens, whose going shows in what is sent to them.
    async fn until_empty(&self) {
        eventually(|| {
            self.bench.push(1);
            self.bench.rendition.mount().listeners() == 0
        })
        .await;
    }
}

#[tokio::test]
async fn a_back_end_lets_listeners_in_and_hears_once_of_each_end() {
    let asked = asked(YES).await;
    let request = "GET /acme.mp3?token=a+b HTTP/1.1\r\nHost: x\r\nUser-Agent: VLC/3\r\n\
                   Authorization: Basic ZnJlZDpzM2NyZXQ=\r\n\r\n";
    let (head, mut peer) = asked.ask(request).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(peer.take(500).await, FRAME.repeat(5));
    let visitor = asked.bench.delivery.roster().of("acme").remove(0);
    assert_eq!((visitor.user.as_deref(), &*visitor.path), (Some("fred"), "/acme.mp3"));
    let id = visitor.id;
    let who = format!(
        "server=radio%2eexample&port=8000&client={id}&mount=%2facme%2emp3%3ftoken%3da%2bb\
         &user=fred&pass=s3cret"
    );
    let rest = "ip=127%2e0%2e0%2e1&agent=VLC%2f3";
    let expected = format!("action=listener_add&{who}&{rest}");
    assert_eq!(asked.script.bodies("listener_add"), [expected]);
    assert_eq!(asked.script.bodies("listener_remove"), [""; 0]);

    asked.bench.clock.advance(Duration::from_mins(61));
    drop((peer, visitor));
    asked.until_empty().await;
    asked.script.until_told("listener_remove", 1).await;
    let expected = format!("action=listener_remove&{who}&duration=3660&{rest}");
    assert_eq!(asked.script.bodies("listener_remove"), [expected]);
    asked.check_metric("delivery_auth_asked_total{mount=\"acme\",outcome=\"Allowed\"} 1");
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 0");
}

#[tokio::test]
async fn listeners_through_hyper_are_asked_about_as_well() {
    let asked = asked(YES).await;
    let get = asked.bench.ask("HEAD", "/acme?a=b", &[("user-agent", "curl")]).await;
    assert_eq!(get.status, 200);
    asked.script.until_told("listener_remove", 1).await;
    let bodies = asked.script.bodies("listener_add");
    assert!(bodies[0].contains("&mount=%2facme%3fa%3db&user=&pass=&"), "{bodies:?}");
    assert!(bodies[0].ends_with("&agent=curl"), "{bodies:?}");
}

#[tokio::test]
async fn a_back_end_knows_each_mount_by_one_spelling() {
    let asked = asked(NO).await;
    for (target, told) in [
        ("/acme", "%2facme"),
        ("/%61cm%65?a=%20", "%2facme%3fa%3d%2520"),
        ("/acme%2Emp3?", "%2facme%2emp3%3f"),
        // All renditions are the mount's.
        ("/acme/mp3-128?a=b", "%2facme%3fa%3db"),
        ("/acme.mp3%2fmp3-128", "%2facme%2emp3"),
    ] {
        asked.ask(&format!("GET {target} HTTP/1.0\r\n\r\n")).await;
        asked.bench.get(target).await;
        for body in asked.script.bodies("listener_add").iter().rev().take(2) {
            assert!(body.contains(&format!("&mount={told}&")), "{target}: {body}");
        }
    }
}

#[tokio::test]
async fn head_lets_nobody_in_and_is_told_as_a_listener_of_no_time() {
    let asked = asked(YES).await;
    let (head, mut peer) = asked.ask("HEAD /acme HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert_eq!(peer.rest().await, b"");
    asked.script.until_told("listener_remove", 1).await;
    assert!(asked.script.bodies("listener_remove")[0].contains("&duration=0&"));
    assert_eq!(asked.bench.rendition.mount().listeners(), 0);
}

#[tokio::test]
async fn headers_of_the_listener_are_passed_on_under_their_prefix() {
    let keys = "headers = [\"X-Forwarded-For\", \"Cookie\", \"absent\"]\nheader_prefix = \"h-\"";
    let answers = [("listener_add", NO)];
    let keys: (&[&str], _) = (&["listener_add"], keys);
    let asked = asked_with(Bench::new().await, &answers, keys).await;
    let hostile = "GET /acme HTTP/1.0\r\ncookie: a=1&user=root\r\nx-forwarded-for: ä\r\n\r\n";
    asked.ask(hostile).await;
    asked.bench.ask("GET", "/acme", &[("cookie", "a=1&user=root")]).await;
    let bodies = asked.script.bodies("listener_add");
    let cookie = "&h-Cookie=a%3d1%26user%3droot";
    assert!(bodies[0].ends_with(&format!("&h-X-Forwarded-For=%c3%a4{cookie}")), "{bodies:?}");
    assert!(bodies[1].ends_with(&format!("&agent=%2d{cookie}")), "{bodies:?}");
}

#[tokio::test]
async fn a_back_end_that_says_no_is_answered_as_icecast_does_with_its_reason() {
    for (answer, line) in [
        (NO, "You need to authenticate"),
        ("HTTP/1.0 403 No\r\nicecast-auth-message:  Pay ä first\r\n\r\n", "Pay ä first"),
        ("HTTP/1.0 200 OK\r\nicecast-auth-user: 0\r\n\r\n", "You need to authenticate"),
        ("HTTP/1.0 200 OK\r\nicecast-auth-user: 10\r\n\r\n", "You need to authenticate"),
        ("HTTP/1.0 302 Found\r\nLocation: /login\r\n\r\n", "You need to authenticate"),
        (
            "HTTP/1.0 200 OK\r\nicecast-auth-user: 1\r\nicecast-auth-timelimit: 0\r\n\r\n",
            "You need to authenticate",
        ),
    ] {
        let asked = asked(answer).await;
        for refusal in asked.refusals().await {
            assert_eq!(refusal, (401, line.to_owned()), "{answer}");
        }
        assert_eq!(asked.bench.rendition.mount().listeners(), 0, "the seat is free again");
        assert_eq!(asked.script.bodies("listener_remove"), [""; 0]);
        asked.check_metric("delivery_auth_asked_total{mount=\"acme\",outcome=\"Denied\"} 2");
        asked.check_metric("delivery_http_requests_total{kind=\"Stream\",status=\"401\"} 2");
    }
}

#[tokio::test]
async fn a_back_end_in_trouble_lets_nobody_in() {
    for answer in [
        "HTTP/1.1 500 Oops\r\nicecast-auth-user: 1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Later\r\nicecast-auth-user: 1\r\n\r\n",
        "icecast-auth-user: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nicecast-auth-user: 1\r\n",
    ] {
        let asked = asked(answer).await;
        for (status, line) in asked.refusals().await {
            assert_eq!((status, &*line), (403, "who may listen cannot be told now"), "{answer}");
        }
        asked.check_metric("delivery_auth_asked_total{mount=\"acme\",outcome=\"Failed\"} 2");
    }
    let mut bench = Bench::new().await;
    bench.push(5);
    let _tasks = bench.set_back_end("listener_add = \"http://127.0.0.1:1/\"");
    assert_eq!(bench.get("/acme").await.status, 403, "nobody is there");
}

#[tokio::test(start_paused = true)]
async fn a_back_end_has_5_seconds() {
    let asked = asked("").await;
    let began = tokio::time::Instant::now();
    let denial = asked.back_end().admit(asked.question()).await.unwrap_err();
    assert_eq!((denial, began.elapsed().as_secs()), (Denial::Unanswered, 5));
}

#[tokio::test]
async fn a_listener_ends_behind_a_whole_frame_when_the_back_end_says() {
    let limit = "HTTP/1.0 200 OK\r\nicecast-auth-user: 1\r\nicecast-auth-timelimit: 1\r\n\r\n";
    let asked = asked(limit).await;
    let (_, mut peer) = asked.ask("GET /acme HTTP/1.0\r\n\r\n").await;
    peer.take(500).await;
    let pushing = async {
        loop {
            asked.bench.push(1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let rest = tokio::select! {
        rest = peer.rest() => rest,
        () = pushing => unreachable!(),
    };
    assert!(rest.len().is_multiple_of(FRAME.len()), "{} bytes: whole frames", rest.len());
    asked.script.until_told("listener_remove", 1).await;
}

#[tokio::test]
async fn nobody_is_asked_about_one_for_whom_there_is_no_seat() {
    let bench = Bench::with_listeners_max(1).await;
    let asked = asked_with(bench, &[("listener_add", "")], LISTENERS).await;
    let waiting = tokio::spawn({
        let address = asked.address;
        async move { Peer::connect(address).await.ask("GET /acme HTTP/1.0\r\n\r\n").await }
    });
    asked.script.until_told("listener_add", 1).await;
    let (head, _) = asked.ask("GET /acme HTTP/1.0\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.0 503 "), "the seat is kept while it is asked: {head}");
    assert_eq!(asked.script.bodies("listener_add").len(), 1);
    asked.script.lay_out("listener_add", YES);
    assert!(waiting.await.unwrap().starts_with("HTTP/1.0 200 "));
}

#[tokio::test]
async fn a_hundred_are_asked_about_at_a_time_and_a_thousand_wait_and_no_more() {
    let asked = asked("").await;
    let mut waiting = JoinSet::new();
    for _ in 0..WAITING_MAX {
        let (back_end, question) = (Arc::clone(asked.back_end()), asked.question());
        waiting.spawn(async move { back_end.admit(question).await });
    }
    eventually(|| asked.back_end().places.available_permits() == 0).await;
    asked.script.until_told("listener_add", ASKED_MAX).await;
    assert_eq!(asked.back_end().admit(asked.question()).await.unwrap_err(), Denial::Busy);
    asked.check_metric("delivery_auth_asked_total{mount=\"acme\",outcome=\"Busy\"} 1");
    for (status, _) in asked.refusals().await {
        assert_eq!(status, 503);
    }
    asked.script.lay_out("listener_add", YES);
    let outcomes = waiting.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok), "each had its turn");
    assert!(asked.back_end().admit(asked.question()).await.is_ok());
}

#[tokio::test]
async fn one_that_leaves_while_it_is_asked_about_is_told_all_the_same() {
    let asked = asked("").await;
    let waiting = {
        let (back_end, question) = (Arc::clone(asked.back_end()), asked.question());
        tokio::spawn(async move { back_end.admit(question).await })
    };
    asked.script.until_told("listener_add", 1).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    asked.script.lay_out("listener_add", YES);
    asked.script.until_told("listener_remove", 1).await;
}

#[tokio::test]
async fn who_says_more_than_a_back_end_can_be_told_stays_out() {
    let asked = asked(YES).await;
    let with_agent = |len| format!("GET /acme HTTP/1.0\r\nUser-Agent: {}\r\n\r\n", "&".repeat(len));
    let (head, _) = asked.ask(&with_agent(8_000)).await;
    assert!(head.starts_with("HTTP/1.0 403 "), "{head}");
    assert_eq!(asked.script.bodies("listener_add"), [""; 0]);
    let (head, _peer) = asked.ask(&with_agent(1_200)).await;
    assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
    assert!(asked.script.bodies("listener_add")[0].ends_with(&"%26".repeat(1_200)));
}

#[tokio::test]
async fn a_mount_whose_back_end_is_not_asked_is_open_and_tells_of_ends() {
    let asked = asked_with(Bench::new().await, &[], (&["listener_remove"], "")).await;
    let long = "a".repeat(8_000);
    for agent in ["curl", &long] {
        let request = format!(
            "HEAD /acme HTTP/1.0\r\nAuthorization: Basic ZnJlZDo=\r\nUser-Agent: {agent}\r\n\r\n"
        );
        let (head, _) = asked.ask(&request).await;
        assert!(head.starts_with("HTTP/1.0 200 "), "{head}");
    }
    asked.script.until_told("listener_remove", 1).await;
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 1");
    asked.bench.list(8);
    assert_eq!(asked.bench.get("/acme/playlist.m3u8").await.status, 200);
}

#[tokio::test]
async fn an_end_that_cannot_be_told_is_tried_again() {
    let asked = asked(YES).await;
    asked.script.lay_out("listener_remove", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    drop(asked.back_end().admit(asked.question()).await.unwrap());
    asked.script.until_told("listener_remove", 1).await;
    asked.script.lay_out("listener_remove", NO);
    asked.script.until_told("listener_remove", 2).await;
    assert_eq!(
        asked.script.bodies("listener_remove")[0],
        asked.script.bodies("listener_remove")[1]
    );
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 0");
}

#[tokio::test]
async fn an_end_is_tried_four_times() {
    let asked = asked(YES).await;
    asked.script.lay_out("listener_remove", "HTTP/1.0 503 Later\r\n\r\n");
    drop(asked.back_end().admit(asked.question()).await.unwrap());
    eventually(|| asked.bench.metrics().contains("delivery_auth_untold_total{mount=\"acme\"} 1"))
        .await;
    assert_eq!(asked.script.bodies("listener_remove").len(), 4);
}

#[tokio::test]
async fn an_end_that_nobody_wants_to_hear_is_given_up() {
    let mut asked = asked(YES).await;
    asked.script.lay_out("listener_remove", "no HTTP at all\r\n\r\n");
    drop(asked.back_end().admit(asked.question()).await.unwrap());
    asked.script.until_told("listener_remove", 1).await;
    asked.back_ends.finish();
    while asked.tasks.join_next().await.is_some() {}
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 1");
}

#[tokio::test]
async fn twenty_thousand_ends_wait_to_be_told_and_no_more() {
    let asked = asked_with(Bench::new().await, &[("listener_remove", "")], LISTENERS).await;
    let ticket = || Ticket::new(Arc::clone(asked.back_end()), asked.question().unwrap().identity);
    for _ in 0..8 {
        drop(ticket());
    }
    // These are under way, the others wait behind them.
    asked.script.until_told("listener_remove", 8).await;
    for _ in 0..GONE_MAX {
        drop(ticket());
    }
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 0");
    drop(ticket());
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 1");
    assert_eq!(asked.script.bodies("listener_remove").len(), 8);
}

#[tokio::test]
async fn the_end_of_the_process_tells_what_is_left_to_tell() {
    let (actions, answers) = (["listener_remove", "mount_add", "mount_remove"], []);
    let mut asked = asked_with(Bench::new().await, &answers, (&actions, "")).await;
    asked.script.until_told("mount_add", 2).await;
    for _ in 0..20 {
        drop(asked.back_end().admit(asked.question()).await.unwrap());
    }
    asked.back_ends.finish();
    while asked.tasks.join_next().await.is_some() {}
    assert_eq!(asked.script.bodies("listener_remove").len(), 20);
    assert_eq!(asked.script.bodies("mount_remove").len(), 2);
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 0");
    drop(asked.back_end().admit(asked.question()).await.unwrap());
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 1");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_process_waits_5_seconds_for_a_back_end() {
    let mut asked =
        asked_with(Bench::new().await, &[("listener_remove", "")], (&["listener_remove"], ""))
            .await;
    for _ in 0..20 {
        drop(asked.back_end().admit(asked.question()).await.unwrap());
    }
    let began = tokio::time::Instant::now();
    asked.back_ends.finish();
    while asked.tasks.join_next().await.is_some() {}
    assert_eq!(began.elapsed().as_secs(), 5);
    asked.check_metric("delivery_auth_untold_total{mount=\"acme\"} 20");
}

#[tokio::test]
async fn a_mount_tells_when_it_goes_on_and_off_the_air_at_each_of_its_paths() {
    let actions = ["mount_add", "mount_remove"];
    let asked = asked_with(Bench::new().await, &[], (&actions, "")).await;
    let body = |action: &str, mount| {
        format!("action={action}&mount=%2f{mount}&server=radio%2eexample&port=8000")
    };
    asked.script.until_told("mount_add", 2).await;
    let expected = [body("mount_add", "acme"), body("mount_add", "acme%2emp3")];
    assert_eq!(asked.script.bodies("mount_add"), expected);
    asked.bench.writer.off_air(Duration::ZERO).unwrap();
    asked.script.until_told("mount_remove", 2).await;
    let expected = [body("mount_remove", "acme"), body("mount_remove", "acme%2emp3")];
    assert_eq!(asked.script.bodies("mount_remove"), expected);
    asked.bench.push(5);
    asked.script.until_told("mount_add", 4).await;
}

#[tokio::test]
async fn who_listens_over_hls_is_asked_about_once_and_told_when_it_has_gone() {
    let asked = asked(YES).await;
    asked.bench.list(8);
    let master = asked.bench.get("/acme/playlist.m3u8?key=1").await;
    assert_eq!(master.status, 200);
    assert_eq!(asked.script.bodies("listener_add").len(), 1);
    let told = asked.script.bodies("listener_add").remove(0);
    assert!(
        told.contains("mount=/acme%3fkey%3d1") || told.contains("mount=%2facme%3fkey%3d1"),
        "{told}"
    );
    let media = format!("/acme/{}", master.text().lines().last().unwrap());
    for _ in 0..3 {
        assert_eq!(asked.bench.get(&media).await.status, 200);
        asked.bench.clock.advance(Duration::from_secs(6));
    }
    assert_eq!(asked.script.bodies("listener_add").len(), 1, "once");
    assert_eq!(asked.script.bodies("listener_remove"), [""; 0]);
    // It does not come back.
    asked.bench.clock.advance(Duration::from_mins(4));
    asked.bench.delivery.sweep_sessions();
    asked.script.until_told("listener_remove", 1).await;
    // Whoever never begins has gone, too.
    asked.bench.list(9);
    asked.bench.get("/acme/playlist.m3u8").await;
    asked.bench.clock.advance(Duration::from_mins(1));
    asked.bench.delivery.sweep_sessions();
    asked.script.until_told("listener_remove", 2).await;
}

#[tokio::test]
async fn over_hls_nobody_comes_in_without_the_back_ends_yes() {
    let asked = asked(NO).await;
    asked.bench.list(8);
    for path in ["/acme/playlist.m3u8", "/acme.m3u8", "/acme/playlist.m3u8?key=2"] {
        let refused = asked.bench.get(path).await;
        assert_eq!(refused.status, 401, "{path}: {}", refused.text());
        assert_eq!(refused.header("cache-control"), "no-store");
    }
    // The media playlist alone is of no use.
    for path in ["/acme/mp3-128/media.m3u8", "/acme/mp3-128/media.m3u8?from=-1h"] {
        let refused = asked.bench.get(path).await;
        assert_eq!((refused.status.as_u16(), refused.header("cache-control")), (403, "no-store"));
    }
    assert_eq!(asked.bench.get("/acme.pls").await.status, 200);
    assert_eq!(asked.bench.rendition.mount().snapshot().hls_sessions, 0);
}

#[test]
fn what_cannot_be_a_rule_is_said_before_the_start() {
    let egress = |auth: &str| {
        let text = manifest_of_acme(&format!("mount_add = \"http://a.example/\"\n{auth}"));
        let catalogue = catalogue::manifest::parse(&text, "stations.toml", &|_| None).unwrap();
        catalogue.egress("acme").unwrap().clone()
    };
    for auth in ["", "auth_header = \"x-ok: yes\"", "auth_header = \"HTTP/1.1 200 OK\""] {
        assert!(check(&egress(auth)).is_ok(), "{auth}");
    }
    let error = check(&egress("auth_header = \"yes\"")).unwrap_err().to_string();
    assert!(error.starts_with("egress acme: auth: what accepts is a header such as"), "{error}");
}
