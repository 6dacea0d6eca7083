use super::{Figures, read, row};

const PRINTED: &str = "\
warm: Snapshot { listeners: 2100 }, kernel TCP: inuse 4209 orphan 0 tw 4025 alloc 4209 mem 26086
102.17 µs a listener-second, wheel late 12.545ms
end: Snapshot { listeners: 100 }, kernel TCP: inuse 209 orphan 0 tw 4014 alloc 2209 mem 4036
VmRSS:	    4832 kB
receiver: 100 of 100 open, all connected in 14.893235ms, first byte p99 218.66122ms, 100 heard \
something, least 622029 bytes, longest gap 1.234343082s
";

#[test]
fn what_the_program_prints_is_found() {
    let figures = Figures {
        processor: "102.17 µs".into(),
        late: "12.5 ms".into(),
        open: "100 of 100".into(),
        gap: "1.2 s".into(),
        kernel_pages: 26_086,
    };
    assert_eq!(
        row("100", "2000", &figures),
        "| 100 | 2000 | 102.17 µs | 12.5 ms | 100 of 100 | 1.2 s | 101 MiB |\n"
    );
    assert_eq!(read(PRINTED), Some(figures));
}

#[test]
fn other_lines_are_no_figures() {
    assert_eq!(read("9.84 µs a listener-second, wheel late 1ms\n"), None);
}
