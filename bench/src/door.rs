//! Reloads of media playlists by listeners with sessions, beside nginx with the same
//! bytes in a file.
//!
//! The built program serves them, with a limit and a geo-block, so that each reload
//! has its token checked, its country looked up, its session counted. wrk asks both for
//! the same paths, each with one of many tokens, over connections that stay open. Each
//! server has one processor and one thread, the same one, and wrk another one.

pub mod nginx;
pub mod stage;
pub mod table;
pub mod wrk;

use anyhow::{Result, ensure};

use crate::door::stage::Stage;
use crate::door::wrk::Load;

/// The processor of either server.
pub const SERVER: &str = "0";

/// The processor of who asks.
pub const ASKING: &str = "1";

/// How a playlist is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// Compressed, as players ask.
    Gzip,
}

impl Coding {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Gzip];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
        }
    }
}

/// What was measured with one coding.
#[derive(Debug)]
pub struct Rounds {
    /// How it was asked.
    pub coding: Coding,
    /// Bytes of a body.
    pub len: usize,
    /// Skywave's rounds.
    pub ours: Vec<Load>,
    /// nginx's, each beside one of Skywave's.
    pub theirs: Vec<Load>,
}

/// Runs both in turn, in every round; every other round nginx goes first.
///
/// # Errors
///
/// One of the servers does not start, or answers with something else than the playlist.
pub async fn run(rounds: usize, secs: u64) -> Result<Vec<Rounds>> {
    let stage = Stage::set().await?;
    let mut all = Vec::new();
    for coding in Coding::ALL {
        let len = stage.check(coding).await?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // Until both are warm.
        for server in [stage.skywave(), stage.nginx()] {
            stage.load(server, coding, 1)?;
        }
        for round in 0..rounds {
            let both = [(stage.skywave(), &mut ours), (stage.nginx(), &mut theirs)];
            let mut both = Vec::from(both);
            both.rotate_left(round % 2);
            for (server, loads) in both {
                let load = stage.load(server, coding, secs)?;
                ensure!(load.failed == 0, "{} of {} requests failed", load.failed, load.requests);
                loads.push(load);
            }
        }
        all.push(Rounds { coding, len, ours, theirs });
    }
    Ok(all)
}
