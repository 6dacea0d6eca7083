//! The feed of a rendition, made of the programme's.

use std::collections::VecDeque;
use std::sync::Arc;

use catalogue::{Encoding, Loudness};
use codec::pcm::{Decoder, Heard};
use codec::resample::Filter;
use feed::{ClockMark, Closed, Epoch, Form, Grid, Record, TitleMark, Unit};
use media::EpochId;

use crate::Error;
use crate::coder::Coder;
use crate::lane::{Lane, Way};
use crate::loudness::Levels;
use crate::plan::{Plan, warm_up};

/// Makes one rendition of a programme.
///
/// Holds a decoder and an encoder, for a second or two around each boundary two of each:
/// with what they hold less than 2 MiB.
#[derive(Debug)]
pub struct Transcoder {
    encoding: Encoding,
    form: Form,
    plan: Plan,
    target_secs: u32,
    running: Option<Running>,
    /// The last filter, for sampling rates that come again.
    filter: Option<(u32, Arc<Filter>)>,
    /// Where the loudness is to be another than the programme's.
    levels: Option<Levels>,
    /// Whether what comes is only measured.
    recalls: bool,
    counts: Counts,
    records: VecDeque<Record>,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames of the programme that did not decode, and were concealed.
    pub concealed: u64,
    /// Segments that were left out, because something was missing or failed.
    pub left_out: u64,
}

/// The epoch on air.
#[derive(Debug)]
struct Running {
    way: Way,
    /// The next unit of the programme.
    next: u64,
    /// From where on the programme is known without a hole.
    known_from: u64,
    lanes: VecDeque<Lane>,
    /// The next segment that a lane is opened for.
    next_segment: u64,
    /// The next unit of the rendition.
    next_unit: u64,
    titles: VecDeque<TitleMark>,
    clocks: VecDeque<ClockMark>,
    closed: VecDeque<Closed>,
}

impl Transcoder {
    /// Makes a rendition of this encoding, with segments of `target_secs`.
    ///
    /// # Errors
    ///
    /// [`Error`], where no encoder makes it.
    pub fn new(encoding: &Encoding, target_secs: u32) -> Result<Self, Error> {
        let stream = encoding.stream().ok_or(Error::SampleRate(encoding.sample_rate_hz))?;
        let form = Form { stream, profile: encoding.codec.profile() };
        let plan = Coder::new(encoding)?.plan(encoding);
        Ok(Self {
            encoding: *encoding,
            form,
            plan,
            target_secs,
            running: None,
            filter: None,
            levels: None,
            recalls: false,
            counts: Counts::default(),
            records: VecDeque::new(),
        })
    }

    /// The same, as loud as this; `None` leaves it as loud as the programme is.
    #[must_use]
    pub fn with_loudness(self, loudness: Option<Loudness>) -> Self {
        let is_mono = self.encoding.channels() == 1;
        let levels = loudness.map(|loudness| Levels::new(loudness, self.target_secs, is_mono));
        Self { levels, ..self }
    }

    /// Takes segments from before the feed goes on, oldest first, for their loudness alone:
    /// so that what follows is as loud as if they had all been there. Nothing is made of them.
    /// `running` is the epoch with which the feed goes on; all others have ended.
    ///
    /// # Errors
    ///
    /// The first, where segments cannot be decoded: how loud these are remains unknown.
    pub fn recall(
        &mut self,
        segments: &[(Closed, Vec<Unit>)],
        running: Option<EpochId>,
    ) -> Result<(), Error> {
        if self.levels.is_none() {
            return Ok(());
        }
        let counts = self.counts;
        self.recalls = true;
        let recalled = self.recall_each(segments, running);
        self.recalls = false;
        (self.running, self.counts) = (None, counts);
        self.records.clear();
        recalled
    }

    fn recall_each(
        &mut self,
        segments: &[(Closed, Vec<Unit>)],
        running: Option<EpochId>,
    ) -> Result<(), Error> {
        let (mut epoch, mut results) = (None, Vec::new());
        for (closed, units) in segments {
            let id = closed.epoch.id;
            let before = epoch.replace(id);
            if before != Some(id) {
                results.extend(before.map(|before| self.end(before)));
                results.push(self.begin(&closed.epoch, closed.first_index));
            }
            results.extend(units.iter().map(|unit| self.take(unit)));
            results.push(self.close(closed));
        }
        // What is behind the last segment of one that runs is not known yet.
        let ended = epoch.filter(|last| Some(*last) != running);
        results.extend(ended.map(|last| self.end(last)));
        results.into_iter().collect()
    }

