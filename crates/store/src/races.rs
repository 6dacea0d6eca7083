//! Races of writers at one object: what a bucket's coordination is judged by.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::key::Key;
use crate::store::{Attributes, Created, Store};

/// Most bytes of what the racers write.
const BYTES_MAX: usize = 64;

/// How a race ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// How many were told that they won.
    pub(crate) winners: usize,
    /// The object is what a winner wrote.
    pub(crate) has_winners_bytes: bool,
}

impl Outcome {
    /// Whether it ended as it must.
    pub(crate) fn is_fair(&self) -> bool {
        self.winners == 1 && self.has_winners_bytes
    }
}

/// Lets `racers` create the object at once; there must be none.
pub(crate) async fn create(store: &Store, key: &Key, racers: usize) -> Result<Outcome, Error> {
    race(store, key, racers, "created", |store, key, bytes| async move {
        Ok(store.create(&key, bytes, &Attributes::record()).await? == Created::New)
    })
    .await
}

/// Lets `racers` replace the object at once; there must be one.
pub(crate) async fn replace(store: &Store, key: &Key, racers: usize) -> Result<Outcome, Error> {
    let version = store.get(key, BYTES_MAX).await?.map(|object| object.version);
    race(store, key, racers, "replaced", move |store, key, bytes| {
        let version = version.clone();
        async move {
            match store.replace(&key, bytes, &Attributes::record(), version.as_ref()).await {
                Ok(_) => Ok(true),
                Err(Error::Conflict { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        }
    })
    .await
}

/// Starts `racers` tasks at one moment, each with bytes of its own; `write`
/// says whether its bytes won.
///
/// `done` sets the bytes apart from another race's: a version is known by what
/// it contains, so that one which comes back is the same again.
async fn race<F, W>(
    store: &Store,
    key: &Key,
    racers: usize,
    done: &str,
    write: F,
) -> Result<Outcome, Error>
where
    F: Fn(Store, Key, Bytes) -> W,
    W: Future<Output = Result<bool, Error>> + Send + 'static,
{
    let start = Arc::new(Barrier::new(racers));
    let mut tasks = JoinSet::new();
    for racer in 0..racers {
        let bytes = Bytes::from(format!("{done} by racer {racer} of {racers}"));
        let writing = write(store.clone(), key.clone(), bytes.clone());
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            writing.await.map(|won| won.then_some(bytes))
        });
    }
    let mut winners = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        let raced = joined.map_err(|error| Error::failed("racing at", key, error))?;
        winners.extend(raced?);
    }
    let stored = store.get(key, BYTES_MAX).await?.map(|object| object.bytes);
    let has_winners_bytes = stored.is_some_and(|stored| winners.contains(&stored));
    Ok(Outcome { winners: winners.len(), has_winners_bytes })
}
