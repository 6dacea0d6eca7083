use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::testing::{Folder, secret};

#[test]
fn a_secret_that_is_configured_is_the_one() {
    let folder = Folder::new();
    assert_eq!(cluster_secret(Some(&secret()), folder.path()).unwrap(), secret());
    assert!(!folder.path().join(SECRET_FILE).exists());
}

#[test]
fn else_one_is_made_once_which_no_other_user_reads() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let made = cluster_secret(None, &data).unwrap();
    assert_eq!(made.expose().len(), 2 * RANDOM_LEN);
    assert_eq!(cluster_secret(None, &data).unwrap(), made);
    let file = data.join(SECRET_FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing else is left");
    fs::remove_file(file).unwrap();
    assert_ne!(cluster_secret(None, &data).unwrap(), made);
}

#[test]
fn a_file_that_is_no_secret_is_told_of_and_kept() {
    let folder = Folder::new();
    for text in [String::new(), "x".repeat(settings::SECRET_BYTES_MAX + 1), "a\nb".to_owned()] {
        fs::write(folder.path().join(SECRET_FILE), &text).unwrap();
        let error = cluster_secret(None, folder.path()).unwrap_err().to_string();
        assert!(error.contains("cluster.key: a secret "), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(SECRET_FILE)).unwrap(), text);
    }
    fs::write(folder.path().join(SECRET_FILE), "written by hand\n").unwrap();
    assert!(cluster_secret(None, folder.path()).unwrap().matches(b"written by hand"));
}
