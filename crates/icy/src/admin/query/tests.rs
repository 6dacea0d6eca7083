use super::*;
use crate::update::PARAMETERS_MAX;

fn stats(query: &str) -> StatsQuery {
    StatsQuery::parse(query.as_bytes()).expect(query)
}

#[track_caller]
fn check(command: &str, query: &str, expected: &Result<AdminQuery, Refusal>) {
    assert_eq!(&AdminQuery::parse(command, query.as_bytes()), expected, "{command}?{query}");
}

#[test]
fn what_panels_ask_of_shoutcast_is_read() {
    let query = stats("sid=2&mode=viewxml&page=3&pass=hack%26me");
    assert_eq!((query.sid, query.mode, query.page), (2, Some(Mode::View), Page::Listeners));
    assert_eq!(query.format, Some(Format::Xml));
    assert_eq!(query.password.as_deref(), Some("hack&me"));
    assert_eq!(stats("mode=viewjson").format, Some(Format::Json));
    assert_eq!(stats("type=json").format, Some(Format::Json));
    assert_eq!(stats("type=xml").format, Some(Format::Xml));
    assert_eq!(stats("json=0").format, None);
    assert_eq!(stats("mode=updinfo&song=x").mode, Some(Mode::UpdateTitle));
    assert_eq!(stats("mode=kicksrc").mode, Some(Mode::Other));
    let nothing = stats("");
    assert_eq!((nothing.sid, nothing.mode, nothing.page), (1, None, Page::Full));
    assert_eq!((nothing.mount, nothing.format, nothing.password), (None, None, None));
}

#[test]
fn pages_are_known_by_their_numbers() {
    let pages = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "x"]
        .map(|page| stats(&format!("page={page}")).page);
    let full = Page::Full;
    let (summary, listeners, history) = (Page::Summary, Page::Listeners, Page::History);
    let (metadata, configs) = (Page::Metadata, Page::Configs);
    assert_eq!(
        pages,
        [full, summary, full, listeners, history, metadata, configs, summary, full, full]
    );
}

#[test]
fn a_sid_is_a_number_from_1_to_2147483647() {
    assert_eq!(stats("sid=1").sid, 1);
    assert_eq!(stats("sid=2147483647").sid, SID_MAX);
    assert_eq!(stats("sid=").sid, 1);
    for query in ["sid=0", "sid=2147483648", "sid=-1", "sid=1x", "sid=99999999999999999999999"] {
        assert_eq!(StatsQuery::parse(query.as_bytes()), Err(QueryError::Sid), "{query}");
    }
}

#[test]
fn a_callback_is_an_identifier_of_at_most_64_bytes() {
    let name = |name: &str| StatsQuery::parse(format!("json=1&callback={name}").as_bytes());
    let longest = "f".repeat(CALLBACK_LEN_MAX);
    for good in ["f", "_", "$", "jQuery17_$2", longest.as_str()] {
        let format = name(good).expect(good).format;
        assert!(matches!(format, Some(Format::Jsonp(name)) if name.as_str() == good), "{good}");
    }
    let longer = "f".repeat(CALLBACK_LEN_MAX + 1);
    for bad in ["1f", "a.b", "a[0]", "alert(1)//", "%3Cscript%3E", "a+b", "%C3%A9", longer.as_str()]
    {
        assert_eq!(name(bad), Err(QueryError::Callback), "{bad}");
    }
    assert_eq!(name("").expect("no callback").format, Some(Format::Json));
    assert_eq!(stats("type=xml&callback=a.b").format, Some(Format::Xml), "XML calls nothing");
}

#[test]
fn the_last_of_two_counts() {
    let query = stats("sid=1&sid=2&mount=/a&mount=/b");
    assert_eq!((query.sid, query.mount.as_deref()), (2, Some("b")));
    check("killsource", "mount=/a&mount=/b", &Ok(AdminQuery::KillSource { mount: "b".to_owned() }));
}

