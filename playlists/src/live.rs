//! All that is listed of one rendition: the window, its titles and its rates.

use std::time::Duration;

use media::AacProfile;

use crate::bandwidth::Meter;
use crate::media_playlist::{self, MediaPlaylistOptions};
use crate::multivariant::{self, Variant, codecs_string};
use crate::title::{TITLES_MAX, TitleRange, titles_in_window};
use crate::window::{Error, Listed, LiveWindow, Removed};

/// Titles that are kept beside those listed: they belong to the segment that
/// is under way.
const TITLES_KEPT_MAX: usize = 2 * TITLES_MAX;

/// The playlists of a live rendition.
///
/// The bucket's and an origin's are made by this one type, so that they are the
/// same text for the same segments.
#[derive(Debug, Clone)]
pub struct LivePlaylists<S> {
    window: LiveWindow<S>,
    titles: Vec<TitleRange>,
    meter: Meter,
    profile: Option<AacProfile>,
}

impl<S: Listed> LivePlaylists<S> {
    /// Empty playlists with an `EXT-X-TARGETDURATION` of `target_secs`, which
    /// list at least `keep` of media.
    pub fn new(target_secs: u64, keep: Duration) -> Self {
        Self {
            window: LiveWindow::new(target_secs, keep),
            titles: Vec::new(),
            meter: Meter::new(target_secs),
            profile: None,
        }
    }

    /// Which AAC tools the payload uses, for CODECS.
    pub fn set_profile(&mut self, profile: Option<AacProfile>) {
        self.profile = profile;
    }

    /// Takes a title; its segment comes after it.
    pub fn push_title(&mut self, range: TitleRange) {
        self.titles.push(range);
        let surplus = self.titles.len().saturating_sub(TITLES_KEPT_MAX);
        self.titles.drain(..surplus);
    }

    /// Lists the next segment and gives back those that left. Where numbers are
    /// missing before it, the window begins anew with it.
    ///
    /// # Errors
    ///
    /// As [`LiveWindow::append`]; nothing is changed.
    pub fn append(&mut self, segment: S) -> Result<Vec<Removed<S>>, Error> {
        let info = segment.info().clone();
        let next = self.window.last().map(|last| last.info().number.0 + 1);
        let hole = next.is_some_and(|next| info.number.0 > next);
        let removed =
            if hole { self.window.skip_to(segment)? } else { self.window.append(segment)? };
        self.meter.push(&info);
        self.forget_titles();
        Ok(removed)
    }

    /// Begins anew with a segment of a timeline that this node has joined.
    ///
    /// # Errors
    ///
    /// As [`LiveWindow::begin_anew`]; nothing is changed.
    pub fn begin_anew(&mut self, segment: S) -> Result<Vec<Removed<S>>, Error> {
        let info = segment.info().clone();
        let removed = self.window.begin_anew(segment)?;
        self.meter.push(&info);
        self.forget_titles();
        Ok(removed)
    }

    /// The window itself.
    pub fn window(&self) -> &LiveWindow<S> {
        &self.window
    }

    /// The text of the media playlist; `None` until three segments are listed.
    pub fn media(&self) -> Option<String> {
        let options = MediaPlaylistOptions { titles: &self.titles, ..Default::default() };
        self.window.is_ready().then(|| media_playlist::render(&self.window, &options))
    }

    /// What the multivariant playlist says of this rendition, with `uri` for its
    /// media playlist; `None` as long as [`Self::media`].
    pub fn variant(&self, uri: String) -> Option<Variant> {
        let first = self.window.first().filter(|_| self.window.is_ready())?;
        Some(Variant {
            uri,
            bandwidth_bps: self.meter.peak_bps()?,
            average_bandwidth_bps: self.meter.average_bps()?,
            codecs: codecs_string(first.info().codec, self.profile).to_owned(),
        })
    }

    /// The text of a multivariant playlist with this rendition alone.
    pub fn multivariant(&self, uri: String) -> Option<String> {
        self.variant(uri).map(|variant| multivariant::render(&[variant]))
    }

    /// Titles that no listed segment needs any more.
    fn forget_titles(&mut self) {
        let Some(first) = titles_in_window(&self.titles, &self.window).first().map(|t| t.start)
        else {
            return;
        };
        self.titles.retain(|title| title.start >= first);
    }
}

#[cfg(test)]
mod tests;
