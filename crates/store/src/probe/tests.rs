use super::*;
use crate::testing::{Moto, Scratch};

/// Probes a server that overlooks these headers.
async fn check(overlooked: &[&str], want: &str) {
    let moto = Moto::start(overlooked).await;
    let store = moto.store("s3://skywave/radio").await;
    let error = store.probe(Area::Public).await.unwrap_err();
    assert!(matches!(error, Error::NotConditional { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("the bucket at s3://skywave/radio {want}")), "{text}");
    let left = store.list(&Area::Public.root(), 0).await.unwrap();
    assert_eq!(left, [], "scratch objects are removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_overlooks_if_none_match_is_refused() {
    check(&["If-None-Match"], "ignores If-None-Match").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_overlooks_if_match_is_refused() {
    check(&["If-Match"], "ignores If-Match").await;
}

#[tokio::test]
async fn two_nodes_may_probe_one_bucket_at_one_time() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    let (one, two) = tokio::join!(store.probe(Area::Public), store.probe(Area::Public));
    one.unwrap();
    two.unwrap();
}

#[tokio::test]
async fn nothing_is_left_of_a_probe_in_a_directory() {
    let scratch = Scratch::new();
    let store = scratch.store().await;
    store.probe(Area::Private).await.unwrap();
    assert!(scratch.path().join("private").is_dir());
    assert!(!scratch.path().join("private/_probe").exists());
}

#[test]
fn a_lost_race_is_told_with_its_figures() {
    let text = lost("create", "If-None-Match", 3);
    assert_eq!(text, "does not hold If-None-Match in a race: of 8 who create one object 3 won");
}
