use super::*;

#[derive(Debug, serde::Deserialize)]
struct Settings {
    #[serde(default)]
    number: Option<Int<2, 10>>,
    #[serde(default)]
    level: Option<Level<-360, -90>>,
    #[serde(default)]
    text: Text<8>,
}

fn check(text: &str, expected: &str) {
    let got = match crate::from_toml::<Settings>(text, "a.toml", &|_| None) {
        Ok(Settings { number: Some(number), .. }) => number.get().to_string(),
        Ok(Settings { level: Some(level), .. }) => level.tenths().to_string(),
        Ok(settings) => settings.text.into_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(got, expected, "{text}");
}

#[test]
fn a_number_keeps_its_range_on_both_sides() {
    check("number = 2", "2");
    check("number = 10", "10");
    check("number = 1", "a.toml:1: number: 1 is out of range: 2 to 10");
    check("number = 11", "a.toml:1: number: 11 is out of range: 2 to 10");
    check("number = -3", "a.toml:1: number: -3 is out of range: 2 to 10");
}

#[test]
fn what_is_no_whole_number_is_refused() {
    check(
        "number = 2.5",
        "a.toml:1: number: invalid type: floating point, expected a whole number",
    );
    check("number = '2'", "a.toml:1: number: invalid type: string, expected a whole number");
}

#[test]
fn a_level_keeps_its_range_on_both_sides() {
    check("level = -36", "-360");
    check("level = -9.0", "-90");
    check("level = -16.3", "-163");
    check("level = -36.1", "a.toml:1: level: -36.1 is out of range: -36 to -9");
    check("level = -8.9", "a.toml:1: level: -8.9 is out of range: -36 to -9");
    check("level = -1e300", &format!("a.toml:1: level: {} is out of range: -36 to -9", -1e300));
}

#[test]
fn what_is_no_level_is_refused() {
    check("level = -16.25", "a.toml:1: level: -16.25 is finer than a tenth");
    check("level = nan", "a.toml:1: level: NaN is finer than a tenth");
    check("level = '-16'", "a.toml:1: level: invalid type: string, expected a number");
}

#[test]
fn a_text_keeps_its_length_in_bytes() {
    check("text = '12345678'", "12345678");
    check("text = 'ääää'", "ääää");
    check("text = '123456789'", "a.toml:1: text: 9 bytes are too many: at most 8");
}

#[test]
fn a_text_that_could_forge_a_line_is_refused() {
    for bad in ["\\n", "\\u0000", "\\u007f", "\\u0085", "\\u202e", "\\u2028", "\\u2066"] {
        let expected =
            "a.toml:1: text: control and bidirectional-override characters are not taken";
        check(&format!("text = \"a{bad}\""), expected);
    }
    check("text = 'אבג'", "אבג");
}
