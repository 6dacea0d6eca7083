use super::*;
use crate::testing::key;

#[test]
fn names_are_those_of_the_contract() {
    let rendition = RenditionId::new("mp3", 128);
    let check = |got: Result<Key, Error>, want| assert_eq!(got.unwrap().as_str(), want);
    check(egress("demo"), "public/demo");
    check(multivariant_playlist("demo"), "public/demo/playlist.m3u8");
    check(self::rendition("demo", &rendition), "public/demo/mp3-128");
    check(media_playlist("demo", &rendition), "public/demo/mp3-128/media.m3u8");
    check(timeline_log("demo"), "private/demo/log");
    check(node("fra-1"), "private/nodes/fra-1");
    check(session_logs("2026-11-22"), "private/logs/2026-11-22");
    check(node_session_logs("2026-11-22", "fra-1"), "private/logs/2026-11-22/fra-1");
    check(record(&key("private/demo/log"), 7), "private/demo/log/00000000000000000007");
}

#[test]
fn an_egress_name_cannot_lead_elsewhere() {
    for name in ["..", "", "a/b", ".store"] {
        assert!(matches!(multivariant_playlist(name), Err(Error::BadKey { .. })), "{name:?}");
        assert!(matches!(timeline_log(name), Err(Error::BadKey { .. })), "{name:?}");
    }
}

#[test]
fn records_sort_by_their_numbers_and_are_read_back() {
    let folder = key("private/demo/log");
    let numbers = [0, 9, 10, 99, 100, u64::MAX];
    let keys: Vec<Key> = numbers.iter().map(|n| record(&folder, *n).unwrap()).collect();
    assert!(keys.is_sorted());
    let read: Vec<Option<u64>> = keys.iter().map(record_number).collect();
    assert_eq!(read, numbers.map(Some));
}

#[test]
fn other_names_are_no_records() {
    for name in ["7", "0000000000000000000a", "000000000000000000007", "99999999999999999999"] {
        assert_eq!(record_number(&key("private/demo/log").child(name).unwrap()), None, "{name}");
    }
}
