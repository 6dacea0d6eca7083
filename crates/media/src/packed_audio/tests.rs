use super::*;
use crate::id3::frames;
use crate::synthetic::adts_frame;

fn scale() -> Timescale {
    Timescale::new(44_100).unwrap()
}

/// The timestamp that the tag at `ticks` of 44.1 kHz carries.
fn timestamp(ticks: i64) -> u64 {
    let tag = tag(MediaTime::from_ticks(ticks), scale(), None);
    let first = frames(&tag).unwrap().next().unwrap();
    let (owner, data) = first.private().unwrap();
    assert_eq!(owner, "com.apple.streaming.transportStreamTimestamp");
    u64::from_be_bytes(data.try_into().expect("eight octets"))
}

#[test]
fn the_timestamp_is_the_first_samples_in_90_khz() {
    assert_eq!(timestamp(0), 0);
    assert_eq!(timestamp(44_100), 90_000);
    assert_eq!(timestamp(1_024), 2_089, "2,089.795…, rounded down");
}

#[test]
fn the_timestamp_wraps_at_33_bits() {
    // 2^33 / 90,000 s is 4,209,067,950.08 samples.
    assert_eq!(timestamp(4_209_067_950), (1 << 33) - 1);
    assert_eq!(timestamp(4_209_067_951), 1);
}

#[test]
fn the_private_frame_has_no_byte_too_many() {
    let tag = tag(MediaTime::ZERO, scale(), None);
    assert_eq!(tag.len(), 10 + 10 + TIMESTAMP_OWNER.len() + 1 + 8);
}

#[test]
fn the_title_follows_the_timestamp() {
    let title = Title::new("Björk - Jóga", "");
    let tag = tag(MediaTime::ZERO, scale(), Some(&title));
    let found: Vec<_> = frames(&tag).unwrap().collect();
    let ids: Vec<_> = found.iter().map(|frame| frame.id).collect();
    assert_eq!(ids, [*b"PRIV", *b"TIT2", *b"TPE1", *b"TXXX"]);
    assert_eq!(found[1].text(), Some("Jóga"));
    assert_eq!(found[2].text(), Some("Björk"));
    assert_eq!(found[3].user_text(), Some((STREAM_TITLE, "Björk - Jóga")));
}

#[test]
fn what_is_empty_has_no_frame() {
    let count =
        |title: &Title| frames(&tag(MediaTime::ZERO, scale(), Some(title))).unwrap().count();
    assert_eq!(count(&Title::new("News", "")), 3);
    assert_eq!(count(&Title::default()), 1);
}

#[test]
fn a_text_is_cut_at_its_longest() {
    for (len, kept) in [
        (TITLE_LEN_MAX, TITLE_LEN_MAX),
        (TITLE_LEN_MAX + 1, TITLE_LEN_MAX),
        (1 << 20, TITLE_LEN_MAX),
    ] {
        let title = Title::new("x".repeat(len), "");
        let tag = tag(MediaTime::ZERO, scale(), Some(&title));
        let found: Vec<_> = frames(&tag).unwrap().collect();
        assert_eq!(found[1].text().unwrap().len(), kept);
        assert_eq!(found[2].user_text().unwrap().1.len(), kept);
    }
}

#[test]
fn the_frames_follow_the_tag_as_they_came() {
    let audio: Vec<Bytes> = (0..5).map(|seed| adts_frame(44_100, 2, 300, seed).into()).collect();
    let title = Title::new("A - B", "");
    let body = mux(MediaTime::ZERO, scale(), Some(&title), &audio);
    let tag = tag(MediaTime::ZERO, scale(), Some(&title));
    assert_eq!(body, [tag, audio.concat()].concat());
    assert_eq!(mux(MediaTime::ZERO, scale(), Some(&title), audio.iter()), body);
}
