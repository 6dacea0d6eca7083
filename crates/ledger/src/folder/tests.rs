use super::*;
use crate::testing::{Scratch, at, session};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn line(id: u8) -> String {
    to_line(&session(id)).unwrap()
}

/// The ids of a day's records.
fn ids(folder: &Folder, day: Day) -> Vec<u8> {
    let mut ids = Vec::new();
    folder.read(day, |session| ids.push(session.id.bytes()[0])).unwrap();
    ids
}

#[test]
fn what_is_appended_is_read() {
    let scratch = Scratch::new();
    let folder = Folder::new(&scratch.path().join("sessions"));
    let day = day("2026-11-22");
    assert_eq!(folder.days().unwrap(), []);
    assert_eq!(folder.read(day, |_| panic!("nothing")).unwrap(), Read::default());
    folder.append(day, &(line(1) + &line(2))).unwrap();
    folder.append(day, &line(3)).unwrap();
    folder.append(day.minus(1), &line(4)).unwrap();
    fs::write(folder.path().join("notes.jsonl"), "x").unwrap();
    assert_eq!(folder.days().unwrap(), [day.minus(1), day]);
    assert_eq!(ids(&folder, day), [1, 2, 3]);
}

#[test]
fn a_line_that_was_torn_anywhere_costs_itself_alone() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    let day = day("2026-11-22");
    let text = line(1) + &line(2);
    for end in 0..=text.len() {
        fs::write(folder.day(day), &text[..end]).unwrap();
        folder.append(day, &line(3)).unwrap();
        let mut expected = Vec::new();
        expected.extend((end + 1 >= line(1).len()).then_some(1));
        expected.extend((end + 1 >= text.len()).then_some(2));
        expected.push(3);
        assert_eq!(ids(&folder, day), expected, "{end}");
    }
}

#[test]
fn a_day_takes_so_many_bytes_and_no_more() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    let day = day("2026-11-22");
    let file = OpenOptions::new().write(true).create_new(true).open(folder.day(day)).unwrap();
    // A hole, which takes no space.
    file.set_len(DAY_BYTES_MAX - 2 - line(1).len() as u64).unwrap();
    folder.append(day, &line(1)).unwrap();
    let error = folder.append(day, &line(2)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    folder.append(day.plus(1), &line(2)).unwrap();
}

#[test]
fn a_checkpoint_is_the_one_before_or_the_next_wherever_its_writing_ends() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    folder.replace_open(&[session(1)]).unwrap();
    // Killed within: what was written is beside it.
    let half = scratch.path().join("open.jsonl.half");
    for end in 0..line(2).len() {
        fs::write(&half, &line(2)[..end]).unwrap();
        assert_eq!(folder.left_open(at(23, 0, 0)).unwrap().len(), 1, "{end}");
    }
    folder.replace_open(&[session(2), session(3)]).unwrap();
    assert!(!half.exists());
    let open = folder.left_open(at(23, 0, 0)).unwrap();
    let open: Vec<_> = open.iter().map(|session| session.id.bytes()[0]).collect();
    assert_eq!(open, [2, 3]);
}

#[test]
fn of_a_checkpoint_is_left_what_has_no_record_since() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    let open: Vec<_> = (1..=5).map(|id| Session { ending: None, ..session(id) }).collect();
    folder.replace_open(&open).unwrap();
    let record = |id, ended| to_line(&Session { ended, ..session(id) }).unwrap();
    let today = day("2026-11-22");
    // At the moment of the checkpoint, later, a day later; and before it, since it was resumed.
    folder.append(today, &record(1, at(19, 0, 5))).unwrap();
    folder.append(today, &record(2, at(20, 0, 0))).unwrap();
    folder.append(today.plus(1), &record(3, at(24, 0, 0))).unwrap();
    folder.append(today, &record(4, at(19, 0, 4))).unwrap();
    let left = folder.left_open(at(30, 0, 0)).unwrap();
    assert_eq!(left, [open[3].clone(), open[4].clone()]);
    // The same again as long as nobody records them.
    assert_eq!(folder.left_open(at(30, 0, 0)).unwrap(), left);
}

#[test]
fn no_session_was_seen_later_than_now() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    folder.replace_open(&[session(1)]).unwrap();
    let left = folder.left_open(at(18, 30, 0)).unwrap();
    assert_eq!((left[0].ended, left[0].ending), (at(18, 30, 0), None));
}

#[test]
fn of_a_checkpoint_so_many_sessions_are_read_and_no_more() {
    let scratch = Scratch::new();
    let folder = Folder::new(scratch.path());
    folder.replace_open(&[session(1), session(2), session(3)]).unwrap();
    for (most, read) in [(2, 2), (3, 3), (OPEN_SESSIONS_MAX, 3)] {
        assert_eq!(folder.left_open_of(most, at(23, 0, 0)).unwrap().len(), read);
    }
}
