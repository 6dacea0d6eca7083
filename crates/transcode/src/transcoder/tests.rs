use std::sync::Arc;

use catalogue::EncodingCodec::{Aac, HeAac, HeAacV2, Mp3};
use media::{Codec, FrameHeader, Title};

use super::*;
use crate::testing::{self, Programme, TARGET_SECS, channel, heard, lag, mono, units};

fn transcoder(encoding: &Encoding) -> Transcoder {
    Transcoder::new(encoding, TARGET_SECS).unwrap()
}

/// What a rendition's feed is when it gets all of these records.
fn made(encoding: &Encoding, records: &[Record]) -> Vec<Record> {
    let mut transcoder = transcoder(encoding);
    let mut made = Vec::new();
    for record in records {
        transcoder.handle(record).unwrap();
        made.extend(std::iter::from_fn(|| transcoder.next_record()));
    }
    assert_eq!(transcoder.counts(), Counts::default());
    made
}

fn closed(records: &[Record]) -> Vec<Closed> {
    let closed = records.iter().filter_map(|record| match record {
        Record::Closed(closed) => Some(closed.clone()),
        _ => None,
    });
    closed.collect()
}

/// The bytes of each segment, by number.
fn segments(records: &[Record]) -> Vec<(u64, Vec<u8>)> {
    let units = units(records);
    let bytes = |closed: &Closed| {
        let within = |unit: &&Unit| (closed.first_index..closed.end_index).contains(&unit.index);
        let data = units.iter().filter(within).map(|unit| unit.data.to_vec());
        data.collect::<Vec<_>>().concat()
    };
    closed(records).iter().map(|closed| (closed.number.0, bytes(closed))).collect()
}

#[test]
fn a_rendition_has_the_segments_of_the_programme_each_with_its_own_units() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 7);
    let records = programme.records();
    for encoding in [
        Encoding::stereo(Aac, 96, 44_100),
        Encoding::stereo(HeAac, 48, 44_100),
        Encoding::stereo(Mp3, 64, 44_100),
    ] {
        let form = *transcoder(&encoding).form();
        let made = made(&encoding, &records);
        let expected =
            closed(&records).iter().map(|one| form.closed(one, TARGET_SECS)).collect::<Vec<_>>();
        assert_eq!(closed(&made), expected);
        let units = units(&made);
        let end = expected.last().unwrap().end_index;
        assert!(units.iter().map(|unit| unit.index).eq(0..end), "{encoding}");
        assert_eq!(made.first(), Some(&Record::Epoch(form.epoch(&programme.epoch))));
        assert_eq!(made.last(), Some(&Record::Ended(programme.epoch.id)));
        for unit in units {
            let header = FrameHeader::of(&unit.data);
            assert_eq!(header.unwrap().stream, form.stream, "{encoding}");
        }
    }
}

#[test]
fn what_is_heard_is_heard_at_its_place_to_the_sample() {
    let source = Encoding::stereo(Mp3, 192, 44_100);
    let programme = Programme::new(&source, 7);
    let sent = channel(&programme.heard(), 2);
    let records = programme.records();
    // Parametric stereo has not the channels of noise apart.
    for (encoding, off_max, least) in [
        (Encoding::stereo(Aac, 128, 44_100), 0, 0.9),
        (Encoding::stereo(Mp3, 128, 44_100), 0, 0.9),
        (Encoding::stereo(HeAac, 64, 44_100), 1, 0.7),
        (Encoding::stereo(HeAacV2, 32, 44_100), 1, 0.35),
    ] {
        let form = *transcoder(&encoding).form();
        let made = units(&made(&encoding, &records));
        let own = testing::own(&form, &programme);
        let got = channel(&heard(&own, made.iter().map(|unit| &unit.data)), 2);
        for at in [20_000, 60_000, 86_000, 88_000, 90_000, 174_000, 180_000, 220_000] {
            let (lag, alike) = lag(&sent, &got, at, 64);
            assert!(lag.abs() <= off_max && alike > least, "{encoding} at {at}: {lag}, {alike}");
        }
    }
}

#[test]
fn who_begins_later_makes_the_same_bytes() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 11);
    let records = programme.records();
    for encoding in [
        Encoding::stereo(Aac, 64, 44_100),
        Encoding::stereo(HeAac, 48, 44_100),
        Encoding::stereo(HeAacV2, 32, 44_100),
        Encoding::stereo(Mp3, 96, 44_100),
        mono(Encoding::stereo(Aac, 48, 44_100)),
    ] {
        let whole = segments(&made(&encoding, &records));
        assert_eq!(whole.len(), 6);
        // In the midst of segment 1: segment 3 is the first that can be made.
        let from = programme.grid().first_index(1) + 17;
        let mut transcoder = transcoder(&encoding);
        transcoder.begin(&programme.epoch, from).unwrap();
        let is_later = |record: &&Record| match record {
            Record::Epoch(_) => false,
            Record::Unit(unit) => unit.index >= from,
            Record::Closed(closed) => closed.number.0 > 0,
            _ => true,
        };
        for record in records.iter().filter(is_later) {
            transcoder.handle(record).unwrap();
        }
        let later = segments(&std::iter::from_fn(|| transcoder.next_record()).collect::<Vec<_>>());
        let (first, _) = later[0];
        assert!((2..=3).contains(&first), "{encoding}: {first}");
        assert_eq!(later, whole[usize::try_from(first).unwrap()..], "{encoding}");
    }
}

