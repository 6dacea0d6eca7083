use catalogue::Encoding;
use catalogue::EncodingCodec::{Aac, HeAac, Mp3};
use feed::{Closed, Epoch, Record, Unit};
use media::{EpochId, MediaSequence};

use super::*;
use crate::Transcoder;
use crate::testing::{Programme, TARGET_SECS, channel, heard, lag, mono, own, units};

const RATE_HZ: u32 = 44_100;

/// Seconds of noise of which each is as much louder or quieter than the one before as a song
/// is than speech.
const SWELL: &[f32] = &[10.0, 4.0, 7.0, 2.0, 9.0, 12.0, 3.0];

fn loudness(target_lufs: i32, true_peak_dbtp: i32) -> Loudness {
    Loudness { target_tenths: target_lufs * 10, true_peak_tenths: true_peak_dbtp * 10 }
}

fn transcoder(encoding: &Encoding, loudness: Loudness) -> Transcoder {
    Transcoder::new(encoding, TARGET_SECS).unwrap().with_loudness(Some(loudness))
}

fn made(transcoder: &mut Transcoder, records: &[Record]) -> Vec<Record> {
    let mut made = Vec::new();
    for record in records {
        transcoder.handle(record).unwrap();
        made.extend(std::iter::from_fn(|| transcoder.next_record()));
    }
    made
}

/// Loudness of a stretch of stereo in LUFS.
fn lufs(samples: &[f32], secs: Range<usize>) -> f64 {
    let at = |sec: usize| (sec * RATE_HZ as usize * 2).min(samples.len());
    let mut meter = Meter::new(RATE_HZ, 2).unwrap();
    meter.push(&samples[at(secs.start)..at(secs.end)]);
    meter.finish().lufs().unwrap()
}

#[test]
fn a_programme_comes_to_the_target_at_its_place_to_the_sample() {
    let source = Encoding::stereo(Mp3, 192, RATE_HZ);
    let programme = Programme::new(&source, 13);
    let sent = programme.heard();
    for encoding in [Encoding::stereo(Aac, 128, RATE_HZ), Encoding::stereo(Mp3, 128, RATE_HZ)] {
        for target in [-30, -18] {
            let mut transcoder = transcoder(&encoding, loudness(target, -1));
            let form = *transcoder.form();
            let made = units(&made(&mut transcoder, &programme.records()));
            let got = heard(&own(&form, &programme), made.iter().map(|unit| &unit.data));
            // Of the first two segments nothing is known, and the third goes over to it.
            let before = lufs(&got, 0..4) - lufs(&sent, 0..4);
            assert!(before.abs() < 0.5, "{encoding}: {before}");
            let behind = lufs(&got, 5..12) - f64::from(target);
            assert!(behind.abs() < 0.5, "{encoding} at {target}: {behind}");
            let (sent, got) = (channel(&sent, 2), channel(&got, 2));
            for at in [100_000, 176_400, 300_000, 440_000] {
                let (lag, alike) = lag(&sent, &got, at, 64);
                assert!(lag == 0 && alike > 0.9, "{encoding} at {at}: {lag}, {alike}");
            }
        }
    }
}

#[test]
fn peaks_stay_below_the_ceiling_but_for_what_a_codec_adds() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 192, RATE_HZ), 9);
    let encoding = Encoding::stereo(Aac, 192, RATE_HZ);
    let peak = |true_peak_dbtp: i32| {
        let mut transcoder = transcoder(&encoding, loudness(-9, true_peak_dbtp));
        let form = *transcoder.form();
        let made = units(&made(&mut transcoder, &programme.records()));
        let got = heard(&own(&form, &programme), made.iter().map(|unit| &unit.data));
        let behind = &got[6 * RATE_HZ as usize * 2..];
        20.0 * behind.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs())).log10()
    };
    let (low, high) = (peak(-9), peak(-3));
    assert!((-10.0..-7.5).contains(&low), "{low}");
    assert!((-4.0..-1.5).contains(&high), "{high}");
}

