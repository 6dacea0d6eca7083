//! What a back end is told: who has gone, and whether the mount is on air.
//!
//! Nobody waits for that. What cannot be told is tried again a little, and then
//! counted and let go.

use std::sync::Arc;
use std::time::Duration;

use icy::source::Credentials;
use icy::url_auth::Action;
use outbound::{BACK_END_TIME, Target};
use runtime::backoff::{self, Backoff};
use runtime::shutdown::Shutdown;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::info;

use super::BackEnd;
use super::ticket::Gone;
use crate::station::Station;

/// Listeners whose end is told to a back end at a time. Chosen: scripts have few
/// workers, which are for those who come.
const TOLD_MAX: usize = 8;

/// How often a message is tried. Chosen: a back end that is started again hears
/// of it.
const TRIES_MAX: u32 = 4;

/// Before the second try.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// Before any try.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether the mount takes listeners.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Tells one back end.
#[derive(Debug)]
pub(super) struct Herald {
    back_end: Arc<BackEnd>,
    station: Arc<Station>,
    gone: mpsc::Receiver<Gone>,
    under_way: JoinSet<()>,
}

impl Herald {
    pub(super) fn new(
        back_end: &Arc<BackEnd>,
        station: &Arc<Station>,
        gone: mpsc::Receiver<Gone>,
    ) -> Self {
        let (back_end, station) = (Arc::clone(back_end), Arc::clone(station));
        Self { back_end, station, gone, under_way: JoinSet::new() }
    }

    /// Goes on until `finish`, and [`BACK_END_TIME`] beyond it while there is
    /// something to tell.
    pub(super) async fn run(mut self, finish: Shutdown) {
        let (back_end, station) = (Arc::clone(&self.back_end), Arc::clone(&self.station));
        let all = async {
            let mount = tell_of_mount(&back_end, &station, &finish);
            let (is_on_air, ()) = tokio::join!(mount, self.tell_of_listeners(&finish));
            if is_on_air {
                back_end.tell_all_paths(&station, Air::Off).await;
            }
        };
        let over = async {
            finish.wait().await;
            tokio::time::sleep(BACK_END_TIME).await;
        };
        let is_done = tokio::select! {
            () = all => true,
            () = over => false,
        };
        let left = self.gone.len() + self.under_way.len();
        if !is_done {
            self.back_end.counters.untold_by(left);
            info!(mount = self.back_end.egress, left, "the process ends before this is told");
        }
    }

    async fn tell_of_listeners(&mut self, finish: &Shutdown) {
        let mut is_finishing = false;
        loop {
            let is_idle = self.under_way.len() < TOLD_MAX;
            tokio::select! {
                () = finish.wait(), if !is_finishing => {
                    is_finishing = true;
                    self.gone.close();
                }
                Some(_) = self.under_way.join_next() => {}
                gone = self.gone.recv(), if is_idle => match gone {
                    Some(gone) => {
                        self.under_way.spawn(Arc::clone(&self.back_end).tell_gone(gone));
                    }
                    None => break,
                },
            }
        }
        while self.under_way.join_next().await.is_some() {}
    }
}

/// What a mount does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Air {
    On,
    Off,
}

/// Tells each change until `finish`; whether the mount is on air to the back end
/// then.
async fn tell_of_mount(back_end: &BackEnd, station: &Station, finish: &Shutdown) -> bool {
    let mut is_on_air = false;
    while !finish.is_triggered() {
        if station.default_rendition().mount().is_open() != is_on_air {
            is_on_air = !is_on_air;
            let air = if is_on_air { Air::On } else { Air::Off };
            back_end.tell_all_paths(station, air).await;
        }
        tokio::select! {
            () = finish.wait() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    is_on_air
}

impl BackEnd {
    async fn tell_gone(self: Arc<Self>, gone: Gone) {
        let Some(target) = &self.targets.listener_remove else { return };
        let action = Action::ListenerRemove(gone.identity.listener(), gone.duration);
        self.tell(target, &action, gone.identity.credentials.as_ref()).await;
    }

    /// To a back end each path is a mount.
    async fn tell_all_paths(&self, station: &Station, air: Air) {
        let target = match air {
            Air::On => &self.targets.mount_add,
            Air::Off => &self.targets.mount_remove,
        };
        let Some(target) = target else { return };
        for path in station.settings().paths() {
            let mount = format!("/{path}");
            let action = match air {
                Air::On => Action::MountAdd(&mount),
                Air::Off => Action::MountRemove(&mount),
            };
            self.tell(target, &action, None).await;
        }
    }

    async fn tell(&self, target: &Target, action: &Action<'_>, own: Option<&Credentials>) {
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        // What is too long was refused when the listener came.
        let Ok(body) = action.to_body(self.server()) else { return self.counters.untold() };
        let clock = self.setup.clock.clock();
        loop {
            let told =
                self.setup.client.ask_back_end(target, body.clone(), own, BACK_END_TIME).await;
            let Err(error) = told else { return };
            let due = backoff.handle_failure(clock.monotonic(), backoff::random());
            if backoff.failures() >= TRIES_MAX || !error.is_transient() {
                info!(mount = self.egress, ?action, %error, "the back end is not told");
                return self.counters.untold();
            }
            tokio::time::sleep(due.saturating_duration_since(clock.monotonic())).await;
        }
    }
}
