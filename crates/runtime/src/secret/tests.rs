use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Default for Folder {
    fn default() -> Self {
        let name = format!("skywave-secret-{:016x}", crate::backoff::random());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn configured() -> Secret {
    Secret::new("configured").unwrap()
}

#[test]
fn a_secret_that_is_configured_is_the_one() {
    let folder = Folder::default();
    assert_eq!(cluster_secret(Some(&configured()), folder.0.as_path()).unwrap(), configured());
    assert!(!folder.0.as_path().join(CLUSTER_FILE).exists());
}

#[test]
fn else_one_is_made_once_which_no_other_user_reads() {
    let folder = Folder::default();
    let data = folder.0.as_path().join("data");
    let made = cluster_secret(None, &data).unwrap();
    assert_eq!(made.expose().len(), 2 * RANDOM_LEN);
    assert_eq!(cluster_secret(None, &data).unwrap(), made);
    let file = data.join(CLUSTER_FILE);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "nothing else is left");
    fs::remove_file(file).unwrap();
    assert_ne!(cluster_secret(None, &data).unwrap(), made);
}

#[test]
fn a_file_that_is_no_secret_is_told_of_and_kept() {
    let folder = Folder::default();
    for text in [String::new(), "x".repeat(settings::SECRET_BYTES_MAX + 1), "a\nb".to_owned()] {
        fs::write(folder.0.as_path().join(CLUSTER_FILE), &text).unwrap();
        let error = cluster_secret(None, folder.0.as_path()).unwrap_err().to_string();
        assert!(error.contains("cluster.key: a secret "), "{error}");
        assert_eq!(fs::read_to_string(folder.0.as_path().join(CLUSTER_FILE)).unwrap(), text);
    }
    fs::write(folder.0.as_path().join(CLUSTER_FILE), "written by hand\n").unwrap();
    assert!(cluster_secret(None, folder.0.as_path()).unwrap().matches(b"written by hand"));
}

#[test]
fn keys_of_sessions_are_those_configured_or_one_that_is_made_and_kept() {
    let folder = Folder::default();
    let given = vec![configured(), Secret::new("old").unwrap()];
    assert_eq!(session_secrets(&given, Some(&configured()), &folder.0).unwrap(), given);
    let made = session_secrets(&[], None, &folder.0).unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(session_secrets(&[], None, &folder.0).unwrap(), made);
    assert_ne!(made[0], cluster_secret(None, &folder.0).unwrap());
}

#[test]
fn a_disk_that_takes_no_key_stops_nothing_and_is_no_reason_for_none() {
    // Nobody makes folders there.
    let data = Path::new("/proc/skywave-secret");
    let read = session_secrets(&[], None, data).unwrap();
    let [one] = &read[..] else { panic!("one key") };
    assert_eq!(one.expose().len(), 2 * RANDOM_LEN);
    assert!(cluster_secret(None, data).is_err(), "others need the same one");
}

#[test]
fn nodes_with_one_secret_of_the_cluster_have_one_key_of_sessions() {
    let cluster = |text: &str| {
        let secret = Secret::new(text).unwrap();
        session_secrets(&[], Some(&secret), Path::new("/proc/skywave-secret")).unwrap()
    };
    assert_eq!(cluster("one"), cluster("one"));
    assert_ne!(cluster("one"), cluster("other"));
    assert!(!cluster("one")[0].matches(b"one"), "it is another one");
}