/// A programme's segments with their units, oldest first.
fn stored(records: &[Record]) -> Vec<(Closed, Vec<Unit>)> {
    let mut units = Vec::new();
    let mut stored = Vec::new();
    for record in records {
        match record {
            Record::Unit(unit) => units.push(unit.clone()),
            Record::Closed(closed) => {
                let (own, later) =
                    units.drain(..).partition(|unit: &Unit| unit.index < closed.end_index);
                units = later;
                stored.push((closed.clone(), own));
            }
            _ => {}
        }
    }
    stored
}

/// Bytes of each segment, by number.
fn bytes(records: &[Record]) -> Vec<(u64, Vec<u8>)> {
    let bytes = |(closed, units): (Closed, Vec<Unit>)| {
        let data: Vec<&[u8]> = units.iter().map(|unit| &unit.data[..]).collect();
        (closed.number.0, data.concat())
    };
    stored(records).into_iter().map(bytes).collect()
}

/// The same programme as the next epoch.
fn next_epoch(records: &[Record], first_number: u64) -> Vec<Record> {
    let next = |epoch: &Epoch| Epoch {
        id: EpochId(1),
        first_number: MediaSequence(first_number),
        discontinuity_sequence: 1,
        ..*epoch
    };
    let of_next = |record: &Record| match record {
        Record::Epoch(epoch) => Record::Epoch(next(epoch)),
        Record::Closed(closed) => Record::Closed(Closed {
            number: MediaSequence(closed.number.0 + first_number),
            epoch: next(&closed.epoch),
            ..closed.clone()
        }),
        Record::Ended(_) => Record::Ended(EpochId(1)),
        other => other.clone(),
    };
    records.iter().map(of_next).collect()
}

/// What of a feed's records is behind the first unit of a segment of its last epoch.
fn from_segment(records: &[Record], number: u64) -> (Closed, Vec<Record>) {
    let closed = stored(records).into_iter().map(|(closed, _)| closed);
    let closed = closed.into_iter().find(|closed| closed.number.0 == number).unwrap();
    let is_later = |record: &&Record| match record {
        Record::Unit(unit) => unit.index >= closed.first_index,
        Record::Closed(other) => other.number.0 >= number,
        Record::Epoch(_) => false,
        _ => true,
    };
    let begin = records.iter().rposition(|one| matches!(one, Record::Epoch(_))).unwrap();
    let later = records[begin..].iter().filter(is_later).cloned().collect();
    (closed, later)
}

/// Segments that are made again before those that count.
const AGAIN: u64 = 3;

/// The segments that count of one who goes on with the segment `number`; all of them where
/// that is `None`.
fn bytes_of(encoding: &Encoding, records: &[Record], number: Option<u64>) -> Vec<(u64, Vec<u8>)> {
    let mut transcoder = transcoder(encoding, loudness(-23, -1));
    let Some(number) = number else { return bytes(&made(&mut transcoder, records)) };
    let (at, later) = from_segment(records, number);
    let recalled = number + AGAIN - recalled(TARGET_SECS).min(number + AGAIN)..number + AGAIN;
    let before = stored(records).into_iter();
    let before: Vec<_> = before.filter(|(one, _)| recalled.contains(&one.number.0)).collect();
    transcoder.recall(&before, Some(at.epoch.id)).unwrap();
    assert_eq!((transcoder.next_record(), transcoder.counts().left_out), (None, 0));
    transcoder.begin(&at.epoch, at.first_index).unwrap();
    let made = bytes(&made(&mut transcoder, &later));
    made.into_iter().filter(|(one, _)| *one >= number + AGAIN).collect()
}

/// Who goes on with any of these segments makes the same bytes as who was there from the
/// beginning, if it recalls the segments before those that count.
fn check_same(encoding: &Encoding, records: &[Record], numbers: &[u64]) {
    let whole = bytes_of(encoding, records, None);
    for number in numbers {
        let is_later = |(one, _): &&(u64, Vec<u8>)| *one >= number + AGAIN;
        let wanted: Vec<_> = whole.iter().filter(is_later).cloned().collect();
        let made = bytes_of(encoding, records, Some(*number));
        assert!(wanted.len() > 1 && made == wanted, "{encoding} from {number}");
    }
}

