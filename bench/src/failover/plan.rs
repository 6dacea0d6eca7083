//! What happens to the paths of each case.

use std::time::Duration;

use fastrand::Rng;

/// Length of a case, as the encoder has it; the track is [`SPARE_SECS`] longer.
pub const CASE_SECS: u32 = 78;

/// So that the last connection ends in the middle of a frame.
pub const SPARE_SECS: u32 = 1;

/// Where the silence lies.
pub const SILENCE_SECS: (u32, u32) = (30, 45);

/// When the jingle begins, each time.
pub const JINGLES_SECS: [u32; 3] = [20, 40, 45];

/// When the encoder is restarted.
pub const RESTART_SECS: u32 = 30;

/// How long it takes until its first frame. Both paths are connected by then.
pub const RESTART: Duration = Duration::from_secs(2);

/// What an Icecast server sends a relay at once, unless it is set otherwise
/// (`burst-size`).
pub const BURST_LEN: usize = 65_536;

/// How far an event may be drawn from where it stands in the plan.
const SHIFT: Duration = Duration::from_millis(800);

/// Which track a case sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Music alone.
    Music,
    /// Music, silence, music.
    Silence,
    /// Music in which a jingle is played again and again.
    Jingle,
    /// Music, and music of another encoder from [`RESTART_SECS`] on.
    Restart,
}

/// A case: what is sent, and how each of two paths brings it.
#[derive(Debug, Clone)]
pub struct Case {
    /// In names of mounts, and for the command line.
    pub slug: &'static str,
    /// As the table has it.
    pub name: &'static str,
    /// What is sent.
    pub content: Content,
    /// The paths, the preferred one first.
    pub paths: [Path; 2],
    /// Whether nothing may be lost, repeated or damaged.
    pub due: Due,
}

/// What is promised of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing is lost, repeated, damaged, nor late.
    Nothing,
    /// The same, but the output waits once for what the paths are apart beyond
    /// `hold_back`.
    Wait(Duration),
    /// Every path was away at one time: the frames are the same, decoders
    /// may mute behind the seam, and nobody hears anything meanwhile.
    Seam,
    /// A known limit: only told.
    Told,
}

/// How a path is.
#[derive(Debug, Clone, Default)]
pub struct Path {
    /// How late it brings everything.
    pub late: Duration,
    /// When it is connected, in order.
    pub links: Vec<Link>,
    /// When nothing gets through, though it is connected; it comes afterwards.
    pub stalls: Vec<(Duration, Duration)>,
}

/// One connection, or one after the other where the server is killed. Times are
/// since the case began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// When it is made.
    pub from: Duration,
    /// When it ends.
    pub to: Duration,
    /// What it sends at first.
    pub begins: Begins,
    /// How it ends, in the middle of a frame.
    pub ends: Ends,
}

/// What a connection sends at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// The frame that is live, as an encoder.
    Live,
    /// So many bytes of the past, as a relay, which begins in the middle of a frame.
    Burst(usize),
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// In good order.
    Closed,
    /// By a reset, which throws away what the server has not read.
    Reset,
}

