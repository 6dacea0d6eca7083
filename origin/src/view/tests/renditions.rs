//! One egress in two renditions, each by its own programme.

use catalogue::Made;
use delivery::Station;
use media::RenditionId;
use playlists::conformance::check_renditions;

use super::*;
use crate::Error;

/// A source's own bytes, and what is made of them at half the bit rate.
struct Pair {
    fanout: Fanout,
    clock: Arc<ManualClock>,
    station: Arc<Station>,
    made: Lane,
    own: Lane,
    sent: u64,
    _tasks: JoinSet<()>,
}

/// One programme.
struct Lane {
    timeline: Timeline,
    writer: Writer<Record>,
    len: usize,
}

fn programme(egress: &Egress, kbps: u32) -> (Programme, Lane) {
    let limits = tail::Limits { items_max: 10_000, weight_max: 64 << 20 };
    let (writer, feed) = tail::tail(limits, Record::weight);
    let resume = Resume {
        next_number: MediaSequence(100),
        next_discontinuity: 0,
        not_before: WallTime::default(),
        title: None,
    };
    let encoding = catalogue::Encoding { bitrate_kbps: kbps, ..egress.encoding };
    let made = if kbps == egress.encoding.bitrate_kbps { Made::Outside } else { Made::Here };
    let programme = Programme {
        rendition: catalogue::Rendition {
            id: encoding.rendition_id(egress.mount.segment),
            encoding,
            made,
        },
        feed,
        segments: Vec::new(),
        titles: Vec::new(),
        profile: None,
        stores: stores(),
    };
    let len = LEN * usize::try_from(kbps).unwrap() / 128;
    (programme, Lane { timeline: Timeline::new(2, resume), writer, len })
}

impl Pair {
    fn new() -> Self {
        let (egress, clock) = (egress(), Arc::new(ManualClock::default()));
        let interval = Duration::from_millis(10);
        let settings = FanoutSettings { interval, slots: 10, ..FanoutSettings::default() };
        let fanout = Fanout::start(settings, Arc::new(SystemClock)).unwrap();
        let ((half, made), (whole, own)) = (programme(&egress, 64), programme(&egress, 128));
        let steady = Steady::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut tasks = JoinSet::new();
        let programmes = vec![half, whole];
        let around = (&steady, "one");
        let station = crate::start(&egress, programmes, &fanout, around, &mut tasks).unwrap();
        Self { fanout, clock, station, made, own, sent: 0, _tasks: tasks }
    }

    /// Puts units on one programme or both, in real time; gives the bytes of each.
    fn play(&mut self, units: u64, is_made: bool) -> (Vec<u8>, Vec<u8>) {
        let (mut made, mut own) = (Vec::new(), Vec::new());
        for number in self.sent..self.sent + units {
            self.clock.advance(UNIT);
            let now = Steady::new(Arc::clone(&self.clock) as Arc<dyn Clock>).now();
            own.extend(self.own.put(number, now));
            if is_made {
                made.extend(self.made.put(number, now));
            }
        }
        self.sent += units;
        (made, own)
    }

    fn rendition(&self, nth: usize) -> &Rendition {
        &self.station.renditions()[nth]
    }

    /// Waits until a rendition lists its newest segment; gives its playlist.
    async fn settle(&self, nth: usize) -> Bytes {
        let lane = if nth == 0 { &self.made } else { &self.own };
        let number = lane.timeline.segment().unwrap().0 - 1;
        let rendition = self.rendition(nth);
        eventually(|| rendition.hls().number == Some(MediaSequence(number))).await;
        rendition.hls().media.as_ref().unwrap().text.clone()
    }

    async fn join(&self, nth: usize, metaint: Option<usize>) -> Receiver<Bytes> {
        let metaint = metaint.and_then(|len| NonZeroU32::new(len.try_into().unwrap()));
        let mount = self.rendition(nth).mount();
        eventually(|| mount.seat().is_ok()).await;
        let listener = NewListener { metaint, ..NewListener::default() };
        mount.seat().unwrap().join_pipe(listener).unwrap()
    }
}

impl Lane {
    fn put(&mut self, number: u64, now: WallTime) -> Bytes {
        let unit = unit(number, now);
        let unit = PathUnit { data: unit.data.slice(..self.len), ..unit };
        self.timeline.handle_unit(&unit);
        self.publish();
        unit.data
    }

    fn title(&mut self, text: &str) {
        self.timeline.handle_title(Arc::new(Title::new(text, "")));
    }

    fn publish(&mut self) {
        self.writer.extend(std::iter::from_fn(|| self.timeline.next_record()));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.fanout.stop();
    }
}

