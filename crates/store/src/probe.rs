//! Whether a bucket does what the coordination of nodes rests on.
//!
//! There are systems that answer 200 to a conditional write and write all the
//! same, and others that lose races only. Neither says so.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use crate::error::Error;
use crate::key::{Area, Key};
use crate::races;
use crate::store::{Attributes, Created, Store, Stores};

/// Writers in a race. Chosen: a system that loses races lets all of 16 win.
const RACERS: usize = 8;
/// Races of each kind. One may end well by chance.
const RACES: usize = 3;
/// Most bytes of a scratch object.
const BYTES_MAX: usize = 64;

impl Stores {
    /// Probes the bucket of each area.
    ///
    /// # Errors
    ///
    /// As [`Store::probe`].
    pub async fn probe(&self) -> Result<(), Error> {
        self.public.probe(Area::Public).await?;
        self.private.probe(Area::Private).await
    }
}

impl Store {
    /// Tries whether conditional writes hold, on scratch objects in
    /// `{area}/_probe/` that it removes; takes some 70 requests.
    ///
    /// For the start of a node: a bucket that fails must not be used.
    ///
    /// # Errors
    ///
    /// [`Error::NotConditional`] where they do not hold; [`Error::Unavailable`],
    /// [`Error::Denied`], [`Error::Failed`] where that could not be found out.
    pub async fn probe(&self, area: Area) -> Result<(), Error> {
        // Several nodes may start at one time.
        let run = format!("{:016x}", RandomState::new().hash_one(area));
        let folder = area.root().child("_probe")?.child(&run)?;
        let probed = self.probe_in(&folder).await;
        let swept = self.remove_all(&folder).await;
        match probed? {
            None => swept,
            Some(what) => Err(Error::NotConditional { url: self.url().to_string(), what }),
        }
    }

    /// What is wrong with the bucket, if anything is.
    async fn probe_in(&self, folder: &Key) -> Result<Option<String>, Error> {
        let alone = folder.child("alone")?;
        if let Some(what) = self.probe_create(&alone).await? {
            return Ok(Some(what));
        }
        if let Some(what) = self.probe_replace(&alone).await? {
            return Ok(Some(what));
        }
        for nth in 0..RACES {
            let key = folder.child(&format!("race-{nth}"))?;
            let created = races::create(self, &key, RACERS).await?;
            if !created.is_fair() {
                return Ok(Some(lost("create", "If-None-Match", created.winners)));
            }
            let replaced = races::replace(self, &key, RACERS).await?;
            if !replaced.is_fair() {
                return Ok(Some(lost("replace", "If-Match", replaced.winners)));
            }
        }
        Ok(None)
    }

    async fn probe_create(&self, key: &Key) -> Result<Option<String>, Error> {
        let create = |text| self.create(key, Bytes::from_static(text), &RECORD);
        let (first, second) = (create(b"first").await?, create(b"second").await?);
        Ok(match (first, second) {
            (Created::New, Created::Existed { .. }) => None,
            (Created::New, Created::New) => {
                Some("ignores If-None-Match: it lets the same object be created twice".to_owned())
            }
            (Created::Existed { .. }, _) => {
                Some("says that an object exists which does not".to_owned())
            }
        })
    }

    async fn probe_replace(&self, key: &Key) -> Result<Option<String>, Error> {
        let fault = |what: &str| Ok(Some(what.to_owned()));
        let Some(first) = self.get(key, BYTES_MAX).await? else {
            return fault("does not give back what was just stored");
        };
        let replace =
            |text| self.replace(key, Bytes::from_static(text), &RECORD, Some(&first.version));
        match replace(b"third").await {
            Ok(_) => {}
            Err(Error::Conflict { .. }) => {
                return fault("refuses If-Match with the very ETag that it gave");
            }
            Err(error) => return Err(error),
        }
        match replace(b"fourth").await {
            Err(Error::Conflict { .. }) => Ok(None),
            Ok(_) => fault("ignores If-Match: it lets an object be replaced that has changed"),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn remove_all(&self, folder: &Key) -> Result<(), Error> {
        for entry in self.list(folder, 10_000).await? {
            self.delete(entry.key()).await?;
        }
        self.prune(folder).await
    }
}

static RECORD: Attributes = Attributes::record();

fn lost(what: &str, header: &str, winners: usize) -> String {
    format!("does not hold {header} in a race: of {RACERS} who {what} one object {winners} won")
}

#[cfg(test)]
mod tests;
