//! Any query of a listener: no panic; what is taken is written so that it is
//! read again as the same, in one line; and a span goes forward into the past.
//!
//! The input is a query, `from=…&to=…`, as a URI has it.

use media::WallTime;
use playlists::timeshift::Query;

/// 2026-11-22T10:00:00Z.
const NOW: WallTime = WallTime::from_nanos(1_795_341_600_000_000_000);

/// Runs the target.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(Some(query)) = read(&text) else { return };
    let written = query.to_string();
    assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written:?}");
    let again = read(&written.replace("%2B", "+")).ok().flatten();
    let again = again.expect("what was written is read");
    assert_eq!((again.from, again.to, again.to_string()), (query.from, query.to, written));
    if let Ok(span) = query.span(NOW) {
        assert!(span.from <= NOW && span.to.is_none_or(|to| to > span.from));
    }
}

fn read(text: &str) -> Result<Option<Query>, playlists::timeshift::QueryError> {
    Query::read(text.split('&').map(|one| one.split_once('=').unwrap_or((one, ""))))
}

/// Both kinds of moments, at their edges.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"from=-2h",
        b"from=-90s&to=-30",
        b"from=2026-11-22T09:00:00Z&to=2026-11-22T09:30:00.5Z",
        b"from=2026-11-22T11:00:00+02:00",
        b"from=2026-11-22t11:00:00 02:00&x=y",
        b"to=-1h",
        b"from=-36500d&to=-0",
        b"from=1970-01-01T00:00:00Z",
        b"from=9999-12-31T23:59:59Z",
        b"from=-1h&from=-1h",
    ])
}
