use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::*;
use crate::testing::{LIMITS, Scratch, SmallDisk, entries, file_of, payload};

const STEP: u64 = POSITION_STEP;

fn open(scratch: &Scratch) -> (Journal, Vec<Entry>) {
    Journal::open(scratch.path(), LIMITS, 0).unwrap()
}

/// Appends entries that tell their positions.
fn append(journal: &mut Journal, lens: &[usize]) -> Result<Vec<Entry>, Error> {
    let written = entries(journal.next_position(), lens);
    let payloads: Vec<_> = written.iter().map(|entry| entry.payload.clone()).collect();
    journal.append(&payloads).map(|()| written)
}

/// One file with these entries, as a process left it.
fn left_behind(lens: &[usize]) -> (Scratch, PathBuf, Vec<Entry>) {
    let scratch = Scratch::new();
    let written = append(&mut open(&scratch).0, lens).unwrap();
    let [file] = &scratch.files()[..] else { panic!() };
    (scratch, file.clone(), written)
}

/// Opens what is there, appends, and opens again: gives what was there.
fn check_goes_on(scratch: &Scratch, above: u64) -> Vec<Entry> {
    let (mut journal, before) = open(scratch);
    assert!(journal.next_position() > above);
    let added = append(&mut journal, &[5, 6]).unwrap();
    drop(journal);
    let (_, after) = open(scratch);
    assert_eq!(after, [before.clone(), added].concat());
    before
}

#[test]
fn what_was_appended_is_there_again() {
    let scratch = Scratch::new();
    let (mut journal, before) = open(&scratch);
    assert_eq!(before, []);
    let mut written = append(&mut journal, &[1, 420, 7]).unwrap();
    append(&mut journal, &[]).unwrap();
    written.extend(append(&mut journal, &[420]).unwrap());
    drop(journal);
    assert_eq!(open(&scratch).1, written);
    assert_eq!(scratch.files().len(), 1, "an open that appends nothing makes no file");
}

#[test]
fn the_file_has_the_bytes_of_the_format_and_no_others() {
    let (_scratch, file, written) = left_behind(&[1, 420, 7]);
    assert_eq!(fs::read(file).unwrap(), file_of(STEP, &written));
}

/// The position of an entry that is appended to a journal opened anew.
fn next_of(scratch: &Scratch, floor: u64) -> u64 {
    let (mut journal, _) = Journal::open(scratch.path(), LIMITS, floor).unwrap();
    append(&mut journal, &[3]).unwrap();
    journal.next_position() - 1
}

#[test]
fn positions_go_on_at_the_note() {
    let scratch = Scratch::new();
    assert_eq!(next_of(&scratch, 0), STEP, "never 0");
    assert_eq!(next_of(&scratch, 0), 3 * STEP);
    assert_eq!(next_of(&scratch, 7 * STEP + 3), 7 * STEP + 3, "the floor, where it is higher");
    assert_eq!(next_of(&scratch, STEP), 9 * STEP, "not the floor, where it is lower");
    drop(open(&scratch));
    assert_eq!(next_of(&scratch, 0), 13 * STEP, "an open that gave none takes two steps, too");
}

#[test]
fn without_a_note_positions_go_on_behind_the_newest_name() {
    let scratch = Scratch::new();
    for steps in 1..5 {
        assert_eq!(next_of(&scratch, 0), steps * STEP);
        fs::remove_file(scratch.path().join("positions")).unwrap();
    }
}

#[test]
fn without_files_positions_go_on_at_the_note_and_of_nothing_at_the_floor() {
    let scratch = Scratch::new();
    assert_eq!(next_of(&scratch, 0), STEP);
    fs::remove_file(&scratch.files()[0]).unwrap();
    assert_eq!(next_of(&scratch, 0), 3 * STEP);
    fs::remove_dir_all(scratch.path()).unwrap();
    assert_eq!(next_of(&scratch, 4 * STEP), 4 * STEP);
}

