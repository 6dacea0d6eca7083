//! Random programmes and random texts.

use std::collections::HashMap;

use super::*;
use crate::window::Removed;

/// One epoch of a random programme.
#[derive(Debug, Clone)]
struct Epoch {
    rate: u32,
    whole: usize,
    /// Frames of a short last segment; none when zero.
    last_frames: u64,
    /// From the end of the epoch before to the start of this one: below zero
    /// they overlap.
    pause_millis: i64,
}

#[derive(Debug, Clone)]
struct Programme {
    codec: Codec,
    target_secs: u64,
    keep: Duration,
    first: u64,
    epochs: Vec<Epoch>,
    title_starts: Vec<u64>,
}

fn epoch() -> impl Strategy<Value = Epoch> {
    let rate = prop::sample::select(vec![16_000, 22_050, 32_000, 44_100, 48_000]);
    (rate, 0..12_usize, 0..100_u64, -999..5_000_i64).prop_map(
        |(rate, whole, last_frames, pause_millis)| Epoch { rate, whole, last_frames, pause_millis },
    )
}

fn programme() -> impl Strategy<Value = Programme> {
    let codec = prop::sample::select(vec![Codec::Aac, Codec::Mp3]);
    let epochs = prop::collection::vec(epoch(), 1..8);
    let titles = prop::collection::vec(0..300_u64, 0..40);
    (codec, 2..11_u64, 0..90_u64, 0..u64::from(u32::MAX), epochs, titles).prop_map(
        |(codec, target_secs, keep, first, epochs, title_starts)| {
            let keep = Duration::from_secs(keep);
            Programme { codec, target_secs, keep, first, epochs, title_starts }
        },
    )
}

/// The programme's segments, as a packager makes them.
fn segments(programme: &Programme) -> Vec<SegmentInfo> {
    let mut maker = Maker::new(programme.codec, 48_000, programme.first);
    let mut segments: Vec<SegmentInfo> = Vec::new();
    for epoch in &programme.epochs {
        if let Some(last) = segments.last() {
            let overlap = Duration::from_millis(epoch.pause_millis.min(0).unsigned_abs());
            let pause = Duration::from_millis(epoch.pause_millis.max(0).unsigned_abs());
            maker.new_epoch(pause);
            maker.next.wall_start = maker.next.wall_start.minus(overlap).max(last.wall_start);
        }
        maker.rate = epoch.rate;
        maker.target_secs = programme.target_secs;
        maker.next.timescale = media::Timescale::new(epoch.rate).unwrap();
        segments.extend((0..epoch.whole).map(|_| maker.whole()));
        // At these rates a hundred frames exceed a short target.
        let room = programme.target_secs * u64::from(epoch.rate) / maker.samples_per_frame;
        if epoch.last_frames > 0 || epoch.whole == 0 {
            segments.push(maker.frames(epoch.last_frames.clamp(1, room)));
        }
    }
    segments
}