#[test]
fn mounts_lose_their_slash_and_those_that_cannot_be_find_nothing() {
    assert_eq!(stats("mount=/live.mp3").mount.as_deref(), Some("live.mp3"));
    assert_eq!(stats("mount=live.mp3").mount.as_deref(), Some("live.mp3"));
    assert_eq!(stats("mount=%2Fa%2Fb").mount.as_deref(), Some("a/b"));
    assert_eq!(stats("mount=").mount, None);
    for impossible in ["/", "/../a", "//a", "/a%00", "/%FF"] {
        let mount = stats(&format!("mount={impossible}")).mount;
        assert!(mount.is_some_and(|mount| mount.starts_with('/')), "{impossible}");
    }
}

#[test]
fn what_panels_ask_of_icecast_is_read() {
    let mount = || "live.mp3".to_owned();
    check("stats", "", &Ok(AdminQuery::Stats { mount: None }));
    check("stats", "mount=/live.mp3", &Ok(AdminQuery::Stats { mount: Some(mount()) }));
    check("listmounts", "", &Ok(AdminQuery::ListMounts));
    check("streamlist", "", &Ok(AdminQuery::ListMounts));
    check("streamlist.txt", "", &Ok(AdminQuery::StreamList));
    check("metadata", "mode=updinfo&song=x", &Ok(AdminQuery::Metadata));
    check("listclients", "mount=/live.mp3", &Ok(AdminQuery::ListClients { mount: mount() }));
    check("killsource", "mount=/live.mp3", &Ok(AdminQuery::KillSource { mount: mount() }));
    let kill = |id| Ok(AdminQuery::KillClient { mount: mount(), id });
    check("killclient", "mount=/live.mp3&id=7", &kill(7));
    check("killclient", "id=abc&mount=/live.mp3", &kill(0));
    check("killclient", "id=-1&mount=/live.mp3", &kill(0));
    let to = |destination: Option<&str>| {
        Ok(AdminQuery::MoveClients { mount: mount(), destination: destination.map(str::to_owned) })
    };
    check("moveclients", "mount=/live.mp3", &to(None));
    check("moveclients", "mount=/live.mp3&destination=/b", &to(Some("b")));
    let fallbacks = AdminQuery::Fallbacks { mount: mount(), fallback: "b".to_owned() };
    check("fallbacks", "mount=/live.mp3&fallback=/b", &Ok(fallbacks));
}

#[test]
fn what_cannot_be_done_is_refused() {
    for command in ["", "nothing", "stats.xsl", "listclients/", "STATS", "../stats"] {
        check(command, "mount=/a", &Err(Refusal::UnknownCommand));
    }
    for command in ["listclients", "killclient", "killsource", "moveclients", "fallbacks"] {
        check(command, "mount=&id=1", &Err(Refusal::NoMount));
    }
    check("killclient", "mount=/a", &Err(Refusal::MissingParameter));
    check("fallbacks", "mount=/a&fallback=", &Err(Refusal::MissingParameter));
    check("moveclients", "mount=/a&destination=a", &Err(Refusal::SameMount));
}

#[test]
fn a_query_has_at_most_8_kib_and_32_parameters() {
    let padded = |len: usize| {
        let query = "sid=2&x=".to_owned();
        let missing = len - query.len();
        query + &"a".repeat(missing)
    };
    assert_eq!(stats(&padded(QUERY_LEN_MAX)).sid, 2);
    let longer = padded(QUERY_LEN_MAX + 1);
    assert_eq!(StatsQuery::parse(longer.as_bytes()), Err(QueryError::TooLong));
    let longer = "mount=/a&".to_owned() + &longer;
    for command in ["killsource", "stats", "listmounts"] {
        check(command, &longer, &Err(Refusal::NoMount));
    }
    let many = |count: usize| "a=b&".repeat(count) + "sid=2";
    assert_eq!(stats(&many(PARAMETERS_MAX - 1)).sid, 2);
    assert_eq!(stats(&many(PARAMETERS_MAX)).sid, 1);
}

#[test]
fn debug_shows_no_password() {
    assert!(!format!("{:?}", stats("pass=hackme&sid=2")).contains("hackme"));
}
