//! Any tune-in file: no panic; what is given is few, short, of the web and
//! clean; a file of those URLs gives them again.

use playlists::tune_in::{self, FILE_LEN_MAX, Format, URL_LEN_MAX, URLS_MAX};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(urls) = tune_in::read(data) else { return };
    assert!(data.len() <= FILE_LEN_MAX && (1..=URLS_MAX).contains(&urls.len()));
    for url in &urls {
        let begin = url.to_ascii_lowercase();
        assert!(begin.starts_with("http://") || begin.starts_with("https://"));
        assert!(url.len() <= URL_LEN_MAX && !url.contains(char::is_control));
        assert_eq!(url.trim(), url);
    }
    assert_eq!(tune_in::read(urls.join("\n").as_bytes()).as_ref(), Ok(&urls));
    for format in [Format::Pls, Format::M3u] {
        assert!(tune_in::read(format.render("a", &urls).as_bytes()).is_ok());
    }
}

/// Files of servers, and what is none.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"[playlist]\nnumberofentries=2\nFile1=http://a:8000/live\nTitle1=A\nLength1=-1\nFile2=https://b/\nVersion=2\n",
        b"[Playlist]\r\nFILE10=http://b/\r\nfile9=http://a/\r\n",
        b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:-1,caf\xe9\r\nhttp://a/caf\xe9\r\n",
        b"http://a/live\n# a comment\nlive.mp3\nhttps://b/live?x=1",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nhttp://a/1.aac\n",
        b"<?xml version=\"1.0\"?><playlist version=\"1\"/>",
    ])
}
