use super::*;

fn message(number: usize) -> Message {
    let clock = runtime::clock::ManualClock::default();
    let since = runtime::clock::Clock::monotonic(&clock);
    Message { id: number.to_string(), body: Bytes::new(), since }
}

/// Queues so many, and takes all that are there.
async fn ids(count: usize) -> (Vec<usize>, u64) {
    let queue = Queue::new(Counter::default());
    for number in 0..count {
        queue.push(message(number));
    }
    let mut ids = Vec::new();
    while queue.lock().front().is_some() {
        ids.push(queue.pop().await.id.parse().unwrap());
    }
    (ids, queue.dropped.get())
}

#[tokio::test]
async fn a_hundred_wait_and_then_the_oldest_goes() {
    assert_eq!(ids(QUEUE_LEN_MAX).await, ((0..QUEUE_LEN_MAX).collect(), 0));
    assert_eq!(ids(QUEUE_LEN_MAX + 2).await, ((2..QUEUE_LEN_MAX + 2).collect(), 2));
}

#[tokio::test]
async fn who_waits_is_woken() {
    let queue = std::sync::Arc::new(Queue::new(Counter::default()));
    let taken = tokio::spawn({
        let queue = std::sync::Arc::clone(&queue);
        async move { (queue.pop().await.id, queue.pop().await.id) }
    });
    tokio::task::yield_now().await;
    queue.push(message(1));
    tokio::task::yield_now().await;
    queue.push(message(2));
    assert_eq!(taken.await.unwrap(), ("1".to_owned(), "2".to_owned()));
}

#[test]
fn what_is_cleared_is_counted() {
    let queue = Queue::new(Counter::default());
    queue.push(message(1));
    queue.push(message(2));
    assert_eq!((queue.clear(), queue.clear(), queue.dropped.get()), (2, 0, 2));
}
