//! The publisher of a rendition that is made here: it stores and lists what the programme's
//! own publisher has listed, number by number, and so needs no log.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use archive::{Adopted, Past, Reach};
use feed::{Cutter, Form, History, Record, View};
use media::{MediaSequence, Segment, SegmentRef};
use playlists::{SEGMENTS_MIN, TitleRange};
use prometheus_client::metrics::counter::Counter;
use runtime::shutdown::Shutdown;
use runtime::tail::{ReadError, Reader};
use tracing::{debug, error, warn};

use super::maker::LATE;
use super::{Progress, RenditionStatus};
use crate::publisher::backlog::Backlog;
use crate::publisher::bucket::{DELETE_PAUSE, Listing};
use crate::publisher::shelf::{Put, Shelf};
use crate::publisher::{Listed, Place, SHUTDOWN_GRACE};

/// Records taken at a time: about a segment.
const BATCH_MAX: usize = 256;

/// Bytes of segments that wait for the programme's: as the programme's own backlog.
const MADE_BYTES_MAX: usize = 64 << 20;

/// How long the bucket may take to tell what it has.
const READ_TIME_MAX: Duration = Duration::from_secs(5);

/// How long another packager may take to store what it has listed of the programme: one that
/// is later has taken the rendition out of the multivariant playlist.
const OTHERS_TIME_MAX: Duration = LATE;

/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Stores and lists one rendition.
#[derive(Debug)]
pub(super) struct Task {
    shelf: Shelf,
    form: Form,
    status: Arc<Mutex<RenditionStatus>>,
    cutter: Cutter,
    /// Segments that are made and not listed by the programme yet.
    made: VecDeque<Segment>,
    made_bytes: usize,
    /// Segments that the programme has listed.
    listed: VecDeque<Listed>,
    /// Segments that the programme has not listed in time, and may yet store.
    put_off: Backlog,
    /// Those that it has stored since then.
    owed: VecDeque<Listed>,
    /// Segments that are nowhere.
    left_out: Counter,
    listing: Listing,
}

impl Task {
    pub(super) fn new(
        shelf: Shelf,
        form: Form,
        status: Arc<Mutex<RenditionStatus>>,
        left_out: Counter,
    ) -> Self {
        Self {
            cutter: Cutter::new(shelf.egress.target_secs()),
            shelf,
            form,
            status,
            made: VecDeque::new(),
            made_bytes: 0,
            listed: VecDeque::new(),
            put_off: Backlog::default(),
            owed: VecDeque::new(),
            left_out,
            listing: Listing::Listed,
        }
    }

