use super::Figures;

#[test]
fn what_listeners_say_is_read() {
    let line = "open=9 heard=8 p50_ms=7 p99_ms=6 last_ms=5 gap_ms=4 least_bytes=3\n";
    let figures = Figures { open: 9, heard: 8, p50_ms: 7, p99_ms: 6, last_ms: 5, gap_ms: 4 };
    assert_eq!(Figures::read(line), Some(figures));
    assert_eq!(Figures::read("open=9 heard=8\n"), None);
}
