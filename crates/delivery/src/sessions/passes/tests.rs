use super::*;

const NOW: WallTime = WallTime::from_nanos(1_764_000_000_000_000_000);

fn id(nth: usize) -> SessionId {
    SessionId::new((nth as u128).to_be_bytes())
}

fn granted(user: &str) -> Granted {
    Granted { user: Some(user.to_owned()), ticket: None }
}

#[test]
fn a_pass_is_taken_once_and_within_a_minute() {
    let passes = Passes::default();
    assert!(passes.put(id(1), granted("one"), NOW) && passes.put(id(2), granted("two"), NOW));
    passes.sweep(NOW.plus(BEGIN_WITHIN.saturating_sub(Duration::from_nanos(1))));
    assert_eq!(passes.take(id(1)).unwrap().user.as_deref(), Some("one"));
    assert!(passes.take(id(1)).is_none());
    passes.sweep(NOW.plus(BEGIN_WITHIN));
    assert!(passes.take(id(2)).is_none());
}

#[test]
fn there_are_so_many_and_no_more() {
    let passes = Passes::default();
    assert!((0..PASSES_MAX).all(|nth| passes.put(id(nth), granted(""), NOW)));
    assert!(!passes.put(id(PASSES_MAX), granted(""), NOW));
}