    /// Reads which segments the bucket has, and lists the newest of them. One try: what
    /// a bucket that is away has is deleted later, and not listed again.
    pub(super) async fn restore(&mut self, history: Option<&History>, titles: &[TitleRange]) {
        let Some(history) = history else {
            self.shelf.before = Some(MediaSequence(self.shelf.clock.now().secs()));
            return;
        };
        let name = self.shelf.egress.name.as_str();
        let reading =
            archive::read_rendition(&self.shelf.stores, name, &self.shelf.rendition, history);
        let (adopted, is_whole) = match tokio::time::timeout(READ_TIME_MAX, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                let rendition = &self.shelf.rendition.id;
                warn!(egress = name, %rendition, %error, "bucket not readable");
                (Adopted::default(), false)
            }
            Err(_) => (Adopted::default(), false),
        };
        let first = adopted.segments.first().map(|segment| segment.info().number);
        let now = MediaSequence(self.shelf.clock.now().secs());
        self.shelf.before = (!is_whole).then_some(first.unwrap_or(now));
        let profile = self.shelf.rendition.encoding.codec.profile();
        self.shelf.list_past(titles, profile, adopted.segments, |_| {});
        self.shelf.retire_strays(adopted.strays);
        self.shelf.bucket.note(&self.shelf.playlists).await;
    }

    /// The segments that are listed from before.
    pub(super) fn past(&self) -> impl Iterator<Item = &SegmentRef> {
        self.shelf.playlists.window().segments()
    }

    /// Follows both feeds to their end. The shutdown ends them.
    pub(super) async fn run(
        mut self,
        mut reader: Reader<Record>,
        mut listed: Reader<Listed>,
        shutdown: Shutdown,
    ) {
        let following = self.follow(&mut reader, &mut listed);
        let grace = async {
            shutdown.wait().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        tokio::select! {
            () = following => {}
            () = grace => error!("the bucket did not take everything before the end"),
        }
    }

    async fn follow(&mut self, reader: &mut Reader<Record>, listed: &mut Reader<Listed>) {
        self.shelf.bucket.make_room();
        self.shelf.bucket.unlist().await;
        let older = self.shelf.older();
        let mut older = std::pin::pin!(older);
        let (mut makes, mut lists) = (true, true);
        while makes || lists {
            let now = self.shelf.clock.now();
            let due = self.shelf.bucket.next_due().map_or(DELETE_PAUSE, |due| due.since(now));
            tokio::select! {
                batch = reader.next_batch(BATCH_MAX), if makes => match batch {
                    Ok(records) => self.take(&records),
                    Err(ReadError::Lagged { .. }) => self.cutter.reset(),
                    Err(ReadError::Closed) => makes = false,
                },
                batch = listed.next_batch(BATCH_MAX), if lists => match batch {
                    Ok(batch) => {
                        let (owed, listed): (Vec<_>, _) =
                            batch.into_iter().partition(Listed::is_late);
                        self.listed.extend::<Vec<_>>(listed);
                        self.owed.extend(owed);
                    }
                    Err(ReadError::Lagged { .. }) => {}
                    Err(ReadError::Closed) => lists = false,
                },
                () = std::future::ready(()), if self.may_catch_up() => self.catch_up().await,
                adopted = &mut older, if self.shelf.is_reading() => self.shelf.put_before(adopted),
                () = tokio::time::sleep(due.min(DELETE_PAUSE)) => {
                    self.shelf.bucket.delete_due().await;
                }
            }
            self.work().await;
            self.follow_progress().await;
        }
        while !self.owed.is_empty() {
            self.catch_up().await;
        }
    }

    /// Whether nothing that is listed waits, and something older does.
    fn may_catch_up(&self) -> bool {
        self.listed.is_empty() && !self.owed.is_empty()
    }

    /// Stores the oldest one that the programme has stored late, unless it would be deleted
    /// at once.
    async fn catch_up(&mut self) {
        let Some(owed) = self.owed.pop_front() else { return };
        let put_off = self.put_off.pop_up_to(owed.number, owed.epoch);
        let Some(mut segment) = put_off.filter(|_| owed.place == Place::Late) else {
            self.left_out.inc();
            return;
        };
        segment.info.wall_start = owed.origin.plus(segment.info.since_start());
        let put = self.shelf.put_late(segment).await;
        self.left_out.inc_by(u64::from(put == Put::Refused));
    }

    fn take(&mut self, records: &[Record]) {
        let views: Vec<View> =
            records.iter().flat_map(|record| self.cutter.handle(record)).collect();
        for view in views {
            let View::Segment(segment) = view else { continue };
            self.made_bytes += segment.body.len();
            self.made.push_back(segment);
            while self.made_bytes > MADE_BYTES_MAX && self.drop_made().is_some() {}
        }
    }

    fn drop_made(&mut self) -> Option<Segment> {
        let segment = self.made.pop_front()?;
        self.made_bytes -= segment.body.len();
        Some(segment)
    }

    /// Lists what both have.
    async fn work(&mut self) {
        loop {
            let newest = self.newest();
            while self.listed.pop_front_if(|listed| Some(listed.number) <= newest).is_some() {}
            let Some(listed) = self.listed.front() else { return };
            let Some(made) = self.made.front() else { return };
            if made.info.number < listed.number {
                // The programme has another one in its place, or none.
                self.drop_made();
                continue;
            }
            let is_it = (made.info.number, made.info.epoch) == (listed.number, listed.epoch);
            let Some(listed) = self.listed.pop_front() else { return };
            let made = if is_it { self.drop_made() } else { None };
            match (listed.place, made) {
                (Place::PutOff, made) => self.put_off(made, listed),
                (_, Some(made)) => self.store(made, listed).await,
                (_, None) => self.adopt(&listed).await,
            }
        }
    }

    fn put_off(&mut self, made: Option<Segment>, listed: Listed) {
        for range in listed.titles {
            self.shelf.playlists.push_title(range);
        }
        if let Some(made) = made {
            self.left_out.inc_by(self.put_off.push(made));
        }
    }

    async fn store(&mut self, mut segment: Segment, listed: Listed) {
        for range in listed.titles {
            self.shelf.playlists.push_title(range);
        }
        segment.info.wall_start = listed.origin.plus(segment.info.since_start());
        let number = segment.info.number.0;
        let Some(stored) = self.shelf.bucket.put(segment, self.shelf.keep()).await else {
            return;
        };
        self.shelf.playlists.set_profile(self.shelf.rendition.encoding.codec.profile());
        if let Err(fault) = self.shelf.append(stored) {
            return error!(egress = self.shelf.name(), number, %fault, "segment not listed");
        }
        if self.shelf.playlists.window().len() < SEGMENTS_MIN && self.listed.len() > SEGMENTS_MIN {
            // A window that begins anew gets more at once.
            return;
        }
        self.shelf.publish(self.listing).await;
        let rendition = &self.shelf.rendition.id;
        debug!(egress = self.shelf.name(), %rendition, number, "segment published");
    }

    /// What another packager has stored in the place of a segment that is not made here.
    async fn adopt(&mut self, listed: &Listed) {
        let Some(closed) = &listed.closed else { return self.adopt_past(listed.number).await };
        let target_secs = self.shelf.egress.target_secs();
        let own = self.form.closed(closed, target_secs);
        let info = own.info(&self.form.grid(target_secs), 0);
        let Some(stored) = self.shelf.bucket.find(info).await else {
            let (egress, rendition) = (self.shelf.name(), &self.shelf.rendition.id);
            self.left_out.inc();
            return warn!(egress, %rendition, number = listed.number.0, "a rendition has a hole");
        };
        for range in &listed.titles {
            self.shelf.playlists.push_title(range.clone());
        }
        if let Err(fault) = self.shelf.append(stored) {
            warn!(egress = self.shelf.name(), %fault, "stored segment not listed");
        }
    }

    /// The programme was astray and has listed anew what another packager has stored
    /// meanwhile, from this number on: the same of the rendition, up to what is made here.
    async fn adopt_past(&mut self, mut last: MediaSequence) {
        let made = self.made.front().map(|made| made.info.number);
        let is_past = |listed: &mut Listed| listed.closed.is_none() && Some(listed.number) < made;
        while let Some(past) = self.listed.pop_front_if(is_past) {
            last = past.number;
        }
        let until = self.shelf.clock.now().plus(OTHERS_TIME_MAX);
        loop {
            let reached = tokio::time::timeout(READ_TIME_MAX, self.list_up_to(last)).await;
            if matches!(reached, Ok(Ok(true))) || self.newest().is_none() {
                // It is there, or the rendition is new.
                return;
            }
            if self.shelf.clock.now() >= until {
                let (egress, rendition) = (self.shelf.name(), &self.shelf.rendition.id);
                let number = last.0;
                return warn!(egress, %rendition, number, ?reached, "a rendition has a hole");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Lists what the bucket has, up to a number; says whether it has come so far.
    async fn list_up_to(&mut self, last: MediaSequence) -> Result<bool, archive::Error> {
        let Shelf { stores, rendition, egress, .. } = &self.shelf;
        let name = egress.name.as_str();
        let past = Past::read(stores, name, Reach::Recent(&rendition.id)).await?;
        let mut segments = past.adopt(name, rendition)?.segments;
        segments.retain(|segment| segment.info().number <= last);
        let newest = segments.last().map(|newest| newest.info().number);
        if newest > self.newest() {
            let profile = self.shelf.rendition.encoding.codec.profile();
            self.shelf.list_anew(&past.titles(), profile, segments, |_| {});
        }
        Ok(self.newest() >= Some(last))
    }

    /// The number of the last segment that is listed.
    fn newest(&self) -> Option<MediaSequence> {
        self.shelf.playlists.window().last().map(|last| last.info().number)
    }

    /// Takes the rendition out of the multivariant playlist while it is late.
    async fn follow_progress(&mut self) {
        let progress = self.status.lock().unwrap_or_else(PoisonError::into_inner).progress;
        if progress == Progress::Failed {
            // Nothing is made that could go with these.
            self.listed.clear();
            self.owed.clear();
        }
        match (self.listing, progress) {
            (Listing::Withdrawn, Progress::OnTime) => self.listing = Listing::Listed,
            (Listing::Listed, Progress::Late | Progress::Failed) => {
                self.listing = Listing::Withdrawn;
                self.shelf.bucket.withdraw().await;
            }
            _ => {}
        }
    }
}
