//! Those who listen over HLS.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::Client;
use tests::http::{self, Answer};
use tokio::task::JoinSet;

use super::super::player::media_url;
use super::{Listed, Moment, Site, WORKERS};

/// A gap of so many ticks is within a session.
const RESUMED_TICKS: u32 = 12;

/// By what a player is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// The multivariant playlist's token.
    Token,
    /// CMCD in a header, wherever it comes from.
    Cmcd,
    /// CMCD in the query, likewise.
    CmcdQuery,
    /// `X-Playback-Session-Id`, likewise.
    Apple,
    /// Its name and address alone.
    Agent,
}

/// What else it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    Plain,
    /// Asks for bytes from the first one on, always.
    Range,
    /// Opens everything twice, and goes on with the second one.
    Twice,
    /// Opens it twice, and has never loaded what it found first.
    TwiceInVain,
    /// Changes between the mount and its alias.
    Switching,
    /// Asks again at once whether there is anything new.
    Asking,
}

impl Identity {
    pub(super) const ALL: [Self; 5] =
        [Self::Token, Self::Cmcd, Self::CmcdQuery, Self::Apple, Self::Agent];
}

impl Habit {
    pub(super) const ALL: [Self; 6] =
        [Self::Plain, Self::Range, Self::Twice, Self::TwiceInVain, Self::Switching, Self::Asking];
}

/// One of them.
#[derive(Debug)]
pub(super) struct Listener {
    name: String,
    identity: Identity,
    habit: Habit,
    /// When it reloads.
    ticks: Vec<u32>,
    /// Its media playlist with a token.
    media: Option<String>,
    loads: Vec<(u32, Moment)>,
}

/// What a listener's session was.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) started: Moment,
    pub(super) ended: Moment,
    pub(super) heard: Listed,
}

/// From where they come: most of what knows itself changes between both.
#[derive(Clone)]
struct Clients([Client; 2]);

impl Listener {
    pub(super) fn new(name: &str, identity: Identity, habit: Habit, ticks: Vec<u32>) -> Self {
        Self { name: name.to_owned(), identity, habit, ticks, media: None, loads: Vec::new() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is alive in a tick that is over.
    pub(super) fn is_counted(&self, tick: u32) -> bool {
        self.ticks.iter().any(|load| *load == tick || load + 1 == tick)
    }

    /// Its sessions, of what became listed.
    pub(super) fn sessions(&self, listed: &[Listed]) -> Vec<Session> {
        let of_one = |one: &[(u32, Moment)]| {
            let mut heard = Listed::default();
            for pair in one.windows(2) {
                let [from, to] = [pair[0].0, pair[1].0].map(|tick| listed[tick as usize]);
                if pair[0].0 + 1 == pair[1].0 {
                    heard.media += to.media.saturating_sub(from.media);
                    heard.bytes += to.bytes - from.bytes;
                }
            }
            Session { started: one[0].1, ended: one[one.len() - 1].1, heard }
        };
        self.loads.chunk_by(|one, next| next.0 - one.0 <= RESUMED_TICKS).map(of_one).collect()
    }

    async fn act(&mut self, clients: &Clients, site: &Site, tick: u32) {
        if !self.ticks.contains(&tick) {
            return;
        }
        let after = site.now();
        if self.identity == Identity::Token && self.media.is_none() {
            let opened = self.open(clients, site, tick).await;
            if self.habit == Habit::Twice {
                self.load(clients, &opened, tick).await;
            }
            let is_twice = matches!(self.habit, Habit::Twice | Habit::TwiceInVain);
            let media = if is_twice { self.open(clients, site, tick).await } else { opened };
            self.media = Some(media);
        }
        let media = self.media.clone().unwrap_or_else(|| self.without_token(site));
        let switched = media.replace("/radio/", "/live/radio/");
        let is_alias = self.habit == Habit::Switching && tick % 2 == 1;
        let answer = self.load(clients, if is_alias { &switched } else { &media }, tick).await;
        if self.habit == Habit::Asking {
            let etag = answer.header("etag").to_owned();
            let known = self.ask(clients, &media, tick, &[("if-none-match", &etag)]).await;
            assert_eq!(known.status, 304, "{self:?}");
        }
        self.loads.push((tick, Moment { after, before: site.now() }));
    }

    async fn open(&self, clients: &Clients, site: &Site, tick: u32) -> String {
        let answer = self.ask(clients, &site.hls(), tick, &[]).await;
        assert_eq!(answer.status, 200, "{self:?}");
        media_url(&site.hls(), &answer)
    }

    fn without_token(&self, site: &Site) -> String {
        let media = site.url("/radio/mp3-2s-128/media.m3u8");
        if self.identity != Identity::CmcdQuery {
            return media;
        }
        // `bl=900,sid="…"`.
        format!("{media}?CMCD=bl%3D900%2Csid%3D%22{}%22", self.name.replace(' ', "-"))
    }

    async fn load(&self, clients: &Clients, media: &str, tick: u32) -> Answer {
        let answer = self.ask(clients, media, tick, &[]).await;
        assert!(matches!(answer.status, 200 | 206), "{self:?}: {} {media}", answer.status);
        answer
    }

    async fn ask(&self, clients: &Clients, url: &str, tick: u32, more: &[(&str, &str)]) -> Answer {
        let sid = format!("sid=\"{}\"", self.name);
        let mut headers = vec![("user-agent", self.name.as_str())];
        match self.identity {
            Identity::Cmcd => headers.push(("cmcd-session", &sid)),
            Identity::Apple => headers.push(("x-playback-session-id", &self.name)),
            _ => {}
        }
        if self.habit == Habit::Range {
            headers.push(("range", "bytes=0-"));
        }
        headers.extend(more);
        // Who is known by its address alone stays where it is.
        let from = if self.identity == Identity::Agent { 0 } else { tick as usize / 2 % 2 };
        http::get_by(&clients.0[from], url, &headers).await
    }
}

/// Lets all do what they do in a tick.
pub(super) async fn act(mut all: Vec<Listener>, site: &Site, tick: u32) -> Vec<Listener> {
    let client = |last| http::client_at(IpAddr::from(Ipv4Addr::new(127, 0, 0, last)));
    let clients = Clients([client(1), client(2)]);
    let share = all.len().div_ceil(WORKERS);
    let mut working = JoinSet::new();
    while !all.is_empty() {
        let mut mine = all.split_off(all.len().saturating_sub(share));
        let (clients, site) = (clients.clone(), site.clone());
        working.spawn(async move {
            for one in &mut mine {
                one.act(&clients, &site, tick).await;
            }
            mine
        });
    }
    working.join_all().await.into_iter().flatten().collect()
}
