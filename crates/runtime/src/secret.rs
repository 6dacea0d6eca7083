//! Secrets that a process makes for itself where none is configured, and keeps: the
//! cluster's, by which nodes know each other, and the key of session tokens.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use settings::Secret;
use tracing::{info, warn};

/// The file in a process's data that has the cluster's secret where none is configured.
pub const CLUSTER_FILE: &str = "cluster.key";

/// The file that has the key of session tokens where none is configured.
pub const SESSIONS_FILE: &str = "sessions.key";

/// Random bytes in a secret, written as twice as many hexadecimal digits.
const RANDOM_LEN: usize = 32;

/// What was attempted, in an error.
const WRITE: &str = "write";

/// Only the process's own user reads it.
const MODE: u32 = 0o600;

/// There is no secret to be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("cannot {attempted} {}: {source}", path.display())]
    File {
        /// What was attempted.
        attempted: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is in the file is no secret.
    #[error("{}: {why}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The system has no random numbers.
    #[error("cannot make a secret: the system has no random numbers")]
    Random,
}

/// The cluster's secret: the one that is configured, else the one in `data`, which is
/// made where there is none.
///
/// # Errors
///
/// [`SecretError`].
pub fn cluster_secret(configured: Option<&Secret>, data: &Path) -> Result<Secret, SecretError> {
    configured.map_or_else(|| kept(data, CLUSTER_FILE), |secret| Ok(secret.clone()))
}

/// The keys of session tokens: those that are configured; else one made of the cluster's
/// secret, where that is configured, so that its nodes have the same; else the one in
/// `data`, which is made where there is none. A disk that does not take it stops no
/// station: the key is good until the process ends then.
///
/// # Errors
///
/// [`SecretError`], but not for what cannot be written.
pub fn session_secrets(
    configured: &[Secret],
    cluster: Option<&Secret>,
    data: &Path,
) -> Result<Vec<Secret>, SecretError> {
    if !configured.is_empty() {
        return Ok(configured.to_vec());
    }
    if let Some(cluster) = cluster {
        let key = hmac::Key::new(hmac::HMAC_SHA256, cluster.expose());
        return Ok(vec![secret_of(hmac::sign(&key, SESSIONS_FILE.as_bytes()).as_ref())?]);
    }
    let secret = match kept(data, SESSIONS_FILE) {
        Err(SecretError::File { attempted: WRITE, path, source }) => {
            let file = path.display();
            warn!(%file, error = %source, "sessions end with the process: their key is not kept");
            made()?
        }
        kept => kept?,
    };
    Ok(vec![secret])
}

fn kept(data: &Path, name: &str) -> Result<Secret, SecretError> {
    let path = data.join(name);
    let failed = |attempted| {
        let path = path.clone();
        move |source| SecretError::File { attempted, path, source }
    };
    let no_secret = |why| SecretError::Text { path: path.clone(), why };
    match fs::File::open(&path) {
        Ok(file) => {
            let mut text = String::new();
            let mut file = file.take(settings::SECRET_BYTES_MAX as u64 + 1);
            file.read_to_string(&mut text).map_err(failed("read"))?;
            Secret::new(text.trim_end()).map_err(no_secret)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = made()?;
            fs::create_dir_all(data).map_err(failed(WRITE))?;
            write(&path, secret.expose()).map_err(failed(WRITE))?;
            info!(file = %path.display(), "secret made: other nodes need the same");
            Ok(secret)
        }
        Err(error) => Err(failed("read")(error)),
    }
}

/// A secret that nobody has had.
fn made() -> Result<Secret, SecretError> {
    let mut bytes = [0; RANDOM_LEN];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SecretError::Random)?;
    secret_of(&bytes)
}

/// These bytes in hexadecimal digits.
fn secret_of(bytes: &[u8]) -> Result<Secret, SecretError> {
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        // To write into a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    Secret::new(&text).map_err(|_| SecretError::Random)
}

/// A process that is killed meanwhile leaves no half of it.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let half = path.with_extension("half");
    let _ = fs::remove_file(&half);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&half)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&half, path)
}

#[cfg(test)]
mod tests;
