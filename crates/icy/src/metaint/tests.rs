use proptest::prelude::*;

use super::*;
use crate::charset::Charset;
use media::Title;

fn demux(interval: u32, stream: &[u8], chunk: usize) -> (Vec<u8>, Vec<Bytes>) {
    let mut demuxer = Demuxer::new(NonZeroU32::new(interval).unwrap());
    let (mut audio, mut metadata) = (Vec::new(), Vec::new());
    for piece in stream.chunks(chunk) {
        demuxer.push(piece);
        while let Some(item) = demuxer.next_item() {
            match item {
                Item::Audio(bytes) => audio.extend_from_slice(&bytes),
                Item::Metadata(bytes) => metadata.push(bytes),
            }
        }
        assert!(demuxer.buffer.len() < BLOCK_LEN_MAX);
    }
    (audio, metadata)
}

/// Demuxes `stream` in pieces of several sizes; the pieces must not matter.
#[track_caller]
fn check(interval: u32, stream: &[u8], audio: &[u8], metadata: &[&str]) {
    for chunk in (1..=stream.len().min(64)).chain([1460, 65536]) {
        let (got_audio, got_metadata) = demux(interval, stream, chunk);
        assert_eq!(got_audio, audio, "in pieces of {chunk}");
        assert_eq!(got_metadata, metadata, "in pieces of {chunk}");
    }
}

/// Reads `text` as a block, bare and padded.
#[track_caller]
fn check_block(text: &str, expected: Result<Option<(&str, &str)>, NotMetadata>) {
    for padding in [0, 1, 15, 300] {
        let bytes = [text.as_bytes(), &vec![0; padding]].concat();
        let got = parse_block(&bytes, Charset::Auto);
        let got = got.map(|title| title.map(|title| (title.stream_title, title.url)));
        let want = expected.map(|title| title.map(|(title, url)| (title.into(), url.into())));
        assert_eq!(got, want, "{text:?} and {padding} zeros");
    }
}

fn titled(stream_title: &str, url: &str) -> Title {
    Title::new(stream_title, url)
}

#[test]
fn metadata_is_taken_out() {
    check(4, b"abcd\x01StreamTitle='x';efgh\x00ijkl", b"abcdefghijkl", &["StreamTitle='x';"]);
}

#[test]
fn padding_is_dropped_and_a_block_of_padding_is_none() {
    check(2, b"ab\x01t='y';\0\0\0\0\0\0\0\0\0\0cd", b"abcd", &["t='y';"]);
    check(1, &[&b"a\x01"[..], &[0; 16], b"b"].concat(), b"ab", &[]);
}

#[test]
fn a_block_cut_short_is_not_given() {
    check(2, b"ab\x02only a part", b"ab", &[]);
}

#[test]
fn intervals_from_one_byte_to_a_mebibyte_work() {
    let audio: Vec<u8> = (0..=255).cycle().take(1_048_576 + 10).collect();
    for interval in [1, 3, 8192, 16000, 1_048_576] {
        let mut stream = Vec::new();
        for piece in audio.chunks(interval) {
            stream.extend_from_slice(piece);
            if piece.len() == interval {
                stream.extend_from_slice(EMPTY_BLOCK);
            }
        }
        let (got, _) = demux(u32::try_from(interval).unwrap(), &stream, 1460);
        assert!(got == audio, "interval {interval}");
    }
}

#[test]
fn the_longest_block_passes() {
    let text = "x".repeat(4080);
    let stream = [b"a\xff", text.as_bytes(), b"b"].concat();
    check(1, &stream, b"ab", &[&text]);
}

#[test]
fn a_title_is_written_as_players_expect_it() {
    let written = block(&titled("Artist - Title", "https://x.example"));
    let text = b"StreamTitle='Artist - Title';StreamUrl='https://x.example';";
    assert_eq!(written[0], 4);
    assert_eq!(&written[1..=text.len()], text);
    assert!(written[1 + text.len()..].iter().all(|byte| *byte == 0));
    assert_eq!(written.len(), 65);
}

#[test]
fn an_empty_title_is_a_block_of_one_unit() {
    assert_eq!(block(&Title::default()), &b"\x01StreamTitle='';\0"[..]);
    assert_eq!(EMPTY_BLOCK, [0]);
}

#[test]
fn a_title_cannot_end_its_value_or_the_line() {
    let written = block(&titled("a';StreamUrl='x';b'\r\n\0c\u{9b}", "u';"));
    let text = String::from_utf8_lossy(&written[1..]).trim_end_matches('\0').to_owned();
    assert_eq!(text, "StreamTitle='a’;StreamUrl='x’;b'c';StreamUrl='u’;';");
}

