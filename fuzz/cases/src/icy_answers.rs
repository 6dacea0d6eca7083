//! Any headers of a back end of URL authentication and of a directory: no panic,
//! what is read of them stays within its limits, and no text of a listener's or
//! a directory's adds a field to a request.
//!
//! The input is header lines.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use icy::url_auth::{
    Action, BODY_LEN_MAX, Listener, PassedHeaders, Rules, Server, TIME_LIMIT_MAX, Verdict,
};
use icy::yp::{Answer, SID_LEN_MAX, TOUCH_EVERY_MAX, TOUCH_EVERY_MIN};
use media::text::NAME_LEN_MAX;

/// Runs the target.
pub fn run(data: &[u8]) {
    let headers: Vec<(String, &[u8])> = data.split(|byte| *byte == b'\n').map(header).collect();
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    match Rules::default().verdict(200, headers.iter().copied()) {
        Verdict::Allowed { limit: Some(limit) } => {
            assert!((Duration::from_secs(1)..=TIME_LIMIT_MAX).contains(&limit));
        }
        Verdict::Allowed { limit: None } => {}
        Verdict::Denied { reason } => {
            assert!(reason.is_none_or(|reason| reason.len() <= NAME_LEN_MAX));
        }
    }
    let answer = Answer::from_headers(headers.iter().copied());
    assert!(answer.message.len() <= NAME_LEN_MAX);
    assert!(answer.sid.is_none_or(|sid| (1..=SID_LEN_MAX).contains(&sid.len())));
    let bounds = TOUCH_EVERY_MIN..=TOUCH_EVERY_MAX;
    assert!(answer.touch_every.is_none_or(|every| bounds.contains(&every)));
    ask(data, &headers);
}

/// Answers as back ends and directories give them, and hostile ones.
pub fn seeds() -> Vec<Vec<u8>> {
    crate::owned(&[
        b"icecast-auth-user: 1\r\nicecast-auth-timelimit: 900\r\n",
        b"Icecast-Auth-User:1\nicecast-auth-timelimit:99999999999999999999\nicecast-auth-timelimit: -1",
        b"Icecast-Auth-Message: no seats\xe9&user=admin",
        b"YPResponse: 1\r\nYPMessage: Added\r\nSID: 1234-abc\r\nTouchFreq: 200\r\n",
        b"ypresponse: 0\ntouchfreq: 0\nsid: a&b=c",
    ])
}

fn header(line: &[u8]) -> (String, &[u8]) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let value = line.get(colon + 1..).unwrap_or_default();
    (String::from_utf8_lossy(&line[..colon]).into_owned(), value)
}

fn ask(data: &[u8], headers: &[(&str, &[u8])]) {
    let text = String::from_utf8_lossy(data);
    let listener = Listener {
        client: 1,
        target: &text,
        user: &text,
        password: &text,
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        agent: Some(data),
    };
    let passed = PassedHeaders { prefix: "p.", headers };
    let server = Server { host: "ice.example", port: 8000 };
    if let Ok(body) = Action::ListenerAdd(listener, passed).to_body(server) {
        assert!(body.len() <= BODY_LEN_MAX);
        assert_eq!(body.matches('&').count(), 8 + headers.len());
        assert_eq!(body.matches('=').count(), 9 + headers.len());
        assert!(body.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