#[test]
fn titles_and_clocks_stand_where_the_programme_has_them() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 5);
    let mut records = programme.records();
    let title = Arc::new(Title::new("Artist - Title", ""));
    let epoch = programme.epoch.id;
    let at = records
        .iter()
        .position(|one| matches!(one, Record::Unit(unit) if unit.index == 100))
        .unwrap();
    let mark = TitleMark { epoch, index: 100, source_index: 100, title };
    records.insert(at, Record::Title(mark.clone()));
    let at = records.iter().position(|one| matches!(one, Record::Closed(_))).unwrap();
    let clock =
        ClockMark { epoch, number: media::MediaSequence(1), origin: media::WallTime::default() };
    records.insert(at + 1, Record::Clock(clock));
    let made = made(&Encoding::stereo(Aac, 96, 44_100), &records);
    let place = |record: Record| made.iter().position(|one| *one == record).unwrap();
    let title = place(Record::Title(TitleMark { index: 113, ..mark }));
    assert!(matches!(&made[title + 1], Record::Unit(unit) if unit.index == 113));
    let clock = place(Record::Clock(clock));
    assert!(matches!(&made[clock - 1], Record::Closed(closed) if closed.number.0 == 0));
    assert!(matches!(&made[clock + 1], Record::Unit(_)));
}

#[test]
fn frames_that_do_not_decode_are_concealed_and_counted() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 5);
    let mut records = programme.records();
    for record in &mut records {
        if let Record::Unit(unit) = record
            && (80..90).contains(&unit.index)
        {
            unit.data = vec![0xFF; unit.data.len()].into();
        }
    }
    let encoding = Encoding::stereo(Aac, 96, 44_100);
    let mut transcoder = transcoder(&encoding);
    for record in &records {
        transcoder.handle(record).unwrap();
    }
    assert!(transcoder.counts().concealed >= 10, "{:?}", transcoder.counts());
    assert_eq!(transcoder.counts().left_out, 0);
    let made: Vec<_> = std::iter::from_fn(|| transcoder.next_record()).collect();
    assert_eq!(closed(&made).len(), 3);
}

#[test]
fn a_hole_in_the_programme_costs_the_segments_around_it() {
    let programme = Programme::new(&Encoding::stereo(Mp3, 128, 44_100), 11);
    let mut records = programme.records();
    let hole = programme.grid().first_index(2) + 20;
    records.retain(|record| !matches!(record, Record::Unit(unit) if unit.index == hole));
    let encoding = Encoding::stereo(Aac, 64, 44_100);
    let mut transcoder = transcoder(&encoding);
    for record in &records {
        transcoder.handle(record).unwrap();
    }
    assert_eq!(transcoder.counts().left_out, 1);
    let made: Vec<_> = std::iter::from_fn(|| transcoder.next_record()).collect();
    let whole = segments(&self::made(&encoding, &programme.records()));
    let numbers: Vec<_> = segments(&made).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [0, 1, 3, 4, 5]);
    assert_eq!(segments(&made)[2..], whole[3..]);
}

#[test]
fn an_epoch_of_another_rate_or_other_channels_goes_on_in_the_same_form() {
    let encoding = Encoding::stereo(Aac, 96, 44_100);
    let mut transcoder = transcoder(&encoding);
    for source in [
        Encoding::stereo(Mp3, 128, 44_100),
        mono(Encoding::stereo(Mp3, 64, 44_100)),
        Encoding::stereo(Aac, 96, 44_100),
        Encoding::stereo(HeAac, 48, 44_100),
        Encoding::stereo(HeAacV2, 32, 44_100),
    ] {
        let programme = Programme::new(&source, 5);
        for record in programme.records() {
            transcoder.handle(&record).unwrap();
        }
        let made: Vec<_> = std::iter::from_fn(|| transcoder.next_record()).collect();
        let form = transcoder.form();
        assert_eq!(form.stream.codec, Codec::Aac);
        let (sent, own) =
            (channel(&programme.heard(), source.channels()), testing::own(form, &programme));
        let got = channel(&heard(&own, units(&made).iter().map(|unit| &unit.data)), 2);
        let (lag, alike) = lag(&sent, &got, 100_000, 64);
        assert!(lag.abs() <= 1 && alike > 0.7, "{source}: {lag}, {alike}");
    }
}

/// What no encoder likes: digital silence, and full scale at every pitch.
#[test]
fn silence_and_full_scale_square_waves_are_made_into_every_rendition() {
    // 50 Hz, 1 kHz and 11 kHz.
    for period in [0, 882, 44, 4] {
        let programme = Programme::square(&Encoding::stereo(Mp3, 128, 44_100), 3, period);
        let records = programme.records();
        for to in [
            Encoding::stereo(Aac, 64, 44_100),
            Encoding::stereo(HeAac, 48, 48_000),
            Encoding::stereo(HeAacV2, 24, 44_100),
            Encoding::stereo(Mp3, 64, 32_000),
        ] {
            let form = *transcoder(&to).form();
            let made = units(&made(&to, &records));
            let own = testing::own(&form, &programme);
            let got = heard(&own, made.iter().map(|unit| &unit.data));
            let loudest = got.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
            let bounds = if period == 0 { 0.0..=0.001 } else { 0.3..=4.0 };
            assert!(bounds.contains(&loudest), "{period} in {to}: {loudest}");
        }
    }
}
