use fastrand::Rng;

use super::*;
use crate::testing::{any_session, session};
use crate::to_line;

/// Reads a text in pieces of these lengths, over and over.
fn read(text: &[u8], lens: &[usize]) -> (Vec<Session>, u64) {
    let (mut reader, mut sessions) = (Reader::default(), Vec::new());
    let (mut rest, mut lens) = (text, lens.iter().cycle());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(*lens.next().unwrap()));
        reader.push(piece);
        sessions.extend(std::iter::from_fn(|| reader.next_session()));
        rest = behind;
    }
    sessions.extend(reader.finish());
    (sessions, reader.skipped())
}

#[test]
fn any_chunking_gives_the_same() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..20 {
        let mut text = Vec::new();
        for _ in 0..rng.usize(..12) {
            match rng.u8(..6) {
                0 => text.extend_from_slice(b"half a li\n"),
                1 => text.extend_from_slice(b"\n \r\n"),
                2 => text.extend(std::iter::repeat_n(b'x', LINE_LEN_MAX + rng.usize(..3))),
                3 => text.extend(std::iter::repeat_n(b' ', LINE_LEN_MAX + rng.usize(..3))),
                _ => text.extend_from_slice(to_line(&any_session(&mut rng)).unwrap().as_bytes()),
            }
        }
        let whole = read(&text, &[usize::MAX]);
        for _ in 0..5 {
            let lens: Vec<_> = (0..7).map(|_| rng.usize(1..2_000)).collect();
            assert_eq!(read(&text, &lens), whole, "{lens:?}");
        }
        assert_eq!(read(&text, &[97]), whole);
    }
}

#[test]
fn what_is_no_session_is_counted_and_passed_over() {
    let line = |id| to_line(&session(id)).unwrap();
    let text = format!("{}junk\n\n \r\n{{}}\n{}", line(1), line(2));
    assert_eq!(read(text.as_bytes(), &[4_096]), (vec![session(1), session(2)], 2));
}

#[test]
fn a_last_line_without_its_end_counts_if_it_is_whole() {
    let line = to_line(&session(1)).unwrap();
    for end in 0..=line.len() {
        let (sessions, skipped) = read(&line.as_bytes()[..end], &[usize::MAX]);
        let is_whole = end >= line.len() - 1;
        assert_eq!(sessions.len(), usize::from(is_whole), "{end}");
        assert_eq!(skipped, u64::from(end > 0 && !is_whole), "{end}");
    }
}

#[test]
fn a_line_of_the_greatest_length_is_read_and_a_longer_one_is_skipped() {
    let line = to_line(&session(1)).unwrap();
    let padded = |len: usize| {
        let line = line.trim_end();
        line.replacen('{', &format!("{{{}", " ".repeat(len - line.len())), 1) + "\n"
    };
    for lens in [&[usize::MAX][..], &[1_000]] {
        assert_eq!(read(padded(LINE_LEN_MAX).as_bytes(), lens), (vec![session(1)], 0));
        assert_eq!(read(padded(LINE_LEN_MAX + 1).as_bytes(), lens), (vec![], 1));
    }
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let mut reader = Reader::default();
    for _ in 0..10_000 {
        reader.push(&[b'x'; 1_000]);
        assert_eq!(reader.next_session(), None);
    }
    assert!(reader.buffer.capacity() <= 4 * LINE_LEN_MAX, "{}", reader.buffer.capacity());
    assert_eq!((reader.finish(), reader.skipped()), (None, 1));
}