#[test]
fn the_note_is_a_step_ahead_at_least_and_is_written_once_a_step() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    assert_eq!(journal.folder.noted(), Some(3 * STEP));
    let nothing = vec![[0_u8; 1]; 1 << 16];
    for _ in 0..40 {
        journal.append(&nothing).unwrap();
        let noted = journal.folder.noted().unwrap();
        assert!(noted >= journal.next_position() + STEP);
        assert!(noted.is_multiple_of(STEP) && noted <= journal.next_position() + 2 * STEP);
    }
}

#[test]
fn positions_are_below_2_to_the_53() {
    let scratch = Scratch::new();
    let open = |floor| Journal::open(scratch.path(), LIMITS, floor);
    assert!(matches!(open(POSITION_MAX), Err(Error::Exhausted(POSITION_MAX))));
    let (mut journal, _) = open(POSITION_MAX - 1).unwrap();
    append(&mut journal, &[3]).unwrap();
    assert!(matches!(append(&mut journal, &[3]), Err(Error::Exhausted(_))));
    drop(journal);
    assert!(matches!(open(0), Err(Error::Exhausted(POSITION_MAX))), "nothing is above it");
}

#[test]
fn a_file_torn_at_any_byte_gives_a_beginning_and_the_journal_goes_on() {
    let (_scratch, file, written) = left_behind(&[9, 1, 20]);
    let whole = fs::read(&file).unwrap();
    for len in 0..=whole.len() {
        let torn = Scratch::new();
        fs::write(torn.path().join(file.file_name().unwrap()), &whole[..len]).unwrap();
        let before = check_goes_on(&torn, written[2].position);
        assert_eq!(before, written[..before.len()], "{len}");
        assert_eq!(before.len() == 3, len == whole.len());
    }
}

#[test]
fn whatever_a_file_holds_the_journal_goes_on_behind_its_name() {
    let (scratch, file, written) = left_behind(&[30, 1, 50]);
    let whole = fs::read(&file).unwrap();
    for contents in [
        Vec::new(),
        vec![0; whole.len()],
        vec![0; 1 << 20],
        b"something else entirely".to_vec(),
        [&whole[..70], &[0xFF; 4_096]].concat(),
    ] {
        let _ = fs::remove_dir_all(scratch.path());
        fs::create_dir_all(scratch.path()).unwrap();
        fs::write(&file, &contents).unwrap();
        let before = check_goes_on(&scratch, written[2].position);
        assert_eq!(before, written[..before.len()]);
    }
}

#[test]
fn a_missing_file_leaves_a_hole() {
    let scratch = Scratch::new();
    let runs: Vec<_> = (0..3).map(|_| append(&mut open(&scratch).0, &[10, 20]).unwrap()).collect();
    fs::remove_file(&scratch.files()[1]).unwrap();
    assert_eq!(check_goes_on(&scratch, 5 * STEP), [runs[0].clone(), runs[2].clone()].concat());
}

#[test]
fn foreign_files_stay_and_mean_nothing() {
    let (scratch, _, written) = left_behind(&[30]);
    let foreign = ["notes.txt", "9.journal", "00000000000009999999.journal.swp"];
    for name in foreign {
        fs::write(scratch.path().join(name), b"foreign").unwrap();
    }
    assert_eq!(check_goes_on(&scratch, STEP), written);
    for name in foreign {
        assert_eq!(fs::read(scratch.path().join(name)).unwrap(), b"foreign");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_left_out() {
    let scratch = Scratch::new();
    let _ = append(&mut open(&scratch).0, &[10]).unwrap();
    let second = append(&mut open(&scratch).0, &[20]).unwrap();
    let (mut journal, _) = open(&scratch);
    journal.files[0].first += 1;
    assert_eq!(journal.read(), second);
}

#[test]
fn a_folder_that_cannot_be_is_an_error_of_the_disk() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("file"), b"").unwrap();
    let error = Journal::open(&scratch.path().join("file/within"), LIMITS, 0).unwrap_err();
    assert!(matches!(error, Error::Disk { attempted: "make", .. }), "{error}");
}

