use super::*;

fn unit(number: usize) -> Bytes {
    Bytes::from(number.to_be_bytes().to_vec())
}

/// After `aired` a source comes back with `newcomer`; gives the answer and how
/// many units it took.
fn check(aired: &[usize], newcomer: &[usize], expected: (Join, usize)) {
    let mut joiner = Joiner::default();
    for number in aired {
        joiner.remember(&unit(*number));
    }
    joiner.start();
    let mut answer = (Join::Undecided, 0);
    for (count, number) in newcomer.iter().enumerate() {
        answer = (joiner.push(&unit(*number)), count + 1);
        if answer.0 != Join::Undecided {
            break;
        }
    }
    assert_eq!(answer, expected);
}

fn numbers(range: std::ops::Range<usize>) -> Vec<usize> {
    range.collect()
}

#[test]
fn an_overlap_goes_on_at_its_place() {
    check(&numbers(0..100), &numbers(50..70), (Join::GoesOn { index: 50 }, RUN_LEN));
    check(&numbers(0..100), &numbers(92..120), (Join::GoesOn { index: 92 }, RUN_LEN));
}

#[test]
fn an_overlap_shorter_than_a_run_is_a_new_beginning() {
    check(&numbers(0..100), &numbers(93..120), (Join::New, RUN_LEN));
    check(&numbers(0..100), &numbers(100..120), (Join::New, RUN_LEN));
    check(&[], &numbers(0..20), (Join::New, RUN_LEN));
}

#[test]
fn a_run_that_was_aired_twice_needs_more_units() {
    let aired = [numbers(0..50), numbers(0..30), numbers(200..230)].concat();
    // 10.. was aired at 10 and at 60; the 20 units after tell which.
    let newcomer = [numbers(10..30), numbers(200..210)].concat();
    check(&aired, &newcomer, (Join::GoesOn { index: 60 }, 21));
}

#[test]
fn digital_silence_is_a_new_beginning_in_the_end() {
    check(&vec![7; 1000], &vec![7; 1000], (Join::New, RUN_LEN_MAX));
}

#[test]
fn old_units_are_forgotten() {
    let aired = numbers(0..RECENT_UNITS_MAX + 100);
    check(&aired, &numbers(99..120), (Join::New, RUN_LEN));
    check(&aired, &numbers(100..120), (Join::GoesOn { index: 100 }, RUN_LEN));
}
