//! What each listener does, drawn before it begins.

use fastrand::Rng;

use super::hls::{Habit, Identity, Listener};
use super::icy::Streamed;

/// Clock time between two reloads of a player. It is alive for 20 s behind one, so who
/// misses one is not; a tick has to take less than ten seconds of the machine's.
pub(super) const TICK_SECS: u64 = 10;

/// How long all of it takes.
pub(super) const TICKS: u32 = 24;

/// When all who are there are counted.
pub(super) const CHECKED: [u32; 8] = [3, 6, 9, 12, 15, 18, 21, 23];

/// Ticks that somebody may be away and go on, and who does not come back to the session:
/// 180 s, and some for the machine.
const PAUSES: std::ops::RangeInclusive<u32> = 3..=12;
const TOO_LONG: std::ops::RangeInclusive<u32> = 19..=20;

/// Everyone, the same in every run.
pub(super) fn draw(hls: usize, icy: usize) -> (Vec<Listener>, Vec<Streamed>) {
    let mut rng = Rng::with_seed(5_000);
    let mut listeners = Vec::new();
    let mut nth = 0;
    while listeners.len() < hls {
        let ticks = reloads(&mut rng);
        let identity = rng.choice(Identity::ALL).unwrap();
        let habit = rng.choice(Habit::ALL).unwrap();
        let name = format!("player {nth}");
        nth += 1;
        // Two who cannot be told apart but by their tokens. One who loads once might be
        // the other's first try: these load twice before they are counted, and do not
        // begin a second time.
        let first = ticks[0];
        let goes_on = ticks.starts_with(&[first, first + 1]) && !CHECKED.contains(&first);
        let is_one = ticks.windows(2).all(|pair| pair[1] - pair[0] <= *PAUSES.end());
        let is_alike = identity == Identity::Token && habit == Habit::Plain;
        if is_alike && goes_on && is_one && listeners.len() + 1 < hls {
            listeners.push(Listener::new(&name, identity, habit, ticks.clone()));
        }
        listeners.push(Listener::new(&name, identity, habit, ticks));
    }
    let streamed = (0..icy).map(|nth| {
        let joins = rng.u32(0..TICKS - 1);
        // The engine sees within a second who has left, and no tick may pass until then.
        let later: Vec<u32> = CHECKED.into_iter().filter(|tick| *tick > joins).collect();
        let leaves = later[rng.usize(..later.len().min(3))];
        Streamed::new(format!("stream {nth}"), joins, leaves)
    });
    let streamed = streamed.collect();
    (listeners, streamed)
}

/// The ticks in which a player reloads.
fn reloads(rng: &mut Rng) -> Vec<u32> {
    let run = |from: u32, len: u32| from..TICKS.min(from + len);
    match rng.u32(..10) {
        // It comes, stays and leaves; some look in once.
        0..=5 => {
            let from = rng.u32(0..TICKS);
            run(from, rng.u32(1..8)).collect()
        }
        // It pauses and returns.
        6..=8 => {
            let (from, len) = (rng.u32(0..10), rng.u32(1..4));
            let back = from + len - 1 + rng.u32(PAUSES);
            let until = back + rng.u32(1..4);
            run(from, len).chain(back..until.clamp(back, TICKS.max(back))).collect::<Vec<_>>()
        }
        // It returns when its session is over.
        _ => {
            let (from, len) = (rng.u32(0..2), rng.u32(1..3));
            let back = from + len - 1 + rng.u32(TOO_LONG);
            run(from, len).chain(back..TICKS.max(back + 1)).collect()
        }
    }
}
