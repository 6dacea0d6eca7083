use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("skywave-export-{}-{nth}", std::process::id()));
        // Another process of this number may have been killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn both_files_get_their_names_or_neither_does() {
    let folder = Folder::new();
    let files = Files::new(&folder.0.join("log.mp3")).unwrap();
    fs::write(&files.cue_part, "titles").unwrap();
    // There is nothing yet to be named.
    let error = files.publish().unwrap_err().to_string();
    assert!(error.starts_with("cannot name ") && error.ends_with("log.mp3"), "{error}");
    assert_eq!(folder.names(), [""; 0]);
    fs::write(&files.cue_part, "titles").unwrap();
    fs::write(&files.part, "frames").unwrap();
    files.publish().unwrap();
    drop(files);
    assert_eq!(folder.names(), ["log.cue", "log.mp3"]);
}

#[test]
fn what_is_not_named_is_removed() {
    let folder = Folder::new();
    let files = Files::new(&folder.0.join("log.mp3")).unwrap();
    fs::write(&files.cue_part, "titles").unwrap();
    fs::write(&files.part, "frames").unwrap();
    assert_eq!(folder.names().len(), 2);
    drop(files);
    assert_eq!(folder.names(), [""; 0]);
}
