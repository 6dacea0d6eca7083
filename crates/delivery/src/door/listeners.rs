//! What an operator does with those who listen: sees, ends and moves them.

use std::sync::Arc;

use media::Codec;

use super::Delivery;
use crate::fanout::{ListenerId, PushError, Which};
use crate::resolve::Wanted;
use crate::roster::{Audience, Over, Roster, Visitor};
use crate::station::Station;

/// Why listeners were not ended, or not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerError {
    /// No egress has this name or alias.
    #[error("there is no mount {0:?}")]
    NoSuchMount(String),
    /// Nobody of this number listens there now.
    #[error("mount {mount} has no listener {id}")]
    NoSuchListener {
        /// The egress.
        mount: String,
        /// Whom it does not have.
        id: ListenerId,
    },
    /// Both are mounts of one egress.
    #[error("listeners of {0} are there already")]
    SameMount(String),
    /// A player that has begun with one codec cannot go on with another.
    #[error("listeners of {from:?} cannot go on with {to:?}")]
    OtherCodec {
        /// What they hear.
        from: Codec,
        /// What the other mount has.
        to: Codec,
    },
    /// A player goes where its playlist is.
    #[error("listener {0} listens over HLS and cannot be moved")]
    OverHls(ListenerId),
    /// The mount to go to takes no listeners now.
    #[error("mount {0} is off the air")]
    OffAir(String),
    /// The fan-out engine has too much to do, to be tried again, or has stopped.
    #[error(transparent)]
    Engine(#[from] PushError),
}

impl Delivery {
    /// Who listens now.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What there is to say of the listeners of `mount`, a name or an alias
    /// with or without its slash.
    ///
    /// # Errors
    ///
    /// [`ListenerError::NoSuchMount`].
    pub fn audience(&self, mount: &str) -> Result<Audience, ListenerError> {
        let station = self.station(mount)?;
        let snapshot = station.mount().snapshot();
        Ok(self.roster.audience(&station.settings().name, &snapshot, self.clock.now()))
    }

    /// Ends a listener of `mount`, a name or an alias with or without its
    /// slash: after a whole frame, about a second from now; over HLS as one whose time
    /// is up.
    ///
    /// # Errors
    ///
    /// [`ListenerError::NoSuchMount`], [`ListenerError::NoSuchListener`] and
    /// [`ListenerError::Engine`].
    pub fn kill(&self, mount: &str, id: ListenerId) -> Result<(), ListenerError> {
        let station = self.station(mount)?;
        match self.find(&station, id)?.over {
            Over::Icy => Ok(station.mount().end(id)?),
            Over::Hls => {
                self.sessions.kill(&station.settings().name, id, self.clock.now());
                Ok(())
            }
        }
    }

    /// Lets listeners of one mount go on at another, each of them a name or an
    /// alias with or without its slash. Those for whom the other has no place
    /// stay.
    ///
    /// # Errors
    ///
    /// [`ListenerError`], and all stay.
    pub fn move_listeners(&self, from: &str, to: &str, which: Which) -> Result<(), ListenerError> {
        let (from, to) = (self.station(from)?, self.station(to)?);
        let name = |station: &Station| station.settings().name.clone();
        if Arc::ptr_eq(&from, &to) {
            return Err(ListenerError::SameMount(name(&to)));
        }
        let (has, gets) = (from.head().codec, to.head().codec);
        if has != gets {
            return Err(ListenerError::OtherCodec { from: has, to: gets });
        }
        if !to.mount().is_open() {
            return Err(ListenerError::OffAir(name(&to)));
        }
        if let Which::One(id) = which
            && self.find(&from, id)?.over == Over::Hls
        {
            return Err(ListenerError::OverHls(id));
        }
        Ok(from.mount().move_to(to.mount(), which)?)
    }

    fn station(&self, mount: &str) -> Result<Arc<Station>, ListenerError> {
        let path = format!("/{}", mount.strip_prefix('/').unwrap_or(mount));
        match self.stations.resolve(&path) {
            Some((station, Wanted::Stream)) => Ok(station),
            _ => Err(ListenerError::NoSuchMount(mount.to_owned())),
        }
    }

    fn find(&self, station: &Station, id: ListenerId) -> Result<Arc<Visitor>, ListenerError> {
        let mount = &station.settings().name;
        let found = self.roster.get(mount, id);
        found.ok_or_else(|| ListenerError::NoSuchListener { mount: mount.clone(), id })
    }
}

#[cfg(test)]
mod tests;
