use super::*;
use crate::testing::{Scratch, at, session};
use crate::{from_line, to_line};

const KEEPING: Keeping = Keeping { address_days: 3, keep_days: 10 };

struct Place {
    scratch: Scratch,
    day: Day,
}

impl Place {
    fn new() -> Self {
        let place = Self { scratch: Scratch::new(), day: Day::of(at(0, 0, 0)) };
        place.append(&session(1));
        place
    }

    fn folder(&self) -> Folder {
        Folder::new(&self.scratch.path().join("sessions"))
    }

    fn logs(&self) -> PathBuf {
        self.scratch.path().join("logs")
    }

    fn append(&self, session: &Session) {
        self.folder().append(self.day, &to_line(session).unwrap()).unwrap();
    }

    fn shelf(&self) -> Shelf {
        Shelf::new(self.folder(), &self.logs(), KEEPING)
    }

    /// What is due so many days after the day began, a moment after its logs could be
    /// written or before.
    fn due(&self, days: u32, is_after: bool) -> Vec<Due> {
        let moment = self.day.plus(days).start().plus(CLOSE_AFTER);
        let now = if is_after { moment } else { moment.minus(Duration::from_nanos(1)) };
        self.shelf().due(now).unwrap()
    }

    fn write(&self, addresses: Addresses) -> Written {
        let written = self.shelf().write(self.day, addresses).unwrap();
        self.shelf().note(self.day, &written).unwrap();
        written
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.logs().join("2026-11-22").join(name)).unwrap()
    }
}

#[test]
fn a_day_is_due_once_it_is_over_for_five_minutes_until_it_is_done() {
    let place = Place::new();
    let write = [Due::Write(place.day, Addresses::Whole)];
    assert_eq!(place.due(0, true), []);
    assert_eq!(place.due(1, false), []);
    assert_eq!(place.due(1, true), write);
    place.write(Addresses::Whole);
    assert_eq!(place.due(1, true), []);
    // Away for a day.
    assert_eq!(place.due(2, true), []);
    place.append(&session(2));
    assert_eq!(place.due(2, true), write, "a record has come late");
}

#[test]
fn addresses_are_shortened_once_in_their_time() {
    let place = Place::new();
    place.write(Addresses::Whole);
    assert_eq!(place.due(3, false), []);
    assert_eq!(place.due(3, true), [Due::Write(place.day, Addresses::Short)]);
    place.write(Addresses::Short);
    assert_eq!(place.due(3, true), []);
    place.append(&session(2));
    assert_eq!(place.due(4, true), [Due::Write(place.day, Addresses::Short)]);
    // Who wants them whole later has them no more.
    let longer = Keeping { address_days: 9, ..KEEPING };
    place.write(Addresses::Short);
    let shelf = Shelf::new(place.folder(), &place.logs(), longer);
    assert_eq!(shelf.due(place.day.plus(5).start()).unwrap(), []);
}

#[test]
fn without_days_for_addresses_no_log_has_a_whole_one() {
    let place = Place::new();
    for address_days in [0, 1] {
        let keeping = Keeping { address_days, ..KEEPING };
        let shelf = Shelf::new(place.folder(), &place.logs(), keeping);
        let due = shelf.due(place.day.end().plus(CLOSE_AFTER)).unwrap();
        assert_eq!(due, [Due::Write(place.day, Addresses::Short)]);
    }
}

#[test]
fn a_day_is_removed_after_its_time_and_where_it_is_not_done_a_month_later() {
    let place = Place::new();
    let write = [Due::Write(place.day, Addresses::Short)];
    let remove = [Due::Remove(place.day)];
    assert_eq!(place.due(11, true), write);
    assert_eq!(place.due(10 + OVERDUE_DAYS, true), write);
    assert_eq!(place.due(11 + OVERDUE_DAYS, true), remove);
    place.write(Addresses::Short);
    assert_eq!(place.due(10, true), []);
    assert_eq!(place.due(11, true), remove);
    place.shelf().remove(place.day).unwrap();
    place.shelf().remove(place.day).unwrap();
    assert_eq!(place.due(11, true), []);
    let left: Vec<_> = fs::read_dir(place.folder().path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "the lock: {left:?}");
    assert_eq!(fs::read_dir(place.logs()).unwrap().count(), 0);
}

#[test]
fn logs_without_records_are_removed_in_their_time_too() {
    let place = Place::new();
    place.write(Addresses::Short);
    place.folder().remove(place.day).unwrap();
    assert_eq!(place.due(10, true), []);
    assert_eq!(place.due(11, true), [Due::Remove(place.day)]);
}

