//! Paths over the whole catalogue, checked as a set: nothing that is served may
//! hide another.

use std::collections::BTreeMap;

/// First segments that no mount may have, because the servers that Skywave
/// stands in for, or Skywave itself, answer there. Names with a leading `_` are
/// reserved too, and no valid path has one.
pub const RESERVED_FIRST_SEGMENTS: [&str; 17] = [
    "7.html",
    "admin",
    "admin.cgi",
    "api",
    "assets",
    "currentsong",
    "healthz",
    "listen.pls",
    "metrics",
    "nextsong",
    "nextsongs",
    "played",
    "played.html",
    "readyz",
    "statistics",
    "stats",
    "status-json.xsl",
];

/// What a path ends in to ask for a tune-in file; `.m3u8` answers as
/// `playlist.m3u8`.
pub const TUNE_IN_SUFFIXES: [&str; 4] = [".pls", ".m3u", ".xspf", ".m3u8"];

/// Every path of a catalogue, and what it belongs to.
#[derive(Debug, Default)]
pub(crate) struct PathSet {
    taken: BTreeMap<String, Taken>,
}

#[derive(Debug)]
struct Taken {
    owner: String,
    /// Everything beneath is taken as well: a rendition.
    is_tree: bool,
}

impl PathSet {
    /// Takes a path and all that is derived from it, for an owner as
    /// complaints describe it.
    ///
    /// # Errors
    ///
    /// What stands in the way; the set is then of no further use.
    pub(crate) fn claim(
        &mut self,
        base: &str,
        renditions: &[String],
        owner: &str,
    ) -> Result<(), String> {
        let suffixed = TUNE_IN_SUFFIXES.iter().map(|suffix| format!("{base}{suffix}"));
        let leaves = [base.to_owned(), format!("{base}/playlist.m3u8")].into_iter().chain(suffixed);
        for path in leaves {
            self.take(path, owner, false)?;
        }
        for rendition in renditions {
            self.take(format!("{base}/{rendition}"), owner, true)?;
        }
        Ok(())
    }

    fn take(&mut self, path: String, owner: &str, is_tree: bool) -> Result<(), String> {
        refuse_reserved(&path)?;
        if let Some(other) = self.taken.get(&path) {
            return Err(format!("`/{path}` is taken by {}", other.owner));
        }
        let tree = |above| self.taken.get(above).filter(|other| other.is_tree);
        if let Some((above, other)) = ancestors(&path).find_map(|p| Some((p, tree(p)?))) {
            let owner = &other.owner;
            return Err(format!("`/{path}` lies beneath `/{above}`, a rendition of {owner}"));
        }
        if is_tree && let Some((below, other)) = self.below(&path) {
            let owner = &other.owner;
            return Err(format!("its rendition `/{path}` would hide `/{below}` of {owner}"));
        }
        self.taken.insert(path, Taken { owner: owner.to_owned(), is_tree });
        Ok(())
    }

    fn below(&self, path: &str) -> Option<(&str, &Taken)> {
        let prefix = format!("{path}/");
        let (below, taken) = self.taken.range(prefix.clone()..).next()?;
        below.starts_with(&prefix).then_some((below.as_str(), taken))
    }
}

/// Refuses a path whose first segment is reserved.
///
/// # Errors
///
/// Which one it is.
pub(crate) fn refuse_reserved(path: &str) -> Result<(), String> {
    let first = path.split('/').next().unwrap_or_default();
    if RESERVED_FIRST_SEGMENTS.contains(&first) {
        return Err(format!("`/{path}` is reserved: a path cannot begin with `{first}`"));
    }
    Ok(())
}

/// The paths above one, the nearest first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').filter_map(|(at, _)| path.get(..at))
}

#[cfg(test)]
mod tests;
