//! What every backend must do: one suite, run on each of them.
//!
//! It is public so that the end-to-end tests hold real buckets to it. It works
//! in `private/_conformance/`, which it empties when all is well.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::task::JoinSet;

use crate::error::Error;
use crate::key::{Area, Key};
use crate::log::{Append, TimelineLog};
use crate::races;
use crate::store::{Attributes, Created, Store, Version};

/// Writers in each race.
const RACERS: usize = 16;
/// Races of each kind.
const RACES: usize = 4;
/// Replacements that readers watch.
const REPLACEMENTS: u8 = 40;
/// Most bytes of any object here.
const BYTES_MAX: usize = 256 << 10;

/// The rule that a backend breaks.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It did something else than the rule says.
    #[error("a bucket must hold that {0}")]
    Rule(&'static str),
    /// It failed on the way.
    #[error(transparent)]
    Error(#[from] Error),
    /// A task of the suite itself failed.
    #[error("a task of the suite failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Holds a bucket to every rule, in a folder that nothing else may use
/// meanwhile; `run` names it, so that a second run does not meet the first.
///
/// # Errors
///
/// The first [`Broken`] rule.
pub async fn run(store: &Store, run: &str) -> Result<(), Broken> {
    let root = Area::Private.root().child("_conformance")?.child(run)?;
    creating_is_for_free_names_only(store, &root.child("create")?).await?;
    reading_is_bounded(store, &root.child("get")?).await?;
    replacing_needs_the_present_version(store, &root.child("replace")?).await?;
    listing_is_sorted_and_bounded(store, &root.child("list")?).await?;
    deleting_may_be_repeated(store, &root.child("delete")?).await?;
    races_have_one_winner(store, &root.child("race")?).await?;
    no_replacement_is_lost(store, &root.child("count")?).await?;
    no_read_is_torn(store, &root.child("torn")?).await?;
    a_log_has_one_order(store, &root.child("log")?).await?;
    store.remove_all(&root).await?;
    hold(store.list(&root, 1).await?.is_empty(), "what was deleted is not listed")
}

async fn creating_is_for_free_names_only(store: &Store, folder: &Key) -> Result<(), Broken> {
    let key = &folder.child("taken")?;
    let create =
        |text: &'static str| store.create(key, Bytes::from_static(text.as_bytes()), &RECORD);
    hold(create("one").await? == Created::New, "a free name is given")?;
    hold(create("two").await? == OTHER, "a taken name is refused")?;
    hold(create("longer").await? == OTHER, "a taken name is refused to longer contents")?;
    hold(create("").await? == OTHER, "a taken name is refused to empty contents")?;
    hold(create("one").await? == SAME, "the same contents are known again")?;
    hold(read(store, key).await? == "one", "the first contents stay")?;
    let empty = store.create(&folder.child("empty")?, Bytes::new(), &RECORD).await?;
    hold(empty == Created::New, "an object may be empty")
}

async fn reading_is_bounded(store: &Store, key: &Key) -> Result<(), Broken> {
    hold(store.get(key, BYTES_MAX).await?.is_none(), "what is not there is not read")?;
    store.create(key, Bytes::from_static(b"12345"), &RECORD).await?;
    let whole = store.get(key, 5).await?.map(|object| object.bytes);
    hold(whole.is_some_and(|bytes| bytes == "12345"), "contents up to the bound are read")?;
    let above = matches!(store.get(key, 4).await, Err(Error::TooLarge { bytes: 5, .. }));
    hold(above, "contents above the bound are refused")
}

async fn replacing_needs_the_present_version(store: &Store, key: &Key) -> Result<(), Broken> {
    let replace = async |text: &'static str, expected: Option<&Version>| {
        let bytes = Bytes::from_static(text.as_bytes());
        match store.replace(key, bytes, &RECORD, expected).await {
            Ok(version) => Ok(Some(version)),
            Err(Error::Conflict { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let first =
        replace("one", None).await?.ok_or(Broken::Rule("nothing is replaced by something"))?;
    hold(replace("two", None).await?.is_none(), "something is not replaced as if it were nothing")?;
    hold(replace("one", None).await?.is_some(), "a repeated first write succeeds")?;
    let second = replace("two", Some(&first)).await?;
    let second = second.ok_or(Broken::Rule("the present version is replaced"))?;
    hold(second != first, "another version is another version")?;
    hold(replace("three", Some(&first)).await?.is_none(), "an old version is not replaced")?;
    hold(replace("two", Some(&first)).await?.is_some(), "a repeated write succeeds")?;
    hold(read(store, key).await? == "two", "a refused write leaves no trace")?;
    let got = store.get(key, BYTES_MAX).await?.map(|object| object.version);
    hold(replace("four", got.as_ref()).await?.is_some(), "a version that was read is replaced")?;
    store.delete(key).await?;
    hold(replace("five", got.as_ref()).await?.is_none(), "what was deleted is not replaced")?;
    hold(store.get(key, BYTES_MAX).await?.is_none(), "a refused write makes nothing")
}

async fn listing_is_sorted_and_bounded(store: &Store, folder: &Key) -> Result<(), Broken> {
    hold(store.list(folder, 0).await?.is_empty(), "a folder that is not there is empty")?;
    let inside = folder.child("inside")?;
    let names = ["b", "a", "c-1", "c.1", "c"];
    for name in names {
        store.create(&inside.child(name)?, Bytes::from(name), &RECORD).await?;
    }
    store.create(&inside.child("d")?.child("deep")?, Bytes::new(), &RECORD).await?;
    store.create(&folder.child("inside2")?, Bytes::new(), &RECORD).await?;
    let listed = async |after: Option<&Key>| {
        let entries = store.list_after(&inside, after, 6).await?;
        let short = |key: &Key| key.as_str().replace(inside.as_str(), "");
        let shown = entries.iter().map(|entry| format!("{} {}", short(entry.key()), entry.bytes()));
        Ok::<_, Error>(shown.collect::<Vec<_>>().join(", "))
    };
    let all = "/a 1, /b 1, /c 1, /c-1 3, /c.1 3, /d/deep 0";
    hold(listed(None).await? == all, "a listing has all below its folder, sorted, with sizes")?;
    let behind = listed(Some(&inside.child("c")?)).await?;
    hold(behind == "/c-1 3, /c.1 3, /d/deep 0", "a listing begins behind the name that is given")?;
    let bounded = matches!(store.list(&inside, 5).await, Err(Error::TooMany { .. }));
    hold(bounded, "a listing above its bound is refused")
}

async fn deleting_may_be_repeated(store: &Store, key: &Key) -> Result<(), Broken> {
    store.delete(key).await?;
    store.create(key, Bytes::from_static(b"one"), &RECORD).await?;
    store.delete(key).await?;
    store.delete(key).await?;
    hold(store.get(key, BYTES_MAX).await?.is_none(), "what was deleted is not read")?;
    let again = store.create(key, Bytes::from_static(b"two"), &RECORD).await?;
    hold(again == Created::New, "a name is free after its object was deleted")
}

async fn races_have_one_winner(store: &Store, folder: &Key) -> Result<(), Broken> {
    for nth in 0..RACES {
        let key = folder.child(&nth.to_string())?;
        let created = races::create(store, &key, RACERS).await?;
        hold(created.is_fair(), "of many who create one object exactly one wins")?;
        let replaced = races::replace(store, &key, RACERS).await?;
        hold(replaced.is_fair(), "of many who replace one version exactly one wins")?;
    }
    Ok(())
}

/// Each racer adds one line to the object, and tries until it has.
async fn no_replacement_is_lost(store: &Store, key: &Key) -> Result<(), Broken> {
    store.create(key, Bytes::from_static(b"start\n"), &RECORD).await?;
    let mut tasks = JoinSet::new();
    for racer in 0..RACERS {
        let (store, key) = (store.clone(), key.clone());
        tasks.spawn(async move { add_line(&store, &key, racer).await });
    }
    while let Some(added) = tasks.join_next().await {
        added??;
    }
    let text = read(store, key).await?;
    let text = String::from_utf8_lossy(&text);
    let lines: BTreeSet<&str> = text.lines().collect();
    hold(text.lines().count() == RACERS + 1 && lines.len() == RACERS + 1, "no write is lost")
}

async fn add_line(store: &Store, key: &Key, racer: usize) -> Result<(), Error> {
    loop {
        let Some(object) = store.get(key, BYTES_MAX).await? else {
            return Err(Error::Conflict { key: key.clone() });
        };
        let text = [&object.bytes[..], format!("racer {racer}\n").as_bytes()].concat();
        match store.replace(key, text.into(), &RECORD, Some(&object.version)).await {
            Err(Error::Conflict { .. }) => {}
            other => return other.map(|_| ()),
        }
    }
}

/// One writer, many readers: whatever is read was written in one piece.
async fn no_read_is_torn(store: &Store, key: &Key) -> Result<(), Broken> {
    // One repeated byte, whose value tells the length.
    let contents = |nth: u8| Bytes::from(vec![nth; 1 + usize::from(nth) * 4096]);
    let mut version = store.replace(key, contents(0), &RECORD, None).await?;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..RACERS / 2 {
        let (store, key, done) = (store.clone(), key.clone(), Arc::clone(&done));
        readers.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let bytes = read(&store, &key).await?;
                let first = bytes.first().copied().unwrap_or_default();
                hold(bytes == vec![first; 1 + usize::from(first) * 4096], WHOLE)?;
            }
            Ok::<(), Broken>(())
        });
    }
    for nth in 1..=REPLACEMENTS {
        version = store.replace(key, contents(nth), &RECORD, Some(&version)).await?;
    }
    done.store(true, Ordering::Relaxed);
    while let Some(read) = readers.join_next().await {
        read??;
    }
    Ok(())
}

/// Several writers of one log: all read the same records in the same order.
async fn a_log_has_one_order(store: &Store, folder: &Key) -> Result<(), Broken> {
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (store, folder) = (store.clone(), folder.clone());
        writers.spawn(async move {
            let (mut log, mut read) = TimelineLog::open(store, folder).await?;
            for nth in 0..5 {
                let fact = Bytes::from(format!("fact {nth} of writer {writer}"));
                while let Append::Lost { newer } = log.append(fact.clone()).await? {
                    hold(!newer.is_empty(), "a lost race tells who won")?;
                    read.extend(newer);
                }
            }
            let numbers: Vec<u64> = read.iter().map(|record| record.n).collect();
            hold(numbers.is_sorted_by(|a, b| a < b), "a log is read in order, nothing twice")
        });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    let (_, records) = TimelineLog::open(store.clone(), folder.clone()).await?;
    let facts: BTreeSet<&Bytes> = records.iter().map(|record| &record.bytes).collect();
    let complete = records.iter().map(|record| record.n).eq(0..20) && facts.len() == 20;
    hold(complete, "a log has every record once")
}

static RECORD: Attributes = Attributes::record();
const SAME: Created = Created::Existed { same: true };
const OTHER: Created = Created::Existed { same: false };
const WHOLE: &str = "a read gives what one write wrote";

/// The contents, empty where there is no object.
async fn read(store: &Store, key: &Key) -> Result<Bytes, Error> {
    Ok(store.get(key, BYTES_MAX).await?.map(|object| object.bytes).unwrap_or_default())
}

fn hold(holds: bool, rule: &'static str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken::Rule(rule)) }
}
