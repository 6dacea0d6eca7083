use super::*;

#[test]
fn a_value_cannot_end_its_line() {
    let mut writer = HeadWriter::new("HTTP/1.0", 403, "no\r\nX: 1");
    writer.header("a", "1\r\nSet-Cookie: x\r\n\r\n<script>").icy("b", "x\0y\u{85}z\u{2028}");
    assert_eq!(
        writer.finish(),
        "HTTP/1.0 403 noX: 1\r\na: 1Set-Cookie: x<script>\r\nb:xyz\u{2028}\r\n\r\n"
    );
}

#[test]
fn a_name_that_is_no_token_is_left_out() {
    let mut writer = HeadWriter::new("HTTP/1.0", 200, "OK");
    writer.header("a b", "1").header("", "1").header("a:\r\nb", "1").header("ü", "1");
    assert_eq!(writer.finish(), "HTTP/1.0 200 OK\r\n\r\n");
}

#[test]
fn the_first_of_a_name_counts() {
    let mut writer = HeadWriter::new("HTTP/1.0", 200, "a:OK");
    writer.header("A", "1").icy("a", "2").header("b", "3");
    assert_eq!(writer.finish(), "HTTP/1.0 200 a:OK\r\nA: 1\r\nb: 3\r\n\r\n");
}

#[test]
fn a_value_is_cut_at_a_character() {
    for (before, kept) in
        [(VALUE_LEN_MAX - 2, VALUE_LEN_MAX), (VALUE_LEN_MAX - 1, VALUE_LEN_MAX - 1)]
    {
        let mut writer = HeadWriter::new("HTTP/1.0", 200, "OK");
        writer.icy("a", &format!("{}ü", "x".repeat(before)));
        assert_eq!(writer.finish().len(), "HTTP/1.0 200 OK\r\na:\r\n\r\n".len() + kept);
    }
}

#[test]
fn the_text_of_a_refusal_is_one_line() {
    let reply = refusal("HTTP/1.0", 404, reason(404), "no\r\nsuch <b>", |_| {});
    assert!(reply.ends_with(b"\r\n\r\nno  such <b>\r\n"), "{reply:?}");
}