    /// What its units look like.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes the next record of the programme. It may begin anywhere in the feed; segments
    /// for which it lacks something are left out.
    ///
    /// # Errors
    ///
    /// A codec failed: the segments under way are left out, and the next one is tried
    /// again.
    pub fn handle(&mut self, record: &Record) -> Result<(), Error> {
        match record {
            Record::Epoch(epoch) => self.begin(epoch, 0),
            Record::Unit(unit) => self.take(unit),
            Record::Title(mark) => {
                if let Some(running) = self.running_in(mark.epoch) {
                    let source = running.way.source.stream;
                    let mark = self.form.mark(mark, &source, self.target_secs);
                    if let Some(running) = &mut self.running {
                        running.titles.push_back(mark);
                    }
                }
                Ok(())
            }
            Record::Clock(mark) => {
                if let Some(running) = &mut self.running {
                    running.clocks.push_back(*mark);
                }
                Ok(())
            }
            Record::Closed(closed) => self.close(closed),
            Record::Ended(epoch) => self.end(*epoch),
        }
    }

    /// Records of the programme were missed.
    pub fn handle_missed(&mut self) {
        if let Some(running) = self.running.take() {
            self.counts.left_out += running.lanes.len() as u64;
        }
    }

    /// Takes the next record of the rendition's feed.
    pub fn next_record(&mut self) -> Option<Record> {
        self.records.pop_front()
    }

    fn running_in(&self, epoch: EpochId) -> Option<&Running> {
        self.running.as_ref().filter(|running| running.way.source.id == epoch)
    }

    /// The feed goes on in the midst of an epoch, at a unit. With enough units
    /// before the first segment that is wanted, that is made as if they had all been there.
    ///
    /// # Errors
    ///
    /// The epoch's units cannot be decoded; they are left out.
    pub fn begin(&mut self, epoch: &Epoch, next: u64) -> Result<(), Error> {
        self.running = None;
        let way = self.way(epoch)?;
        self.records.push_back(Record::Epoch(self.form.epoch(epoch)));
        let segment = Grid::new(&epoch.source, self.target_secs).segment_of(next);
        self.running = Some(Running {
            next,
            known_from: next,
            lanes: VecDeque::new(),
            next_segment: segment,
            next_unit: way.grid.first_index(segment),
            titles: VecDeque::new(),
            clocks: VecDeque::new(),
            closed: VecDeque::new(),
            way,
        });
        Ok(())
    }

    fn way(&mut self, epoch: &Epoch) -> Result<Way, Error> {
        let decoder = Decoder::new(&epoch.stream, epoch.profile)?;
        let heard_hz = decoder.sample_rate_hz();
        let filter = match self.filter.take().filter(|(hz, _)| *hz == heard_hz) {
            Some((_, filter)) => filter,
            None => Arc::new(Filter::new(heard_hz, self.plan.sample_rate_hz)?),
        };
        self.filter = Some((heard_hz, Arc::clone(&filter)));
        let levels = self.levels.as_ref();
        let lead = |levels: &Levels| levels.lead(self.plan.sample_rate_hz, self.plan.channels);
        Ok(Way {
            encoding: self.encoding,
            plan: self.plan,
            grid: self.form.grid(self.target_secs),
            source: *epoch,
            filter,
            frame_len: decoder.frame_len(),
            warm_up: warm_up(epoch.stream.codec, epoch.profile),
            lead: levels.map_or(0, lead),
            only_measured: self.recalls,
        })
    }

    fn take(&mut self, unit: &Unit) -> Result<(), Error> {
        let Some(running) = &mut self.running else { return Ok(()) };
        if unit.index < running.next {
            // It was primed with it.
            return Ok(());
        }
        if unit.index > running.next {
            self.counts.left_out += running.lanes.len() as u64;
            running.skip_to(unit.index);
        }
        let taken = running.take(unit, self.levels.as_mut());
        if taken.is_err() {
            self.counts.left_out += running.lanes.len() as u64;
            running.skip_to(unit.index + 1);
        }
        self.counts.concealed += u64::from(*taken.as_ref().unwrap_or(&false));
        running.give(&mut self.records);
        taken.map(drop)
    }

