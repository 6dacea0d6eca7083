//! Any bytes as a record of a programme feed: no panic; what is taken is within
//! the limits and makes sense, and is written as it was read.

use bytes::Bytes;
use feed::wire::Item;
use feed::{ClockMark, Closed, Epoch, NUMBER_MAX, Record, TitleMark, Unit};
use media::{
    AacProfile, Codec, EpochId, MediaSequence, StreamInfo, Timescale, Title, WallTime, synthetic,
};

use crate::wire_path::bytes_of;

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(record) = Record::decode(Bytes::copy_from_slice(data)) else { return };
    match &record {
        Record::Epoch(epoch) => assert!(epoch.first_number.0 <= NUMBER_MAX),
        Record::Unit(unit) => assert!(unit.index <= NUMBER_MAX && !unit.data.is_empty()),
        Record::Closed(closed) => {
            assert!(closed.units() > 0 && closed.end_index <= NUMBER_MAX);
            assert!(closed.number >= closed.epoch.first_number);
        }
        Record::Title(mark) => assert!(mark.index <= NUMBER_MAX),
        Record::Clock(mark) => assert!(mark.number.0 <= NUMBER_MAX),
        Record::Ended(_) => {}
    }
    assert_eq!(bytes_of(&record), data);
}

/// One record of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    records().iter().map(bytes_of).collect()
}

fn records() -> Vec<Record> {
    let title = Title::new("Artist - Title", "");
    let stream = StreamInfo {
        codec: Codec::Aac,
        timescale: Timescale::new(44_100).expect("not zero"),
        channels: 2,
        samples_per_frame: 1_024,
    };
    let epoch = Epoch {
        id: EpochId(42),
        stream,
        source: stream,
        profile: Some(AacProfile::Lc),
        first_number: MediaSequence(7),
        discontinuity_sequence: 0,
    };
    let closed = Closed {
        number: MediaSequence(8),
        epoch,
        first_index: 259,
        end_index: NUMBER_MAX,
        wall_start: WallTime::from_nanos(1_700_000_000_000_000_000),
        title: Some(title.clone().into()),
    };
    vec![
        Record::Epoch(epoch),
        Record::Unit(Unit { index: 5, data: synthetic::adts_frame(44_100, 2, 40, 2).into() }),
        Record::Title(TitleMark {
            epoch: epoch.id,
            index: 6,
            source_index: 6,
            title: title.into(),
        }),
        Record::Closed(Closed { title: None, ..closed.clone() }),
        Record::Closed(closed),
        Record::Ended(epoch.id),
        Record::Clock(ClockMark {
            epoch: epoch.id,
            number: MediaSequence(9),
            origin: WallTime::from_nanos(1_700_000_000_000_000_000),
        }),
    ]
}
