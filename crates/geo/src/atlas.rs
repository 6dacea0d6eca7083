//! The database in use, which changes when its file does.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use catalogue::Country;
use media::WallTime;
use runtime::shutdown::Shutdown;
use tokio::time::MissedTickBehavior;
use tracing::{error, info, warn};

use crate::database::{Database, DatabaseError};

/// Between two looks at the file. Chosen: an operator who has replaced it waits for it.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A database that was built longer ago is old: networks change hands, and MaxMind's
/// licence asks that theirs be replaced within as long.
pub const OLD_AFTER: Duration = Duration::from_hours(30 * 24);

/// Tells countries by the database in use. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Atlas {
    path: Option<Arc<PathBuf>>,
    loaded: Arc<RwLock<Loaded>>,
}

/// What was read last.
#[derive(Debug, Default)]
struct Loaded {
    database: Option<Arc<Database>>,
    /// The file that was read, whether it was a database or not.
    file: Option<Fingerprint>,
    /// Why that file is not in use.
    error: Option<String>,
}

/// A file's length and time: it is another one when these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    len: u64,
    modified: Option<SystemTime>,
}

/// What is known of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its file; `None` where none is configured.
    pub path: Option<PathBuf>,
    /// What it calls itself; `None` where none is in use.
    pub kind: Option<String>,
    /// When it was built.
    pub built: Option<WallTime>,
    /// Why the file, as it is now, is not in use.
    pub error: Option<String>,
}

impl Status {
    /// Whether the database in use is old.
    pub fn is_old(&self, now: WallTime) -> bool {
        self.built.is_some_and(|built| now.since(built) > OLD_AFTER)
    }
}

impl Atlas {
    /// One that reads this file, now and whenever it changes. Where it cannot be read
    /// every country is unknown.
    pub fn open(path: PathBuf) -> Self {
        let atlas = Self { path: Some(Arc::new(path)), loaded: Arc::default() };
        atlas.look();
        atlas
    }

    /// The country of an address; `None` where nobody knows it.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let database = self.loaded().database.clone();
        database?.country(address)
    }

    /// What is known of the database.
    pub fn status(&self) -> Status {
        let loaded = self.loaded();
        Status {
            path: self.path.as_deref().cloned(),
            kind: loaded.database.as_ref().map(|database| database.kind().to_owned()),
            built: loaded.database.as_ref().map(|database| database.built()),
            error: loaded.error.clone(),
        }
    }

    /// Reads the file again whenever it has changed, until the shutdown.
    pub async fn keep_fresh(self, shutdown: Shutdown) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.wait() => return,
                _ = looks.tick() => {}
            }
            let atlas = self.clone();
            // Ends only with the process's runtime.
            let _ = tokio::task::spawn_blocking(move || atlas.look()).await;
        }
    }

    /// Reads the file if it is another one than was read last. One that is no database
    /// changes nothing but the status.
    fn look(&self) {
        let Some(path) = &self.path else { return };
        let found = std::fs::metadata(path.as_path());
        let file = found
            .as_ref()
            .ok()
            .map(|found| Fingerprint { len: found.len(), modified: found.modified().ok() });
        let is_known = {
            let loaded = self.loaded();
            loaded.file == file && (file.is_some() || loaded.error.is_some())
        };
        if is_known {
            return;
        }
        let read = match found {
            Ok(_) => Database::open(path),
            Err(error) => Err(DatabaseError::from(error)),
        };
        let path = path.display();
        match &read {
            Ok(database) => info!(%path, kind = database.kind(), "database of countries read"),
            Err(why) if self.loaded().database.is_some() => {
                warn!(%path, %why, "database of countries not read, the one before is kept");
            }
            Err(why) => error!(%path, %why, "no database of countries"),
        }
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.file = file;
        match read {
            Ok(database) => (loaded.database, loaded.error) = (Some(Arc::new(database)), None),
            Err(why) => loaded.error = Some(why.to_string()),
        }
    }

    /// Nobody panics while holding the lock, so a poisoned one is whole.
    fn loaded(&self) -> RwLockReadGuard<'_, Loaded> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
