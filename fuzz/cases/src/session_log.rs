//! Any file of sessions, in any pieces: no panic; every chunking gives the same
//! sessions; a session is read as it was written; nothing in it ends a line or a column
//! of what is made of it.
//!
//! The first byte is the length of the pieces.

use ledger::{Reader, Session, access_line, exports, from_line, to_line};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Some((len, text)) = data.split_first() else { return };
    let (sessions, skipped) = read(text, usize::from(*len).max(1));
    let whole = read(text, text.len().max(1));
    assert_eq!((&sessions, skipped), (&whole.0, whole.1));
    assert!(sessions.len() as u64 + skipped <= text.split(|byte| *byte == b'\n').count() as u64);
    for session in &sessions {
        judge(session);
    }
    let sorted = exports::sorted(sessions);
    assert!(sorted.is_sorted_by_key(|session| (session.ended, session.id)));
}

fn read(text: &[u8], len: usize) -> (Vec<Session>, u64) {
    let (mut reader, mut sessions) = (Reader::default(), Vec::new());
    for piece in text.chunks(len) {
        reader.push(piece);
        while let Some(session) = reader.next_session() {
            sessions.push(session);
        }
    }
    sessions.extend(reader.finish());
    (sessions, reader.skipped())
}

fn judge(session: &Session) {
    if let Some(line) = to_line(session) {
        assert_eq!(line.matches('\n').count(), 1);
        let again = from_line(line.trim_end().as_bytes()).expect("what is written is read");
        assert_eq!(to_line(&again).as_ref(), Some(&line));
    }
    let line = access_line(session);
    assert_eq!((line.matches('\n').count(), line.matches('"').count()), (1, 6));
    let text = |out| String::from_utf8(out).expect("texts are UTF-8");
    let mut log = Vec::new();
    exports::write_stream_log(&[session], &mut log).expect("memory takes all");
    let log = text(log);
    assert_eq!((log.matches('\n').count(), log.matches('\t').count()), (1, 6));
    let mut table = Vec::new();
    let one = std::slice::from_ref(session);
    exports::write_csv(one, &mut table).expect("memory takes all");
    let table = text(table);
    assert_eq!((table.matches('\r').count(), table.matches('\n').count()), (2, 2));
    let row = table.lines().nth(1).expect("a row");
    let commas = row.split('"').step_by(2).map(|part| part.matches(',').count());
    assert_eq!(commas.sum::<usize>(), 15);
}

/// Whole lines, torn ones, and fields at their edges.
pub fn seeds() -> Vec<Vec<u8>> {
    const LINE: &str = r#"{"id":"07070707070707070707070707070707","egress":"radio","protocol":"icy","country":"DE","address":"192.0.2.7","path":"/radio","user_agent":"VLC/3.0","referer":"","user":null,"started":"2026-11-22T18:00:00.000Z","ended":"2026-11-22T19:00:00.005Z","media_seconds":3600.005,"bytes":57600080,"ending":"left"}"#;
    let half = LINE.get(..100).unwrap_or_default();
    let texts = [
        format!("\u{10}{LINE}\n"),
        format!("\u{1}{LINE}\n{half}"),
        format!("\u{7f}{half}\n\n \r\n{LINE}"),
        format!("\u{20}{}\n", LINE.replace("\"icy\"", "\"hls\"").replace("\"left\"", "null")),
        format!("\u{20}{}\n", LINE.replace("192.0.2.7", "2001:db8::1")),
        format!("\u{20}{}\n", LINE.replace("VLC/3.0", "=1+1,\\\"\\r\\n\\t\\u0000")),
        format!("\u{20}{}\n", LINE.replace("3600.005", "1e18")),
        format!("\u{20}{}\n", LINE.replace("2026-11-22T19", "2554-07-21T23")),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}
