use super::*;

/// The verdict on `start`, and that each shorter beginning waits or says so too.
fn check(start: &[u8], expected: &Refusal) {
    assert_eq!(
        magic(start),
        Magic::Found(expected.clone()),
        "{:?}",
        start.escape_ascii().to_string()
    );
    for len in 0..start.len() {
        match magic(&start[..len]) {
            Magic::Nothing => panic!("{len} bytes of {} give it up", start.escape_ascii()),
            Magic::Found(found) => assert_eq!(&found, expected),
            Magic::Wait(_) => {}
        }
    }
}

fn padded(start: &[u8]) -> Vec<u8> {
    [start, &[b' '; 20]].concat()
}

/// An Ogg page of one segment that begins with `payload`.
fn ogg_page(payload: &[u8]) -> Vec<u8> {
    [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 30], payload, &[0; 8]].concat()
}

#[test]
fn each_format_is_known_by_its_mark() {
    for (at, mark, refusal) in MARKS {
        check(&padded(&[&vec![0; at], mark].concat()), &refusal);
    }
}

#[test]
fn text_is_known_in_any_case_and_behind_blanks() {
    for (mark, refusal) in TEXT_MARKS {
        check(&padded(mark), &refusal);
        check(&padded(&mark.to_ascii_uppercase()), &refusal);
        check(&padded(&[b"\r\n\t ".as_slice(), mark].concat()), &refusal);
        check(&padded(&[b"\xEF\xBB\xBF".as_slice(), mark].concat()), &refusal);
    }
    let far = [vec![b' '; BLANK_LEN_MAX], b"<html>    ".to_vec()].concat();
    check(&far, &Refusal::Markup);
    assert_eq!(magic(&[b" ".as_slice(), &far].concat()), Magic::Nothing);
}

#[test]
fn an_ogg_page_says_its_codec() {
    for (payload, codec) in [
        (b"\x01vorbis\0".as_slice(), OggCodec::Vorbis),
        (b"OpusHead", OggCodec::Opus),
        (b"\x7FFLAC\x01\0\0", OggCodec::Flac),
        (b"Speex   ", OggCodec::Speex),
        (b"\x80theora\0", OggCodec::Unknown),
    ] {
        check(&ogg_page(payload), &Refusal::Ogg { codec });
    }
    let cut = &ogg_page(b"OpusHead")[..20];
    assert_eq!(magic(cut), Magic::Wait(Some(Refusal::Ogg { codec: OggCodec::Unknown })));
}

#[test]
fn a_transport_stream_takes_four_packets() {
    let packet = [vec![b'G'], vec![0x1F; 187]].concat();
    let stream = packet.repeat(4);
    check(&stream[..565], &Refusal::MpegTs);
    assert_eq!(magic(&stream[..564]), Magic::Wait(Some(Refusal::MpegTs)));
    assert_eq!(magic(&stream[..188]), Magic::Wait(None), "a letter is no evidence");
    let mut broken = stream;
    broken[376] = 0;
    assert_eq!(magic(&broken), Magic::Nothing);
}

#[test]
fn loas_takes_four_frames() {
    let frame = [vec![0x56, 0xE1, 0x00], vec![0x11; 256]].concat();
    check(&frame.repeat(4), &Refusal::Loas);
    assert_eq!(magic(&frame.repeat(2)), Magic::Wait(Some(Refusal::Loas)));
    assert_eq!(magic(&frame), Magic::Wait(None));
    assert_eq!(magic(&[frame.clone(), vec![0; 300]].concat()), Magic::Nothing);
}

#[test]
fn what_is_none_of_them_is_nothing() {
    for start in [
        [0; 16].as_slice(),
        b"0123456789abcdef",
        b"OggT0123456789abcdef",
        b"<em>0123456789abcdef",
        b"\xFF\xFB\x90\x640123456789abcdef",
        b"Welcome, this is a text",
    ] {
        assert_eq!(magic(start), Magic::Nothing);
    }
    assert_eq!(magic(&[0; 15]), Magic::Wait(None));
}

#[test]
fn more_bytes_never_change_what_was_found() {
    let stream = b"PK\x03\x04ftypisom0123456789";
    for end in 4..stream.len() {
        assert_eq!(
            magic(&stream[..end]),
            Magic::Found(Refusal::OtherFormat { name: "a ZIP archive" })
        );
    }
}