#[test]
fn two_journals_of_one_folder_are_refused() {
    let scratch = Scratch::new();
    let (journal, _) = open(&scratch);
    assert!(matches!(Journal::open(scratch.path(), LIMITS, 0), Err(Error::Taken(_))));
    drop(journal);
    open(&scratch);
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let scratch = Scratch::new();
    let least = Limits { bytes_max: FILE_BYTES_MIN, file_bytes_max: FILE_BYTES_MIN };
    assert!(Journal::open(scratch.path(), least, 0).is_ok());
    for limits in [
        Limits { bytes_max: FILE_BYTES_MIN - 1, ..least },
        Limits { file_bytes_max: FILE_BYTES_MIN - 1, ..least },
    ] {
        let refused = Journal::open(scratch.path(), limits, 0);
        assert!(matches!(refused, Err(Error::Limits(_))));
    }
}

#[test]
fn an_entry_that_cannot_be_costs_its_batch_and_no_other() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    let first = append(&mut journal, &[10]).unwrap();
    for lens in [[5, 0], [5, file::ENTRY_LEN_MAX + 1]] {
        let error = append(&mut journal, &lens).unwrap_err();
        assert!(matches!(error, Error::EntryLen(len) if len == lens[1]));
    }
    assert_eq!(journal.next_position(), STEP + 5, "its positions are used up");
    let last = append(&mut journal, &[file::ENTRY_LEN_MAX]).unwrap();
    drop(journal);
    assert_eq!(open(&scratch).1, [first, last].concat());
}

#[test]
fn it_never_takes_more_than_its_bytes_and_the_oldest_go_first() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    let mut written = Vec::new();
    for round in 0..400 {
        written.extend(append(&mut journal, &[420; 40][..=round % 40]).unwrap());
        written.extend(append(&mut journal, &[9_000, 1]).unwrap());
        assert!(scratch.bytes() <= LIMITS.bytes_max, "round {round}");
        assert_eq!(scratch.bytes(), journal.files.iter().map(|file| file.bytes).sum::<u64>());
    }
    assert!(scratch.bytes() > LIMITS.bytes_max - 2 * LIMITS.file_bytes_max, "and no less");
    let longest = scratch.files().iter().map(|path| fs::metadata(path).unwrap().len()).max();
    assert!(longest <= Some(LIMITS.file_bytes_max));
    drop(journal);
    let (_, after) = open(&scratch);
    assert!(!after.is_empty() && written.ends_with(&after));
}

#[test]
fn a_batch_larger_than_a_file_is_in_several() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    let written = append(&mut journal, &[30_000; 7]).unwrap();
    drop(journal);
    assert_eq!(scratch.files().len(), 4);
    assert_eq!(open(&scratch).1, written);
}

#[test]
fn limits_that_shrank_are_kept_from_the_start() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    let written = append(&mut journal, &[30_000; 9]).unwrap();
    drop(journal);
    let small = Limits { bytes_max: 2 * FILE_BYTES_MIN, file_bytes_max: FILE_BYTES_MIN };
    let (_journal, after) = Journal::open(scratch.path(), small, 0).unwrap();
    assert!(scratch.bytes() <= small.bytes_max);
    assert!(!after.is_empty() && written.ends_with(&after));
}

#[test]
fn a_journal_has_at_most_256_files_however_small() {
    let scratch = Scratch::new();
    let journal = open(&scratch).0;
    for first in 1..FILES_MAX as u64 {
        let file = file_of(first, &entries(first, &[3]));
        fs::write(journal.folder.path(first), file).unwrap();
    }
    drop(journal);
    for _ in 0..3 {
        append(&mut open(&scratch).0, &[3]).unwrap();
        assert_eq!(scratch.files().len(), FILES_MAX);
    }
}

#[test]
fn a_file_ends_before_a_step_of_positions() {
    let scratch = Scratch::new();
    let (mut journal, _) = Journal::open(scratch.path(), LIMITS, 2 * STEP - 2).unwrap();
    let written = append(&mut journal, &[5; 5]).unwrap();
    drop(journal);
    assert_eq!(scratch.files().len(), 2);
    assert_eq!(open(&scratch).1, written);
}

