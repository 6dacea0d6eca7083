use std::collections::BTreeSet;
use std::path::Path;

use super::{EXPERIMENTS, run};

#[test]
fn names_are_unique_and_told_apart_from_options() {
    let names: BTreeSet<&str> = EXPERIMENTS.iter().map(|experiment| experiment.name).collect();
    assert_eq!(names.len(), EXPERIMENTS.len());
    assert!(names.iter().all(|name| !name.starts_with('-') && !name.is_empty()), "{names:?}");
}

#[test]
fn an_unknown_experiment_is_told_which_there_are() {
    let error = run(Path::new("."), "alchemy", &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "no experiment \"alchemy\"; there are: bench, encoders, door, stages, fanout, storm, hour, joins, failover, corpus, fuzz, deny"
    );
}