#[tokio::test]
async fn renditions_are_in_the_order_of_their_programmes_and_the_source_s_is_the_default() {
    let pair = Pair::new();
    let ids: Vec<_> = pair.station.renditions().iter().map(|one| one.id().as_str()).collect();
    assert_eq!(ids, ["mp3-2s-64", "mp3-2s-128"]);
    assert_eq!(pair.station.default_rendition().id().as_str(), "mp3-2s-128");
    assert_eq!(pair.rendition(0).head().bitrate_kbps, 64);
    assert_eq!(
        pair.rendition(0).head().audio_info,
        "ice-samplerate=48000;ice-bitrate=64;ice-channels=2"
    );
    assert_eq!(pair.rendition(1).head().bitrate_kbps, 128);
}

#[tokio::test]
async fn without_the_source_s_the_first_is_the_default_and_without_any_there_is_no_station() {
    let (egress, mut tasks) = (egress(), JoinSet::new());
    let fanout = Fanout::start(FanoutSettings::default(), Arc::new(SystemClock)).unwrap();
    let clock = Steady::new(Arc::new(ManualClock::default()));
    let programmes = vec![programme(&egress, 64).0, programme(&egress, 96).0];
    let station = crate::start(&egress, programmes, &fanout, (&clock, "one"), &mut tasks).unwrap();
    assert_eq!(*station.default_rendition().id(), RenditionId::new("mp3-2s", 64));
    let none = crate::start(&egress, Vec::new(), &fanout, (&clock, "one"), &mut tasks);
    assert!(matches!(none, Err(Error::NoProgramme(_))));
    fanout.stop();
}

#[tokio::test]
async fn seq_6_dr_4_both_have_the_same_numbers_dates_and_titles() {
    let mut pair = Pair::new();
    for round in 0..8 {
        for lane in [&mut pair.made, &mut pair.own] {
            lane.title(&format!("A - {round}"));
        }
        pair.play(SEGMENT, true);
    }
    let (made, own) = (pair.settle(0).await, pair.settle(1).await);
    assert_conforms(std::str::from_utf8(&made).unwrap());
    assert_eq!(check_renditions(&made, &own), []);
    let text = std::str::from_utf8(&made).unwrap();
    assert!(text.contains("TITLE=\"6\""), "{text}");
    let uris = [0, 1].map(|nth| pair.rendition(nth).hls().variant.clone().unwrap().uri);
    assert_eq!(uris, ["mp3-2s-64/media.m3u8", "mp3-2s-128/media.m3u8"]);
    let [of_made, of_own] = [0, 1].map(|nth| pair.rendition(nth).hls().segments.clone());
    assert_eq!(of_made.len(), of_own.len());
    assert!(of_made.keys().all(|name| !of_own.contains_key(name)), "each has its own");
    let len = |segments: &HashMap<String, Bytes>| segments.values().map(Bytes::len).sum::<usize>();
    assert!(len(&of_made) < len(&of_own) * 6 / 10);
}

#[tokio::test]
async fn each_is_heard_at_its_own_mount_with_its_own_titles() {
    let mut pair = Pair::new();
    let (made, own) = pair.play(2, true);
    pair.made.title("A - B");
    let (more, rest) = pair.play(1, true);
    let (empty, title) =
        (metaint::block(&Title::default()), metaint::block(&Title::new("A - B", "")));
    let mut of_made = pair.join(0, Some(LEN / 2)).await;
    let expected = [&made[..LEN / 2], &empty, &made[LEN / 2..], &title, &more[..], b"\0"].concat();
    check_heard(&mut of_made, &expected[..expected.len() - 1]).await;
    let mut of_own = pair.join(1, None).await;
    check_heard(&mut of_own, &[own, rest].concat()).await;
}

#[tokio::test]
async fn one_that_stands_still_does_not_hold_the_other() {
    let mut pair = Pair::new();
    pair.play(SEGMENT * 5, true);
    let before = pair.settle(0).await;
    pair.settle(1).await;
    let mut listener = pair.join(1, None).await;
    let (_, heard) = pair.play(SEGMENT * 5, false);
    let own = pair.settle(1).await;
    assert_conforms(std::str::from_utf8(&own).unwrap());
    assert_eq!(pair.rendition(0).hls().media.as_ref().unwrap().text, before);
    let mut all = Vec::new();
    while !all.ends_with(&heard) {
        let chunk = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("nothing comes");
        all.extend_from_slice(&chunk.expect("the stream goes on"));
    }
}
