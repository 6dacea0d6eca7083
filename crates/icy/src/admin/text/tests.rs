use super::*;

#[test]
fn commas_stand_between_values_and_nowhere_else() {
    let mut json = Json::default();
    json.open('{');
    json.key("a");
    json.open('[');
    json.value(&1.into());
    json.value(&"x".into());
    json.open('[');
    json.close(']');
    json.object(&vec![]);
    json.close(']');
    json.fields(&vec![("b", Value::Digits(7)), ("c", String::new().into())]);
    json.close('}');
    assert_eq!(json.finish(), r#"{"a":[1,"x",[],{}],"b":"7","c":""}"#);
}

#[test]
fn a_text_that_ends_as_an_opened_array_still_has_its_comma() {
    let mut json = Json::default();
    json.open('[');
    for text in ["[", "{", ":", ","] {
        json.value(&text.into());
    }
    json.close(']');
    assert_eq!(json.finish(), r#"["[","{",":",","]"#);
}

#[test]
fn texts_are_escaped_in_each_language() {
    let text = "<a href='x'>\"&\"\u{0}\u{b}\t\n\r\u{85}\u{2028}\u{ffff}\\é\u{1f600}";
    let mut xml = Xml::new("");
    xml.element("e", &text.into());
    xml.open_with("e", "a", text);
    let escaped =
        "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&#9;&#10;&#13;\u{85}\u{2028}\\é\u{1f600}";
    assert_eq!(xml.finish(), format!("\n<e>{escaped}</e><e a=\"{escaped}\">\n"));
    let mut json = Json::default();
    json.value(&text.into());
    let escaped = r#""\u003ca href='x'>\"&\"\u0000\u000b\u0009\u000a\u000d"#.to_owned()
        + "\u{85}\\u2028\u{ffff}\\\\é\u{1f600}\"";
    assert_eq!(json.finish(), escaped);
    assert_eq!(to_html("a<b>&'\"\r\n\u{2028}c"), "a&lt;b&gt;&amp;&#39;&quot;c");
    assert_eq!(to_line("a\r\nb\u{85}\u{2029}c"), "abc");
}
