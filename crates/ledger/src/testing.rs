//! What the tests of this crate share: folders, and sessions.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use media::{SessionId, WallTime};

use crate::{Ending, Protocol, Session};

/// A folder that is removed at the end.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("skywave-ledger-{}-{nth}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Another process of this number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A moment of the tests' day, 2026-11-22.
pub(crate) fn at(hours: u64, minutes: u64, millis: u64) -> WallTime {
    let day: crate::Day = "2026-11-22".parse().unwrap();
    day.start().plus(Duration::from_millis((hours * 60 + minutes) * 60_000 + millis))
}

/// An hour of listening to `radio`, from 18:00 on.
pub(crate) fn session(id: u8) -> Session {
    Session {
        id: SessionId::new([id; 16]),
        egress: "radio".to_owned(),
        protocol: Protocol::Icy,
        country: Some("DE".parse().unwrap()),
        address: "192.0.2.7".parse().unwrap(),
        path: "/radio".to_owned(),
        user_agent: "VLC/3.0".to_owned(),
        referer: String::new(),
        user: None,
        started: at(18, 0, 0),
        until: None,
        ended: at(19, 0, 5),
        media: Duration::from_millis(3_600_005),
        bytes: 57_600_080,
        ending: Some(Ending::Left),
    }
}

/// Any session whose texts are anything, with times in whole milliseconds.
pub(crate) fn any_session(rng: &mut Rng) -> Session {
    let mut id = [0; 16];
    rng.fill(&mut id);
    let text = |rng: &mut Rng| -> String {
        let chars = ['a', 'Z', '0', ' ', '"', '\\', '\n', '\t', '\u{0}', 'é', '🎧', '=', ',', ';'];
        (0..rng.usize(..40)).map(|_| *rng.choice(&chars).unwrap()).collect()
    };
    let started = at(0, 0, rng.u64(..86_400_000));
    Session {
        id: SessionId::new(id),
        egress: ["radio", "jazz", "news-128"][rng.usize(..3)].to_owned(),
        protocol: if rng.bool() { Protocol::Icy } else { Protocol::Hls },
        country: [None, Some("DE".parse().unwrap()), Some("US".parse().unwrap())][rng.usize(..3)],
        address: if rng.bool() {
            std::net::Ipv4Addr::from_bits(rng.u32(..)).into()
        } else {
            std::net::Ipv6Addr::from_bits(rng.u128(..) | 1 << 127).into()
        },
        path: text(rng),
        user_agent: text(rng),
        referer: text(rng),
        user: rng.bool().then(|| text(rng)),
        started,
        until: rng.bool().then(|| started.plus(Duration::from_hours(4))),
        ended: started.plus(Duration::from_millis(rng.u64(..200_000_000))),
        media: Duration::from_millis(rng.u64(..200_000_000)),
        bytes: rng.u64(..1 << 50),
        ending: rng.bool().then(|| *rng.choice(Ending::ALL).as_ref().unwrap()),
    }
}
