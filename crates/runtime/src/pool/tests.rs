use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn work_is_done_on_threads_of_its_own() {
    let pool = Pool::new("test", 2).unwrap();
    assert_eq!(pool.threads(), 2);
    let name = pool.run(|| thread::current().name().map(str::to_owned)).await.unwrap();
    assert!(name.unwrap().starts_with("test-"));
    #[cfg(target_os = "linux")]
    {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        assert_eq!((pool.run(nice).await.unwrap() - nice()).min(10), 10);
    }
    let here = thread::current().id();
    assert_eq!(Pool::inline().run(|| thread::current().id()).await.unwrap(), here);
}

#[tokio::test]
async fn all_threads_work_at_a_time() {
    let pool = Pool::new("test", 2).unwrap();
    let meet = Arc::new(Barrier::new(2));
    let both = [Arc::clone(&meet), meet].map(|meet| pool.run(move || meet.wait().is_leader()));
    let [one, other] = both;
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() && other.is_ok());
}

#[tokio::test]
async fn a_panic_is_told_and_the_thread_goes_on() {
    let pool = Pool::new("test", 1).unwrap();
    let panicked = pool.run(|| panic!("broken {}", 1)).await.unwrap_err();
    assert_eq!(panicked.to_string(), "work on a pool panicked: broken 1");
    assert_eq!(pool.run(|| 7).await.unwrap(), 7);
}

#[tokio::test]
async fn what_was_asked_for_is_done_when_nobody_waits() {
    let pool = Pool::new("test", 1).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let done = Arc::clone(&done);
        let work = pool.run(move || done.fetch_add(1, Ordering::SeqCst));
        let mut work = std::pin::pin!(work);
        let waker = std::task::Waker::noop();
        let _ = work.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    pool.run(|| ()).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 3);
}
