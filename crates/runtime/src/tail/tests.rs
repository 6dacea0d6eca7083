use super::*;

fn log(items_max: usize, weight_max: usize) -> (Writer<u32>, Tail<u32>) {
    tail(Limits { items_max, weight_max }, |_| 4)
}

#[tokio::test]
async fn every_reader_gets_everything_in_order() {
    let (mut writer, tail) = log(1000, 100_000);
    let mut readers = [tail.from_start(), tail.from_start()];
    let reading = readers.iter_mut().map(|reader| async {
        let mut got = Vec::new();
        while let Ok(batch) = reader.next_batch(7).await {
            got.extend(batch);
        }
        got
    });
    let reading: Vec<_> = reading.collect();
    for number in 0..100 {
        writer.push(number);
    }
    drop(writer);
    for got in reading {
        assert_eq!(got.await, (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_waiting_reader_is_woken() {
    let (mut writer, tail) = log(10, 100);
    let mut reader = tail.from_now();
    let waiting = tokio::spawn(async move { reader.next_batch(10).await });
    tokio::task::yield_now().await;
    writer.push(5);
    assert_eq!(waiting.await.unwrap(), Ok(vec![5]));
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed() {
    let (mut writer, tail) = log(10, 1000);
    let mut reader = tail.from_start();
    writer.extend(0..25);
    assert_eq!(reader.behind(), 25);
    assert_eq!(reader.next_batch(100).await, Err(ReadError::Lagged { missed: 15 }));
    assert_eq!(reader.next_batch(100).await, Ok((15..25).collect()));
}

#[tokio::test]
async fn the_bounds_hold_on_both_sides() {
    let (mut writer, tail) = log(10, 1000);
    writer.extend(0..10);
    assert_eq!(tail.from_start().next_batch(100).await.unwrap().len(), 10);
    writer.push(10);
    assert_eq!(tail.from_start().next_batch(100).await.unwrap().len(), 10);
    let (mut writer, tail) = log(1000, 20);
    writer.extend(0..5);
    assert_eq!(tail.from_start().next_batch(100).await, Ok((0..5).collect()));
    writer.push(5);
    assert_eq!(tail.from_start().next_batch(100).await, Ok((1..6).collect()));
}

#[tokio::test]
async fn one_item_over_the_weight_is_kept() {
    let (mut writer, tail) = log(10, 3);
    writer.extend([1, 2]);
    assert_eq!(tail.from_start().next_batch(9).await, Ok(vec![2]));
}

#[tokio::test]
async fn a_closed_feed_ends_after_its_last_item() {
    let (mut writer, tail) = log(10, 100);
    let mut reader = tail.from_start();
    writer.push(1);
    drop(writer);
    assert_eq!(reader.next_batch(1).await, Ok(vec![1]));
    assert_eq!(reader.next_batch(1).await, Err(ReadError::Closed));
}
