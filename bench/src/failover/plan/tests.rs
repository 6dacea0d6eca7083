use super::*;

/// How long two paths have to be connected together before one may go: until the
/// newcomer's place is known.
const TOGETHER: Duration = Duration::from_millis(1_100);

/// Whether a path has brought what the encoder made at a moment, and what it made
/// right before.
fn brings(path: &Path, at: Duration) -> bool {
    let is_in = |link: &Link| {
        let from = link.from.saturating_sub(path.late);
        let proven = if link.from == Duration::ZERO { from } else { from + TOGETHER };
        (proven..link.to.saturating_sub(path.late)).contains(&at)
    };
    path.links.iter().any(is_in)
}

#[test]
fn in_all_cases_that_are_held_to_it_one_path_is_up() {
    for seed in 0..50 {
        let held =
            cases(seed).into_iter().filter(|case| matches!(case.due, Due::Nothing | Due::Wait(_)));
        for case in held {
            for tenth in 0..CASE_SECS * 10 - 20 {
                let at = Duration::from_millis(u64::from(tenth) * 100);
                let is_up = case.paths.iter().any(|path| brings(path, at));
                assert!(is_up, "{}, seed {seed}: nobody brings {at:?}", case.slug);
            }
        }
    }
}

#[test]
fn connections_come_one_after_the_other_and_a_seed_gives_the_same_again() {
    for seed in 0..50 {
        for (case, again) in cases(seed).iter().zip(cases(seed)) {
            for (path, again) in case.paths.iter().zip(again.paths) {
                assert_eq!(path.links, again.links);
                let times: Vec<_> =
                    path.links.iter().flat_map(|link| [link.from, link.to]).collect();
                assert!(times.is_sorted(), "{}, seed {seed}: {times:?}", case.slug);
            }
        }
    }
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let slugs: Vec<_> = cases(1).iter().map(|case| case.slug).collect();
    let distinct: std::collections::BTreeSet<_> = slugs.iter().collect();
    assert_eq!(distinct.len(), slugs.len(), "{slugs:?}");
    assert_eq!(slugs[0], "idle");
}