fn titles(programme: &Programme) -> Vec<TitleRange> {
    programme.title_starts.iter().map(|secs| title(&format!("t{secs}"), *secs)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// SEQ-1 to SEQ-5, SEQ-9, TD-1, PDT-1, PDT-3, DR-1 to DR-3, between neighbours
    /// and between reloads far apart.
    #[test]
    fn whatever_the_programme_every_playlist_conforms_and_follows(
        programme in programme(),
        stride in 1..20_usize,
    ) {
        let titles = titles(&programme);
        let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
        let mut window = LiveWindow::new(programme.target_secs, programme.keep);
        let mut texts: Vec<String> = Vec::new();
        for segment in segments(&programme) {
            window.append(segment).unwrap();
            if window.is_ready() {
                let text = media_playlist::render(&window, &options);
                assert_conforms(&text);
                texts.push(text);
            }
        }
        for (old, new) in texts.iter().zip(texts.iter().skip(1)) {
            assert_follows(old, new);
        }
        for (old, new) in texts.iter().zip(texts.iter().skip(stride)) {
            assert_follows(old, new);
        }
    }

    #[test]
    fn td_4_the_sum_of_a_run_is_within_a_frame_of_the_truth(programme in programme()) {
        let mut window = LiveWindow::new(programme.target_secs, Duration::from_hours(24));
        let segments = segments(&programme);
        for segment in &segments {
            window.append(segment.clone()).unwrap();
        }
        let text = media_playlist::render(&window, &MediaPlaylistOptions::default());
        let (playlist, _) = read(text.as_bytes());
        let mut difference = 0_i128;
        for (read, written) in playlist.segments.iter().zip(&segments) {
            let hz = i128::from(written.timescale.hz());
            let exact = i128::from(written.duration.ticks()) * 1_000_000_000 / hz;
            difference += i128::from(read.micros) * 1_000 - exact;
            // The shortest frame is 1,024 samples at 48 kHz; runs that begin
            // later have no more than the difference of two sums.
            prop_assert!(difference.abs() < 1_024 * 1_000_000_000 / 48_000 / 2);
        }
    }

    #[test]
    fn seq_4_discontinuities_are_numbered_the_same_in_every_playlist(programme in programme()) {
        let mut window = LiveWindow::new(programme.target_secs, programme.keep);
        for segment in segments(&programme) {
            window.append(segment).unwrap();
            let text = media_playlist::render(&window, &MediaPlaylistOptions::default());
            let read = read(text.as_bytes()).0.segments;
            let read: Vec<_> = read.iter().map(|one| one.discontinuity_sequence).collect();
            let written: Vec<_> = window.segments().map(|one| one.discontinuity_sequence).collect();
            prop_assert_eq!(read, written);
        }
    }

    #[test]
    fn seq_12_a_removed_segment_stays_for_itself_and_its_longest_playlist(
        programme in programme(),
    ) {
        let mut window = LiveWindow::new(programme.target_secs, programme.keep);
        let mut longest: HashMap<u64, Duration> = HashMap::new();
        for segment in segments(&programme) {
            for Removed { segment, keep_for } in window.append(segment).unwrap() {
                let own = segment.duration.to_std(segment.timescale);
                prop_assert_eq!(keep_for, own + longest[&segment.number.0]);
            }
            for listed in window.segments() {
                let longest = longest.entry(listed.number.0).or_default();
                *longest = window.duration().max(*longest);
            }
        }
    }

    #[test]
    fn dr_3_a_title_that_left_does_not_come_back(programme in programme()) {
        let titles = titles(&programme);
        let mut window = LiveWindow::new(programme.target_secs, programme.keep);
        let mut oldest = NOON;
        for segment in segments(&programme) {
            window.append(segment).unwrap();
            if let Some(first) = titles_in_window(&titles, &window).first() {
                prop_assert!(first.start >= oldest || oldest == NOON);
                oldest = oldest.max(first.start);
            }
        }
    }

    #[test]
    fn any_bytes_are_read(old in prop::collection::vec(any::<u8>(), 0..400),
                          new in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&old);
        check_pair(&old, &new);
        check_renditions(&old, &new);
        check_multivariant(&old);
    }

    #[test]
    fn a_playlist_with_lines_changed_is_read(
        cuts in prop::collection::vec((0..40_usize, 0..60_usize, "[ -~é\u{301}]{0,20}"), 1..6),
    ) {
        let good = playlist();
        let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
        for (line, at, text) in &cuts {
            let count = lines.len();
            let line = &mut lines[line % count];
            let at = (*at).min(line.len());
            if line.is_char_boundary(at) {
                line.truncate(at);
                line.push_str(text);
            }
        }
        let bad = lines.join("\n");
        check(bad.as_bytes());
        check_pair(good.as_bytes(), bad.as_bytes());
        check_pair(bad.as_bytes(), good.as_bytes());
        check_multivariant(bad.as_bytes());
    }

    /// Whatever a title says, the playlist stays whole.
    #[test]
    fn syn_2_and_syn_4_hold_for_any_title(stream_title in any::<String>(), id in "[a-z0-9-]{1,9}") {
        let title = Title::new(stream_title, "");
        let titles = [TitleRange { id, start: NOON, title }];
        let options = MediaPlaylistOptions { titles: &titles, ..MediaPlaylistOptions::default() };
        assert_conforms(&media_playlist::render(&maker_and_window().1, &options));
    }
}