#[test]
fn a_block_has_at_most_4080_bytes_and_ends_at_a_character() {
    let room = BLOCK_LEN_MAX - 1 - "StreamTitle='';".len();
    let fits = block(&titled(&"x".repeat(room), ""));
    assert_eq!((fits.len(), fits[0], fits[4080]), (BLOCK_LEN_MAX, 255, b';'));
    for before in [room - 1, room - 2, room + 500] {
        let written = block(&titled(&format!("{}üüü", "x".repeat(before)), ""));
        assert!(written.len() <= BLOCK_LEN_MAX);
        let text = std::str::from_utf8(&written[1..]).expect("cut at a character");
        assert!(text.trim_end_matches('\0').ends_with("';"));
    }
}

#[test]
fn a_url_that_does_not_fit_is_left_out() {
    let url_room = BLOCK_LEN_MAX - 1 - "StreamTitle='';StreamUrl='';".len() - 100;
    let title = "t".repeat(100);
    assert_eq!(block(&titled(&title, &"u".repeat(url_room))).len(), BLOCK_LEN_MAX);
    assert_eq!(block(&titled(&title, &"u".repeat(url_room + 1))).len(), 1 + 128);
}

#[test]
fn a_block_is_read() {
    check_block("StreamTitle='A - B';", Ok(Some(("A - B", ""))));
    check_block("StreamTitle='A';StreamUrl='http://u';", Ok(Some(("A", "http://u"))));
    check_block("StreamUrl='u'; StreamTitle='A';", Ok(Some(("A", "u"))));
    check_block("StreamTitle='';StreamUrl='';", Ok(Some(("", ""))));
    check_block("StreamTitle='A';adw_ad='true';durationMilliseconds='1';", Ok(Some(("A", ""))));
    check_block("adw_ad='true';", Ok(None));
    check_block("", Ok(None));
}

#[test]
fn apostrophes_and_semicolons_within_a_title_do_not_end_it() {
    check_block("StreamTitle='Rock 'n' Roll';", Ok(Some(("Rock 'n' Roll", ""))));
    check_block("StreamTitle='Rockin'';StreamUrl='';", Ok(Some(("Rockin'", ""))));
    check_block("StreamTitle='a'; b';StreamUrl='u';", Ok(Some(("a'; b", "u"))));
    check_block("StreamTitle='x=';", Ok(Some(("x=", ""))));
}

#[test]
fn a_value_without_its_end_goes_to_the_blocks() {
    check_block("StreamTitle='A - B", Ok(Some(("A - B", ""))));
    check_block("StreamTitle='A - B'", Ok(Some(("A - B", ""))));
    check_block("StreamTitle='A - B;", Ok(Some(("A - B", ""))));
    check_block("StreamTitle='A - B';\u{ff}\u{fb}", Ok(Some(("A - B", ""))));
    check_block("StreamTitle=", Ok(Some(("", ""))));
    check_block("StreamTitle=A;StreamUrl=u", Ok(Some(("A", "u"))));
}

#[test]
fn audio_is_not_metadata() {
    for bytes in
        [&b"\xff\xfb\x90\x00"[..], b"\0\xff", b"a'b", b"='x';", b"no metadata", b"St\xff='';"]
    {
        assert_eq!(parse_block(bytes, Charset::Auto), Err(NotMetadata), "{bytes:?}");
    }
    let long = format!("{}=''", "a".repeat(65));
    assert_eq!(parse_block(long.as_bytes(), Charset::Auto), Err(NotMetadata));
}

#[test]
fn a_lying_length_is_noticed_at_the_next_block() {
    let mut stream = b"aaaa\x02StreamTitle='x';".to_vec();
    stream.extend([0xff, 0xfb].iter().cycle().take(5000));
    let (_, metadata) = demux(4, &stream, 7);
    assert!(metadata[1..].iter().any(|block| parse_block(block, Charset::Auto).is_err()));
}

#[test]
fn a_title_is_decoded_by_the_charset() {
    let charset: Charset = "windows-1251".parse().unwrap();
    let title = parse_block(b"StreamTitle='\xca\xe8\xed\xee - \xc3\xf0\xf3\xef\xef\xe0';", charset);
    let title = title.unwrap().unwrap();
    assert_eq!((title.artist.as_str(), title.title.as_str()), ("Кино", "Группа"));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(title in "[ -~äé';]{0,80}", url in "[a-z':/;.]{0,30}") {
        let written = block(&titled(title.trim(), url.trim()));
        prop_assert_eq!(written.len(), 1 + usize::from(written[0]) * 16);
        let read = parse_block(&written[1..], Charset::Auto).unwrap().unwrap();
        let plain = |text: &str| text.replace('\u{2019}', "'");
        prop_assert_eq!(plain(&read.stream_title), title.trim());
        prop_assert_eq!(plain(&read.url), url.trim());
    }

    #[test]
    fn no_block_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_block(&bytes, Charset::Auto);
    }

    #[test]
    fn pieces_do_not_matter(
        bytes in proptest::collection::vec(any::<u8>(), 0..5000), interval in 1..40_u32, chunk in 1..99_usize,
    ) {
        prop_assert_eq!(demux(interval, &bytes, chunk), demux(interval, &bytes, 65536));
    }
}
