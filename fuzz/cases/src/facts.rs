//! Any timeline log over any listing of the bucket: no panic; a fact is written
//! as it was read; where a programme goes on lies behind all that it had.
//!
//! Each line of the input is a fact, or a segment's file name.

use feed::{Fact, History, NUMBER_MAX, Stored};
use media::MediaSequence;
use store::SegmentName;

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut history = History::default();
    let mut stored = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(fact) = serde_json::from_slice::<Fact>(line) {
            let text = serde_json::to_vec(&fact).expect("a fact is plain data");
            assert_eq!(serde_json::from_slice::<Fact>(&text).ok(), Some(fact.clone()));
            history.apply(fact);
        } else if let Some(name) = std::str::from_utf8(line).ok().and_then(SegmentName::parse) {
            stored.push(Stored { number: name.number, epoch: name.epoch, bytes: 1_000 });
        }
    }
    let lines = data.split(|byte| *byte == b'\n').count();
    judge(&mut history, &stored, lines);
}

fn judge(history: &mut History, stored: &[Stored], lines: usize) {
    let resume = history.resume(stored, MediaSequence(1));
    for one in stored {
        assert!(resume.next_number > one.number || one.number.0 >= NUMBER_MAX);
    }
    let segments = history.segments(stored);
    for pair in segments.windows(2) {
        assert_eq!(pair[0].number.0 + 1, pair[1].number.0);
    }
    let _ = (history.titles(), history.profile());
    // An epoch without a segment is forgotten, and lays open the one before it.
    for _ in 0..=lines {
        let Some(end) = history.missing_end(stored) else { return };
        history.apply(end);
        let _ = history.resume(stored, MediaSequence(1));
    }
    panic!("the log's end stays open");
}

/// The log of two epochs, with segments; numbers at their ends.
pub fn seeds() -> Vec<Vec<u8>> {
    const EPOCH: &str = r#"{"fact":"epoch_began","epoch":42,"codec":"mp3","sample_rate_hz":44100,"channels":2,"samples_per_frame":1152,"first_number":7,"discontinuity_sequence":0,"target_secs":6}
{"fact":"clock_set","epoch":42,"number":7,"origin_nanos":1700000000000000000}
{"fact":"title_set","epoch":42,"index":100,"stream_title":"A - B","url":"x"}
"#;
    const SEGMENTS: &str = "7-0000002a.mp3\n8-0000002a.mp3\n9-0000002a.mp3\n";
    const ENDED: &str = "{\"fact\":\"epoch_ended\",\"epoch\":42,\"units\":700}\n";
    let next = EPOCH.replace("42", "43").replace(":7,", ":10,").replace("\"mp3\"", "\"aac\"");
    let texts = [
        EPOCH.to_owned(),
        format!("{EPOCH}{SEGMENTS}"),
        format!("{EPOCH}{SEGMENTS}{ENDED}{next}10-0000002b.aac\n"),
        format!("{}{SEGMENTS}", EPOCH.replace(":7,", ":18446744073709551615,")),
        format!("{EPOCH}18446744073709551615-0000002a.mp3\n"),
        format!("{}{SEGMENTS}", EPOCH.replace("1700000000000000000", "18446744073709551615")),
        format!(
            "{}{SEGMENTS}",
            EPOCH.replace("\"samples_per_frame\":1152", "\"samples_per_frame\":0")
        ),
        format!("{EPOCH}{SEGMENTS}{}", ENDED.replace("700", "18446744073709551615")),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}
