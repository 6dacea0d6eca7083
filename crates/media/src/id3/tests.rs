use super::*;
use proptest::prelude::*;

/// Writes one text frame of `len` bytes and reads it back.
fn check_len(len: usize) {
    let text = "x".repeat(len);
    let mut writer = Writer::default();
    writer.text(*b"TIT2", &text);
    let tag = writer.finish();
    let header = Header::parse(&tag).unwrap();
    assert_eq!(header.tag_len(), tag.len() as u64);
    let found: Vec<_> = frames(&tag).unwrap().collect();
    assert_eq!(found.len(), 1, "len = {len}");
    assert_eq!((found[0].id, found[0].text()), (*b"TIT2", Some(text.as_str())));
}

#[test]
fn sizes_are_right_on_both_sides_of_each_septet() {
    for len in [0, 1, 115, 116, 117, 126, 127, 128, 129, 16_372, 16_383, 16_384, 70_000] {
        check_len(len);
    }
}

#[test]
fn the_bytes_are_those_of_the_standard() {
    let mut writer = Writer::default();
    writer.text(*b"TIT2", &"a".repeat(200));
    let tag = writer.finish();
    assert_eq!(&tag[..10], b"ID3\x04\0\0\0\0\x01\x53", "10 + 1 + 200 = 1 * 128 + 0x53");
    assert_eq!(&tag[10..21], b"TIT2\0\0\x01\x49\0\0\x03", "201 = 1 * 128 + 0x49");
}

#[test]
fn every_kind_of_frame_is_read_back() {
    let mut writer = Writer::default();
    writer.private("owner", &[0, 1, 2, 0]);
    writer.text(*b"TPE1", "Björk");
    writer.user_text("StreamTitle", "Björk - Jóga");
    let tag = writer.finish();
    let found: Vec<_> = frames(&tag).unwrap().collect();
    assert_eq!(found[0].private(), Some(("owner", [0, 1, 2, 0].as_slice())));
    assert_eq!(found[1].text(), Some("Björk"));
    assert_eq!(found[2].user_text(), Some(("StreamTitle", "Björk - Jóga")));
    assert_eq!((found[0].text(), found[1].user_text(), found[1].private()), (None, None, None));
}

#[test]
fn a_text_ends_before_a_nul() {
    let mut writer = Writer::default();
    writer.text(*b"TIT2", "a\0b");
    writer.user_text("c\0d", "e\0f");
    let tag = writer.finish();
    let found: Vec<_> = frames(&tag).unwrap().collect();
    assert_eq!(found[0].text(), Some("a"));
    assert_eq!(found[1].user_text(), Some(("c", "e")));
}

#[test]
fn the_headers_of_three_versions_are_read() {
    for (bytes, version, footer, len) in [
        (b"ID3\x02\0\0\0\0\x02\0", 2, false, 266),
        (b"ID3\x03\0\x80\0\0\0\x05", 3, false, 15),
        (b"ID3\x04\0\0\x7F\x7F\x7F\x7F", 4, false, u64::from(SYNCSAFE_MAX) + 10),
        (b"ID3\x04\0\x10\0\0\0\x05", 4, true, 25),
    ] {
        let header = Header::parse(bytes).unwrap();
        assert_eq!((header.version, header.footer, header.tag_len()), (version, footer, len));
    }
}

#[test]
fn what_is_no_header_is_not_read() {
    for bytes in [
        b"ID4\x04\0\0\0\0\0\0".as_slice(),
        b"ID3\x01\0\0\0\0\0\0",
        b"ID3\x05\0\0\0\0\0\0",
        b"ID3\x04\xFF\0\0\0\0\0",
        b"ID3\x04\0\x01\0\0\0\0",
        b"ID3\x04\0\0\0\0\0\x80",
        b"ID3\x04\0\0\0\0\0",
    ] {
        assert_eq!(Header::parse(bytes), None, "{bytes:?}");
    }
}

#[test]
fn frames_end_at_padding_and_at_a_size_that_lies() {
    let mut writer = Writer::default();
    writer.text(*b"TIT2", "a");
    let mut padded = writer.finish();
    padded.extend([0; 20]);
    padded[9] += 20;
    assert_eq!(frames(&padded).unwrap().count(), 1);
    padded[17] = 0x7F;
    assert_eq!(frames(&padded).unwrap().count(), 0);
    padded.pop();
    assert!(frames(&padded).is_none(), "the tag is cut short");
}

#[test]
fn a_value_above_28_bits_has_no_syncsafe_form() {
    assert_eq!(to_syncsafe(SYNCSAFE_MAX), Some([0x7F; 4]));
    assert_eq!(to_syncsafe(SYNCSAFE_MAX + 1), None);
}

proptest! {
    #[test]
    fn syncsafe_goes_there_and_back(value in 0..=SYNCSAFE_MAX) {
        prop_assert_eq!(to_syncsafe(value).and_then(from_syncsafe), Some(value));
    }

    #[test]
    fn no_bytes_break_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let tag = [b"ID3\x04\0\0\0\0\x01\x00".as_slice(), &body].concat();
        for frame in frames(&tag).into_iter().flatten() {
            let _ = (frame.text(), frame.user_text(), frame.private());
        }
        let _ = Header::parse(&body);
    }
}
