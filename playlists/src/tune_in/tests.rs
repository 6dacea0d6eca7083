use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(format: Format, name: &str, urls: &[&str], expected: &Expect) {
    let urls: Vec<_> = urls.iter().map(|url| (*url).to_owned()).collect();
    expected.assert_eq(&format.render(name, &urls));
}

const URLS: [&str; 2] = ["https://any.example/acme?a=1&b=2", "https://fra.example/acme"];

#[test]
fn a_pls_has_an_entry_for_each_url() {
    check(
        Format::Pls,
        "Acme \"R&B\" Radio",
        &URLS,
        &expect![[r#"
        [playlist]
        NumberOfEntries=2
        File1=https://any.example/acme?a=1&b=2
        Title1=Acme "R&B" Radio
        Length1=-1
        File2=https://fra.example/acme
        Title2=Acme "R&B" Radio
        Length2=-1
        Version=2
    "#]],
    );
}

#[test]
fn an_m3u_has_a_line_for_each_url() {
    let text = Format::M3u.render("Acme", &URLS.map(str::to_owned));
    assert_eq!(text, format!("{}\r\n{}\r\n", URLS[0], URLS[1]));
}

#[test]
fn an_xspf_has_a_track_for_each_url() {
    check(
        Format::Xspf,
        "Acme \"R&B\" <Radio>",
        &URLS,
        &expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <playlist version="1" xmlns="http://xspf.org/ns/0/">
          <title>Acme &quot;R&amp;B&quot; &lt;Radio&gt;</title>
          <trackList>
            <track><location>https://any.example/acme?a=1&amp;b=2</location><title>Acme &quot;R&amp;B&quot; &lt;Radio&gt;</title></track>
            <track><location>https://fra.example/acme</location><title>Acme &quot;R&amp;B&quot; &lt;Radio&gt;</title></track>
          </trackList>
        </playlist>
    "#]],
    );
}

#[test]
fn a_name_or_url_of_several_lines_adds_none() {
    let urls = ["http://h/a\r\nFile2=x".to_owned()];
    let text = Format::Pls.render("Acme\nFile9=http://evil.example/", &urls);
    assert_eq!(text.lines().count(), 6);
    assert_eq!(Format::M3u.render("", &urls), "http://h/a%0D%0AFile2=x\r\n");
    let text = Format::Xspf.render("</title>\u{0}", &urls);
    assert!(text.contains("<title>&lt;/title&gt; </title>"), "{text}");
}

#[test]
fn an_extension_names_its_format() {
    for (extension, media_type) in
        [("pls", "audio/x-scpls"), ("m3u", "audio/x-mpegurl"), ("xspf", "application/xspf+xml")]
    {
        assert_eq!(Format::from_extension(extension).map(Format::media_type), Some(media_type));
    }
    assert_eq!(Format::from_extension("m3u8"), None);
}
