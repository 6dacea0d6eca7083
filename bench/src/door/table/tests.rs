use super::*;
use crate::door::Coding;

fn load(requests: u64) -> Load {
    let second = Duration::from_secs(1);
    Load { requests, wall: second, server: second, asking: second / 2, ..Load::default() }
}

#[test]
fn the_medians_are_held_against_each_other() {
    let ours = [40_000, 90_000, 10].map(load).to_vec();
    let theirs = [50_000, 50_000, 100].map(load).to_vec();
    let all = [Rounds { coding: Coding::Plain, len: 1_500, ours, theirs }];
    let text = render(&all);
    assert!(text.contains("plain: Skywave serves 0.80 of nginx's requests a second"), "{text}");
    assert!(text.contains("1.25 times the processor"), "{text}");
    assert!(text.contains("| Skywave, plain | 1500 | 40000 | 10 | 90000 | 25.0 µs |"), "{text}");
    assert!(text.contains("| 100 % | 50 % |"), "{text}");
    assert_eq!(missed(&all), Vec::<String>::new());
}

#[test]
fn less_than_the_goal_is_said() {
    let rounds = |ours| {
        let (ours, theirs) = (vec![load(ours)], vec![load(50_000)]);
        Rounds { coding: Coding::Gzip, len: 1, ours, theirs }
    };
    assert_eq!(missed(&[rounds(39_999), rounds(40_000)]).len(), 1);
}
