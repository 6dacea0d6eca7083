use std::fs;
use std::path::Path;
use std::sync::mpsc::sync_channel;

use super::*;
use crate::testing::{Scratch, at, session};
use crate::to_line;

fn writer(path: &Path) -> Writer {
    Writer::new(Folder::new(path), Counter::default(), Arc::default())
}

fn record(id: u8) -> Record {
    let session = session(id);
    Record { id: session.id, day: Day::of(session.ended), line: to_line(&session).unwrap() }
}

/// The ids that are recorded.
fn ids(path: &Path) -> Vec<u8> {
    let mut ids = Vec::new();
    let read = |session: Session| ids.push(session.id.bytes()[0]);
    Folder::new(path).read(Day::of(at(0, 0, 0)), read).unwrap();
    ids
}

#[test]
fn what_a_disk_does_not_take_is_tried_again() {
    let scratch = Scratch::new();
    let path = scratch.path().join("sessions");
    // No folder can be where a file is.
    fs::write(&path, "").unwrap();
    let mut writer = writer(&path);
    writer.take(record(1));
    writer.take(record(2));
    writer.checkpoint = Some(vec![session(3)]);
    writer.write();
    assert!(writer.is_failing);
    assert_eq!((writer.pending.len(), writer.checkpoint.is_some()), (2, true));
    fs::remove_file(&path).unwrap();
    writer.write();
    assert!(!writer.is_failing);
    assert_eq!((writer.pending.len(), writer.checkpoint.is_some()), (0, false));
    assert_eq!(ids(&path), [1, 2]);
    assert_eq!(Folder::new(&path).left_open(at(23, 0, 0)).unwrap().len(), 1);
    assert_eq!(writer.lost.get(), 0);
}

#[test]
fn a_folder_that_is_gone_is_made_anew() {
    let scratch = Scratch::new();
    let path = scratch.path().join("sessions");
    let mut writer = writer(&path);
    writer.take(record(1));
    writer.write();
    fs::remove_dir_all(&path).unwrap();
    writer.take(record(2));
    writer.checkpoint = Some(Vec::new());
    writer.write();
    assert_eq!(ids(&path), [2]);
}

#[test]
fn a_checkpoint_waits_for_the_records_before_it() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let mut writer = writer(path);
    writer.checkpoint = Some(vec![session(1), session(2)]);
    writer.write();
    // The day's file cannot be written to, the checkpoint could be.
    fs::create_dir(path.join("2026-11-22.jsonl")).unwrap();
    writer.take(record(1));
    writer.checkpoint = Some(vec![session(2)]);
    writer.write();
    fs::remove_dir(path.join("2026-11-22.jsonl")).unwrap();
    let left = Folder::new(path).left_open(at(23, 0, 0)).unwrap();
    assert_eq!(left.len(), 2, "a kill now would lose none");
    writer.write();
    let left = Folder::new(path).left_open(at(23, 0, 0)).unwrap();
    assert_eq!((ids(path), left.len()), (vec![1], 1));
}

#[test]
fn so_many_wait_for_the_disk_and_those_beyond_are_lost() {
    let scratch = Scratch::new();
    let path = scratch.path().join("sessions");
    fs::write(&path, "").unwrap();
    let mut writer = writer(&path);
    for nth in 0..RECORDS_WAITING_MAX + 3 {
        writer.take(Record { line: format!("{nth}\n"), ..record(1) });
    }
    assert_eq!((writer.pending.len(), writer.lost.get()), (RECORDS_WAITING_MAX, 3));
    // At the end what never came to the disk is lost too.
    let (entries, waiting) = sync_channel(1);
    drop(entries);
    writer.run(&waiting);
    assert_eq!(writer.lost.get(), 3 + RECORDS_WAITING_MAX as u64);
}

#[test]
fn a_day_that_is_full_loses_its_records_and_holds_up_no_other() {
    let scratch = Scratch::new();
    let path = scratch.path();
    let file = fs::File::create(path.join("2026-11-22.jsonl")).unwrap();
    file.set_len(crate::DAY_BYTES_MAX).unwrap();
    let mut writer = writer(path);
    writer.take(record(1));
    writer.take(Record { day: Day::of(at(24, 0, 0)), ..record(2) });
    writer.write();
    assert_eq!((writer.lost.get(), writer.pending.len(), writer.is_failing), (1, 0, false));
    assert!(path.join("2026-11-23.jsonl").exists());
}