#[test]
fn who_recalls_the_segments_before_makes_the_same_bytes() {
    let programme = Programme::swelling(&Encoding::stereo(Mp3, 128, RATE_HZ), 21, SWELL);
    for encoding in [
        Encoding::stereo(Aac, 64, RATE_HZ),
        Encoding::stereo(HeAac, 48, RATE_HZ),
        Encoding::stereo(Mp3, 96, 48_000),
    ] {
        check_same(&encoding, &programme.records(), &[5]);
    }
}

#[test]
fn who_recalls_nothing_makes_others() {
    let programme = Programme::swelling(&Encoding::stereo(Mp3, 128, RATE_HZ), 15, SWELL);
    let (encoding, records) = (Encoding::stereo(Aac, 64, RATE_HZ), programme.records());
    let (at, later) = from_segment(&records, 3);
    let mut deaf = transcoder(&encoding, loudness(-23, -1));
    deaf.begin(&at.epoch, at.first_index).unwrap();
    let deaf = bytes(&made(&mut deaf, &later));
    let whole = bytes_of(&encoding, &records, None);
    let is_same = |number: u64| {
        let of = |bytes: &[(u64, Vec<u8>)]| {
            bytes.iter().find(|(one, _)| *one == number).map(|(_, bytes)| bytes.clone())
        };
        of(&deaf) == of(&whole)
    };
    assert!(!is_same(5) && !is_same(6));
}

#[test]
fn a_gain_follows_from_the_epoch_before_too() {
    // Its last segment is cut short.
    let programme = Programme::swelling(&Encoding::stereo(Mp3, 128, RATE_HZ), 11, SWELL);
    let first = programme.records();
    let both = [first.clone(), next_epoch(&first, 6)].concat();
    check_same(&Encoding::stereo(Aac, 64, RATE_HZ), &both, &[6, 7]);
}

/// A minute and a half: more than a gain follows from.
#[test]
fn a_gain_follows_from_a_minute_and_no_more() {
    assert_eq!(recalled(TARGET_SECS), 38, "a minute is thirty");
    let programme = Programme::swelling(&Encoding::stereo(Mp3, 32, 8_000), 94, SWELL);
    check_same(&Encoding::stereo(Mp3, 32, 8_000), &programme.records(), &[38, 39, 40, 41]);
}

/// Whose encoders begin in the last segment but one.
#[test]
fn at_low_sampling_rates_lanes_reach_back_further() {
    let programme = Programme::swelling(&Encoding::stereo(Mp3, 32, 16_000), 92, SWELL);
    check_same(&Encoding::stereo(HeAac, 24, 16_000), &programme.records(), &[39]);
    check_same(&Encoding::stereo(Aac, 16, 8_000), &programme.records(), &[40]);
}

#[test]
fn mono_is_as_loud_as_stereo() {
    let programme = Programme::square(&Encoding::stereo(Mp3, 128, RATE_HZ), 9, 100);
    let level = |encoding: &Encoding| {
        let mut transcoder = transcoder(encoding, loudness(-30, -1));
        let form = *transcoder.form();
        let made = units(&made(&mut transcoder, &programme.records()));
        let got = heard(&own(&form, &programme), made.iter().map(|unit| &unit.data));
        let one = channel(&got, encoding.channels());
        let behind = &one[6 * RATE_HZ as usize..8 * RATE_HZ as usize];
        10.0 * behind.iter().map(|sample| sample * sample).sum::<f32>().log10()
    };
    let stereo = Encoding::stereo(Aac, 128, RATE_HZ);
    let apart = level(&stereo) - level(&mono(Encoding { bitrate_kbps: 96, ..stereo }));
    assert!(apart.abs() < 0.2, "{apart} dB");
}

#[test]
fn without_loudness_nothing_is_recalled() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, RATE_HZ), 5);
    let mut transcoder = Transcoder::new(&Encoding::stereo(Aac, 64, RATE_HZ), TARGET_SECS).unwrap();
    transcoder.recall(&stored(&programme.records()), None).unwrap();
    assert_eq!(transcoder.next_record(), None);
}
