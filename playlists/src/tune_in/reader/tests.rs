use super::*;
use crate::tune_in::Format;

#[track_caller]
fn check(file: impl AsRef<[u8]>, expected: &[&str]) {
    let file = file.as_ref();
    assert_eq!(read(file).unwrap(), expected, "{:?}", String::from_utf8_lossy(file));
}

#[track_caller]
fn check_refused(file: impl AsRef<[u8]>, expected: ReadError) {
    let file = file.as_ref();
    assert_eq!(read(file), Err(expected), "{:?}", String::from_utf8_lossy(file));
}

const A: &str = "http://a.example:8000/live";
const B: &str = "https://b.example/live?x=1&y=%20";

#[test]
fn an_m3u_has_a_url_a_line() {
    check(format!("{A}\r\n{B}\r\n"), &[A, B]);
    check(format!("{A}\n\n  {B}\t"), &[A, B]);
    check(format!("{A}\r{B}"), &[A, B]);
    check(format!("\u{feff}{A}\n"), &[A]);
    check(format!("\u{feff}#EXTM3U\r\n#EXTINF:-1,A - B\r\n{A}\r\n# {B}\r\n#{B}\r\n"), &[A]);
    check("HTTP://a/", &["HTTP://a/"]);
}

#[test]
fn a_pls_has_a_url_a_number() {
    let shoutcast = format!(
        "[playlist]\nnumberofentries=2\nFile1={A}\nTitle1=(#1 - 5/100) A\nLength1=-1\nFile2={B}\nTitle2=B\nLength2=-1\nVersion=2\n"
    );
    check(&shoutcast, &[A, B]);
    check(shoutcast.replace('\n', "\r\n"), &[A, B]);
    check(
        shoutcast.to_uppercase().replace("HTTP://A.EXAMPLE:8000/LIVE", A),
        &[A, &B.to_uppercase()],
    );
    check(format!("[Playlist]\nfile10={B}\nFILE9={A}"), &[A, B]);
    check(format!("\u{feff}; a comment\n\n[playlist]\n File 1 = x\n File1 = {A} \n"), &[A]);
    check(format!("[playlist]\nFile2={B}\nFile2={A}\nFile0={A}"), &[A, B]);
}

#[test]
fn lines_of_a_pls_that_are_no_entries_are_passed_over() {
    for line in [
        "File=http://x/",
        "File1",
        "File+1=http://x/",
        "File99999999999=http://x/",
        "Profile1=http://x/",
        "http://x/",
    ] {
        check(format!("[playlist]\n{line}\nFile7={A}\n"), &[A]);
    }
}

#[test]
fn what_we_write_is_read() {
    let urls = [A.to_owned(), B.to_owned()];
    for format in [Format::Pls, Format::M3u] {
        check(format.render("Acme \"R&B\" Radio", &urls), &[A, B]);
    }
    check_refused(Format::Xspf.render("Acme", &urls), ReadError::Xml);
}

#[test]
fn what_is_not_utf_8_is_latin_1() {
    check(b"#EXTINF:-1,caf\xe9\nhttp://a/caf\xe9\n", &["http://a/café"]);
    check("#EXTINF:-1,café\nhttp://a/café\n", &["http://a/café"]);
}

#[test]
fn entries_that_are_no_absolute_url_of_the_web_are_passed_over() {
    for entry in [
        "live.mp3",
        "/live",
        "//a/live",
        "ftp://a/",
        "mms://a/",
        "file:///etc/passwd",
        "http://",
        "http:/a",
        "javascript:1",
        "xhttp://a/",
        "http",
        "é://a",
        "http://a/\u{7f}b",
        "http://a/\0",
    ] {
        check(format!("{entry}\n{A}\n"), &[A]);
        check_refused(entry, ReadError::NoUrl);
        check_refused(format!("[playlist]\nFile1={entry}\n"), ReadError::NoUrl);
    }
    check_refused("", ReadError::NoUrl);
    check_refused("\u{feff} \r\n", ReadError::NoUrl);
}

#[test]
fn playlists_of_hls_are_refused_by_name() {
    for file in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{A}\n"),
        format!("#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\n{A}\r\n"),
        format!("{A}\n#EXT-X-ENDLIST"),
    ] {
        check_refused(file, ReadError::Hls);
    }
}

#[test]
fn xml_and_html_are_refused_by_name() {
    for file in ["<?xml version=\"1.0\"?><playlist/>", "\u{feff}\n <asx>", "<!doctype html>"] {
        check_refused(format!("{file}\n{A}\n"), ReadError::Xml);
    }
}

#[test]
fn a_file_has_at_most_64_kib() {
    let file = |len: usize| format!("{A}\n#{}", "x".repeat(len - A.len() - 2));
    check(file(FILE_LEN_MAX), &[A]);
    check_refused(file(FILE_LEN_MAX + 1), ReadError::TooLong);
}

#[test]
fn the_first_32_urls_are_given() {
    let lines: Vec<String> = (1..=40).map(|number| format!("http://a/{number}")).collect();
    assert_eq!(read(lines.join("\n").as_bytes()).unwrap(), lines[..URLS_MAX]);
    assert_eq!(read(lines[..URLS_MAX].join("\n").as_bytes()).unwrap(), lines[..URLS_MAX]);
    let entries: Vec<String> =
        (1..=40).rev().map(|number| format!("File{number}=http://a/{number}")).collect();
    let pls = format!("[playlist]\n{}", entries.join("\n"));
    assert_eq!(read(pls.as_bytes()).unwrap(), lines[..URLS_MAX]);
}

#[test]
fn a_url_has_at_most_2048_bytes() {
    let url = |len: usize| format!("http://a/{}", "x".repeat(len - 9));
    check(url(URL_LEN_MAX), &[&url(URL_LEN_MAX)]);
    check_refused(url(URL_LEN_MAX + 1), ReadError::NoUrl);
    check(format!("{}\n{A}", url(URL_LEN_MAX + 1)), &[A]);
}
