use std::net::Ipv4Addr;

use super::*;

fn peer(address: &str) -> SocketAddr {
    (address.parse::<IpAddr>().unwrap(), 1).into()
}

fn at(secs: u64) -> WallTime {
    WallTime::from_nanos(secs * 1_000_000_000)
}

/// Fails `times` times as one address and tries as the other.
#[track_caller]
fn check(times: usize, fails: &str, tries_then: &str, may: bool) {
    let tries = Tries::default();
    for _ in 0..times {
        let _ = tries.begin(peer(fails), at(100));
    }
    assert_eq!(tries.begin(peer(tries_then), at(100)), may, "{fails} {tries_then}");
}

#[test]
fn an_address_has_five_tries() {
    check(TRIES_MAX - 1, "192.0.2.1", "192.0.2.1", true);
    check(TRIES_MAX, "192.0.2.1", "192.0.2.1", false);
    check(TRIES_MAX, "192.0.2.1", "192.0.2.2", true);
}

#[test]
fn a_subscriber_is_one_address_however_it_is_spelt() {
    check(TRIES_MAX, "::ffff:192.0.2.1", "192.0.2.1", false);
    check(TRIES_MAX, "2001:db8::1", "2001:db8::ffff:2", false);
    check(TRIES_MAX, "2001:db8::1", "2001:db8:0:1::1", true);
}

#[test]
fn nobody_is_above_it() {
    check(TRIES_MAX, "127.0.0.1", "127.0.0.1", false);
    check(TRIES_MAX, "127.0.0.1", "127.0.0.2", true);
    check(TRIES_MAX, "::1", "::1", false);
}

#[test]
fn a_try_counts_for_a_minute() {
    let tries = Tries::default();
    for second in 0..5 {
        assert!(tries.begin(peer("192.0.2.1"), at(second)));
    }
    assert!(!tries.begin(peer("192.0.2.1"), at(59)));
    assert!(tries.begin(peer("192.0.2.1"), at(60)), "the first is forgotten");
    assert!(!tries.begin(peer("192.0.2.1"), at(60)));
}

#[test]
fn right_passwords_cost_nothing_and_take_none_of_the_wrong_ones_back() {
    let tries = Tries::default();
    for second in 0..100 {
        assert!(tries.begin(peer("192.0.2.1"), at(second)));
        tries.forgive(peer("192.0.2.1"), at(second));
    }
    assert!(tries.addresses().is_empty());
    for _ in 0..TRIES_MAX {
        assert!(tries.begin(peer("192.0.2.1"), at(100)));
    }
    tries.forgive(peer("192.0.2.1"), at(99));
    assert!(!tries.begin(peer("192.0.2.1"), at(100)));
}

/// While a back end is asked, the next try has begun already.
#[test]
fn tries_under_way_count() {
    let tries = Tries::default();
    let begun = (0..9).filter(|_| tries.begin(peer("192.0.2.1"), at(0))).count();
    assert_eq!(begun, TRIES_MAX);
}

#[test]
fn for_an_address_beyond_the_limit_the_one_that_failed_longest_ago_is_forgotten() {
    let tries = Tries::default();
    let number = |number: usize| {
        let address = Ipv4Addr::from_bits(u32::try_from(number).unwrap() + 0x0A00_0000);
        SocketAddr::from((address, 1))
    };
    let use_up = |peer, now| while tries.begin(peer, now) {};
    for nth in 0..ADDRESSES_MAX {
        use_up(number(nth), at(u64::from(nth != 7)));
    }
    use_up(number(ADDRESSES_MAX), at(2));
    assert_eq!(tries.addresses().len(), ADDRESSES_MAX);
    assert!(!tries.begin(number(8), at(2)));
    assert!(tries.begin(number(7), at(2)), "it was the oldest");
}
