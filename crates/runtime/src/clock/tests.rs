use super::*;

/// A machine whose wall clock was stepped after the start.
#[derive(Debug)]
struct Stepped(ManualClock);

impl Clock for Stepped {
    fn monotonic(&self) -> Instant {
        self.0.monotonic()
    }

    fn wall(&self) -> SystemTime {
        if self.0.elapsed().is_zero() { self.0.wall() } else { SystemTime::UNIX_EPOCH }
    }
}

#[test]
fn a_stepped_wall_clock_does_not_step_the_steady_one() {
    let clock = Arc::new(Stepped(ManualClock::default()));
    let steady = Steady::new(clock.clone());
    let before = steady.now();
    clock.0.advance(Duration::from_secs(3));
    assert_eq!(steady.now().since(before), Duration::from_secs(3));
}

#[test]
fn a_manual_clock_moves_only_by_hand() {
    let clock = ManualClock::default();
    let (monotonic, wall) = (clock.monotonic(), clock.wall());
    assert_eq!((clock.monotonic(), clock.wall()), (monotonic, wall));
    clock.advance(Duration::from_secs(1));
    assert_eq!(clock.monotonic() - monotonic, Duration::from_secs(1));
    assert_eq!(clock.wall().duration_since(wall).unwrap(), Duration::from_secs(1));
}
