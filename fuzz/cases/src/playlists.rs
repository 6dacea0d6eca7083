//! Any playlist, and any two of them after one another: the reader does not
//! panic, tells a bounded number of faults, and each in one line.
//!
//! A NUL byte separates the two.

use playlists::conformance::{
    VIOLATIONS_MAX, Violation, check, check_multivariant, check_pair, check_renditions, read,
};

/// Runs the target.
pub fn run(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == 0);
    let (old, new) = data.split_at(at.unwrap_or(data.len()));
    let new = new.get(1..).unwrap_or_default();
    judge(&check(old));
    judge(&check_multivariant(old));
    judge(&check_pair(old, new));
    judge(&check_renditions(old, new));
    // A playlist follows itself, whatever it is.
    assert_eq!(read(old), read(old));
}

/// Playlists of both kinds, and a reload.
pub fn seeds() -> Vec<Vec<u8>> {
    const ONE: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n\
        #EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n\
        #EXT-X-DATERANGE:ID=\"1-0\",CLASS=\"org.skywave.title\",\
        START-DATE=\"2026-11-22T14:47:34.000000Z\",END-ON-NEXT=YES,X-ORG-SKYWAVE-TITLE=\"A\"\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:34.000000Z\n#EXTINF:6.008163,\n7-0000002a.mp3\n";
    const TWO: &str = "#EXT-X-DISCONTINUITY\n\
        #EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:47:40.008163Z\n#EXTINF:5.982041,\n8-0000002b.mp3\n";
    const MULTIVARIANT: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-STREAM-INF:BANDWIDTH=129000,\
        AVERAGE-BANDWIDTH=128000,CODECS=\"mp4a.40.34\"\nmp3-128/media.m3u8\n";
    let texts = [
        ONE.to_owned(),
        format!("{ONE}{TWO}"),
        format!("{ONE}{TWO}#EXT-X-ENDLIST\n"),
        format!("{ONE}\0{ONE}{TWO}"),
        MULTIVARIANT.to_owned(),
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:6,\na\n#EXTINF:6,\nb\n".to_owned(),
        "#EXTM3U\n#EXTINF:99999999999999999999.5,\na\n#EXT-X-PROGRAM-DATE-TIME:-9999-01-01T00:00:00Z\n"
            .to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

fn judge(violations: &[Violation]) {
    assert!(violations.len() <= VIOLATIONS_MAX);
    for violation in violations {
        assert!(!violation.to_string().contains(['\n', '\r', '\0']));
    }
}
