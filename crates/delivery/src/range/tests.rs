use super::*;

#[track_caller]
fn check(header: &str, expected: &Wanted) {
    assert_eq!(wanted(Some(header.as_bytes()), 1000), *expected, "{header}");
}

#[test]
fn one_range_is_given() {
    check("bytes=0-", &Wanted::Part(0..1000));
    check("bytes=0-1", &Wanted::Part(0..2));
    check("bytes=999-", &Wanted::Part(999..1000));
    check("bytes=10-5000", &Wanted::Part(10..1000));
    check("bytes=-1", &Wanted::Part(999..1000));
    check("bytes=-5000", &Wanted::Part(0..1000));
}

#[test]
fn what_the_body_has_not_is_unsatisfiable() {
    check("bytes=1000-", &Wanted::Unsatisfiable);
    check("bytes=99999999999999999999999-", &Wanted::Unsatisfiable);
    check("bytes=-0", &Wanted::Unsatisfiable);
    assert_eq!(wanted(Some(b"bytes=-1"), 0), Wanted::Unsatisfiable);
}

#[test]
fn what_is_no_single_range_is_ignored() {
    for header in ["bytes=0-1,5-6", "bytes=5-1", "items=0-1", "bytes=", "bytes=a-b", "\u{ff}"] {
        check(header, &Wanted::Whole);
    }
    assert_eq!(wanted(None, 1000), Wanted::Whole);
    assert_eq!(wanted(Some(b"bytes=\xff-"), 1000), Wanted::Whole);
}
