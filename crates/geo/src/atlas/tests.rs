use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::testing::{Layout, database};

const BUILT: Duration = Duration::from_secs(1_700_000_000);

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("skywave-geo-{}-{nth}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("country.mmdb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A database in which 127.0.1.0/24 is in this country. Its length differs with `more`.
fn written(file: &Path, code: &str, more: usize) {
    let more: Vec<_> = (0..more).map(|nth| format!("10.{nth}.0.0/16")).collect();
    let mut networks: Vec<_> = more.iter().map(|network| (network.as_str(), "FR")).collect();
    networks.push(("127.0.1.0/24", code));
    fs::write(file, database(Layout::Nested, &networks, BUILT)).unwrap();
}

fn told(atlas: &Atlas) -> Option<String> {
    atlas.country("127.0.1.1".parse().unwrap()).map(|country| country.to_string())
}

#[test]
fn without_a_database_every_country_is_unknown() {
    let atlas = Atlas::default();
    assert_eq!(told(&atlas), None);
    let nothing = Status { path: None, kind: None, built: None, error: None };
    assert_eq!(atlas.status(), nothing);
}

#[test]
fn a_file_that_changes_is_read_again_and_a_bad_one_changes_nothing() {
    let folder = Folder::new();
    let atlas = Atlas::open(folder.file());
    assert_eq!(told(&atlas), None);
    assert!(atlas.status().error.unwrap().contains("No such file"));
    written(&folder.file(), "DE", 0);
    atlas.look();
    assert_eq!((told(&atlas).as_deref(), atlas.status().error), (Some("DE"), None));
    assert_eq!(atlas.status().kind.as_deref(), Some("Test-Country"));
    written(&folder.file(), "US", 1);
    atlas.look();
    assert_eq!(told(&atlas).as_deref(), Some("US"));
    fs::write(folder.file(), "half a file").unwrap();
    atlas.look();
    assert_eq!(told(&atlas).as_deref(), Some("US"));
    assert!(atlas.status().error.unwrap().starts_with("no database in MaxMind's format"));
    fs::remove_file(folder.file()).unwrap();
    atlas.look();
    assert_eq!(told(&atlas).as_deref(), Some("US"));
    assert!(atlas.status().error.unwrap().contains("No such file"));
    written(&folder.file(), "CH", 2);
    atlas.look();
    assert_eq!((told(&atlas).as_deref(), atlas.status().error), (Some("CH"), None));
}

#[test]
fn a_database_is_old_after_thirty_days() {
    let folder = Folder::new();
    written(&folder.file(), "DE", 0);
    let status = Atlas::open(folder.file()).status();
    let built = status.built.unwrap();
    assert!(!status.is_old(built.plus(OLD_AFTER)));
    assert!(status.is_old(built.plus(OLD_AFTER + Duration::from_nanos(1))));
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_at_every_ten_seconds() {
    let folder = Folder::new();
    let (atlas, shutdown) = (Atlas::open(folder.file()), Shutdown::default());
    let looking = tokio::spawn(atlas.clone().keep_fresh(shutdown.clone()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    written(&folder.file(), "DE", 0);
    tokio::time::sleep(LOOK_EVERY).await;
    while told(&atlas).is_none() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    shutdown.trigger();
    looking.await.unwrap();
}
