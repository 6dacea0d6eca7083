use catalogue::report::IngestState;
use prometheus_client::registry::Registry;

use super::*;
use crate::intake::Taken;
use crate::metrics::Metrics;
use crate::testing::{aac, all, at, catalogue, kinds, metric, mp3};

struct Place {
    slot: Arc<Slot>,
    places: Arc<Semaphore>,
    registry: Registry,
}

fn place() -> Place {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let ingest = catalogue().ingest("live").unwrap().clone();
    let slot = Arc::new(Slot::new(ingest, metrics.of("live")));
    Place { slot, places: Arc::new(Semaphore::new(1)), registry }
}

impl Place {
    fn claim(&self, peer: &str, millis: u64) -> Result<Claim, NoPlace> {
        let caller =
            Caller { peer: peer.parse().unwrap(), user_agent: Some("BUTT/0.1".to_owned()) };
        self.slot.claim(caller, &self.places, at(millis))
    }

    fn metric(&self, name: &str) -> u64 {
        metric(&self.registry, &format!("{name}{{ingest=\"live\"}}"))
    }
}

fn intake(claim: &Claim) -> Intake {
    let ingest = claim.slot().ingest();
    Intake::new(ingest.encoding, ingest.on_mismatch)
}

/// Appends what `bytes` give, as a session does.
fn append(claim: &Claim, intake: &mut Intake, bytes: &[u8], millis: u64) {
    let mut taken = Taken::default();
    intake.push(bytes, at(millis), &mut taken).unwrap();
    claim.append(taken.items, intake, at(millis));
}

#[tokio::test]
async fn the_same_address_takes_its_place_at_once() {
    let place = place();
    let mut first = place.claim("192.0.2.1:1000", 0).unwrap();
    append(&first, &mut intake(&first), &mp3(0..5).concat(), 0);
    let second = place.claim("[::ffff:192.0.2.1]:2000", 0).unwrap();
    assert_eq!(first.dismissed().await, Dismissal::Replaced);
    append(&first, &mut intake(&first), &mp3(5..9).concat(), 0);
    append(&second, &mut intake(&second), &mp3(9..13).concat(), 0);
    drop(first);
    assert_eq!(kinds(&all(&place.slot.feed()).await), "C 4 G C 3");
    assert_eq!(place.slot.report(at(0)).state, IngestState::Connected);
    drop(second);
    assert_eq!(kinds(&all(&place.slot.feed()).await), "C 4 G C 3 G");
    assert_eq!(place.slot.report(at(0)).state, IngestState::Offline);
    assert_eq!((place.metric("ingest_connects_total"), place.metric("ingest_connected")), (2, 0));
}

#[tokio::test]
async fn another_address_waits_for_two_seconds_of_silence() {
    let place = place();
    let first = place.claim("192.0.2.1:1000", 0).unwrap();
    let mut heard = intake(&first);
    for millis in [0, 1_000, 1_500] {
        append(&first, &mut heard, &mp3(millis..millis + 4).concat(), millis);
        assert_eq!(place.claim("192.0.2.2:1000", millis + 1_999).unwrap_err(), NoPlace::InUse);
    }
    place.claim("192.0.2.2:1000", 3_500).unwrap();
    assert_eq!(kinds(&all(&place.slot.feed()).await), "C 11 G G");
}

#[test]
fn junk_is_silence() {
    let place = place();
    let first = place.claim("192.0.2.1:1000", 0).unwrap();
    append(&first, &mut intake(&first), &[0; 999], 1_999);
    assert_eq!(place.claim("192.0.2.2:1000", 1_999).unwrap_err(), NoPlace::InUse);
    place.claim("192.0.2.2:1000", 2_000).unwrap();
}

#[test]
fn a_process_takes_so_many_sources_and_no_more() {
    let (one, other) = (place(), place());
    let first = one.claim("192.0.2.1:1", 0).unwrap();
    let caller = Caller { peer: "192.0.2.2:1".parse().unwrap(), user_agent: None };
    let claim = || other.slot.claim(caller.clone(), &one.places, at(0));
    assert_eq!(claim().unwrap_err(), NoPlace::TooMany);
    // One that is replaced gives its place to the one that replaces it.
    let second = one.claim("192.0.2.1:2", 0).unwrap();
    drop(first);
    assert_eq!(claim().unwrap_err(), NoPlace::TooMany);
    drop(second);
    claim().unwrap();
}

#[tokio::test]
async fn a_title_without_a_source_goes_nowhere() {
    let place = place();
    let title = || Title::new("A - B".to_owned(), String::new());
    assert!(!place.slot.title(title()));
    let claim = place.claim("192.0.2.1:1", 0).unwrap();
    assert!(place.slot.title(title()));
    assert_eq!(place.slot.report(at(0)).title.as_deref(), Some("A - B"));
    // The next source has titles of its own.
    let next = place.claim("192.0.2.1:1", 0).unwrap();
    assert_eq!(place.slot.report(at(0)).title, None);
    drop((claim, next));
    assert!(!place.slot.title(title()));
    assert_eq!(kinds(&all(&place.slot.feed()).await), "T G G");
    assert_eq!(place.metric("ingest_titles_total"), 1);
}

