use std::sync::atomic::Ordering;

use rustls::ProtocolVersion;
use socket2::{Domain, Socket, Type};

use super::*;
use crate::resolve::SystemResolver;
use crate::testing::{Authority, Dns, Script, Server, connector, connector_to_localhost};

const OK: &str = "ICY 200 OK\r\n\r\n";

/// What the machine may be made to connect to by this URL.
#[track_caller]
fn refused(outcome: Result<Vec<SocketAddr>, Error>) -> IpAddr {
    match outcome {
        Err(Error::Forbidden { refused, .. }) => refused.address,
        other => panic!("{other:?}"),
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A listener that takes no connection: one more waits for ever.
struct Full {
    address: SocketAddr,
    _listener: Socket,
    _waiting: Vec<std::net::TcpStream>,
}

impl Full {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let connect = || {
            let patience = Duration::from_millis(200);
            std::net::TcpStream::connect_timeout(&address, patience).ok()
        };
        let waiting = std::iter::from_fn(connect).take(64).collect();
        Self { address, _listener: listener, _waiting: waiting }
    }
}

#[tokio::test]
async fn a_name_is_resolved_once_and_pinned() {
    let (public, private) = Server::start_pair(Script::new(OK), Script::new(OK)).await;
    let dns = Dns::default().with("rebinds.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let questions = dns.questions();
    let target = public.target_as("http", "rebinds.example");
    let (_, peer) = connector_to_localhost(dns).connect(&target).await.unwrap();
    assert_eq!(peer, public.address);
    assert_eq!((questions.load(Ordering::SeqCst), private.connections()), (1, 0));
}

#[tokio::test]
async fn a_name_that_turns_public_after_the_check_is_refused_all_the_same() {
    let dns = Dns::default().with("rebinds.example", &[&["169.254.169.254"], &["127.0.0.1"]]);
    let questions = dns.questions();
    let target = "http://rebinds.example/".parse().unwrap();
    let outcome = connector_to_localhost(dns).addresses(&target).await;
    assert_eq!(refused(outcome), address("169.254.169.254"));
    assert_eq!(questions.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_address_of_a_name_is_checked_and_those_refused_are_skipped() {
    let (public, private) = Server::start_pair(Script::new(OK), Script::new(OK)).await;
    let all = ["10.0.0.1", "::1", "127.0.0.2", "::ffff:127.0.0.1", "127.0.0.1", "100.64.0.1"];
    let connector = connector_to_localhost(Dns::default().with("mixed.example", &[&all]));
    let target = public.target_as("http", "mixed.example");
    assert_eq!(connector.addresses(&target).await.unwrap(), [public.address]);
    assert_eq!(connector.connect(&target).await.unwrap().1, public.address);
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn a_name_without_a_public_address_is_refused() {
    let dns = Dns::default().with("inside.example", &[&["fd00::1", "192.168.0.1"]]);
    let target = "https://inside.example/".parse().unwrap();
    let error = connector(dns).connect(&target).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "https://inside.example may not be connected to: \
         fd00::1 is not public: unique local, fc00::/7"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn addresses_in_urls_are_refused_in_every_spelling_and_nobody_is_asked() {
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0",
        "169.254.169.254",
        "0xa9fea9fe",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fd00::1]",
        "[2002:7f00:1::]",
        "[2001::7f00:1]",
    ] {
        let dns = Dns::default();
        let questions = dns.questions();
        let target = format!("http://{host}:8000/").parse().unwrap();
        refused(connector(dns).addresses(&target).await);
        assert_eq!(questions.load(Ordering::SeqCst), 0, "{host}");
    }
}

#[tokio::test]
async fn this_machine_by_its_name_is_refused() {
    let connector = Connector { resolver: Box::new(SystemResolver), ..connector(Dns::default()) };
    for host in ["localhost", "LOCALHOST", "loc%61lhost"] {
        let target = format!("http://{host}/").parse().unwrap();
        assert!(refused(connector.addresses(&target).await).is_loopback(), "{host}");
    }
    // Not every resolver knows it with the dot.
    match connector.addresses(&"http://localhost./".parse().unwrap()).await {
        Err(Error::Resolve { .. }) => {}
        outcome => assert!(refused(outcome).is_loopback()),
    }
}

#[tokio::test]
async fn a_name_without_addresses_is_not_resolved() {
    for dns in [Dns::default(), Dns::default().with("a.example", &[&[]])] {
        let target = "http://a.example/".parse().unwrap();
        let error = connector(dns).connect(&target).await.unwrap_err();
        assert!(matches!(error, Error::Resolve { .. }), "{error}");
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn at_most_8_addresses_of_a_name_are_tried() {
    for count in [ADDRESSES_MAX, ADDRESSES_MAX + 1] {
        let all: Vec<String> = (1..=count).map(|last| format!("2600::{last}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let connector = connector(Dns::default().with("many.example", &[&all]));
        let target = "http://many.example/".parse().unwrap();
        assert_eq!(connector.addresses(&target).await.unwrap().len(), ADDRESSES_MAX);
    }
}

#[test]
fn families_take_turns() {
    let order = |texts: &[&str]| -> Vec<String> {
        let addresses: Vec<IpAddr> = texts.iter().map(|text| address(text)).collect();
        interleaved(&addresses).iter().map(ToString::to_string).collect()
    };
    assert_eq!(order(&["::1", "::2", "::3", "1.1.1.1"]), ["::1", "1.1.1.1", "::2", "::3"]);
    assert_eq!(order(&["1.1.1.1", "::1", "1.1.1.2"]), ["1.1.1.1", "::1", "1.1.1.2"]);
    assert_eq!(order(&[]), [""; 0]);
}

#[tokio::test]
async fn an_address_that_refuses_or_is_silent_costs_only_itself() {
    let server = Server::start(Script::new(OK)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let full = Full::new();
    for addresses in [
        vec![nobody, server.address],
        vec![full.address, server.address],
        vec![full.address, nobody, full.address, server.address],
        vec![server.address, full.address],
    ] {
        let stream = first_of(addresses).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), server.address);
    }
    let error = first_of(vec![nobody, nobody]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_connection_has_the_connect_time() {
    let full = Full::new();
    let mute = Server::start(Script { stays: true, ..Script::new("") }).await;
    for url in [format!("http://{}/", full.address), format!("https://{}/", mute.address)] {
        let time = Duration::from_millis(50);
        let connector = Connector { time, ..connector_to_localhost(Dns::default()) };
        let error = connector.connect(&url.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Late { phase: Phase::Connect, .. }), "{error}");
        assert!(error.is_transient());
    }
}

/// Connects to a server by `host`, with a certificate for `certified`.
async fn over_tls(host: &str, certified: &str, trusted: bool) -> Result<Transport, Error> {
    let authority = Authority::new();
    let script = Script { tls: Some(authority.acceptor(&[certified])), ..Script::new(OK) };
    let server = Server::start(script).await;
    let roots = if trusted { authority.roots() } else { Authority::new().roots() };
    let dns = Dns::default().with(host, &[&["127.0.0.1"]]);
    let connector = Connector { tls: tls_config(roots), ..connector_to_localhost(dns) };
    connector.connect(&server.target_as("https", host)).await.map(|(transport, _)| transport)
}

#[tokio::test]
async fn the_certificate_is_for_the_host_of_the_url() {
    for (host, certified) in [
        ("radio.example", "radio.example"),
        ("radio.example.", "radio.example"),
        ("127.0.0.1", "127.0.0.1"),
    ] {
        let transport = over_tls(host, certified, true).await.unwrap();
        let Transport::Right(stream) = transport else { panic!("{host}: {transport:?}") };
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    }
}

#[test]
fn sni_is_the_name_and_never_an_address() {
    let name = server_name(&Host::Domain("radio.example.")).unwrap();
    assert_eq!(name, ServerName::try_from("radio.example").unwrap());
    let name = server_name(&Host::Ipv4([127, 0, 0, 1].into())).unwrap();
    assert!(matches!(name, ServerName::IpAddress(_)));
}

#[tokio::test]
async fn a_certificate_for_another_host_or_of_a_stranger_is_refused() {
    for (host, certified, trusted) in [
        ("radio.example", "other.example", true),
        ("radio.example", "127.0.0.1", true),
        ("radio.example", "radio.example", false),
    ] {
        let error = over_tls(host, certified, trusted).await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error}");
        assert!(!error.is_transient(), "{error}");
    }
}
