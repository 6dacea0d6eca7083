use runtime::clock::{Clock, SystemClock};
use tokio::sync::mpsc;

use super::super::listener::Farewell;
use super::super::seat::{Crowd, Place, Process};
use super::*;

const FRAME: Duration = Duration::from_millis(26);
const LEN: usize = 417;

struct Bench {
    mount: Mount,
    wheel: Wheel,
    moment: Moment,
    shared: Arc<Shared>,
}

impl Bench {
    fn new(ring: Duration, burst: Duration) -> Self {
        let settings = MountSettings { burst, ring, ..MountSettings::new("demo") };
        let crowd = Crowd::new(None, Arc::new(Process::new(100)));
        let shared = Arc::new(Shared::new(&settings, Arc::new(crowd)));
        let now = SystemClock.monotonic();
        let interval = Duration::from_secs(1);
        let mount = Mount::new(Arc::clone(&shared), &settings, 10);
        let moment = Moment { now, interval, stalled_turns: 20 };
        Self { mount, wheel: Wheel::new(interval, 10, now), moment, shared }
    }

    fn join(&mut self) -> mpsc::Receiver<Bytes> {
        let (sink, receiver) = Sink::pipe();
        let joining = Joining {
            id: ListenerId::fresh(),
            way: Way::Pipe(sink),
            head: Bytes::new(),
            metaint: None,
            intro: None,
            until: None,
            farewell: Farewell::new(None),
            place: Place::take(&self.shared).unwrap(),
        };
        self.mount.join(joining, &self.moment, &mut self.wheel);
        receiver
    }

    fn push(&mut self, count: usize) {
        let frame = TimedFrame { data: vec![7; LEN].into(), duration: FRAME };
        self.shared.queued.fetch_add(1, Ordering::AcqRel);
        self.mount.push(&vec![frame; count], &self.moment, &mut self.wheel);
    }

    /// Turns the wheel once, `later` after the bench began.
    fn turn(&mut self, later: Duration) {
        let moment = Moment { now: self.moment.now + later, ..self.moment };
        for slot in 0..10 {
            self.mount.turn(slot, &moment, &mut self.wheel);
        }
    }
}

fn drain(receiver: &mut mpsc::Receiver<Bytes>) -> usize {
    std::iter::from_fn(|| receiver.try_recv().ok()).map(|chunk| chunk.len()).sum()
}

#[test]
fn a_listener_that_reads_at_once_misses_nothing_though_the_wheel_stands_still() {
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    let mut receiver = bench.join();
    let mut heard = 0;
    for _ in 0..200 {
        bench.push(50);
        heard += drain(&mut receiver);
    }
    assert!(heard > (200 * 50 - 150) * LEN, "an eighth of the ring may wait: {heard}");
    bench.turn(Duration::ZERO);
    heard += drain(&mut receiver);
    assert_eq!(heard, 200 * 50 * LEN);
    assert_eq!(bench.shared.crowd.snapshot().skipped_total, 0);
}

#[test]
fn in_real_time_only_the_wheel_visits() {
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    let mut receiver = bench.join();
    for _ in 0..50 {
        bench.push(40);
        assert_eq!(drain(&mut receiver), 0);
        bench.turn(Duration::ZERO);
        assert_eq!(drain(&mut receiver), 40 * LEN);
    }
}

#[test]
fn a_new_listener_gets_its_burst_at_once() {
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    bench.push(300);
    assert_eq!(drain(&mut bench.join()), 100 * LEN);
    bench.mount.cut();
    assert_eq!(drain(&mut bench.join()), 0);
}

#[test]
fn a_held_mount_ends_its_listeners_when_the_time_is_up() {
    let hold = Duration::from_secs(10);
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    let mut receiver = bench.join();
    bench.push(1);
    bench.mount.hold(bench.moment.now + hold);
    bench.turn(hold.checked_sub(Duration::from_nanos(1)).unwrap());
    assert_eq!(bench.shared.crowd.listeners(), 1);
    bench.turn(hold);
    assert_eq!(bench.shared.crowd.listeners(), 0);
    assert_eq!(bench.shared.air(), Air::Off);
    assert_eq!(drain(&mut receiver), LEN);
    assert!(receiver.is_closed());
    assert_eq!(bench.shared.crowd.snapshot().ended_total, 1);
    bench.push(1);
    assert_eq!(bench.shared.air(), Air::Open);
    assert_eq!(drain(&mut bench.join()), LEN, "nothing from before the silence");
}

#[test]
fn a_frame_within_the_hold_keeps_the_listeners() {
    let hold = Duration::from_secs(10);
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    let _receiver = bench.join();
    bench.mount.hold(bench.moment.now + hold);
    bench.push(1);
    bench.turn(hold * 2);
    assert_eq!(bench.shared.crowd.listeners(), 1);
}

#[test]
fn a_closed_mount_waits_for_what_is_left_and_then_cuts_off() {
    let mut bench = Bench::new(FRAME * 8_000, FRAME * 100);
    let mut receiver = bench.join();
    let _stalled = bench.join();
    bench.push(400);
    bench.mount.close(bench.moment.now);
    bench.turn(Duration::ZERO);
    assert!(!bench.mount.is_finished());
    let mut heard = drain(&mut receiver);
    bench.turn(Duration::ZERO);
    heard += drain(&mut receiver);
    bench.turn(Duration::ZERO);
    heard += drain(&mut receiver);
    assert_eq!(heard, 400 * LEN);
    bench.turn(CLOSE_GRACE);
    assert!(bench.mount.is_finished());
    let snapshot = bench.shared.crowd.snapshot();
    assert_eq!((snapshot.ended_total, snapshot.dropped_slow_total), (1, 1));
    assert_eq!(bench.wheel.emptiest(), 0);
}

#[test]
fn kernel_memory_is_for_an_interval_within_limits() {
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    assert_eq!(bench.mount.not_sent(bench.moment.interval), NOT_SENT_MIN);
    bench.push(100);
    assert_eq!(bench.mount.not_sent(bench.moment.interval), NOT_SENT_MIN);
    assert_eq!(bench.mount.not_sent(bench.moment.interval * 4), 80_192);
    assert_eq!(bench.mount.not_sent(bench.moment.interval * 60), NOT_SENT_MAX);
}

#[test]
fn a_frame_too_long_is_counted_and_the_others_go_on() {
    let mut bench = Bench::new(FRAME * 800, FRAME * 100);
    let mut receiver = bench.join();
    let long = TimedFrame { data: vec![0; 5 << 20].into(), duration: FRAME };
    bench.shared.queued.fetch_add(1, Ordering::AcqRel);
    bench.mount.push(&[long], &bench.moment, &mut bench.wheel);
    bench.push(1);
    bench.turn(Duration::ZERO);
    assert_eq!(drain(&mut receiver), LEN);
    assert_eq!(bench.shared.crowd.snapshot().frames_refused_total, 1);
}
