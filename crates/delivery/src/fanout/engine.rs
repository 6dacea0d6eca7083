//! The thread that owns all rings and all listeners: it takes commands and
//! turns the wheel, and waits for nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use runtime::clock::Clock;

use super::listener::ListenerId;
use super::mount::{Moment, Mount};
use super::seat::{Process, Shared};
use super::wheel::Wheel;
use super::{FanoutSettings, Joining, MountId, MountSettings, TimedFrame, Which};

/// Commands taken before the wheel is looked at again, chosen: a join with
/// its burst takes about 50 µs, so that the wheel is never 5 ms late for them.
const BATCH_MAX: usize = 64;

/// What the handles ask of the engine.
#[derive(Debug)]
pub(super) enum Command {
    AddMount(MountId, Arc<Shared>, Box<MountSettings>),
    Push(MountId, Vec<TimedFrame>),
    Title(MountId, Bytes),
    Cut(MountId),
    OffAir(MountId, Duration),
    Close(MountId),
    Join(MountId, Box<Joining>),
    End(ListenerId),
    Move { from: MountId, to: MountId, which: Which },
}

/// All mounts, and the wheel.
#[derive(Debug)]
pub(super) struct Engine {
    clock: Arc<dyn Clock>,
    settings: FanoutSettings,
    process: Arc<Process>,
    wheel: Wheel,
    mounts: BTreeMap<MountId, Mount>,
    stop_at: Option<Instant>,
}

impl Engine {
    /// An engine without mounts.
    pub(super) fn new(
        settings: FanoutSettings,
        process: Arc<Process>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let wheel = Wheel::new(settings.interval, settings.slots, clock.monotonic());
        Self { clock, settings, process, wheel, mounts: BTreeMap::new(), stop_at: None }
    }

    /// Runs until it is stopped, or all handles are gone.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        while !self.is_finished() {
            let due_at = self.wheel.poll_timeout();
            let wait = due_at.saturating_duration_since(self.clock.monotonic());
            match commands.recv_timeout(wait) {
                Ok(command) => {
                    let moment = self.moment();
                    self.apply(command, &moment);
                    for command in commands.try_iter().take(BATCH_MAX) {
                        self.apply(command, &moment);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.turn_wheel();
        }
        for mount in self.mounts.values_mut() {
            mount.close(self.clock.monotonic());
            mount.abort(&mut self.wheel);
        }
    }

    fn apply(&mut self, command: Command, moment: &Moment) {
        let wheel = &mut self.wheel;
        match command {
            Command::AddMount(id, shared, settings) => {
                self.mounts.insert(id, Mount::new(shared, &settings, wheel.slots()));
            }
            Command::Push(id, frames) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.push(&frames, moment, wheel);
                }
            }
            Command::Title(id, block) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.set_title(block);
                }
            }
            Command::Cut(id) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.cut();
                }
            }
            Command::OffAir(id, hold) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.hold(moment.now + hold);
                }
            }
            Command::Close(id) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.close(moment.now);
                }
            }
            Command::Join(id, joining) => {
                if let Some(mount) = self.mounts.get_mut(&id) {
                    mount.join(*joining, moment, wheel);
                }
            }
            Command::End(id) => {
                let _is_here = self.mounts.values_mut().any(|mount| mount.end(id));
            }
            Command::Move { from, to, which } => self.give(from, to, which),
        }
    }

    /// Moves listeners; nowhere where both mounts are the same one.
    fn give(&mut self, from: MountId, to: MountId, which: Which) {
        let Some(mut giver) = self.mounts.remove(&from) else { return };
        if let Some(taker) = self.mounts.get_mut(&to) {
            giver.give(taker, which);
        }
        self.mounts.insert(from, giver);
    }

    fn turn_wheel(&mut self) {
        let moment = self.moment();
        if self.stop_at.is_none() && self.process.stopping.load(Ordering::Acquire) {
            self.stop_at = Some(moment.now + self.settings.stop_grace);
            for mount in self.mounts.values_mut() {
                mount.close(moment.now);
            }
        }
        while let Some(due) = self.wheel.handle_timeout(moment.now) {
            self.process.note_lateness(due.late);
            for mount in self.mounts.values_mut() {
                mount.turn(due.slot, &moment, &mut self.wheel);
            }
            self.mounts.retain(|_, mount| !mount.is_finished());
        }
    }

    fn is_finished(&self) -> bool {
        let Some(stop_at) = self.stop_at else { return false };
        self.mounts.is_empty() || self.clock.monotonic() >= stop_at
    }

    fn moment(&self) -> Moment {
        let interval = self.settings.interval;
        let turns = self.settings.stalled_after.as_micros() / interval.as_micros().max(1);
        Moment {
            now: self.clock.monotonic(),
            interval,
            stalled_turns: u32::try_from(turns).unwrap_or(u32::MAX).max(1),
        }
    }
}
