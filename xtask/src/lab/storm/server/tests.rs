use super::ports;

#[test]
fn ports_are_read_from_the_log() {
    let log = "2026-01-01T00:00:00Z  INFO node: begins\n\
               2026-01-01T00:00:00Z  INFO node: serving public=127.0.0.1:1 control=127.0.0.1:2\n";
    assert_eq!(ports(log), Some((([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into())));
    assert_eq!(ports("nothing yet\n"), None);
}