    fn close(&mut self, closed: &Closed) -> Result<(), Error> {
        if self.running_in(closed.epoch.id).is_none() {
            // The first that is heard of this epoch.
            return self.begin(&closed.epoch, closed.end_index);
        }
        let own = self.form.closed(closed, self.target_secs);
        let Some(running) = &mut self.running else { return Ok(()) };
        let finished = running.close(own, self.levels.as_mut());
        running.give(&mut self.records);
        finished
    }

    fn end(&mut self, epoch: EpochId) -> Result<(), Error> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let finished = running.finish_closed(self.levels.as_mut());
        running.give(&mut self.records);
        self.records.push_back(Record::Ended(epoch));
        finished
    }
}

impl Running {
    /// What is known of the programme begins anew at a unit.
    fn skip_to(&mut self, index: u64) {
        self.lanes.clear();
        (self.next, self.known_from) = (index, index);
    }

    /// Gives a unit to all lanes that want it; says whether it was concealed.
    fn take(&mut self, unit: &Unit, mut levels: Option<&mut Levels>) -> Result<bool, Error> {
        self.open_lanes(unit.index, levels.as_deref())?;
        self.next = unit.index + 1;
        let mut concealed = false;
        for lane in self.lanes.iter_mut().filter(|lane| !lane.is_complete()) {
            concealed |= lane.push(&unit.data, &self.way, levels.as_deref())? == Heard::Concealed;
            self.way.note(lane, levels.as_deref_mut());
        }
        Ok(concealed)
    }

    fn open_lanes(&mut self, index: u64, levels: Option<&Levels>) -> Result<(), Error> {
        loop {
            let (begin, _) = self.way.begins(self.next_segment);
            if begin > index {
                return Ok(());
            }
            if begin >= self.known_from {
                self.lanes.push_back(Lane::new(&self.way, self.next_segment, levels)?);
            }
            self.next_segment += 1;
        }
    }

    /// A segment is closed; one that is cut short is the epoch's last.
    fn close(&mut self, own: Closed, levels: Option<&mut Levels>) -> Result<(), Error> {
        let segment = own.number.0 - own.epoch.first_number.0;
        let is_short = own.end_index < self.way.grid.first_index(segment + 1);
        self.closed.push_back(own);
        if is_short { self.finish_closed(levels) } else { Ok(()) }
    }

    /// The programme ends with the last segment that was closed.
    fn finish_closed(&mut self, mut levels: Option<&mut Levels>) -> Result<(), Error> {
        for closed in &self.closed {
            let segment = closed.number.0 - closed.epoch.first_number.0;
            let lane = self.lanes.iter_mut().find(|lane| lane.segment == segment);
            if let Some(lane) = lane.filter(|lane| !lane.is_complete()) {
                lane.finish(closed.units(), &self.way, levels.as_deref())?;
                self.way.note(lane, levels.as_deref_mut());
            }
        }
        Ok(())
    }

    /// Gives out what is next.
    fn give(&mut self, records: &mut VecDeque<Record>) {
        while let Some(lane) = self.lanes.front_mut() {
            let first = self.way.grid.first_index(lane.segment);
            self.next_unit = self.next_unit.max(first);
            let number = self.way.source.first_number.0 + lane.segment;
            while let Some(mark) = self.clocks.pop_front_if(|mark| mark.number.0 <= number) {
                records.push_back(Record::Clock(mark));
            }
            while let Some(data) = lane.packets.pop_front() {
                let index = self.next_unit;
                give_titles(&mut self.titles, index, index, records);
                records.push_back(Record::Unit(Unit { index, data }));
                self.next_unit += 1;
            }
            while self.closed.pop_front_if(|closed| closed.number.0 < number).is_some() {}
            if !lane.is_complete() {
                return;
            }
            let Some(closed) = self.closed.pop_front_if(|closed| closed.number.0 == number) else {
                return;
            };
            let whole = self.way.grid.first_index(lane.segment + 1);
            give_titles(&mut self.titles, whole - 1, closed.end_index, records);
            records.push_back(Record::Closed(closed));
            self.lanes.pop_front();
        }
    }
}

/// Gives out the titles that begin at a unit or before it, as of `at` at the latest.
fn give_titles(
    titles: &mut VecDeque<TitleMark>,
    up_to: u64,
    at: u64,
    records: &mut VecDeque<Record>,
) {
    while let Some(mark) = titles.pop_front_if(|mark| mark.index <= up_to) {
        records.push_back(Record::Title(TitleMark { index: at, ..mark }));
    }
}

#[cfg(test)]
mod tests;
