//! Any name of an object, of a segment, of a record, and any address of a
//! bucket: no panic; a key keeps to its root and is one text; what is read of a
//! name is written the same.

use media::{EpochId, MediaDuration, MediaSequence, MediaTime, SegmentInfo, Timescale, WallTime};
use store::{Key, SegmentName, StoreUrl, keys};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = Key::new(text) {
        assert_eq!(key.as_str(), text);
        assert!(text.starts_with(key.area().as_str()));
        assert!(text.split('/').all(|part| !matches!(part, "" | "." | "..")));
        if let Ok(record) = keys::record(&key, 7) {
            assert_eq!(keys::record_number(&record), Some(7));
        }
        let _ = keys::record_number(&key);
    }
    if let Ok(folder) = keys::egress(text) {
        assert_eq!(folder.as_str(), format!("public/{text}"));
    }
    if let Some(name) = SegmentName::parse(text) {
        assert_eq!(info(name).file_name(), text);
    }
    if let Ok(url @ StoreUrl::S3 { .. }) = text.parse::<StoreUrl>() {
        let written = url.to_string();
        assert_eq!(written.parse::<StoreUrl>().ok(), Some(url), "{written}");
    }
}

/// Names as they are, and names that lead elsewhere.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"public/acme/mp3-128/123-0000002a.mp3",
        b"private/acme/log/00000000000000000007",
        b"public/../private/x",
        b"public//x",
        b"public/.x/%2e%2e",
        b"123-0000002a.mp3",
        b"18446744073709551615-ffffffff.aac",
        b"+1-0000002A.mp3",
        b"file:./data/bucket",
        b"file:///abs/./x/",
        b"file://host/x",
        b"s3://bucket/a/b/",
        b"s3://BUCKET",
    ])
}

fn info(name: SegmentName) -> SegmentInfo {
    SegmentInfo {
        number: MediaSequence(name.number.0),
        epoch: EpochId(name.epoch.0),
        discontinuity_sequence: 0,
        discontinuity: false,
        codec: name.codec,
        start: MediaTime::ZERO,
        duration: MediaDuration::default(),
        timescale: Timescale::MPEG,
        wall_start: WallTime::default(),
        bytes: 0,
    }
}
