use super::{COMMITTED_LEN_MAX, COMMITTED_MAX, committed};

#[test]
fn the_smallest_inputs_are_kept_in_a_settled_order() {
    let inputs =
        vec![vec![0xFF, 0], vec![2], vec![], vec![1], vec![2], vec![0; COMMITTED_LEN_MAX + 1]];
    assert_eq!(committed(inputs), "01\n02\nff00\n");
}

#[test]
fn there_are_never_too_many() {
    let inputs = (0..=u8::MAX).map(|byte| vec![byte]).collect();
    assert_eq!(committed(inputs).lines().count(), COMMITTED_MAX);
}
