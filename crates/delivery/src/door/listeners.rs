//! What an operator does with those who listen: sees, ends and moves them.

use std::sync::Arc;

use media::Codec;

use super::Delivery;
use crate::fanout::{ListenerId, PushError, Which};
use crate::rendition::Rendition;
use crate::resolve::{Found, Wanted};
use crate::roster::{Audience, Over, Roster, Visitor};

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
        let station = self.mount(mount)?.station;
        let snapshot = station.snapshot();
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
        let Found { station, rendition, .. } = self.mount(mount)?;
        let egress = &station.settings().name;
        match self.find(egress, id)?.over {
            Over::Icy => Ok(rendition.mount().end(id)?),
            Over::Hls => {
                self.sessions.kill(egress, id, self.clock.now());
                Ok(())
            }
        }
    }

    /// Lets listeners of one mount go on at another, each of them a name or an
    /// alias with or without its slash, or one of its renditions'. Those for whom
    /// the other has no place stay, and of an egress with several renditions those
    /// whose codec the other has not.
    ///
    /// # Errors
    ///
    /// [`ListenerError`], and all stay; but for [`ListenerError::Engine`], with which
    /// those of another rendition may have gone.
    pub fn move_listeners(&self, from: &str, to: &str, which: Which) -> Result<(), ListenerError> {
        let (from, to) = (self.mount(from)?, self.mount(to)?);
        if Arc::ptr_eq(&from.station, &to.station) {
            return Err(ListenerError::SameMount(to.station.settings().name.clone()));
        }
        let givers: Vec<&Rendition> = match which {
            Which::One(id) => vec![self.heard_by(&from, id)?],
            Which::All => self.heard_at(&from),
        };
        let (mut moves, mut why) = (Vec::new(), None);
        for giver in givers {
            match taker(giver, &to) {
                Ok(taker) => moves.push((giver.mount(), taker.mount())),
                Err(error) => why = why.or(Some(error)),
            }
        }
        if let Some(why) = why.filter(|_| moves.is_empty()) {
            return Err(why);
        }
        for (giver, taker) in moves {
            giver.move_to(taker, which)?;
        }
        Ok(())
    }

    /// The mount of an egress, or of one of its renditions.
    fn mount(&self, mount: &str) -> Result<Found, ListenerError> {
        let path = format!("/{}", mount.strip_prefix('/').unwrap_or(mount));
        let found = self.stations.resolve(&path);
        let found = found.filter(|found| found.wanted == Wanted::Stream);
        found.ok_or_else(|| ListenerError::NoSuchMount(mount.to_owned()))
    }

    /// The renditions of a mount at which somebody listens; its own where nobody does.
    fn heard_at<'a>(&self, mount: &'a Found) -> Vec<&'a Rendition> {
        let visitors = self.roster.of(&mount.station.settings().name);
        let is_heard = |one: &&Arc<Rendition>| {
            visitors.iter().any(|visitor| visitor.rendition.as_ref() == Some(one.id()))
        };
        let heard: Vec<_> = mount.meant().filter(is_heard).map(Arc::as_ref).collect();
        if heard.is_empty() { vec![&mount.rendition] } else { heard }
    }

    /// The rendition that a listener of a mount hears.
    fn heard_by<'a>(
        &self,
        mount: &'a Found,
        id: ListenerId,
    ) -> Result<&'a Rendition, ListenerError> {
        let egress = &mount.station.settings().name;
        let visitor = self.find(egress, id)?;
        if visitor.over == Over::Hls {
            return Err(ListenerError::OverHls(id));
        }
        let mut meant = mount.meant();
        let heard = meant.find(|one| visitor.rendition.as_ref() == Some(one.id()));
        heard
            .map(Arc::as_ref)
            .ok_or_else(|| ListenerError::NoSuchListener { mount: egress.clone(), id })
    }

    fn find(&self, egress: &str, id: ListenerId) -> Result<Arc<Visitor>, ListenerError> {
        let found = self.roster.get(egress, id);
        found.ok_or_else(|| ListenerError::NoSuchListener { mount: egress.to_owned(), id })
    }
}

/// The rendition of a mount at which listeners of another one can go on.
fn taker<'a>(giver: &Rendition, to: &'a Found) -> Result<&'a Rendition, ListenerError> {
    let codec = giver.head().codec;
    let mut same = to.meant().filter(|one| one.head().codec == codec).peekable();
    if same.peek().is_none() {
        return Err(ListenerError::OtherCodec { from: codec, to: to.rendition.head().codec });
    }
    let open = same.find(|one| one.mount().is_open()).map(Arc::as_ref);
    open.ok_or_else(|| ListenerError::OffAir(to.station.settings().name.clone()))
}

#[cfg(test)]
mod tests;
