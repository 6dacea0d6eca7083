use std::net::Ipv4Addr;

use super::*;

fn peer(address: &str) -> SocketAddr {
    (address.parse::<IpAddr>().unwrap(), 1).into()
}

fn at(secs: u64) -> WallTime {
    WallTime::from_nanos(secs * 1_000_000_000)
}

/// Fails `times` times as one address and asks as the other.
#[track_caller]
fn check(times: usize, fails: &str, asks: &str, are_used_up: bool) {
    let tries = Tries::default();
    (0..times).for_each(|_| tries.failed(peer(fails), at(100)));
    assert_eq!(tries.are_used_up(peer(asks), at(100)), are_used_up, "{fails} {asks}");
}

#[test]
fn an_address_has_five_tries() {
    check(TRIES_MAX - 1, "192.0.2.1", "192.0.2.1", false);
    check(TRIES_MAX, "192.0.2.1", "192.0.2.1", true);
    check(TRIES_MAX, "192.0.2.1", "192.0.2.2", false);
}

#[test]
fn a_subscriber_is_one_address_however_it_is_spelt() {
    check(TRIES_MAX, "::ffff:192.0.2.1", "192.0.2.1", true);
    check(TRIES_MAX, "2001:db8::1", "2001:db8::ffff:2", true);
    check(TRIES_MAX, "2001:db8::1", "2001:db8:0:1::1", false);
}

#[test]
fn nobody_is_above_it() {
    check(TRIES_MAX, "127.0.0.1", "127.0.0.1", true);
    check(TRIES_MAX, "127.0.0.1", "127.0.0.2", false);
    check(TRIES_MAX, "::1", "::1", true);
}

#[test]
fn a_try_counts_for_a_minute() {
    let tries = Tries::default();
    for second in 0..9 {
        tries.failed(peer("192.0.2.1"), at(second));
    }
    // The last five, of the seconds 4 to 8, count.
    assert!(tries.are_used_up(peer("192.0.2.1"), at(63)));
    assert!(!tries.are_used_up(peer("192.0.2.1"), at(64)));
}

#[test]
fn for_an_address_beyond_the_limit_the_one_that_failed_longest_ago_is_forgotten() {
    let tries = Tries::default();
    let at_number = |number: usize| {
        let address = Ipv4Addr::from_bits(u32::try_from(number).unwrap() + 0x0A00_0000);
        SocketAddr::from((address, 1))
    };
    let fail = |number: usize, now| {
        (0..TRIES_MAX).for_each(|_| tries.failed(at_number(number), now));
        tries.are_used_up(at_number(number), now)
    };
    assert!((0..ADDRESSES_MAX).all(|number| fail(number, at(u64::from(number != 7)))));
    assert!(fail(ADDRESSES_MAX, at(2)));
    assert!(!tries.are_used_up(at_number(7), at(2)), "it was the oldest");
    assert!(tries.are_used_up(at_number(8), at(2)));
    assert_eq!(tries.addresses().len(), ADDRESSES_MAX);
}
