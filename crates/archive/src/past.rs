//! Log and listing of one egress, read.

use std::collections::HashMap;
use std::time::Duration;

use catalogue::{Made, Rendition};
use feed::{Fact, Form, History, Stored, View};
use media::{RenditionId, SegmentRef};
use playlists::TitleRange;
use runtime::backoff::{self, Backoff};
use runtime::clock::Steady;
use store::{Area, Entry, Error, Key, Record, SegmentName, Store, Stores, TimelineLog, keys};
use tracing::warn;

/// Objects of one egress or rendition in the bucket that are looked at: a week of `dvr` in
/// segments of two seconds, the shortest, and a third.
pub const ENTRIES_MAX: usize = 400_000;

/// How long after the first try that failed there is another.
const PAUSE_MIN: Duration = Duration::from_secs(5);

/// The longest between two tries, chosen: a listing that is too long is 400 requests
/// to S3 each time.
const PAUSE_MAX: Duration = Duration::from_mins(10);

/// The longest media playlist that is read back.
const PLAYLIST_BYTES_MAX: usize = 4 << 20;

/// Numbers whose names are in the order of their bytes: all of ten digits, as
/// those are that begin at the time in seconds.
const TEN_DIGITS: std::ops::Range<u64> = 1_000_000_000..9_000_000_000;

/// A record of the log: its number, and what it says. `None` is what only a
/// later version understands.
pub type Line = (u64, Option<Fact>);

