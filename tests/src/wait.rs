//! Waiting for a condition: as short as it takes, and never for ever.

use std::time::Duration;

/// The longest that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something.
///
/// # Panics
///
/// Nothing has come for [`PATIENCE`]; `what` says what was waited for.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("no {what} for {} s", PATIENCE.as_secs()))
}
