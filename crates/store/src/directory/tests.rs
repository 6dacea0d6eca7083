use std::fs::{self, File};

use super::*;
use crate::conformance;
use crate::testing::{Scratch, key};
use crate::{Area, Attributes, Created, S3Settings, Store, StoreUrl, Timeouts};

static RECORD: Attributes = Attributes::record();

/// What lies in the folder of files being written.
fn staged(scratch: &Scratch) -> usize {
    fs::read_dir(scratch.path().join(".store/staging")).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_directory_conforms() {
    let scratch = Scratch::new();
    conformance::run(&scratch.store().await, "one").await.unwrap();
    assert_eq!(staged(&scratch), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_directory_passes_the_probe_and_is_left_clean() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    for area in [Area::Public, Area::Private] {
        store.probe(area).await.unwrap();
        assert_eq!(store.list(&area.root(), 0).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_object_lies_at_its_keys_path_with_nothing_beside_it() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let key = key("public/demo/mp3-128/7-00c0ffee.mp3");
    store.create(&key, Bytes::from_static(b"sound"), &RECORD).await.unwrap();
    assert_eq!(fs::read(scratch.path().join(key.as_str())).unwrap(), b"sound");
    let roots = fs::read_dir(scratch.path()).unwrap();
    let mut roots: Vec<_> = roots.map(|root| root.unwrap().file_name()).collect();
    roots.sort();
    assert_eq!(roots, [".store", "public"]);
    assert_eq!(fs::read_dir(scratch.path().join("public/demo")).unwrap().count(), 1);
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_at_the_next_start() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    store.create(&key("public/a"), Bytes::from_static(b"kept"), &RECORD).await.unwrap();
    fs::write(scratch.path().join(".store/staging/0123456789abcdef-0"), b"ha").unwrap();
    let again = scratch.store().await;
    assert_eq!(staged(&scratch), 0);
    let kept = again.get(&key("public/a"), 10).await.unwrap().unwrap();
    assert_eq!(kept.bytes, "kept");
}

#[tokio::test]
async fn to_be_read_it_is_opened_as_it_lies() {
    let scratch = Scratch::new();
    let place = scratch.path().join("bucket");
    let (url, settings) = (StoreUrl::Directory(place.clone()), S3Settings::default());
    let open = || Store::open_to_read(&url, &settings);
    let error = open().await.unwrap_err();
    assert!(error.to_string().starts_with("opening the directory"), "{error}");
    assert!(!place.exists());
    let object = place.join("public/demo/a");
    fs::create_dir_all(object.parent().unwrap()).unwrap();
    fs::write(&object, b"sound").unwrap();
    let store = open().await.unwrap();
    assert_eq!(store.get(&key("public/demo/a"), 10).await.unwrap().unwrap().bytes, "sound");
    assert_eq!(store.list(&key("public"), 1).await.unwrap().len(), 1);
    assert_eq!(fs::read_dir(&place).unwrap().count(), 1, "no `.store` is made");
    // What a station has staged is not swept, though no lock holds it yet.
    let staging = place.join(".store/staging");
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("0123456789abcdef-0"), b"ha").unwrap();
    let _ = open().await.unwrap();
    assert_eq!(fs::read_dir(&staging).unwrap().count(), 1);
    let file = StoreUrl::Directory(object);
    let error = Store::open_to_read(&file, &settings).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn what_another_process_is_writing_is_not_removed() {
    let scratch = Scratch::new();
    drop(scratch.store().await);
    let file = File::create(scratch.path().join(".store/staging/0123456789abcdef-0")).unwrap();
    file.lock().unwrap();
    drop(scratch.store().await);
    assert_eq!(staged(&scratch), 1);
    drop(file);
    drop(scratch.store().await);
    assert_eq!(staged(&scratch), 0);
}

#[tokio::test]
async fn a_lock_that_is_never_given_back_is_waited_for_in_bounded_time() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let brief = Timeouts { request: Duration::from_millis(50), ..Timeouts::default() };
    let settings = S3Settings { timeouts: brief, ..S3Settings::default() };
    let hasty = Store::open(store.url(), &settings).await.unwrap();
    let (held, other) = (key("public/demo/a"), key("public/other/a"));
    store.create(&held, Bytes::from_static(b"one"), &RECORD).await.unwrap();
    store.create(&other, Bytes::from_static(b"one"), &RECORD).await.unwrap();
    let file = File::create(scratch.path().join(".store/locks/public-demo")).unwrap();
    file.lock().unwrap();
    let error = hasty.delete(&held).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    // Neither those who read nor other egresses wait for it.
    assert!(store.get(&held, 10).await.unwrap().is_some());
    store.delete(&other).await.unwrap();
    drop(file);
    store.delete(&held).await.unwrap();
    assert!(store.get(&held, 10).await.unwrap().is_none());
}

#[tokio::test]
async fn files_of_somebody_else_are_not_listed() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    store.create(&key("public/demo/a"), Bytes::new(), &RECORD).await.unwrap();
    for name in [".hidden", "with space", "-dash", "ü"] {
        fs::write(scratch.path().join("public/demo").join(name), b"").unwrap();
    }
    let listed = store.list(&key("public"), 1).await.unwrap();
    assert_eq!(listed, [Entry::new(key("public/demo/a"), 0)]);
}

#[tokio::test]
async fn a_folder_is_no_object_and_an_object_no_folder() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    store.create(&key("public/demo/a"), Bytes::new(), &RECORD).await.unwrap();
    assert!(store.get(&key("public/demo"), 10).await.unwrap().is_none());
    assert!(store.get(&key("public/demo/a/b"), 10).await.unwrap().is_none());
    assert_eq!(store.list(&key("public/demo/a"), 10).await.unwrap(), []);
    let error = store.create(&key("public/demo/a/b"), Bytes::new(), &RECORD).await.unwrap_err();
    assert!(!error.is_transient(), "{error}");
}

#[tokio::test]
async fn two_openings_of_one_directory_see_each_other() {
    let scratch = Scratch::new();
    let (one, two) = (scratch.store().await, scratch.store().await);
    let key = key("public/demo/playlist.m3u8");
    let first = one.replace(&key, Bytes::from_static(b"1"), &RECORD, None).await.unwrap();
    two.replace(&key, Bytes::from_static(b"2"), &RECORD, Some(&first)).await.unwrap();
    let late = one.replace(&key, Bytes::from_static(b"3"), &RECORD, Some(&first)).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    assert_eq!(
        two.create(&key, Bytes::from_static(b"2"), &RECORD).await.unwrap(),
        Created::Existed { same: true }
    );
}

#[tokio::test]
async fn a_place_that_cannot_be_a_directory_is_an_error_at_opening() {
    let scratch = Scratch::new();
    let file = scratch.path().join("file");
    fs::write(&file, b"").unwrap();
    let opened = Store::open(&StoreUrl::Directory(file), &S3Settings::default()).await;
    assert!(opened.unwrap_err().to_string().starts_with("opening the directory"));
}

#[tokio::test]
async fn a_directory_on_a_disk_that_is_away_at_opening_is_made_once_it_is_there() {
    let scratch = Scratch::new();
    let (disk, place) = (scratch.path().join("disk"), scratch.path().join("place"));
    std::os::unix::fs::symlink(&disk, &place).unwrap();
    let opened = Store::open(&StoreUrl::Directory(place), &S3Settings::default()).await;
    let (store, key) = (opened.unwrap(), key("public/a"));
    let create = || store.create(&key, Bytes::from_static(b"sound"), &RECORD);
    assert!(create().await.unwrap_err().is_transient());
    assert!(store.delete(&key).await.unwrap_err().is_transient());
    fs::create_dir(&disk).unwrap();
    assert_eq!(create().await.unwrap(), Created::New);
    store.delete(&key).await.unwrap();
    assert!(store.get(&key, 10).await.unwrap().is_none());
}
