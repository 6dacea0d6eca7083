//! The process's certificates, read again when their files change.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use listen::{Identities, IdentityFiles};
use runtime::config::TlsFiles;
use runtime::shutdown::Shutdown;
use tracing::{info, warn};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Reads the configured certificates; `None` where there are none.
pub(crate) fn load(files: &[TlsFiles]) -> Result<Option<Identities>> {
    if files.is_empty() {
        return Ok(None);
    }
    let files = files.iter().map(|files| IdentityFiles {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
    });
    Ok(Some(Identities::load(files.collect())?))
}

/// Reads them again whenever a file has changed. What cannot be read leaves the
/// old ones in use.
pub(crate) async fn follow(identities: Identities, shutdown: Shutdown) {
    let mut seen = times(&identities);
    loop {
        tokio::select! {
            () = shutdown.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = times(&identities);
        if now == seen {
            continue;
        }
        match identities.reload() {
            Ok(()) => {
                info!("certificates reloaded");
                seen = now;
            }
            // A pair is replaced one file after the other: look again.
            Err(error) => warn!(%error, "certificates not reloaded"),
        }
    }
}

fn times(identities: &Identities) -> HashMap<PathBuf, Option<SystemTime>> {
    let files = identities.files().iter().flat_map(|files| [&files.certificate, &files.key]);
    let times = files.map(|file| {
        let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
        (file.clone(), modified)
    });
    times.collect()
}