#[test]
fn the_report_says_what_comes() {
    let place = place();
    place.slot.refused("this is Ogg".to_owned());
    let claim = place.claim("192.0.2.1:1000", 1_000).unwrap();
    let mut heard = intake(&claim);
    let bytes = [mp3(0..5).concat(), vec![0; 30], mp3(5..9).concat()].concat();
    append(&claim, &mut heard, &bytes, 1_000);
    let report = place.slot.report(at(4_999));
    let expected = IngestReport {
        name: "live".to_owned(),
        mount: Some("live".to_owned()),
        pulled_from: None,
        state: IngestState::Connected,
        peer_address: Some("192.0.2.1:1000".to_owned()),
        user_agent: Some("BUTT/0.1".to_owned()),
        connected_at_unix_secs: Some(at(1_000).secs()),
        connected_secs: Some(3),
        format: Some("MP3 128 kbit/s, 44100 Hz, stereo".to_owned()),
        sample_rate_hz: Some(44_100),
        channels: Some(2),
        bitrate_bps: report.bitrate_bps,
        mismatch: Vec::new(),
        connects_total: 1,
        frame_bytes_total: mp3(0..4).concat().len() as u64 + mp3(5..8).concat().len() as u64,
        frames_total: 7,
        junk_bytes_total: 30 + mp3(4..5)[0].len() as u64,
        title: None,
        last_refusal: Some("this is Ogg".to_owned()),
    };
    assert_eq!(report, expected);
    assert_eq!(place.metric("ingest_frames_total"), 7);
    assert_eq!(place.metric("ingest_junk_bytes_total"), report.junk_bytes_total);
    assert_eq!(place.metric("ingest_refused_total"), 1);
    drop(claim);
    let report = place.slot.report(at(5_000));
    assert_eq!((report.state, report.format, report.frames_total), (IngestState::Offline, None, 7));
}

#[test]
fn a_mismatch_is_a_state_until_the_source_has_gone() {
    let place = place();
    let claim = place.claim("192.0.2.1:1", 0).unwrap();
    let other = (0..5)
        .map(|seed| media::synthetic::mp3_frame(64, 44_100, media::ChannelMode::JointStereo, seed));
    append(&claim, &mut intake(&claim), &other.collect::<Vec<_>>().concat(), 0);
    assert_eq!(
        place.slot.report(at(0)).mismatch[0].to_string(),
        "bitrate_kbps: wanted 128, got 64"
    );
    assert_eq!(place.metric("ingest_mismatch"), 1);
    let next = place.claim("192.0.2.1:1", 0).unwrap();
    assert_eq!((place.slot.report(at(0)).mismatch, place.metric("ingest_mismatch")), (vec![], 0));
    append(&next, &mut intake(&next), &mp3(0..5).concat(), 0);
    assert_eq!(place.metric("ingest_mismatch"), 0);
}

#[test]
fn a_format_is_named_as_people_name_it() {
    for (profile, expected) in [
        (None, "AAC-LC 44100 Hz, stereo"),
        (Some(media::AacProfile::Lc), "AAC-LC 44100 Hz, stereo"),
        (Some(media::AacProfile::HeV1), "HE-AAC 88200 Hz, stereo"),
        (Some(media::AacProfile::HeV2), "HE-AAC v2 88200 Hz, stereo"),
    ] {
        let mut framer = media::Framer::default();
        framer.push(&aac(0..4).concat());
        let header = framer.next_frame().unwrap().unwrap().header;
        assert_eq!(format(&SourceInfo { header, profile }), expected);
    }
}

#[tokio::test]
async fn what_a_killed_process_had_is_on_the_feed_of_the_next_and_its_source_is_gone() {
    let folder = std::env::temp_dir().join(format!("skywave-slot-{}", std::process::id()));
    let open = || journal::Journal::open(&folder, crate::JOURNAL_LIMITS, 0).unwrap();
    let desk = journal::Desk::start().unwrap();
    let first = place();
    first.slot.resume(desk.scribe("live", open().0), Vec::new());
    let claim = first.claim("192.0.2.1:1000", 0).unwrap();
    append(&claim, &mut intake(&claim), &mp3(0..5).concat(), 0);
    let before = all(&first.slot.feed()).await;
    assert_eq!(kinds(&before), "C 4");
    assert!(desk.flush(Duration::from_secs(20)).await);
    // Nobody says good-bye.
    drop((claim.slot().state().scribe.take(), desk));

    let desk = journal::Desk::start().unwrap();
    let (journal, entries) = open();
    let second = place();
    second.slot.resume(desk.scribe("live", journal), entries);
    let after = all(&second.slot.feed()).await;
    assert_eq!(after[..5], before[..], "the same frames, with the times at which they came");
    assert_eq!(kinds(&after), "C 4 G");
    let own = second.slot.own_from();
    let claim = second.claim("192.0.2.1:1000", 0).unwrap();
    append(&claim, &mut intake(&claim), &mp3(0..5).concat(), 0);
    let entries = second.slot.feed().from_start().next_batch(usize::MAX).await.unwrap();
    let places: Vec<_> = entries.iter().map(|entry| entry.position >= own).collect();
    assert_eq!(places.iter().filter(|is_own| !**is_own).count(), 5);
    std::fs::remove_dir_all(&folder).unwrap();
}
