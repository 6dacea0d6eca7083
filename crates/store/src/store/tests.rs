use super::*;
use crate::testing::{Scratch, key};

static RECORD: Attributes = Attributes::record();

#[tokio::test]
async fn what_is_replaced_has_a_bounded_size() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let key = key("public/demo/playlist.m3u8");
    let full = Bytes::from(vec![b'a'; REPLACED_BYTES_MAX]);
    let first = store.replace(&key, full, &RECORD, None).await.unwrap();
    let above = Bytes::from(vec![b'a'; REPLACED_BYTES_MAX + 1]);
    for expected in [None, Some(&first)] {
        let error = store.replace(&key, above.clone(), &RECORD, expected).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    }
    // Nor does what somebody else made of it cost more memory.
    store.delete(&key).await.unwrap();
    store.create(&key, above, &RECORD).await.unwrap();
    let error = store.replace(&key, Bytes::new(), &RECORD, Some(&first)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn a_version_of_another_kind_of_bucket_is_of_no_object() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let key = key("public/demo/playlist.m3u8");
    store.create(&key, Bytes::from_static(b"one"), &RECORD).await.unwrap();
    let tag = Version::tag("\"1\"".to_owned());
    let error = store.replace(&key, Bytes::from_static(b"two"), &RECORD, Some(&tag)).await;
    assert!(matches!(error, Err(Error::Conflict { .. })), "{error:?}");
}

#[tokio::test]
async fn the_private_area_may_lie_in_a_bucket_of_its_own() {
    let (one, two) = (Scratch::new(), Scratch::new());
    let url = StoreUrl::Directory(one.path().to_owned());
    let other = StoreUrl::Directory(two.path().to_owned());
    let settings = S3Settings::default();
    let same = Stores::open(&url, None, &settings).await.unwrap();
    assert_eq!(same.area(Area::Private).url(), &url);
    let apart = Stores::open(&url, Some(&other), &settings).await.unwrap();
    assert_eq!(apart.area(Area::Public).url(), &url);
    assert_eq!(apart.area(Area::Private).url(), &other);
    apart.probe().await.unwrap();
}

#[test]
fn a_version_is_shown_without_its_contents() {
    assert_eq!(
        format!("{:?}", Version::contents(Bytes::from_static(b"secret"))),
        "Version(6 bytes)"
    );
    assert_eq!(format!("{:?}", Version::tag("\"a\"".to_owned())), "Version(\"a\")");
}

#[test]
fn a_playlist_is_announced_as_one() {
    let attributes = Attributes::playlist(Duration::from_millis(2999));
    assert_eq!(attributes.content_type, "application/vnd.apple.mpegurl");
    assert_eq!(attributes.cache_control, "public, max-age=2");
    assert_eq!(RECORD.cache_control, "private, no-store");
}
