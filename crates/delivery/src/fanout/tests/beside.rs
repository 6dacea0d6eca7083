//! Two mounts of one egress.

use super::*;

/// The mounts of two renditions of an egress that has places for so many.
fn renditions(listeners_max: usize) -> (Bench, MountWriter) {
    let settings = |kbps| MountSettings {
        rendition: Some(RenditionId::new("mp3", kbps)),
        listeners_max: Some(listeners_max),
        ..MountSettings::new("demo")
    };
    let bench = Bench::new(fast(), settings(128));
    let beside = bench.fanout.add_mount_beside(&bench.mount, settings(64)).unwrap();
    (bench, beside)
}

#[test]
fn mounts_of_one_egress_have_one_limit_and_one_count() {
    let (bench, beside) = renditions(3);
    let first = bench.join();
    let _second = beside.handle().seat().unwrap();
    let _session = bench.mount.hls_place().unwrap();
    for mount in [&bench.mount, &beside.handle()] {
        assert_eq!(mount.seat().unwrap_err(), JoinRefused::MountFull);
        assert_eq!(mount.hls_place().unwrap_err(), JoinRefused::MountFull);
        assert_eq!((mount.listeners(), mount.listeners_max()), (3, Some(3)));
        let snapshot = mount.snapshot();
        assert_eq!((snapshot.listeners, snapshot.hls_sessions), (3, 1));
    }
    drop(first);
    eventually(|| beside.handle().seat().is_ok());
    assert_eq!(beside.handle().snapshot().left_total, 1);
}

#[test]
fn each_mount_has_its_own_audio_and_its_own_air() {
    let (mut bench, beside) = renditions(10);
    beside.off_air(Duration::ZERO).unwrap();
    assert_eq!(beside.handle().seat().unwrap_err(), JoinRefused::OffAir);
    let mut client = bench.join();
    check(&mut client, HEAD);
    let live = bench.push(5);
    check(&mut client, &live);
    let mut other = vec![TimedFrame { data: b"other".as_slice().into(), duration: FRAME }];
    beside.push(&mut other).unwrap();
    eventually(|| beside.handle().seat().is_ok());
    let (mut listener, socket) = bench.connect();
    beside.handle().seat().unwrap().join(socket, self::listener()).unwrap();
    check(&mut listener, &[HEAD, b"other"].concat());
    drop(beside);
    assert_eq!(listener.read(&mut [0]).unwrap(), 0, "its mount is closed");
    let live = bench.push(5);
    check(&mut client, &live);
}

#[test]
fn a_full_egress_keeps_who_moves_within_it() {
    let (mut bench, beside) = renditions(1);
    let (mut client, socket) = bench.connect();
    let heard = moves::Heard::default();
    let listener = NewListener { observer: Some(Box::new(heard.clone())), ..listener() };
    bench.mount.seat().unwrap().join(socket, listener).unwrap();
    check(&mut client, HEAD);
    let live = bench.push(2);
    check(&mut client, &live);
    bench.mount.move_to(&beside.handle(), Which::All).unwrap();
    eventually(|| bench.mount.snapshot().moved_total == 1);
    assert_eq!(*heard.0.lock().unwrap(), ["demo/mp3-64"]);
    let snapshot = beside.handle().snapshot();
    assert_eq!((snapshot.listeners, snapshot.listeners_peak, snapshot.joins_total), (1, 1, 2));
    drop(client);
    eventually(|| bench.fanout.listeners() == 0);
    assert_eq!(bench.mount.listeners(), 0);
}
