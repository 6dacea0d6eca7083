use super::*;

fn request(from: &str, to: &str, egress: Option<&str>) -> Request {
    Request {
        from: from.to_owned(),
        to: to.to_owned(),
        egress: egress.map(str::to_owned),
        format: Format::Text,
    }
}

fn check_refused(request: &Request, expected: &str) {
    assert_eq!(request.period().unwrap_err().to_string(), expected);
}

#[test]
fn wrong_days_are_named() {
    assert!(request("2026-11-01", "2026-11-30", Some("radio")).period().is_ok());
    let no_day = "a day is written as 2026-11-22";
    check_refused(&request("2026-11-1", "2026-11-30", None), &format!("--from: {no_day}"));
    check_refused(&request("2026-11-01", "2026-11-31", None), &format!("--to: {no_day}"));
    check_refused(&request("2026-11-02", "2026-11-01", None), "--to: lies before --from");
    let long = "--to: a period has at most 366 days";
    check_refused(&request("2024-01-01", "2025-01-01", None), long);
    let name = "--egress: is no name of an egress";
    check_refused(&request("2026-11-01", "2026-11-30", Some("../x")), name);
}
