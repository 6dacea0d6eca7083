use expect_test::expect;

use super::*;

/// A listing, and a clock turned by hand.
struct Bench {
    listing: Listing,
    now: Instant,
    title: String,
}

impl Bench {
    #[expect(clippy::disallowed_methods, reason = "an instant cannot be made otherwise")]
    fn new() -> Self {
        Self { listing: Listing::default(), now: Instant::now(), title: "A - B&c".to_owned() }
    }

    /// One that is listed, and touched once.
    fn listed(touch_freq: &str) -> Self {
        let mut bench = Self::new();
        bench.listing.handle_on_air(bench.now);
        bench.asks_after(60, Command::Add);
        bench.answer(&[("YPResponse", "1"), ("SID", "77"), ("TouchFreq", touch_freq)]);
        bench.asks_after(5, Command::Touch);
        bench.answer(&[("YPResponse", "1")]);
        bench
    }

    fn due_in(&self) -> Option<u64> {
        self.listing.poll_timeout().map(|due| (due - self.now).as_secs())
    }

    fn turn(&mut self, secs: u64) {
        self.now += Duration::from_secs(secs);
    }

    fn ask(&mut self) -> Option<(Command, String)> {
        let entry = Entry { name: "Acme".to_owned(), bitrate_kbps: 128, ..Entry::default() };
        let playing = Playing { title: self.title.clone(), listeners: 3, max_listeners: 100 };
        self.listing.next_request(&entry, &playing, self.now)
    }

    /// Nothing is asked until so many seconds have gone, and then this.
    #[track_caller]
    fn asks_after(&mut self, secs: u64, command: Command) -> String {
        assert_eq!(self.due_in(), Some(secs));
        if secs > 0 {
            self.turn(secs - 1);
            assert_eq!(self.ask(), None);
            self.turn(1);
        }
        let (asked, body) = self.ask().unwrap();
        assert_eq!(asked, command);
        assert_eq!((self.due_in(), self.ask()), (None, None), "one request at a time");
        body
    }

    fn answer(&mut self, headers: &[(&str, &str)]) {
        self.listing.handle_answer(answer(headers), self.now);
    }
}

fn answer(headers: &[(&str, &str)]) -> Answer {
    Answer::from_headers(headers.iter().map(|(name, value)| (*name, value.as_bytes())))
}

