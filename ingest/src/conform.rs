//! A source that does not follow its ingest's settings is made to: decoded and encoded
//! again, on threads for that.

use catalogue::Encoding;
use feed::{PathItem, PathUnit, SourceInfo};
use media::{AacProfile, StreamInfo};
use runtime::pool::{Panicked, Pool};
use transcode::Conformer;

use crate::metrics::IngestMetrics;

/// Makes a source follow its ingest's settings from where it does not on, until its stream
/// begins anew and does.
#[derive(Debug)]
pub(crate) struct Conform {
    wanted: Encoding,
    pool: Pool,
    metrics: IngestMetrics,
    state: State,
}

/// What became of the stream so far.
#[derive(Debug, Default)]
struct State {
    /// The form of the source's own frames.
    form: Option<(StreamInfo, Option<AacProfile>)>,
    /// At work, where the source does not follow.
    conformer: Option<Box<Conformer>>,
    /// Whether that has been told on the feed.
    is_told: bool,
}

/// Why a source cannot be made to follow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unconformed {
    #[error("the source cannot be transcoded: {0}")]
    Codec(#[from] transcode::Error),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl Conform {
    pub(crate) fn new(wanted: Encoding, pool: Pool, metrics: IngestMetrics) -> Self {
        Self { wanted, pool, metrics, state: State::default() }
    }

    /// Whether the source is transcoded at present.
    pub(crate) fn is_at_work(&self) -> bool {
        self.state.conformer.is_some()
    }

    /// Passes items on, those of a source that does not follow in another form. `is_off`
    /// says that more is known than headers tell: the mean bit rate.
    ///
    /// # Errors
    ///
    /// [`Unconformed`]: the source is to be closed.
    pub(crate) async fn pass(
        &mut self,
        items: Vec<PathItem>,
        is_off: bool,
    ) -> Result<Vec<PathItem>, Unconformed> {
        if self.follows(&items) && !is_off {
            return Ok(items);
        }
        let (wanted, mut state) = (self.wanted, std::mem::take(&mut self.state));
        let work = move || {
            let passed = state.pass(&wanted, items, is_off);
            passed.map(|(items, concealed)| (state, items, concealed))
        };
        let (state, items, concealed) = self.pool.run(work).await??;
        self.state = state;
        self.metrics.concealed.inc_by(concealed);
        Ok(items)
    }

    /// Whether nothing is to be done for these.
    fn follows(&mut self, items: &[PathItem]) -> bool {
        let mut form = self.state.form;
        let follows = self.state.conformer.is_none()
            && items.iter().all(|item| match item {
                PathItem::Connected(info) => {
                    form = Some((info.header.stream, info.profile));
                    self.wanted.mismatch(&info.header, info.profile).is_empty()
                }
                PathItem::Unit(unit) => {
                    let profile = form.and_then(|(_, profile)| profile);
                    self.wanted.mismatch(&unit.header, profile).is_empty()
                }
                PathItem::Title(_) | PathItem::Gone => true,
            });
        if follows {
            self.state.form = form;
        }
        follows
    }
}

impl State {
    /// The items, and how many frames were concealed.
    fn pass(
        &mut self,
        wanted: &Encoding,
        items: Vec<PathItem>,
        is_off: bool,
    ) -> Result<(Vec<PathItem>, u64), transcode::Error> {
        let mut passed = Vec::with_capacity(items.len());
        let mut concealed = 0;
        for item in items {
            match item {
                PathItem::Connected(info) => {
                    self.form = Some((info.header.stream, info.profile));
                    if wanted.mismatch(&info.header, info.profile).is_empty() {
                        (self.conformer, self.is_told) = (None, false);
                        passed.push(PathItem::Connected(info));
                    }
                }
                PathItem::Unit(unit) => {
                    concealed += self.take(wanted, unit, is_off, &mut passed)?;
                }
                item @ (PathItem::Title(_) | PathItem::Gone) => passed.push(item),
            }
        }
        Ok((passed, concealed))
    }

    fn take(
        &mut self,
        wanted: &Encoding,
        unit: PathUnit,
        is_off: bool,
        passed: &mut Vec<PathItem>,
    ) -> Result<u64, transcode::Error> {
        let profile = self.form.and_then(|(_, profile)| profile);
        let follows = || wanted.mismatch(&unit.header, profile).is_empty();
        if self.conformer.is_none() && !is_off && follows() {
            passed.push(PathItem::Unit(unit));
            return Ok(0);
        }
        let conformer = match &mut self.conformer {
            Some(conformer) => conformer,
            None => self.conformer.insert(Box::new(Conformer::new(wanted)?)),
        };
        let (frames, heard) = conformer.push(&unit.data, &unit.header.stream, profile)?;
        for frame in frames {
            if !std::mem::replace(&mut self.is_told, true) {
                let info = SourceInfo { header: frame.header, profile: wanted.codec.profile() };
                passed.push(PathItem::Connected(info));
            }
            let (header, data) = (frame.header, frame.data);
            passed.push(PathItem::Unit(PathUnit { header, data, arrival: unit.arrival }));
        }
        Ok(u64::from(heard == transcode::Heard::Concealed))
    }
}

#[cfg(test)]
mod tests;
