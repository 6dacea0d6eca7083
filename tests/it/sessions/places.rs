//! How many may listen: over ICY and HLS together.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use reqwest::Client;
use tests::listener::Listener;
use tests::{http, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::player::{Player, STEP_SECS, assert_kept_by_none, media_url};
use super::station::{Plan, Station};

/// Places, wherever they are counted.
const PLACES: usize = 3;

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 5, 5);

/// Longer than a session is alive without a reload.
const AWAY_SECS: u64 = 30;

/// A player that is nobody else's.
fn client(from: Ipv4Addr, name: usize) -> Client {
    let builder = Client::builder().local_address(IpAddr::from(from));
    builder.user_agent(format!("player {name}")).build().unwrap()
}

/// A station and all who listen to it.
struct Crowd {
    station: Station,
    icy: Vec<TcpStream>,
    hls: Vec<Player>,
    came: usize,
}

impl Crowd {
    async fn start(plan: &Plan) -> Self {
        let station = Station::start(plan.clone()).await;
        Self { station, icy: Vec::new(), hls: Vec::new(), came: 0 }
    }

    /// One more over ICY; else the answer's status.
    async fn icy(&mut self, from: Ipv4Addr) -> Result<(), u16> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::from(from), 0).into()).unwrap();
        let mut stream = socket.connect(self.station.node.public()).await.unwrap();
        stream.write_all(b"GET /radio HTTP/1.0\r\n\r\n").await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status == 200 {
            self.icy.push(stream);
            return Ok(());
        }
        assert!(head.to_lowercase().contains("\r\ncache-control: no-store\r\n"), "{head}");
        Err(status)
    }

    /// One more over HLS; else the status of the playlist that it did not get.
    async fn hls(&mut self, from: Ipv4Addr) -> Result<(), u16> {
        self.came += 1;
        let client = client(from, self.came);
        let answer = http::get_by(&client, &self.station.hls(), &[]).await;
        if answer.status != 200 {
            assert_kept_by_none(&answer);
            return Err(answer.status);
        }
        let media = media_url(&self.station.hls(), &answer);
        self.begin(Player { client, media }).await
    }

    /// A player's first reload.
    async fn begin(&mut self, player: Player) -> Result<(), u16> {
        let answer = player.reload().await;
        assert_kept_by_none(&answer);
        if answer.status != 200 {
            return Err(answer.status);
        }
        self.hls.push(player);
        Ok(())
    }

    /// States that nobody else may come, and that who is there stays.
    async fn assert_full(&mut self, from: Ipv4Addr, status: u16) {
        assert_eq!(self.icy(from).await, Err(status), "over ICY");
        assert_eq!(self.hls(from).await, Err(status), "over HLS");
        let url = self.station.hls().replace("playlist.m3u8", "mp3-2s-128/media.m3u8");
        let answer = http::get_by(&client(from, 1_000), &url, &[]).await;
        assert_eq!(answer.status, status, "without a token");
        for player in &self.hls {
            player.reloaded().await;
        }
        self.assert_counted().await;
    }

    async fn assert_counted(&self) {
        let (icy, hls) = (self.icy.len() as u64, self.hls.len() as u64);
        wait::until("as many as there are", || async {
            let egress = self.station.node.egress("radio");
            (egress.icy_listeners == icy && egress.hls_sessions == Some(hls)).then_some(())
        })
        .await;
    }

    /// One leaves, over ICY if there is one, and is not counted any more.
    async fn leave(&mut self) {
        if self.icy.pop().is_none() {
            self.hls.pop().expect("somebody listens");
            self.station.clock.advance(Duration::from_secs(AWAY_SECS - STEP_SECS));
            self.station.go_on(STEP_SECS).await;
            for player in &self.hls {
                player.reloaded().await;
            }
        }
        self.assert_counted().await;
    }
}

/// Fills all places over either protocol and both, frees one, and fills it again.
async fn check(plan: Plan, status: u16) -> Crowd {
    let mut last = None;
    for over_icy in 0..=PLACES {
        let mut crowd = Crowd::start(&plan).await;
        for nth in 0..PLACES {
            crowd.assert_counted().await;
            let came = if nth < over_icy { crowd.icy(HERE).await } else { crowd.hls(HERE).await };
            assert_eq!(came, Ok(()), "{nth} of {over_icy} over ICY");
        }
        crowd.assert_full(HERE, status).await;
        crowd.leave().await;
        // Of two that ask at a time one comes too late.
        let [one, other] = [500, 501].map(|name| client(HERE, name));
        let one = Player::open(&crowd.station.hls(), &one).await;
        let other = Player::open(&crowd.station.hls(), &other).await;
        assert_eq!(crowd.begin(one).await, Ok(()));
        assert_eq!(crowd.begin(other).await, Err(status));
        crowd.assert_full(HERE, status).await;
        crowd.leave().await;
        assert_eq!(crowd.icy(HERE).await, Ok(()));
        crowd.assert_full(HERE, status).await;
        last = Some(crowd);
    }
    last.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_has_so_many_listeners_over_icy_and_hls_together() {
    let plan = Plan::default().with_mount(&format!("max_listeners = {PLACES}\n"));
    let crowd = check(plan.and_egress("other", ""), 503).await;
    // Another mount has places of its own.
    let other = Listener::connect(crowd.station.node.public(), "/other").await;
    assert!(other.head.starts_with("HTTP/1.0 200"), "{}", other.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_has_so_many_listeners_over_icy_and_hls_together() {
    let plan = Plan::default().with(&format!("listeners_max = {PLACES}\n"));
    let crowd = check(plan.and_egress("other", ""), 503).await;
    // All its mounts share them.
    let node = &crowd.station.node;
    let other = Listener::connect(node.public(), "/other").await;
    assert!(other.head.starts_with("HTTP/1.0 503"), "{}", other.head);
    let answer = http::get_by(&client(HERE, 1), &node.url("/other/playlist.m3u8"), &[]).await;
    assert_eq!(answer.status, 503);
    assert_kept_by_none(&answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_listeners_over_icy_and_hls_together() {
    let plan = Plan::default().with(&format!("address_listeners_max = {PLACES}\n"));
    let mut crowd = check(plan, 403).await;
    assert_eq!(crowd.icy(ELSEWHERE).await, Ok(()));
    assert_eq!(crowd.hls(ELSEWHERE).await, Ok(()));
    crowd.assert_full(HERE, 403).await;
}
