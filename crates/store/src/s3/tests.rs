use media::Codec;
use tokio::net::TcpListener;

use super::*;
use crate::conformance;
use crate::testing::{Moto, Scripted, http, key, s3_settings};
use crate::{Area, Created, Credentials, Store, Timeouts};

static RECORD: Attributes = Attributes::record();
const BODY: Bytes = Bytes::from_static(b"body");

/// Creates an object at a server that gives these answers.
async fn create(answers: &'static [&'static str]) -> (Result<Created, Error>, Vec<String>) {
    let server = Scripted::start(answers).await;
    let store = server.store(Timeouts::default()).await;
    let created = store.create(&key("public/a"), BODY, &RECORD).await;
    (created, server.seen())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s3_conforms() {
    let moto = Moto::start(&[]).await;
    let store = moto.store("s3://skywave/radio").await;
    store.probe(Area::Private).await.unwrap();
    conformance::run(&store, "one").await.unwrap();
    let store = moto.store("s3://skywave").await;
    let root = Area::Private.root();
    assert_eq!(store.list(&root, 0).await.unwrap(), [], "a prefix keeps apart");

    let playlist = key("public/demo/playlist.m3u8");
    // What somebody else put there is passed over.
    let foreign = format!("{}/skywave/public/.DS_Store", moto.endpoint);
    assert!(http().put(foreign).send().await.unwrap().status().is_success());
    store.create(&playlist, BODY, &RECORD).await.unwrap();
    let listed = store.list(&Area::Public.root(), 1).await.unwrap();
    assert_eq!(listed, [Entry::new(playlist, 4)]);

    let missing = moto.store("s3://missing").await.probe(Area::Public).await;
    assert!(missing.unwrap_err().to_string().contains("NoSuchBucket"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_an_object_is_kept_with_it() {
    let moto = Moto::start(&[]).await;
    let s3 = S3::open("skywave", "", &s3_settings(&moto.endpoint)).unwrap();
    let check = async |attributes: &Attributes| {
        let name = key("public/a");
        s3.delete(&name).await.unwrap();
        assert!(s3.create(&name, BODY, attributes).await.unwrap());
        let got = s3.reader.get(&s3.path(&name).unwrap()).await.unwrap().attributes;
        assert_eq!(got.get(&Attribute::ContentType).unwrap().as_ref(), attributes.content_type);
        assert_eq!(got.get(&Attribute::CacheControl).unwrap().as_ref(), attributes.cache_control);
    };
    check(&RECORD).await;
    check(&Attributes::playlist(Duration::from_secs(3))).await;
    check(&Attributes::segment(Codec::Aac, Duration::from_secs(90))).await;
}

#[tokio::test]
async fn a_write_that_landed_although_its_answer_was_lost_is_known_again() {
    const LOST: &[&str] = &[
        "500 Internal Server Error",
        "412 Precondition Failed",
        "200 OK\nETag: \"1\"\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\n\nbody",
    ];
    let server = Scripted::start(LOST).await;
    let store = server.store(Timeouts::default()).await;
    let first = store.create(&key("public/a"), BODY, &RECORD).await.unwrap_err();
    assert!(first.is_transient(), "{first}");
    assert_eq!(server.seen(), ["PUT /skywave/public/a"], "sent once");
    let second = store.create(&key("public/a"), BODY, &RECORD).await.unwrap();
    assert_eq!(second, Created::Existed { same: true });
}

#[tokio::test]
async fn a_creation_that_overlaps_a_deletion_is_tried_again() {
    let (created, seen) = create(&["409 Conflict", "404 Not Found", "200 OK\nETag: \"1\""]).await;
    assert_eq!(created.unwrap(), Created::New);
    assert_eq!(seen, ["PUT /skywave/public/a", "GET /skywave/public/a", "PUT /skywave/public/a"]);
}

#[tokio::test]
async fn a_replacement_that_overlaps_another_is_tried_again_while_it_may_win() {
    const OVERLAP: &[&str] = &[
        "409 Conflict",
        "200 OK\nETag: \"1\"\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\n\nold",
        "200 OK\nETag: \"2\"",
    ];
    let server = Scripted::start(OVERLAP).await;
    let store = server.store(Timeouts::default()).await;
    let old = Version::tag("\"1\"".to_owned());
    let replaced = store.replace(&key("public/a"), BODY, &RECORD, Some(&old)).await;
    assert_eq!(replaced.unwrap(), Version::tag("\"2\"".to_owned()));
}

#[tokio::test]
async fn a_refusal_is_not_transient() {
    let (created, _) = create(&["403 Forbidden"]).await;
    let error = created.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }) && !error.is_transient(), "{error}");
    let (created, _) = create(&["404 Not Found"]).await;
    assert!(!created.unwrap_err().is_transient());
}

#[tokio::test]
async fn reading_is_tried_again_when_the_server_is_busy() {
    const BUSY: &[&str] = &[
        "503 Slow Down",
        "200 OK\nETag: \"1\"\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\n\nbody",
    ];
    let server = Scripted::start(BUSY).await;
    let store = server.store(Timeouts::default()).await;
    let object = store.get(&key("public/a"), 4).await.unwrap().unwrap();
    assert_eq!((object.bytes, server.seen().len()), (BODY, 2));
}

#[tokio::test]
async fn an_object_above_the_bound_is_refused_by_its_length_alone() {
    // The body never comes.
    const ENDLESS: &[&str] =
        &["200 OK\nETag: \"1\"\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\n\nbody"];
    let server = Scripted::start(ENDLESS).await;
    let store = server.store(Timeouts::default()).await;
    let error = store.get(&key("public/a"), 3).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { bytes: 4, bytes_max: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_in_time() {
    let brief = Timeouts { request: Duration::from_millis(50), ..Timeouts::default() };
    let server = Scripted::start(&[]).await;
    let store = server.store(brief).await;
    let name = key("public/a");
    let old = Version::tag("\"1\"".to_owned());
    let errors = [
        store.create(&name, BODY, &RECORD).await.unwrap_err(),
        store.replace(&name, BODY, &RECORD, Some(&old)).await.unwrap_err(),
        store.get(&name, 1).await.unwrap_err(),
        store.list(&key("public"), 1).await.unwrap_err(),
        store.delete(&name).await.unwrap_err(),
        store.probe(Area::Public).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_transient(), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_out_of_reach() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let url = "s3://skywave".parse().unwrap();
    let store = Store::open(&url, &s3_settings(&endpoint)).await.unwrap();
    let error = store.create(&key("public/a"), BODY, &RECORD).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_at_opening() {
    let check = async |settings: &S3Settings, want: &str| {
        let opened = Store::open(&"s3://skywave/a".parse().unwrap(), settings).await;
        let text = opened.unwrap_err().to_string();
        assert!(text.starts_with("settings of the bucket s3://skywave/a: "), "{text}");
        assert!(text.contains(want), "{text}");
    };
    check(&s3_settings("localhost:9000"), "begins with neither http:// nor https://").await;
    let half =
        Credentials::from_lookup(&|name| (name == "AWS_ACCESS_KEY_ID").then(|| "test".to_owned()));
    let settings = S3Settings { credentials: half, ..S3Settings::default() };
    check(&settings, "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY").await;
}
