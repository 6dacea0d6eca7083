//! The two views of a programme feed: the ICY mount and the HLS window.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use delivery::fanout::{MountWriter, PushError, TimedFrame};
use delivery::{Document, Heard, HlsView, Rendition, Shown};
use feed::{Cutter, Record};
use icy::metaint;
use media::{Segment, SegmentInfo, StreamInfo, WallTime};
use playlists::{Error, LivePlaylists, Removed, TitleRange};
use runtime::clock::Steady;
use runtime::tail::{ReadError, Reader};
use tracing::{error, warn};

use crate::Programme;

/// Records taken at a time.
const BATCH_MAX: usize = 256;

/// How long to wait when the fan-out engine has its hands full.
const FULL_PAUSE: Duration = Duration::from_millis(5);

/// What a view works with.
pub(crate) struct Setup {
    pub(crate) rendition: Arc<Rendition>,
    pub(crate) writer: MountWriter,
    pub(crate) clock: Steady,
    pub(crate) window: Duration,
    pub(crate) hold: Duration,
}

/// One rendition's views.
pub(crate) struct View {
    rendition: Arc<Rendition>,
    writer: MountWriter,
    clock: Steady,
    hold: Duration,
    window: Duration,
    cutter: Cutter,
    playlists: LivePlaylists<SegmentInfo>,
    segments: HashMap<String, Bytes>,
    heard: Heard,
    /// Segments that left the window, and when memory may forget them.
    leaving: VecDeque<(WallTime, String)>,
    stream: Option<StreamInfo>,
    frames: Vec<TimedFrame>,
    /// The title on air when the process began.
    title: Option<Bytes>,
}

impl View {
    pub(crate) fn new(setup: Setup, programme: Programme) -> Self {
        let Setup { rendition, writer, clock, window, hold } = setup;
        let target_secs = rendition.egress().target_secs;
        let mut view = Self {
            rendition,
            writer,
            clock,
            hold,
            window,
            cutter: Cutter::new(u32::try_from(target_secs).unwrap_or(u32::MAX)),
            playlists: LivePlaylists::new(target_secs, window),
            segments: HashMap::new(),
            heard: Heard::default(),
            leaving: VecDeque::new(),
            stream: None,
            frames: Vec::new(),
            title: None,
        };
        view.restore(programme);
        view
    }

    /// Lists what was listed before. The bucket has the bodies.
    fn restore(&mut self, programme: Programme) {
        // A source that tells the same title again begins no new one.
        self.title = programme.titles.last().map(|range| metaint::block(&range.title));
        for range in programme.titles {
            self.push_title(range);
        }
        self.playlists.set_profile(programme.profile);
        let last = programme.segments.last().map(SegmentInfo::wall_end);
        for info in programme.segments {
            if let Some(timeshift) = self.rendition.timeshift() {
                timeshift.push(&info, self.clock.now());
            }
            if let Err(fault) = self.playlists.append(info) {
                let (egress, rendition) = self.names();
                warn!(egress, rendition, %fault, "stored segment not listed");
            }
        }
        if let Some(last) = last {
            // Of those whose time was up meanwhile nobody has seen more.
            self.show(last, self.clock.now().minus(self.window));
        }
    }

    /// Follows the feed to its end.
    pub(crate) async fn run(mut self, mut reader: Reader<Record>) {
        if let Some(block) = self.title.take() {
            self.command(|writer| writer.title(block.clone())).await;
        }
        loop {
            match reader.next_batch(BATCH_MAX).await {
                Ok(records) => {
                    for record in &records {
                        self.take(record).await;
                    }
                    self.flush().await;
                }
                Err(ReadError::Lagged { missed }) => {
                    let (egress, rendition) = self.names();
                    error!(egress, rendition, missed, "programme feed read too late");
                    self.cutter.reset();
                }
                Err(ReadError::Closed) => return,
            }
        }
    }

    async fn take(&mut self, record: &Record) {
        match record {
            Record::Epoch(epoch) => self.begin(epoch.stream).await,
            Record::Unit(unit) => {
                if let Some(stream) = self.stream {
                    let duration = stream.frame_duration();
                    self.frames.push(TimedFrame { data: unit.data.clone(), duration });
                }
            }
            Record::Title(mark) => {
                self.flush().await;
                let block = metaint::block(&mark.title);
                self.command(|writer| writer.title(block.clone())).await;
            }
            Record::Closed(closed) => {
                self.stream = Some(closed.epoch.stream);
                self.playlists.set_profile(closed.epoch.profile);
            }
            // The segments say it themselves.
            Record::Clock(_) => {}
            Record::Ended(_) => {
                self.flush().await;
                let hold = self.hold;
                self.command(|writer| writer.off_air(hold)).await;
            }
        }
        for view in self.cutter.handle(record) {
            match view {
                feed::View::Title { id, start, title } => {
                    let title = title.as_ref().clone();
                    self.push_title(TitleRange { id, start, title });
                }
                feed::View::Segment(segment) => self.list(segment),
            }
        }
    }

