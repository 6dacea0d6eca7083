use std::time::Duration;

use super::*;
use crate::testing::{Bench, Encoder, SHORT};

/// Whose items come, in their order: a letter each, of units the lower case.
fn order(left: &[(Rank, PathEntry)]) -> String {
    let letter = |(rank, entry): &(Rank, PathEntry)| {
        let letter = if *rank == Rank(0) { 'A' } else { 'B' };
        if matches!(entry.item, PathItem::Unit(_)) { letter.to_ascii_lowercase() } else { letter }
    };
    left.iter().map(letter).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_two_paths_comes_in_the_order_in_which_it_came() {
    let bench = Bench::new(SHORT);
    let (mut one, mut other) = (Encoder::new(1, 0, &bench.clock), Encoder::new(1, 0, &bench.clock));
    for _ in 0..3 {
        one.send(2);
        tokio::time::sleep(Duration::from_millis(10)).await;
        other.send(1);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut feeds = [one.feed.from_start(), other.feed.from_start()];
    let left = take(&mut feeds).await;
    assert_eq!((order(&left.entries).as_str(), left.gone.len()), ("ABaabaabaab", 0));
    assert_eq!(take(&mut feeds).await, Left::default());
}

#[tokio::test(start_paused = true)]
async fn a_source_is_gone_behind_all_that_is_left_unless_it_came_back() {
    let bench = Bench::new(SHORT);
    let (mut one, mut other) = (Encoder::new(1, 0, &bench.clock), Encoder::new(1, 0, &bench.clock));
    one.send(2);
    one.leave();
    other.send(1);
    other.leave();
    tokio::time::sleep(Duration::from_millis(10)).await;
    one.connect();
    one.send(1);
    let left = take(&mut [one.feed.from_start(), other.feed.from_start()]).await;
    assert_eq!((order(&left.entries).as_str(), order(&left.gone).as_str()), ("ABaaAba", "B"));
}
