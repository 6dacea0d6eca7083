use std::sync::mpsc::{Receiver, sync_channel};

use super::super::MountSettings;
use super::super::seat::{Air, Process};
use super::*;

/// A writer whose engine does nothing, with room for `commands`.
fn writer(commands: usize) -> (MountWriter, Receiver<Command>) {
    let (sender, receiver) = sync_channel(commands);
    let crowd = Crowd::new(Some(1), Arc::new(Process::new(2)));
    let shared = Arc::new(Shared::new(&MountSettings::new("demo"), Arc::new(crowd)));
    (MountWriter::new(MountHandle::new(0, sender, shared)), receiver)
}

fn frames() -> Vec<TimedFrame> {
    vec![TimedFrame { data: Bytes::from_static(b"a"), duration: Duration::from_millis(26) }]
}

#[test]
fn batches_that_wait_are_limited_and_the_one_too_many_is_kept() {
    let (writer, _engine) = writer(1_000);
    for _ in 0..BATCHES_MAX {
        let mut batch = frames();
        assert_eq!(writer.push(&mut batch), Ok(()));
        assert!(batch.is_empty());
    }
    let mut batch = frames();
    assert_eq!(writer.push(&mut batch), Err(PushError::Full));
    assert_eq!(batch, frames());
}

#[test]
fn a_full_or_closed_queue_gives_the_frames_back() {
    let (writer, engine) = writer(1);
    assert_eq!(writer.push(&mut Vec::new()), Ok(()), "nothing takes no room");
    assert_eq!(writer.push(&mut frames()), Ok(()));
    let mut batch = frames();
    assert_eq!(writer.push(&mut batch), Err(PushError::Full));
    assert_eq!(batch, frames());
    drop(engine);
    assert_eq!(writer.push(&mut batch), Err(PushError::Closed));
    assert_eq!(batch, frames());
    assert_eq!(writer.0.shared.queued.load(Ordering::Acquire), 1);
}

#[test]
fn only_well_formed_blocks_become_titles() {
    let (writer, _engine) = writer(10);
    let check = |first: u8, len: usize, is_good: bool| {
        let mut block = vec![0; len];
        if let Some(length) = block.first_mut() {
            *length = first;
        }
        let expected = if is_good { Ok(()) } else { Err(PushError::MalformedBlock { len }) };
        assert_eq!(writer.title(block.into()), expected);
    };
    check(1, 17, true);
    check(255, 4_081, true);
    check(0, 0, false);
    check(0, 1, false);
    check(1, 16, false);
    check(1, 18, false);
    check(2, 17, false);
}

#[test]
fn a_writer_that_cannot_say_it_closes_leaves_a_mark() {
    let (writer, _engine) = writer(1);
    writer.push(&mut frames()).unwrap();
    let shared = Arc::clone(&writer.0.shared);
    writer.close();
    assert!(shared.abandoned.load(Ordering::Acquire));
}

#[test]
fn seats_are_limited_and_given_back() {
    let (writer, _engine) = writer(1);
    let handle = writer.handle();
    let seat = handle.seat().unwrap();
    assert_eq!(handle.listeners(), 1);
    assert_eq!(handle.seat().unwrap_err(), JoinRefused::MountFull);
    drop(seat);
    assert_eq!(handle.listeners(), 0);
    assert!(handle.seat().is_ok());
}

#[test]
fn a_mount_without_audio_says_which_it_is() {
    let (writer, _engine) = writer(1);
    let handle = writer.handle();
    writer.0.shared.set_air(Air::Off);
    assert_eq!(handle.seat().unwrap_err(), JoinRefused::OffAir);
    writer.0.shared.set_air(Air::Closed);
    assert_eq!(handle.seat().unwrap_err(), JoinRefused::Closed);
    assert_eq!(handle.listeners(), 0);
}

#[test]
fn a_listener_the_engine_has_no_room_for_is_given_back_and_told() {
    let (writer, _engine) = writer(1);
    writer.push(&mut frames()).unwrap();
    let (sender, ends) = std::sync::mpsc::channel();
    let on_end = Box::new(move |end| sender.send(end).unwrap());
    let listener = NewListener { observer: Some(on_end), ..NewListener::default() };
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let refused = writer.handle().seat().unwrap().join(socket, listener).unwrap_err();
    assert_eq!(refused.error, PushError::Full);
    assert_eq!(refused.socket.unwrap().local_addr().unwrap(), address);
    assert_eq!(ends.iter().count(), 1);
    assert_eq!(writer.handle().listeners(), 0);
}

#[test]
fn a_command_is_small_for_thousands_may_wait() {
    assert!(size_of::<Command>() <= 64, "{}", size_of::<Command>());
}