#[test]
fn bodies_have_icecasts_fields_in_icecasts_order() {
    let entry = Entry {
        name: "Ä & B".to_owned(),
        genre: "Rock/Pop".to_owned(),
        cluster_password: "clu".to_owned(),
        description: "de sc".to_owned(),
        url: "http://a.b/c?d=e".to_owned(),
        listen_url: "http://h:8000/live".to_owned(),
        media_type: "audio/mpeg".to_owned(),
        bitrate_kbps: 128,
        sample_rate_hz: 44_100,
        channels: 2,
    };
    let playing = Playing { title: "A - B&c".to_owned(), listeners: 3, max_listeners: 100 };
    let bodies = [add_body(&entry), touch_body("abc 1/2&x", &playing), remove_body("77")];
    expect![[r#"
        action=add&sn=%c3%84%20%26%20B&genre=Rock%2fPop&cpswd=clu&desc=de%20sc&url=http%3a%2f%2fa%2eb%2fc%3fd%3de&listenurl=http%3a%2f%2fh%3a8000%2flive&type=audio%2fmpeg&stype=&b=128&samplerate=44100&channels=2
        action=touch&sid=abc%201%2f2%26x&st=A%20%2d%20B%26c&listeners=3&max_listeners=100&stype=
        action=remove&sid=77
    "#]]
    .assert_eq(&(bodies.map(Option::unwrap).join("\n") + "\n"));
}

#[test]
fn a_body_has_at_most_32_kib() {
    let touch = |len| touch_body("1", &Playing { title: "a".repeat(len), ..Playing::default() });
    let rest = touch(0).unwrap().len();
    assert_eq!(touch(BODY_LEN_MAX - rest).unwrap().len(), BODY_LEN_MAX);
    assert_eq!(touch(BODY_LEN_MAX - rest + 1), None);
    let mut bench = Bench::listed("600");
    bench.title = "a".repeat(BODY_LEN_MAX);
    bench.turn(600);
    assert_eq!(bench.ask(), None);
    bench.title.clear();
    bench.asks_after(7200, Command::Add);
}

#[test]
fn an_answer_is_read_without_regard_to_case() {
    let read = answer(&[
        ("ypresponse", " 1 "),
        ("YPMESSAGE", "Added\u{7}"),
        ("Sid", " 1234-abc "),
        ("touchfreq", "200"),
    ]);
    let expected = Answer {
        is_accepted: true,
        message: "Added".to_owned(),
        sid: Some("1234-abc".to_owned()),
        touch_every: Some(Duration::from_secs(200)),
    };
    assert_eq!(read, expected);
    assert_eq!(answer(&[("X", "1")]), Answer::default());
    for value in ["", "0", "10", "yes"] {
        assert!(!answer(&[("YPResponse", value)]).is_accepted, "{value:?}");
    }
}

#[test]
fn a_touch_frequency_is_between_30_seconds_and_a_day() {
    for (value, expected) in [
        ("0", Some(30)),
        ("29", Some(30)),
        ("30", Some(30)),
        ("31", Some(31)),
        ("86400", Some(86_400)),
        ("86401", Some(86_400)),
        ("18446744073709551615", Some(86_400)),
        ("-1", None),
        ("", None),
        ("soon", None),
    ] {
        let read = answer(&[("TouchFreq", value)]).touch_every;
        assert_eq!(read, expected.map(Duration::from_secs), "{value:?}");
    }
}

#[test]
fn a_sid_has_1_to_255_bytes() {
    let sid = |len| answer(&[("SID", &"x".repeat(len))]).sid.map(|sid| sid.len());
    assert_eq!([sid(0), sid(1), sid(255), sid(256)], [None, Some(1), Some(255), None]);
}

#[test]
fn a_message_has_at_most_255_bytes() {
    let message = |len| answer(&[("YPMessage", &"x".repeat(len))]).message.len();
    assert_eq!([message(255), message(256), message(1 << 20)], [255; 3]);
}

#[test]
fn a_mount_is_listed_after_a_minute_on_air_and_touched_as_often_as_is_wanted() {
    let mut bench = Bench::new();
    assert_eq!((bench.due_in(), bench.ask()), (None, None));
    bench.listing.handle_on_air(bench.now);
    bench.asks_after(60, Command::Add);
    bench.answer(&[("YPResponse", "1"), ("SID", "a&b"), ("TouchFreq", "200")]);
    assert!(bench.listing.is_listed());
    let body = bench.asks_after(5, Command::Touch);
    assert_eq!(
        body,
        "action=touch&sid=a%26b&st=A%20%2d%20B%26c&listeners=3&max_listeners=100&stype="
    );
    bench.answer(&[("YPResponse", "1")]);
    bench.asks_after(200, Command::Touch);
    bench.answer(&[("YPResponse", "1"), ("TouchFreq", "90")]);
    bench.asks_after(90, Command::Touch);
}

#[test]
fn without_a_touch_frequency_it_is_ten_minutes() {
    let mut bench = Bench::new();
    bench.listing.handle_on_air(bench.now);
    bench.asks_after(60, Command::Add);
    bench.answer(&[("YPResponse", "1"), ("SID", "1")]);
    bench.asks_after(5, Command::Touch);
    bench.answer(&[("YPResponse", "1")]);
    assert_eq!(bench.due_in(), Some(600));
}

#[test]
fn a_mount_that_is_on_air_for_less_than_a_minute_is_not_listed() {
    let mut bench = Bench::new();
    bench.listing.handle_on_air(bench.now);
    bench.turn(59);
    bench.listing.handle_on_air(bench.now);
    assert_eq!(bench.due_in(), Some(1), "it is on air still, not again");
    bench.listing.handle_off_air(bench.now);
    bench.turn(3600);
    assert_eq!((bench.due_in(), bench.ask()), (None, None));
}

#[test]
fn a_title_hastens_the_touch_but_not_to_two_a_minute() {
    let mut bench = Bench::listed("600");
    bench.turn(10);
    bench.listing.handle_title(bench.now);
    assert_eq!(bench.due_in(), Some(50));
    bench.turn(20);
    bench.listing.handle_title(bench.now);
    bench.asks_after(30, Command::Touch);
    bench.listing.handle_title(bench.now);
    bench.answer(&[("YPResponse", "1")]);
    bench.turn(100);
    bench.listing.handle_title(bench.now);
    bench.turn(2);
    bench.listing.handle_title(bench.now);
    bench.asks_after(1, Command::Touch);
    bench.answer(&[("YPResponse", "1")]);
    bench.turn(599);
    bench.listing.handle_title(bench.now);
    assert_eq!(bench.due_in(), Some(1), "a title delays nothing");
}

#[test]
fn a_title_before_the_listing_asks_for_nothing() {
    let mut bench = Bench::new();
    bench.listing.handle_title(bench.now);
    bench.listing.handle_on_air(bench.now);
    bench.listing.handle_title(bench.now);
    assert_eq!(bench.due_in(), Some(60));
}

#[test]
fn a_mount_off_air_is_removed_at_once() {
    let mut bench = Bench::listed("600");
    bench.turn(10);
    bench.listing.handle_off_air(bench.now);
    assert_eq!(bench.asks_after(0, Command::Remove), "action=remove&sid=77");
    bench.answer(&[("YPResponse", "0")]);
    assert!(!bench.listing.is_listed());
    assert_eq!(bench.due_in(), None);
    bench.listing.handle_on_air(bench.now);
    bench.asks_after(60, Command::Add);
}

#[test]
fn a_mount_back_on_air_before_its_removal_is_sent_keeps_its_entry() {
    let mut bench = Bench::listed("600");
    bench.listing.handle_off_air(bench.now);
    bench.listing.handle_on_air(bench.now);
    assert!(bench.asks_after(60, Command::Touch).starts_with("action=touch&sid=77&"));
}

#[test]
fn a_mount_that_leaves_while_it_is_added_or_touched_is_removed_then() {
    let mut bench = Bench::new();
    bench.listing.handle_on_air(bench.now);
    bench.asks_after(60, Command::Add);
    bench.listing.handle_off_air(bench.now);
    bench.answer(&[("YPResponse", "1"), ("SID", "1")]);
    bench.asks_after(0, Command::Remove);
    let mut bench = Bench::listed("600");
    bench.asks_after(600, Command::Touch);
    bench.listing.handle_off_air(bench.now);
    bench.answer(&[("YPResponse", "1")]);
    bench.asks_after(0, Command::Remove);
}

#[test]
fn a_mount_back_on_air_before_its_removal_is_answered_is_added_anew() {
    let mut bench = Bench::listed("600");
    bench.listing.handle_off_air(bench.now);
    bench.asks_after(0, Command::Remove);
    bench.listing.handle_on_air(bench.now);
    bench.answer(&[("YPResponse", "1")]);
    bench.asks_after(60, Command::Add);
}

#[test]
fn a_refused_listing_is_tried_again_after_two_hours() {
    for refusal in [[("YPResponse", "0")].as_slice(), &[("YPResponse", "1")], &[("SID", "1")]] {
        let mut bench = Bench::new();
        bench.listing.handle_on_air(bench.now);
        bench.asks_after(60, Command::Add);
        bench.answer(refusal);
        bench.asks_after(7200, Command::Add);
    }
}

#[test]
fn an_entry_whose_touch_is_refused_is_added_again_after_20_minutes() {
    let mut bench = Bench::listed("600");
    bench.asks_after(600, Command::Touch);
    bench.answer(&[("YPResponse", "0"), ("YPMessage", "SID unknown")]);
    assert!(!bench.listing.is_listed());
    bench.asks_after(1200, Command::Add);
}

#[test]
fn a_directory_that_does_not_answer_is_asked_again_after_20_minutes() {
    let mut bench = Bench::new();
    bench.listing.handle_on_air(bench.now);
    bench.asks_after(60, Command::Add);
    bench.listing.handle_silence(bench.now);
    bench.asks_after(1200, Command::Add);
    bench.listing.handle_off_air(bench.now);
    bench.listing.handle_silence(bench.now);
    assert_eq!(bench.due_in(), None);
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut bench = Bench::listed("600");
    bench.answer(&[("YPResponse", "0"), ("TouchFreq", "30")]);
    bench.listing.handle_silence(bench.now);
    assert_eq!(bench.due_in(), Some(600));
    assert!(bench.listing.is_listed());
}
