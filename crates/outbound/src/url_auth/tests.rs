use icy::url_auth::{Rules, Verdict};

use super::*;
use crate::error::Phase;
use crate::testing::{Dns, LONG, Script, Server, client};

fn fred() -> Credentials {
    Credentials { user: "fred".into(), password: "a:b".into() }
}

async fn ask(answer: &str) -> Result<Answer, Error> {
    let server = Server::start(Script::new(answer)).await;
    client(Dns::default()).ask_back_end(&server.target("/auth"), "a=b".into(), None, LONG).await
}

/// The credentials that a request carries, whose URL has `user` before its host.
async fn carried(user: &str, own: Option<&Credentials>) -> Option<String> {
    let server = Server::start(Script::new("HTTP/1.0 200 OK\r\n\r\n")).await;
    let target = format!("http://{user}{}/auth", server.address).parse().unwrap();
    let answer = client(Dns::default()).ask_back_end(&target, "a=b".into(), own, LONG).await;
    assert_eq!(answer.unwrap().status, 200);
    let requests = server.requests();
    assert!(requests[0].contains("Content-Type: application/x-www-form-urlencoded\r\n"));
    assert!(requests[0].ends_with("\r\n\r\na=b"), "{requests:?}");
    let line = requests[0].lines().find(|line| line.starts_with("Authorization: "));
    line.map(|line| line["Authorization: ".len()..].to_owned())
}

#[tokio::test]
async fn a_listeners_credentials_are_the_requests_unless_the_url_has_some() {
    assert_eq!(carried("", None).await, None);
    assert_eq!(carried("", Some(&fred())).await.as_deref(), Some("Basic ZnJlZDphOmI="));
    assert_eq!(carried("u:p@", Some(&fred())).await.as_deref(), Some("Basic dTpw"));
    assert_eq!(carried("u:p@", None).await.as_deref(), Some("Basic dTpw"));
}

#[tokio::test]
async fn an_answer_counts_by_its_headers_whatever_their_case() {
    let answer = ask("HTTP/1.1 200 OK\r\nICECAST-Auth-USER: 1\r\nx: y\r\n\r\n").await.unwrap();
    let verdict = Rules::default().verdict(answer.status, answer.headers());
    assert_eq!(verdict, Verdict::Allowed { limit: None });
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let there = Server::start(Script::new("HTTP/1.0 200 OK\r\nicecast-auth-user: 1\r\n\r\n")).await;
    let location = format!("http://{}/", there.address);
    let here = Server::start(Script::redirect(&location)).await;
    let (client, target) = (client(Dns::default()), here.target("/"));
    let answer = client.ask_back_end(&target, "a=b".into(), None, LONG).await.unwrap();
    assert_eq!((answer.status, there.connections()), (302, 0));
    let verdict = Rules::default().verdict(answer.status, answer.headers());
    assert_eq!(verdict, Verdict::Denied { reason: None });
}

#[tokio::test]
async fn a_servers_error_is_none_of_its_answers() {
    for (status, is_answer) in [(200, true), (404, true), (499, true), (500, false), (503, false)] {
        let answer = ask(&format!("HTTP/1.0 {status} x\r\nicecast-auth-user: 1\r\n\r\n")).await;
        match answer {
            Ok(answer) => assert_eq!((answer.status, is_answer), (status, true)),
            Err(Error::Status { status: told, .. }) => {
                assert_eq!((told, is_answer), (status, false));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_back_end_has_the_time_that_it_is_given_and_no_longer() {
    let script = Script { stays: true, ..Script::new("HTTP/1.1 200 OK\r\nicecast-auth") };
    let server = Server::start(script).await;
    let time = Duration::from_millis(50);
    let (client, target) = (client(Dns::default()), server.target("/auth"));
    let error = client.ask_back_end(&target, "a=b".into(), None, time).await.unwrap_err();
    assert!(matches!(error, Error::Late { phase: Phase::Answer, .. }), "{error}");
}
