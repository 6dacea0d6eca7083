use proptest::collection::vec;
use proptest::prelude::*;

use super::super::testing::{longest, path_items, records};
use super::*;
use crate::log::NUMBER_MAX;
use crate::path::PathItem;
use crate::record::Record;

fn bytes_of<T: Item>(messages: &[Message<T>]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        message.encode(&mut out).unwrap();
    }
    out
}

/// The messages of a stream in pieces of `size`, and how it ended.
fn read<T: Item>(stream: &[u8], size: usize) -> (Vec<Message<T>>, Option<WireError>) {
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for piece in stream.chunks(size) {
        decoder.push(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fn messages<T: Item + std::fmt::Debug>(
    items: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<Message<T>>> {
    let message = prop_oneof![
        6 => (0..=NUMBER_MAX, items).prop_map(|(position, item)| Message::Item { position, item }),
        1 => (0..=NUMBER_MAX).prop_map(|end| Message::Heartbeat { end }),
        1 => (0..=NUMBER_MAX).prop_map(|up_to| Message::Missed { up_to }),
    ];
    vec(message, 0..12)
}

fn refused(stream: &[u8]) -> WireError {
    let (messages, error) = read::<PathItem>(stream, stream.len());
    assert_eq!(messages, []);
    error.unwrap()
}

#[test]
fn the_bytes_of_messages_are_these() {
    let item = Message::Item { position: 5, item: PathItem::Gone };
    assert_eq!(bytes_of(&[item]), [0, 11, 0x81, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x04]);
    let heartbeat = Message::<PathItem>::Heartbeat { end: 6 };
    assert_eq!(bytes_of(&[heartbeat]), [0, 9, 0x82, 0, 0, 0, 0, 0, 0, 0, 6]);
    let missed = Message::<PathItem>::Missed { up_to: 7 };
    assert_eq!(bytes_of(&[missed]), [0, 9, 0x83, 0, 0, 0, 0, 0, 0, 0, 7]);
}

#[test]
fn a_message_has_at_most_so_many_bytes_and_one_more_is_refused_by_its_length_alone() {
    let message = [Message::Item { position: NUMBER_MAX, item: longest() }];
    let stream = bytes_of(&message);
    assert_eq!(read(&stream, stream.len()), (message.to_vec(), None));
    let len = |len: usize| u16::try_from(len).unwrap().to_be_bytes();
    assert_eq!(read::<PathItem>(&len(MESSAGE_LEN_MAX), 1), (vec![], None), "may still come");
    let too_long =
        WireError::TooLong { what: "message", len: MESSAGE_LEN_MAX + 1, len_max: MESSAGE_LEN_MAX };
    assert_eq!(refused(&len(MESSAGE_LEN_MAX + 1)), too_long);
}

#[test]
fn what_is_no_message_is_named() {
    assert_eq!(refused(&[0, 0]), WireError::TooShort);
    assert_eq!(refused(&[0, 1, 0x82]), WireError::TooShort);
    assert_eq!(refused(&[0, 9, 0x84, 0, 0, 0, 0, 0, 0, 0, 6]), WireError::Kind(0x84));
    assert_eq!(refused(&[0, 10, 0x82, 0, 0, 0, 0, 0, 0, 0, 6, 0]), WireError::Trailing(1));
    let above = WireError::Value("a number above 2^53");
    assert_eq!(refused(&[0, 9, 0x83, 0, 0x20, 0, 0, 0, 0, 0, 1]), above);
    assert_eq!(refused(&[0, 11, 0x81, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0x15]), WireError::Kind(0x15));
}

#[test]
fn a_position_that_cannot_be_read_again_is_not_written() {
    let mut out = b"before".to_vec();
    let message = Message::<PathItem>::Heartbeat { end: NUMBER_MAX + 1 };
    assert_eq!(message.encode(&mut out), Err(WireError::Value("a number above 2^53")));
    let item = PathItem::Title(std::sync::Arc::new(media::Title::new("a\nb", "")));
    assert!(Message::Item { position: 1, item }.encode(&mut out).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn an_error_comes_behind_what_was_right_and_stays() {
    let mut stream = bytes_of(&[Message::<PathItem>::Heartbeat { end: 6 }]);
    stream.extend([0, 0]);
    let mut decoder = Decoder::<PathItem>::default();
    decoder.push(&stream);
    assert_eq!(decoder.next_message(), Ok(Some(Message::Heartbeat { end: 6 })));
    for _ in 0..2 {
        assert_eq!(decoder.next_message(), Err(WireError::TooShort));
        decoder.push(&stream);
    }
    assert_eq!(decoder.buffer.capacity(), 0, "nothing is held for a stream that is broken");
}

#[test]
fn what_is_held_is_less_than_a_message_however_long_the_stream() {
    let message = [Message::Item { position: 1, item: longest() }];
    let stream = bytes_of(&message).repeat(100);
    let mut decoder = Decoder::<Record>::new();
    for piece in stream.chunks(1_000) {
        decoder.push(piece);
        while decoder.next_message().unwrap().is_some() {}
        assert!(decoder.buffer.len() < 2 + MESSAGE_LEN_MAX);
        assert!(decoder.buffer.capacity() <= 2 * (2 + MESSAGE_LEN_MAX));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_chunking_of_a_path_gives_the_same_result(
        sent in messages(path_items()), size in 1_usize..3_000,
    ) {
        let stream = bytes_of(&sent);
        prop_assert_eq!(read(&stream, size), (sent.clone(), None));
        prop_assert_eq!(read(&stream, 1), (sent, None));
    }

    #[test]
    fn any_chunking_of_records_gives_the_same_result(
        sent in messages(records()), size in 1_usize..3_000,
    ) {
        prop_assert_eq!(read(&bytes_of(&sent), size), (sent, None));
    }

    #[test]
    fn any_chunking_of_broken_streams_gives_the_same_error(
        sent in messages(path_items()), size in 1_usize..3_000,
        at in any::<proptest::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut stream = bytes_of(&sent);
        if !stream.is_empty() {
            *at.get_mut(&mut stream) = byte;
        }
        let whole = read::<PathItem>(&stream, stream.len().max(1));
        prop_assert_eq!(read::<PathItem>(&stream, size), whole);
    }
}
