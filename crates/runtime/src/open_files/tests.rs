use super::*;

#[test]
fn the_limit_is_as_high_as_it_may_be() {
    let lowered = Rlimit { current: Some(512), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, lowered).unwrap();
    assert_eq!(raise(), getrlimit(Resource::Nofile).maximum);
}
