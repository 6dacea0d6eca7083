use super::*;
use crate::testing::Scratch;

#[test]
fn only_names_of_a_journals_files_are() {
    assert_eq!(position("00000000000001048576.journal"), Some(1 << 20));
    assert_eq!(position("00009007199254740991.journal"), Some(POSITION_MAX - 1));
    for name in [
        "00009007199254740992.journal",
        "99999999999999999999.journal",
        "1048576.journal",
        "+0000000000001048576.journal",
        "00000000000001048576.journal.bak",
        "00000000000001048576",
        ".journal",
        "positions",
    ] {
        assert_eq!(position(name), None, "{name}");
    }
}

#[test]
fn a_name_is_read_as_it_is_written() {
    let scratch = Scratch::new();
    let folder = Folder::open(scratch.path()).unwrap();
    for first in [0, 1 << 20, POSITION_MAX - 1] {
        let path = folder.path(first);
        assert_eq!(path.file_name().unwrap().to_str().and_then(position), Some(first));
    }
}

#[test]
fn what_is_no_file_and_what_is_a_link_is_foreign() {
    let scratch = Scratch::new();
    let folder = Folder::open(scratch.path()).unwrap();
    fs::create_dir(folder.path(1)).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path(2)).unwrap();
    fs::write(folder.path(3), b"abc").unwrap();
    assert_eq!(folder.files().unwrap(), BTreeMap::from([(3, 3)]));
}

#[test]
fn of_more_than_256_files_the_oldest_go() {
    let scratch = Scratch::new();
    let folder = Folder::open(scratch.path()).unwrap();
    for first in 0..=FILES_MAX as u64 {
        fs::write(folder.path(first), b"").unwrap();
    }
    let files = folder.files().unwrap();
    assert_eq!(files.len(), FILES_MAX);
    assert!(!files.contains_key(&0) && !folder.path(0).exists());
    assert_eq!(folder.files().unwrap().len(), FILES_MAX, "so many stay");
}

#[test]
fn a_folder_is_one_journals_until_it_is_dropped() {
    let scratch = Scratch::new();
    let path = scratch.path().join("deep/within");
    let folder = Folder::open(&path).unwrap();
    let error = Folder::open(&path).unwrap_err();
    assert!(matches!(&error, Error::Taken(taken) if *taken == path), "{error}");
    assert_eq!(error.to_string(), format!("the journal in {} is open already", path.display()));
    drop(folder);
    Folder::open(&path).unwrap();
}

#[test]
fn a_note_is_read_as_it_was_written_and_takes_the_place_of_the_last() {
    let scratch = Scratch::new();
    let note = scratch.path().join(NOTE);
    for before in ["", "7", "some text that is longer than any note is"] {
        fs::write(&note, before).unwrap();
        let folder = Folder::open(scratch.path()).unwrap();
        assert_eq!(folder.noted(), None, "{before}");
        for position in [3 << 20, 5 << 20] {
            folder.note(position).unwrap();
            folder.sync_note().unwrap();
            assert_eq!(folder.noted(), Some(position));
        }
        drop(folder);
        assert_eq!(Folder::open(scratch.path()).unwrap().noted(), Some(5 << 20));
        assert_eq!(fs::read(&note).unwrap(), b"00000000000005242880\n");
    }
}
