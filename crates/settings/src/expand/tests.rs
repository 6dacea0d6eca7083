use super::*;

fn env(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("fra-1".to_owned()),
        "EMPTY" => Some(String::new()),
        "NESTED" => Some("${HOST}".to_owned()),
        _ => None,
    }
}

fn check(text: &str, expected: &str) {
    let got = expand(text, &env).unwrap().unwrap_or_else(|| text.to_owned());
    assert_eq!(got, expected, "{text}");
}

fn check_refused(text: &str, expected: &str) {
    assert_eq!(expand(text, &env).unwrap_err(), expected, "{text}");
}

#[test]
fn variables_are_put_in_wherever_they_stand() {
    check("${HOST}", "fra-1");
    check("http://${HOST}:8000/${HOST}", "http://fra-1:8000/fra-1");
    check("a${EMPTY}b", "ab");
}

#[test]
fn an_escaped_one_and_a_lone_dollar_stay() {
    check("$${HOST}", "${HOST}");
    check("$$${HOST}", "$${HOST}");
    check("costs 5$ or $HOST", "costs 5$ or $HOST");
    check("$${a ${HOST}", "${a fra-1");
}

#[test]
fn a_value_is_not_expanded_again() {
    check("${NESTED}", "${HOST}");
}

#[test]
fn a_missing_variable_is_named() {
    check_refused("${NOWHERE}", "the environment variable `NOWHERE` is not set");
}

#[test]
fn what_is_no_variable_is_refused() {
    check_refused("${HOST", "`${` without its `}`");
    check_refused("${}", "`${}` names no environment variable");
    check_refused("${1A}", "`${1A}` names no environment variable");
    check_refused("${A-B}", "`${A-B}` names no environment variable");
}