const fn secs(secs: u32) -> Duration {
    Duration::from_secs(secs as u64)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

impl Path {
    /// Connected from the beginning to the end.
    fn up(late: Duration, end: u32) -> Self {
        Self::on(late, &[(0, end)])
    }

    /// Connected between these seconds, ended by resets, but for the last one.
    pub(crate) fn on(late: Duration, times: &[(u32, u32)]) -> Self {
        let links = times.iter().enumerate().map(|(nth, (from, to))| Link {
            from: secs(*from),
            to: secs(*to),
            begins: Begins::Live,
            ends: if nth + 1 == times.len() { Ends::Closed } else { Ends::Reset },
        });
        Self { late, links: links.collect(), stalls: Vec::new() }
    }

    /// The same as a relay, which sends its burst again.
    pub(crate) fn relay(late: Duration, times: &[(u32, u32)]) -> Self {
        let mut path = Self::on(late, times);
        for link in &mut path.links {
            link.begins = Begins::Burst(BURST_LEN);
        }
        path
    }

    fn stalled(mut self, from: u32, to: u32) -> Self {
        self.stalls.push((secs(from), secs(to)));
        self
    }

    /// Draws each event's moment anew, near where it was. The first connection and
    /// the last end stay.
    fn shift(&mut self, rng: &mut Rng) {
        let last = self.links.len().saturating_sub(1);
        for (nth, link) in self.links.iter_mut().enumerate() {
            let shift = |rng: &mut Rng| SHIFT.mul_f64(rng.f64());
            if nth > 0 {
                link.from += shift(rng);
            }
            if nth < last {
                link.to += shift(rng);
            }
            if nth < last && rng.bool() {
                link.ends = Ends::Closed;
            }
        }
    }

    /// When it is over.
    pub fn end(&self) -> Duration {
        self.links.last().map_or(Duration::ZERO, |link| link.to)
    }
}

impl Case {
    /// When the last path is over.
    pub fn end(&self) -> Duration {
        self.paths.iter().map(Path::end).max().unwrap_or_default()
    }

    fn new(slug: &'static str, name: &'static str, paths: [Path; 2]) -> Self {
        Self { slug, name, content: Content::Music, paths, due: Due::Nothing }
    }

    fn of(self, content: Content) -> Self {
        Self { content, ..self }
    }

    fn with(self, due: Due) -> Self {
        Self { due, ..self }
    }
}

/// All cases, their moments drawn from a seed. The first one is undisturbed.
pub fn cases(seed: u64) -> Vec<Case> {
    let mut rng = Rng::with_seed(seed);
    let mut cases = [deaths(), skews(), contents()].concat();
    for path in cases.iter_mut().flat_map(|case| &mut case.paths) {
        path.shift(&mut rng);
    }
    cases
}

fn deaths() -> Vec<Case> {
    let end = CASE_SECS;
    let [first, second] = [Duration::ZERO, millis(300)];
    let flapping: Vec<_> = (0..8).map(|turn| (turn * 10, turn * 10 + 6)).collect();
    // Three seconds together, three alone.
    let in_turn = [(0, 9), (12, 21), (24, 33), (36, 45), (48, 57), (60, 69), (72, end)];
    let other_turn = [(0, 3), (6, 15), (18, 27), (30, 39), (42, 51), (54, 63), (66, 75)];
    vec![
        Case::new("idle", "nothing", [Path::up(first, end), Path::up(second, end)]),
        Case::new("a-killed", "A killed", [Path::up(first, 30), Path::up(second, end)]),
        Case::new("b-killed", "B killed", [Path::up(first, end), Path::up(second, 30)]),
        Case::new("a-flaps", "A flaps", [Path::on(first, &flapping), Path::up(second, end)]),
        Case::new("b-flaps", "B flaps", [Path::up(first, end), Path::on(second, &flapping)]),
        Case::new(
            "turns",
            "both flap in turn",
            [Path::on(first, &in_turn), Path::on(second, &other_turn)],
        ),
        Case::new(
            "relays",
            "both are relays, flap in turn, send their burst again",
            [Path::relay(first, &in_turn), Path::relay(second, &other_turn)],
        ),
        Case::new(
            "stalls",
            "A stalls for 6 s and catches up, then B is killed",
            [Path::up(first, end).stalled(30, 36), Path::up(second, 50)],
        ),
    ]
}

fn skews() -> Vec<Case> {
    let end = CASE_SECS;
    let [near, far] = [secs(2), secs(20)];
    let first = Duration::ZERO;
    let wait = Due::Wait(secs(17));
    // The leader dies and comes back, then the other one dies.
    let [leads, lags] = [[(0, 30), (50, end)], [(0, 65), (70, end)]];
    let [leads_far, lags_far] = [[(0, 30), (38, end)], [(20, 62), (66, end + 20)]];
    vec![
        Case::new(
            "b-2s",
            "B 2 s behind; A killed and back, then B",
            [Path::on(first, &leads), Path::on(near, &lags)],
        ),
        Case::new(
            "a-2s",
            "A 2 s behind; B killed and back, then A",
            [Path::on(near, &lags), Path::on(first, &leads)],
        ),
        Case::new(
            "b-20s",
            "B 20 s behind; A killed and back, then B",
            [Path::on(first, &leads_far), Path::on(far, &lags_far)],
        )
        .with(wait),
        Case::new(
            "a-20s",
            "A 20 s behind; B killed and back, then A",
            [Path::on(far, &lags_far), Path::on(first, &leads_far)],
        )
        .with(wait),
    ]
}

fn contents() -> Vec<Case> {
    let end = CASE_SECS;
    let [first, second, near] = [Duration::ZERO, millis(300), secs(2)];
    let [in_silence, then] = [[(0, 34), (38, end)], [(0, 55), (60, end)]];
    // It dies in the jingle's first playing and is back in its third.
    let in_jingle = [(0, 22), (46, end)];
    vec![
        Case::new(
            "silence",
            "A gone and back inside silence, then B killed",
            [Path::on(first, &in_silence), Path::on(second, &then)],
        )
        .of(Content::Silence),
        Case::new(
            "silence-2s",
            "the same, B 2 s behind",
            [Path::on(first, &in_silence), Path::on(near, &then)],
        )
        .of(Content::Silence),
        Case::new(
            "silence-end",
            "A back inside silence, B dies before it ends (a known limit)",
            [Path::on(first, &in_silence), Path::up(second, 42)],
        )
        .of(Content::Silence)
        .with(Due::Told),
        Case::new(
            "jingle",
            "A gone in a jingle, back when it is repeated, then B killed",
            [Path::on(first, &in_jingle), Path::on(second, &then)],
        )
        .of(Content::Jingle),
        Case::new(
            "jingle-2s",
            "the same, B 2 s behind",
            [Path::on(first, &in_jingle), Path::on(near, &then)],
        )
        .of(Content::Jingle),
        Case::new(
            "restart",
            "the encoder is restarted, 2 s without a frame",
            [Path::on(first, &[(0, 30), (31, end)]), Path::on(second, &[(0, 30), (31, end)])],
        )
        .of(Content::Restart)
        .with(Due::Seam),
    ]
}

#[cfg(test)]
mod tests;
