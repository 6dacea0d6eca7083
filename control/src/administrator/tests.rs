use axum::http::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use listen::TRIES_MAX;
use runtime::clock::ManualClock;

use super::*;

/// Who asks.
const PEER: ([u8; 4], u16) = ([192, 0, 2, 1], 1);

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn administrator() -> Administrator {
    let clock = Steady::new(Arc::new(ManualClock::default()));
    Administrator::new(Some(secret("adm1n")), Some(secret("r3lay")), Arc::default(), clock)
}

fn ask(guard: &Administrator, access: Access, login: &str) -> u16 {
    let value = format!("Basic {}", BASE64_STANDARD.encode(login));
    let (parts, ()) =
        Request::builder().header(header::AUTHORIZATION, value).body(()).unwrap().into_parts();
    guard
        .admit(access, &parts, PEER.into())
        .map_or_else(|refusal| refusal.status().as_u16(), |()| 200)
}

fn check(access: Access, login: &str, expected: u16) {
    assert_eq!(ask(&administrator(), access, login), expected, "{access:?} {login}");
}

#[test]
fn the_administrator_may_all_and_a_relay_its_list() {
    check(Access::Admin, "admin:adm1n", 200);
    check(Access::Relay, "admin:adm1n", 200);
    check(Access::Relay, "relay:adm1n", 200);
    check(Access::Relay, "relay:r3lay", 200);
    check(Access::Admin, "relay:r3lay", 401);
    check(Access::Admin, "admin:r3lay", 401);
    check(Access::Relay, "admin:r3lay", 401);
    check(Access::Admin, "source:adm1n", 401);
    check(Access::Admin, "admin:", 401);
    check(Access::Admin, "", 401);
}

/// Nor is anyone's address held against them, from which a source may come.
#[test]
fn without_a_password_nobody_is_the_administrator() {
    let clock = Steady::new(Arc::new(ManualClock::default()));
    let tries = Arc::new(Tries::default());
    let guard = Administrator::new(None, None, Arc::clone(&tries), clock.clone());
    for login in ["admin:", "admin:hackme", "relay:", ":"] {
        assert_eq!(ask(&guard, Access::Admin, login), 401, "{login}");
        assert_eq!(ask(&guard, Access::Relay, login), 401, "{login}");
    }
    assert!(tries.begin(PEER.into(), clock.now()));
}

#[test]
fn a_request_without_a_password_is_asked_for_one_and_is_no_try() {
    let guard = administrator();
    let (parts, ()) = Request::new(()).into_parts();
    for _ in 0..=TRIES_MAX {
        let refusal = guard.admit(Access::Admin, &parts, PEER.into()).unwrap_err();
        assert_eq!(refusal.status(), StatusCode::UNAUTHORIZED);
        assert!(refusal.headers().contains_key(header::WWW_AUTHENTICATE));
    }
    assert_eq!(ask(&guard, Access::Admin, "admin:adm1n"), 200);
}

#[test]
fn five_wrong_passwords_are_enough() {
    let guard = administrator();
    for _ in 0..TRIES_MAX {
        assert_eq!(ask(&guard, Access::Admin, "admin:wrong"), 401);
    }
    assert_eq!(ask(&guard, Access::Admin, "admin:adm1n"), 429);
    assert_eq!(ask(&guard, Access::Relay, "relay:r3lay"), 429);
}

#[test]
fn the_page_of_another_site_commands_nothing() {
    let value = format!("Basic {}", BASE64_STANDARD.encode("admin:adm1n"));
    for (site, expected) in
        [("cross-site", 403), ("same-site", 200), ("same-origin", 200), ("none", 200)]
    {
        let request = Request::builder()
            .header(header::AUTHORIZATION, &value)
            .header("Sec-Fetch-Site", site)
            .body(())
            .unwrap();
        let admitted = administrator().admit(Access::Admin, &request.into_parts().0, PEER.into());
        let status = admitted.map_or_else(|refusal| refusal.status().as_u16(), |()| 200);
        assert_eq!(status, expected, "{site}");
    }
}
