use super::*;

#[tokio::test]
async fn every_clone_hears_of_the_end() {
    let shutdown = Shutdown::default();
    let waiting = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.wait().await }
    });
    assert!(!shutdown.is_triggered());
    shutdown.trigger();
    shutdown.trigger();
    waiting.await.unwrap();
    shutdown.clone().wait().await;
    assert!(shutdown.is_triggered());
}
