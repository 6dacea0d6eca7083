use std::io::ErrorKind;

use super::*;
use crate::testing::key;

fn check(error: &Error, blame: Blame, transient: bool) {
    assert_eq!((error.blame(), error.is_transient()), (blame, transient), "{error}");
}

#[test]
fn a_disk_that_may_recover_is_transient() {
    let from = |kind: ErrorKind| Error::from_io("creating", "public/a", kind.into());
    for kind in [
        ErrorKind::StorageFull,
        ErrorKind::QuotaExceeded,
        ErrorKind::ReadOnlyFilesystem,
        ErrorKind::TimedOut,
        ErrorKind::NotFound,
        ErrorKind::Other,
    ] {
        check(&from(kind), Blame::Upstream, true);
    }
    for kind in [ErrorKind::PermissionDenied, ErrorKind::Unsupported, ErrorKind::NotADirectory] {
        check(&from(kind), Blame::Upstream, false);
    }
}

#[test]
fn only_a_bucket_out_of_reach_is_transient() {
    check(&Error::unavailable("reading", "public/a", "slow"), Blame::Upstream, true);
    check(&Error::failed("reading", "public/a", "odd"), Blame::Upstream, false);
    check(&Error::Conflict { key: key("public/a") }, Blame::Us, false);
    check(&Key::new("a").unwrap_err(), Blame::Us, false);
    let lying = Error::NotConditional { url: "s3://radio".into(), what: "lies".into() };
    check(&lying, Blame::Upstream, false);
}

#[test]
fn an_error_says_what_was_attempted_and_why_it_failed() {
    let full = Error::from_io("creating", key("public/a"), ErrorKind::StorageFull.into());
    assert_eq!(full.to_string(), "creating public/a: the bucket is out of reach: no storage space");
}
