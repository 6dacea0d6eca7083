use super::{COMMITTED_LEN_MAX, COMMITTED_MAX, committed};

#[test]
fn inputs_are_kept_in_a_settled_order_and_large_ones_are_not() {
    let inputs =
        vec![vec![0xFF, 0], vec![2], vec![], vec![1], vec![2], vec![0; COMMITTED_LEN_MAX + 1]];
    assert_eq!(committed(inputs), "01\n02\nff00\n");
}

#[test]
fn of_many_a_sample_of_all_lengths_is_kept() {
    let inputs = (1..=COMMITTED_LEN_MAX).map(|len| vec![0; len]).collect();
    let kept = committed(inputs);
    let lens: Vec<usize> = kept.lines().map(|line| line.len() / 2).collect();
    assert!(lens.len() > COMMITTED_MAX / 2 && lens.len() <= COMMITTED_MAX, "{lens:?}");
    assert_eq!(lens.first(), Some(&1));
    assert!(lens.last().is_some_and(|last| *last > COMMITTED_LEN_MAX - 20), "{lens:?}");
}
