use super::*;

const TRUSTED: [&str; 3] = ["10.0.0.0/8", "127.0.0.0/8", "fd00::/8"];

fn trusted() -> Networks {
    TRUSTED.iter().map(|text| text.parse().unwrap()).collect()
}

fn client_by(peer: &str, ours: &[&str], standard: &[&str]) -> String {
    let lines = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    let (ours, standard): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (lines(ours), lines(standard));
    let (ours, standard) = (ours.iter().map(Vec::as_slice), standard.iter().map(Vec::as_slice));
    client(peer.parse().unwrap(), ours, standard, &trusted()).to_string()
}

const PROXY: &str = "10.0.0.1:4711";

#[track_caller]
fn check_x_forwarded_for(lines: &[&str], expected: &str) {
    assert_eq!(client_by(PROXY, lines, &[]), expected, "{lines:?}");
}

#[track_caller]
fn check_forwarded(lines: &[&str], expected: &str) {
    assert_eq!(client_by(PROXY, &[], lines), expected, "{lines:?}");
}

#[test]
fn the_last_untrusted_address_is_the_client() {
    check_x_forwarded_for(&["192.0.2.1"], "192.0.2.1:0");
    check_x_forwarded_for(&["192.0.2.1, 10.0.0.9"], "192.0.2.1:0");
    check_x_forwarded_for(&["192.0.2.1,10.0.0.9,127.0.0.1"], "192.0.2.1:0");
    check_x_forwarded_for(&["2001:db8::1"], "[2001:db8::1]:0");
    check_x_forwarded_for(&["2001:db8::1, fd00::2"], "[2001:db8::1]:0");
    check_forwarded(&["for=192.0.2.1"], "192.0.2.1:0");
    check_forwarded(&["for=192.0.2.1, for=10.0.0.9"], "192.0.2.1:0");
}

#[test]
fn what_a_client_says_itself_is_before_the_last_and_not_believed() {
    check_x_forwarded_for(&["8.8.8.8, 192.0.2.1"], "192.0.2.1:0");
    check_x_forwarded_for(&["8.8.8.8", "192.0.2.1"], "192.0.2.1:0");
    check_x_forwarded_for(&["127.0.0.1, 10.0.0.5, 192.0.2.1, 10.0.0.9"], "192.0.2.1:0");
    check_forwarded(&["for=8.8.8.8, for=192.0.2.1"], "192.0.2.1:0");
    check_forwarded(&["for=8.8.8.8;for=127.0.0.1", "for=192.0.2.1"], "192.0.2.1:0");
}

#[test]
fn the_word_of_one_who_is_not_trusted_counts_for_nothing() {
    let stranger = "192.0.2.7:4711";
    assert_eq!(client_by(stranger, &["8.8.8.8"], &[]), stranger);
    assert_eq!(client_by(stranger, &[], &["for=8.8.8.8"]), stranger);
}

#[test]
fn where_a_proxy_does_not_say_it_is_the_last_that_is_known() {
    check_x_forwarded_for(&[], PROXY);
    check_forwarded(&[], PROXY);
    for unknown in ["", "unknown", "_secret", "1.2.3", "1.2.3.4.5", "1.2.3.4:x", "example.com"] {
        check_x_forwarded_for(&[unknown], PROXY);
        check_x_forwarded_for(&[&format!("8.8.8.8, {unknown}, 10.0.0.9")], "10.0.0.9:0");
        check_forwarded(&[&format!("for={unknown}")], PROXY);
        check_forwarded(&[&format!("for=8.8.8.8, for=\"{unknown}\", for=10.0.0.9")], "10.0.0.9:0");
    }
    check_forwarded(&["for=8.8.8.8, by=192.0.2.1;proto=https"], PROXY);
}

#[test]
fn where_all_are_trusted_it_is_the_first() {
    check_x_forwarded_for(&["10.0.0.3, 10.0.0.2"], "10.0.0.3:0");
    check_forwarded(&["for=10.0.0.3", "for=10.0.0.2"], "10.0.0.3:0");
}

#[test]
fn ports_and_brackets_are_read() {
    check_x_forwarded_for(&["192.0.2.1:80"], "192.0.2.1:80");
    check_x_forwarded_for(&["[2001:db8::1]:80"], "[2001:db8::1]:80");
    check_x_forwarded_for(&["[2001:db8::1]"], "[2001:db8::1]:0");
    check_x_forwarded_for(&["::ffff:192.0.2.1"], "192.0.2.1:0");
    check_x_forwarded_for(&["192.0.2.1, ::ffff:10.0.0.9"], "192.0.2.1:0");
    check_forwarded(&["for=\"[2001:db8::1]:80\""], "[2001:db8::1]:80");
    check_forwarded(&["For=\"192.0.2.1:80\";proto=http; By=\"_a;b,c\""], "192.0.2.1:80");
}

#[test]
fn x_forwarded_for_goes_before_forwarded() {
    assert_eq!(client_by(PROXY, &["192.0.2.1"], &["for=8.8.8.8"]), "192.0.2.1:0");
    assert_eq!(client_by(PROXY, &["unknown"], &["for=8.8.8.8"]), PROXY);
}

#[test]
fn quotes_hide_neither_what_the_proxy_says_nor_add_to_it() {
    check_forwarded(&["for=192.0.2.1;host=\"x, for=8.8.8.8\""], "192.0.2.1:0");
    check_forwarded(&["for=192.0.2.1;host=\"x\\\", for=8.8.8.8\""], "192.0.2.1:0");
    check_forwarded(&["for=192.0.2.1;host=\"x\\\\\";proto=http"], "192.0.2.1:0");
    check_forwarded(&["for=\"8.8.8.8, for=192.0.2.1"], "192.0.2.1:0");
    check_forwarded(&["host=\"a\\, for=\"192.0.2.1\""], "192.0.2.1:0");
}

#[test]
fn a_long_list_is_read_from_its_end() {
    let line = "8.8.8.8,".repeat(2000) + "192.0.2.1" + &", 10.0.0.9".repeat(2000);
    check_x_forwarded_for(&[&line], "192.0.2.1:0");
}