#[test]
fn trimming_removes_whole_files_and_never_the_newest() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    append(&mut journal, &[30_000; 6]).unwrap();
    drop(journal);
    let (mut journal, _) = open(&scratch);
    assert_eq!(scratch.files().len(), 3);
    journal.trim(STEP + 1).unwrap();
    assert_eq!(scratch.files().len(), 3, "the first file has an entry behind it");
    journal.trim(STEP + 2).unwrap();
    assert_eq!(scratch.files().len(), 2);
    journal.trim(u64::MAX).unwrap();
    assert_eq!(scratch.files().len(), 1, "of an earlier process, too");
    let more = append(&mut journal, &[30_000; 3]).unwrap();
    assert_eq!(scratch.files().len(), 3);
    journal.trim(more[1].position).unwrap();
    assert_eq!(scratch.files().len(), 2);
    journal.trim(more[2].position).unwrap();
    assert_eq!(scratch.files().len(), 1);
    journal.trim(u64::MAX).unwrap();
    let last = append(&mut journal, &[5]).unwrap();
    drop(journal);
    assert_eq!(open(&scratch).1, [&more[2..], &last].concat());
}

/// Fills the disk after so many bytes, and makes room again.
fn check_full(size: u64, cuts: bool) {
    let scratch = Scratch::new();
    let disk = SmallDisk { cuts, ..SmallDisk::new(size) };
    let free = disk.size.clone();
    let (mut journal, _) = Journal::open_on(Box::new(disk), scratch.path(), LIMITS, 0).unwrap();
    let (mut kept, mut failed) = (Vec::new(), 0);
    for _ in 0..6 {
        match append(&mut journal, &[40, 50]) {
            Ok(written) => kept.extend(written),
            Err(error) => {
                assert!(matches!(error, Error::Disk { attempted: "write", .. }), "{error}");
                failed += 1;
            }
        }
        let counted: u64 = journal.files.iter().map(|file| file.bytes).sum();
        assert!(scratch.bytes() <= counted.min(size));
    }
    assert!(failed > 0);
    free.store(u64::MAX, Ordering::Relaxed);
    let last = append(&mut journal, &[60]).unwrap();
    assert_eq!(journal.next_position(), STEP + 13, "positions went on");
    drop(journal);
    let (_, after) = open(&scratch);
    assert!(after.ends_with(&last), "{size}");
    assert!(after.is_sorted_by(|one, next| one.position < next.position));
    kept.extend(last);
    for entry in after {
        assert_eq!(entry.payload, payload(entry.position, entry.payload.len()));
        assert!(cuts <= kept.contains(&entry), "what failed is cut off");
    }
}

#[test]
fn a_disk_that_fills_up_at_any_byte_costs_what_it_could_not_hold() {
    for size in 0..150 {
        check_full(size, true);
    }
}

#[test]
fn a_torn_half_that_cannot_be_cut_off_does_no_harm() {
    for size in 0..150 {
        check_full(size, false);
    }
}

#[test]
fn a_half_that_stayed_and_was_written_again_is_given_once() {
    let (scratch, _, old) = left_behind(&[30_000, 30_000]);
    let disk = SmallDisk { cuts: false, ..SmallDisk::new(scratch.bytes() + 500) };
    let (mut journal, before) =
        Journal::open_on(Box::new(disk), scratch.path(), LIMITS, 0).unwrap();
    assert_eq!(before, old);
    let mut written = append(&mut journal, &[40, 50]).unwrap();
    written.extend(append(&mut journal, &[40; 20]).unwrap());
    drop(journal);
    assert_eq!(scratch.files().len(), 2, "the oldest made room");
    assert_eq!(open(&scratch).1, written);
}

#[test]
fn a_full_disk_keeps_what_is_newest() {
    let scratch = Scratch::new();
    let disk = SmallDisk::new(3 * LIMITS.file_bytes_max + 1_000);
    let (mut journal, _) = Journal::open_on(Box::new(disk), scratch.path(), LIMITS, 0).unwrap();
    let mut written = Vec::new();
    for round in 0..200 {
        written.extend(append(&mut journal, &[420; 40]).unwrap());
        let held: u64 = journal.files.iter().map(|file| file.end - file.first).sum();
        assert!(held >= 40 * round.min(6), "round {round}");
    }
    drop(journal);
    let (_, after) = open(&scratch);
    assert!(written.ends_with(&after), "without a hole");
}