#[test]
fn the_logs_of_a_day_are_complete() {
    let place = Place::new();
    place.append(&Session { egress: "jazz".to_owned(), ..session(2) });
    let written = place.write(Addresses::Whole);
    let names: Vec<_> =
        written.files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["access.log", "sessions.csv", "jazz.txt", "radio.txt"]);
    assert_eq!(place.log("access.log").lines().count(), 2);
    assert_eq!(place.log("sessions.csv").lines().count(), 3);
    assert_eq!(place.log("radio.txt").lines().count(), 1);
    assert!(
        place.log("jazz.txt").starts_with("192.0.2.7\t2026-11-22\t18:00:00\tjazz\t3600\t200\t")
    );
    let records: Vec<_> = written.records.split(|byte| *byte == b'\n').collect();
    assert_eq!(from_line(records[0]), Some(session(1)));
    assert_eq!(records.len(), 3);
}

#[test]
fn shortened_is_shortened_everywhere() {
    let place = Place::new();
    place.append(&session(2));
    place.write(Addresses::Whole);
    let half = "{\"id\":\"x\",\"address\":\"192.0.2.7\"";
    place.folder().append(place.day, half).unwrap();
    let written = place.write(Addresses::Short);
    let mut texts = vec![String::from_utf8(written.records).unwrap()];
    texts.push(fs::read_to_string(place.folder().path().join("2026-11-22.jsonl")).unwrap());
    texts.extend(["access.log", "sessions.csv", "radio.txt"].map(|name| place.log(name)));
    for text in &texts {
        assert_eq!(text.matches("192.0.2.0").count(), 2, "{text}");
        assert!(!text.contains("192.0.2.7"), "{text}");
    }
}

/// What a process that was killed at any moment of a writing may have left.
#[test]
fn after_a_kill_the_logs_are_complete_or_absent_and_come_again() {
    let place = Place::new();
    let written = place.write(Addresses::Whole);
    let day = place.logs().join("2026-11-22");
    let (new, old) = (place.logs().join(".2026-11-22.new"), place.logs().join(".2026-11-22.old"));
    let note = place.folder().path().join("2026-11-22.done");
    let leave: [&dyn Fn(); 5] = [
        &|| fs::create_dir(&new).unwrap(),
        &|| {
            fs::create_dir(&new).unwrap();
            fs::write(new.join("access.log"), "192.0.2").unwrap();
        },
        &|| fs::rename(&day, &old).unwrap(),
        &|| {
            fs::rename(&day, &old).unwrap();
            fs::create_dir(&new).unwrap();
        },
        &|| {
            fs::create_dir(&old).unwrap();
            fs::write(old.join("access.log"), "192.0.2.7").unwrap();
        },
    ];
    for (nth, leave) in leave.into_iter().enumerate() {
        fs::remove_file(&note).unwrap();
        leave();
        assert_eq!(place.due(1, true), [Due::Write(place.day, Addresses::Whole)], "{nth}");
        assert_eq!(place.write(Addresses::Whole), written);
        assert_eq!(place.log("access.log").lines().count(), 1);
        assert!(!new.exists() && !old.exists(), "{nth}");
    }
    // A note that is not whole is none.
    let text = fs::read(&note).unwrap();
    for end in 0..text.len() {
        fs::write(&note, &text[..end]).unwrap();
        assert_eq!(place.due(1, true).len(), 1, "{end}");
    }
}

#[test]
fn records_that_are_shortened_are_whole_wherever_that_ends() {
    let place = Place::new();
    let half = place.folder().path().join("2026-11-22.jsonl.half");
    let line = to_line(&session(1)).unwrap();
    for end in 0..line.len() {
        fs::write(&half, &line[..end]).unwrap();
        let mut read = Vec::new();
        place.folder().read(place.day, |session| read.push(session)).unwrap();
        assert_eq!(read, [session(1)]);
    }
    place.write(Addresses::Short);
    assert!(!half.exists());
}

#[test]
fn where_no_logs_can_be_written_none_are() {
    let place = Place::new();
    fs::write(place.logs(), "").unwrap();
    place.shelf().write(place.day, Addresses::Whole).unwrap_err();
    fs::remove_file(place.logs()).unwrap();
    assert_eq!(place.due(1, true).len(), 1);
    place.write(Addresses::Whole);
    assert_eq!(place.due(1, true), []);
}

#[test]
fn a_place_without_records_has_nothing_to_do() {
    let scratch = Scratch::new();
    let shelf =
        Shelf::new(Folder::new(&scratch.path().join("a")), &scratch.path().join("b"), KEEPING);
    assert_eq!(shelf.due(at(0, 0, 0)).unwrap(), []);
}
