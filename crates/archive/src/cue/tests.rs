use media::WallTime;

use super::*;

#[test]
fn positions_are_in_75ths_rounded_down() {
    let check = |nanos: u64, text: &str| assert_eq!(index(Duration::from_nanos(nanos)), text);
    check(0, "00:00:00");
    check(13_333_333, "00:00:00");
    check(13_333_334, "00:00:01");
    check(999_999_999, "00:00:74");
    check(59_999_999_999, "00:59:74");
    check(60_000_000_000, "01:00:00");
    check(6_000_000_000_000, "100:00:00");
}

#[test]
fn a_title_adds_no_line_and_ends_no_text() {
    let mut sheet = Sheet::default();
    sheet.track(Duration::ZERO, &Title::new("A\"B - C\r\nTRACK 02 AUDIO\u{2028}x", ""));
    let (date, position) = (WallTime::default(), Duration::ZERO);
    for cause in [Cause::Absent, Cause::Damaged] {
        sheet.gap(&Gap { cause, from: date, to: date, position });
    }
    let text = sheet.render("a\"b.aac", Codec::Aac);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines[0], "FILE \"a'b.aac\" WAVE");
    assert_eq!(lines[2], "    TITLE \"CTRACK 02 AUDIOx\"");
    assert_eq!(lines[3], "    PERFORMER \"A'B\"");
    assert!(lines[5].starts_with("  REM GAP 1970-01-01T00:00:00.000000Z "));
    assert!(lines[6].starts_with("  REM DAMAGED 1970-01-01T00:00:00.000000Z "));
    assert_eq!(lines.len(), 8);
}

#[test]
fn tracks_go_on_above_99() {
    let mut sheet = Sheet::default();
    for _ in 0..100 {
        sheet.track(Duration::ZERO, &Title::default());
    }
    assert!(sheet.render("x.mp3", Codec::Mp3).contains("  TRACK 100 AUDIO\r\n"));
}
