use super::*;

fn playlist(first: u64, segments: usize) -> String {
    format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{first}\n{}", "#EXTINF:6,\nx\n".repeat(segments))
}

#[test]
fn seq_1_a_playlist_that_ends_later_is_not_taken_back() {
    let newer = |stored: &str, ours: &str| is_newer(stored.as_bytes(), ours);
    assert!(newer(&playlist(10, 6), &playlist(9, 6)));
    assert!(!newer(&playlist(10, 6), &playlist(10, 6)));
    assert!(!newer(&playlist(10, 6), &playlist(11, 6)));
    assert!(!newer("nonsense", &playlist(1, 1)));
}