/// How far back the bucket is listed.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    /// All of it, which takes 10 s of S3 for a week.
    Whole,
    /// All of this rendition, which is what can be heard: encodings that were
    /// changed do not count.
    Rendition(&'a RenditionId),
    /// From the first segment on that the stored media playlist of this rendition
    /// lists: enough to go on with. All of it where that cannot be told.
    Recent(&'a RenditionId),
}

/// What log and bucket tell of an egress.
///
/// Holds every record of the log and an entry for each object.
#[derive(Debug)]
pub struct Past {
    /// The log, ready to be appended to.
    pub log: TimelineLog,
    /// Every record of it.
    pub lines: Vec<Line>,
    /// What these amount to.
    pub history: History,
    /// Whether the bucket was listed from the beginning of what it was listed for.
    pub is_whole: bool,
    found: Vec<(Stored, Entry)>,
}

/// The stored segments of a rendition.
#[derive(Debug, Default)]
pub struct Adopted {
    /// Those that the log tells of, oldest first. Numbers may be missing.
    pub segments: Vec<SegmentRef>,
    /// The others.
    pub strays: Vec<Key>,
}

impl Past {
    /// Reads the log and lists the bucket, both at a time.
    ///
    /// # Errors
    ///
    /// The bucket's; [`Error::TooMany`] above [`ENTRIES_MAX`] objects listed.
    pub async fn read(stores: &Stores, egress: &str, reach: Reach<'_>) -> Result<Self, Error> {
        let folder = keys::timeline_log(egress)?;
        let opening = TimelineLog::open(stores.area(Area::Private).clone(), folder);
        let public = stores.area(Area::Public);
        let listing = async {
            match reach {
                Reach::Whole | Reach::Rendition(_) => Ok(None),
                Reach::Recent(rendition) => list_recent(public, egress, rendition).await,
            }
        };
        let ((log, records), recent) = tokio::try_join!(opening, listing)?;
        let lines: Vec<Line> = records.iter().map(|record| line(egress, record)).collect();
        let history = history(&lines);
        let recent = recent.filter(|found| ends_there(&lines, found));
        let is_whole = recent.is_none();
        let found = match recent {
            Some(found) => found,
            None => match reach {
                Reach::Rendition(rendition) => {
                    list(public, &keys::rendition(egress, rendition)?, None).await?
                }
                _ => list(public, &keys::egress(egress)?, None).await?,
            },
        };
        Ok(Self { log, lines, history, is_whole, found })
    }

    /// What the bucket has of all the egress's renditions: numbers are the same in
    /// all, and none is used again after the encoding was changed.
    pub fn stored(&self) -> Vec<Stored> {
        self.found.iter().map(|(stored, _)| *stored).collect()
    }

    /// The segments of one rendition.
    ///
    /// # Errors
    ///
    /// [`Error::BadKey`].
    pub fn adopt(&self, egress: &str, rendition: &Rendition) -> Result<Adopted, Error> {
        adopt(&self.found, &self.history, egress, rendition)
    }

    /// The stored segments of the ingest's own bytes, each with its key: in which rendition
    /// these are, the log tells.
    pub(crate) fn own(&self) -> impl Iterator<Item = (&Stored, &Key)> {
        let is_own = |(stored, entry): &&(Stored, Entry)| {
            let told = self.history.rendition(stored.epoch);
            told.is_none_or(|told| entry.key().parent_name() == Some(told))
        };
        self.found.iter().filter(is_own).map(|(stored, entry)| (stored, entry.key()))
    }

    /// The programme's titles with their moments, in order.
    pub fn titles(&self) -> Vec<TitleRange> {
        self.history.titles().into_iter().filter_map(title_range).collect()
    }
}

/// Reads all that can be heard of a rendition, and the programme's titles, however
/// long that takes.
///
/// What fails is tried again ever later, every ten minutes in the end: a bucket with too much
/// in it, or one that takes too long, is read from the beginning each time. The
/// log says it ever more rarely.
pub async fn read_patiently(
    stores: &Stores,
    egress: &str,
    rendition: &Rendition,
    clock: &Steady,
) -> (Adopted, Vec<TitleRange>) {
    patiently(egress, clock, || async move {
        let past = Past::read(stores, egress, Reach::Rendition(&rendition.id)).await?;
        Ok((past.adopt(egress, rendition)?, past.titles()))
    })
    .await
}

/// What the records of a log amount to.
pub fn history(lines: &[Line]) -> History {
    let mut history = History::default();
    lines.iter().filter_map(|(_, fact)| fact.clone()).for_each(|fact| history.apply(fact));
    history
}

/// Reads which segments the bucket has of a rendition, whose programme's log says this:
/// from the first on that its stored media playlist lists, or all of them where that
/// cannot be told. Says whether these are all.
///
/// # Errors
///
/// The bucket's; [`Error::TooMany`] above [`ENTRIES_MAX`] objects.
pub async fn read_rendition(
    stores: &Stores,
    egress: &str,
    rendition: &Rendition,
    history: &History,
) -> Result<(Adopted, bool), Error> {
    let public = stores.area(Area::Public);
    let folder = keys::rendition(egress, &rendition.id)?;
    let first = first_listed(public, egress, &rendition.id).await?;
    let found = list(public, &folder, first.as_ref()).await?;
    Ok((adopt(&found, history, egress, rendition)?, first.is_none()))
}

fn adopt(
    found: &[(Stored, Entry)],
    history: &History,
    egress: &str,
    rendition: &Rendition,
) -> Result<Adopted, Error> {
    let folder = keys::rendition(egress, &rendition.id)?;
    let mut entries = HashMap::new();
    for (stored, entry) in found {
        if folder.child(entry.key().file_name())? == *entry.key() {
            entries.insert((stored.number, stored.epoch), (*stored, entry));
        }
    }
    let listing: Vec<Stored> = entries.values().map(|(stored, _)| *stored).collect();
    let infos = match form(rendition) {
        Some(form) => history.clone().in_form(form).every_segment(&listing),
        None => history.every_segment(&listing),
    };
    let adopted = infos.into_iter().filter_map(|info| {
        let (_, entry) = entries.remove(&(info.number, info.epoch))?;
        Store::adopt_segment(entry, egress, &rendition.id, info)
    });
    let segments = adopted.collect();
    let strays = entries.into_values().map(|(_, entry)| entry.key().clone()).collect();
    Ok(Adopted { segments, strays })
}

/// What the units of a rendition look like that is made of a programme; `None` for its own
/// bytes, which are as the log says.
fn form(rendition: &Rendition) -> Option<Form> {
    let encoding = (rendition.made == Made::Here).then_some(&rendition.encoding)?;
    Some(Form { stream: encoding.stream()?, profile: encoding.codec.profile() })
}

async fn patiently<T, F>(egress: &str, clock: &Steady, read: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, Error>>,
{
    let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
    loop {
        let error = match read().await {
            Ok(read) => return read,
            Err(error) => error,
        };
        let clock = clock.clock();
        let due = backoff.handle_failure(clock.monotonic(), backoff::random());
        let tries = backoff.failures();
        if tries.is_power_of_two() {
            warn!(egress, tries, %error, "the past is not readable");
        }
        tokio::time::sleep(due.saturating_duration_since(clock.monotonic())).await;
    }
}

/// What a record of the log says.
pub fn line(egress: &str, record: &Record) -> Line {
    let understood = serde_json::from_slice::<Fact>(&record.bytes);
    let complain = |error: &serde_json::Error| {
        warn!(egress, n = record.n, %error, "log record not understood");
    };
    (record.n, understood.inspect_err(complain).ok())
}

/// A title of the programme, as playlists have it.
pub fn title_range(view: View) -> Option<TitleRange> {
    match view {
        View::Title { id, start, title } => {
            Some(TitleRange { id, start, title: title.as_ref().clone() })
        }
        View::Segment(_) => None,
    }
}

/// The segments from the first one on that the stored media playlist lists;
/// `None` where there is no such playlist, or names do not sort as numbers do.
async fn list_recent(
    store: &Store,
    egress: &str,
    rendition: &RenditionId,
) -> Result<Option<Vec<(Stored, Entry)>>, Error> {
    let Some(after) = first_listed(store, egress, rendition).await? else { return Ok(None) };
    list(store, &keys::egress(egress)?, Some(&after)).await.map(Some)
}

/// The key that sorts right before the first segment that the stored media playlist of a
/// rendition lists.
async fn first_listed(
    store: &Store,
    egress: &str,
    rendition: &RenditionId,
) -> Result<Option<Key>, Error> {
    let playlist = keys::media_playlist(egress, rendition)?;
    let text = store.get(&playlist, PLAYLIST_BYTES_MAX).await?;
    let text = text.map(|object| String::from_utf8_lossy(&object.bytes).into_owned());
    let first = text.as_deref().and_then(|text| {
        let name = text.lines().find(|line| !line.starts_with('#'))?;
        SegmentName::parse(name).filter(|name| TEN_DIGITS.contains(&name.number.0))
    });
    let Some(first) = first else { return Ok(None) };
    // The number alone sorts before every name that begins with it.
    keys::rendition(egress, rendition)?.child(&first.number.to_string()).map(Some)
}

async fn list(
    store: &Store,
    folder: &Key,
    after: Option<&Key>,
) -> Result<Vec<(Stored, Entry)>, Error> {
    let entries = store.list_after(folder, after, ENTRIES_MAX).await?;
    let named = entries.into_iter().filter_map(|entry| {
        let name = SegmentName::parse(entry.key().file_name())?;
        let stored = Stored { number: name.number, epoch: name.epoch, bytes: entry.bytes() };
        Some((stored, entry))
    });
    Ok(named.collect())
}

/// Whether a listing has the log's last epoch, and so the highest number: each
/// epoch before it was ended, and another rendition's may be the last.
fn ends_there(lines: &[Line], found: &[(Stored, Entry)]) -> bool {
    let last = lines.iter().rev().find_map(|(_, fact)| match fact {
        Some(fact @ Fact::EpochBegan { .. }) => Some(fact.epoch()),
        _ => None,
    });
    found.iter().any(|(stored, _)| Some(stored.epoch) == last)
}

#[cfg(test)]
mod tests;