#[test]
fn a_batch_over_several_files_is_whole_on_a_full_disk() {
    let scratch = Scratch::new();
    let disk = SmallDisk::new(3 * LIMITS.file_bytes_max);
    let (mut journal, _) = Journal::open_on(Box::new(disk), scratch.path(), LIMITS, 0).unwrap();
    let mut written = Vec::new();
    for _ in 0..20 {
        written.extend(append(&mut journal, &[30_000; 3]).unwrap());
    }
    drop(journal);
    let (_, after) = open(&scratch);
    assert!(after.len() >= 3 && written.ends_with(&after));
}

#[test]
fn a_disk_that_is_full_is_not_filled_with_empty_files() {
    let scratch = Scratch::new();
    let (mut journal, _) =
        Journal::open_on(Box::new(SmallDisk::new(10)), scratch.path(), LIMITS, 0).unwrap();
    for _ in 0..3 {
        append(&mut journal, &[40]).unwrap_err();
        assert_eq!(scratch.files(), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_name_that_is_taken_costs_one_batch() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    fs::create_dir(journal.folder.path(STEP)).unwrap();
    let error = append(&mut journal, &[40]).unwrap_err();
    assert!(matches!(error, Error::Disk { attempted: "make", .. }), "{error}");
    let written = append(&mut journal, &[40]).unwrap();
    drop(journal);
    assert_eq!(open(&scratch).1, written);
}

/// A run of a process: what it appends, and what its end does to the newest file.
type Run = (Vec<Vec<usize>>, proptest::sample::Index, u8);

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let lens = proptest::collection::vec(1_usize..30_000, 0..8);
    let run = (proptest::collection::vec(lens, 0..4), any::<proptest::sample::Index>(), 0_u8..5);
    proptest::collection::vec(run, 100)
}

/// What a kill or a power cut makes of the newest file; of note and file one may
/// be gone, not both.
fn strike(scratch: &Scratch, at: proptest::sample::Index, kind: u8, takes_note: bool) {
    let Some(newest) = scratch.files().pop() else { return };
    let mut bytes = fs::read(&newest).unwrap();
    let at = at.index(bytes.len() + 1);
    match kind {
        0 => bytes.truncate(at),
        1 => bytes[at..].fill(0),
        2 => bytes.clear(),
        3 if takes_note => fs::write(scratch.path().join("positions"), b"").unwrap(),
        3 => return fs::remove_file(newest).unwrap(),
        _ => {}
    }
    fs::write(newest, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2))]

    #[test]
    fn positions_rise_over_a_hundred_kills(runs in runs(), takes_note in any::<bool>()) {
        let scratch = Scratch::new();
        let mut written = BTreeMap::new();
        for (batches, at, kind) in runs {
            let (mut journal, found) = open(&scratch);
            prop_assert!(found.iter().all(|one| written.get(&one.position) == Some(&one.payload)));
            prop_assert!(found.is_sorted_by(|one, next| one.position < next.position));
            for lens in batches {
                for entry in append(&mut journal, &lens).unwrap() {
                    let newest: Option<u64> = written.last_key_value().map(|(position, _)| *position);
                    prop_assert!(newest < Some(entry.position));
                    written.insert(entry.position, entry.payload);
                }
            }
            drop(journal);
            prop_assert!(scratch.bytes() <= LIMITS.bytes_max);
            strike(&scratch, at, kind, takes_note);
        }
    }
}

#[test]
fn a_journal_that_rests_goes_on_in_its_file() {
    let scratch = Scratch::new();
    let (mut journal, _) = open(&scratch);
    let mut written = append(&mut journal, &[420; 3]).unwrap();
    for _ in 0..5 {
        journal.rest();
        written.extend(append(&mut journal, &[420; 3]).unwrap());
    }
    assert_eq!(scratch.files().len(), 1);
    journal.rest();
    // Its file is gone when it wakes.
    fs::remove_file(&scratch.files()[0]).unwrap();
    let last = append(&mut journal, &[420; 3]).unwrap();
    drop(journal);
    let (_, read) = open(&scratch);
    assert_eq!(read, last);
    assert!(written.iter().all(|entry| entry.position < last[0].position));
}
