use std::net::TcpListener;

use super::*;

fn pair(server: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    (client, server.accept().unwrap().0)
}

#[test]
#[cfg(target_os = "linux")]
fn accepted_connections_inherit_what_the_listening_socket_has() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    prepare_listening_socket(&server).unwrap();
    let (_client, accepted) = pair(&server);
    let socket = SockRef::from(&accepted);
    assert!(socket.tcp_nodelay().unwrap());
    assert_eq!(socket.tcp_notsent_lowat().unwrap() as usize, NOT_SENT_MIN);
}

#[test]
fn a_pipe_takes_chunks_of_limited_size_until_it_is_full() {
    let (sink, mut receiver) = Sink::pipe();
    let data = vec![1; PIPE_CHUNK_MAX];
    let slices = [IoSlice::new(&data[..10]), IoSlice::new(&data)];
    for _ in 0..PIPE_CHUNKS_MAX {
        assert_eq!(sink.write(&slices), Written::Took(PIPE_CHUNK_MAX));
    }
    assert_eq!(sink.write(&slices), Written::Full);
    assert_eq!(receiver.try_recv().unwrap().len(), PIPE_CHUNK_MAX);
    drop(receiver);
    assert_eq!(sink.write(&slices), Written::Gone);
    assert!(sink.is_gone());
}

#[test]
fn what_a_listener_says_is_read_and_ignored_until_it_closes() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, accepted) = pair(&server);
    let sink = Sink::socket(accepted, NOT_SENT_MIN).unwrap();
    assert!(!sink.is_gone());
    client.write_all(&[b'x'; 2_000]).unwrap();
    assert!(!sink.is_gone());
    drop(client);
    let clock = runtime::clock::SystemClock;
    let deadline = runtime::clock::Clock::monotonic(&clock) + Duration::from_secs(30);
    while !sink.is_gone() {
        assert!(runtime::clock::Clock::monotonic(&clock) < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn a_listener_that_is_cut_off_sees_a_reset() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, accepted) = pair(&server);
    Sink::socket(accepted, NOT_SENT_MIN).unwrap().cut_off();
    let error = client.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_listener_that_is_closed_gets_all_that_was_written() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut client, accepted) = pair(&server);
    client.write_all(b"not read by anybody").unwrap();
    let sink = Sink::socket(accepted, NOT_SENT_MIN).unwrap();
    let mut heard = Vec::new();
    assert_eq!(sink.write(&[IoSlice::new(b"audio")]), Written::Took(5));
    // Loopback delivers before `write` returns, so that there is something to drain.
    sink.close();
    client.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"audio");
}