    /// What follows is another stream: no burst reaches back across that.
    async fn begin(&mut self, stream: StreamInfo) {
        self.flush().await;
        if self.stream.replace(stream).is_some_and(|before| before != stream) {
            self.command(MountWriter::cut).await;
        }
    }

    /// Gives the frames to the fan-out engine.
    async fn flush(&mut self) {
        while let Err(PushError::Full) = self.writer.push(&mut self.frames) {
            tokio::time::sleep(FULL_PAUSE).await;
        }
        // An engine that has stopped takes no more: the process ends.
        self.frames.clear();
    }

    async fn command(&self, give: impl Fn(&MountWriter) -> Result<(), PushError>) {
        while let Err(PushError::Full) = give(&self.writer) {
            tokio::time::sleep(FULL_PAUSE).await;
        }
    }

    fn push_title(&mut self, range: TitleRange) {
        if let Some(timeshift) = self.rendition.timeshift() {
            timeshift.push_title(range.clone());
        }
        self.playlists.push_title(range);
    }

    fn list(&mut self, segment: Segment) {
        let (now, number) = (self.clock.now(), segment.info.number.0);
        let name = segment.info.file_name();
        if self.playlists.window().is_past(segment.info.number) {
            // It is listed since the start.
            return;
        }
        let appended = match self.playlists.append(segment.info.clone()) {
            // The packager was on its own for a while, and goes on with the others.
            Err(Error::Timeline { fault, .. }) => {
                let (egress, rendition) = self.names();
                warn!(egress, rendition, number, %fault, "the window begins anew");
                self.playlists.begin_anew(segment.info.clone())
            }
            appended => appended,
        };
        match appended {
            Ok(removed) => {
                self.retire(removed, now);
                if let Some(timeshift) = self.rendition.timeshift() {
                    timeshift.push(&segment.info, now);
                }
            }
            Err(fault) => {
                let (egress, rendition) = self.names();
                return error!(egress, rendition, number, %fault, "segment not listed");
            }
        }
        self.heard.media += segment.info.duration.to_std(segment.info.timescale);
        self.heard.bytes += segment.body.len() as u64;
        self.segments.insert(name, segment.body);
        while let Some((_, name)) = self.leaving.pop_front_if(|(due, _)| *due <= now) {
            self.segments.remove(&name);
        }
        self.show(now, now);
    }

    fn retire(&mut self, removed: Vec<Removed<SegmentInfo>>, now: WallTime) {
        for one in removed {
            self.leaving.push_back((one.keep_until(now), one.segment.file_name()));
        }
    }

    /// Puts the playlists before the listeners, as of `modified`; sessions whose time
    /// is up from `at` on are closed with them.
    ///
    /// A window that begins anew behind a hole is too short to be published:
    /// until it is not, the old one stays up.
    fn show(&self, modified: WallTime, at: WallTime) {
        let uri = format!("{}/media.m3u8", self.rendition.id());
        let before = self.rendition.hls();
        let media = self.playlists.media().map(|text| Arc::new(Document::new(text, modified)));
        let window = self.playlists.window();
        let ends = window.first().zip(window.last());
        let shown = media.as_ref().zip(ends).map(|(media, (first, last))| {
            let (media, wall_end) = (Arc::clone(media), last.wall_end());
            (Shown { at, media, last: last.number, wall_end }, first.number)
        });
        let mut view = HlsView {
            media: media.or_else(|| before.media.clone()),
            variant: self.playlists.variant(uri).or_else(|| before.variant.clone()),
            number: window.last().map(|last| last.number),
            listed: window.len(),
            segments: self.segments.clone(),
            heard: self.heard,
            shown: before.shown.clone(),
        };
        if let Some((shown, first)) = shown {
            view.note_shown(shown, first);
        }
        self.rendition.set_hls(view);
    }

    /// For the log: the egress's and the rendition's.
    fn names(&self) -> (&str, &str) {
        (&self.rendition.egress().name, self.rendition.id().as_str())
    }
}

#[cfg(test)]
mod tests;
