use bytes::Bytes;
use demo::fixtures;
use feed::{PathUnit, SourceInfo};
use media::{ChannelMode, Title, WallTime, synthetic};

use super::*;
use crate::testing::header;

fn unit(data: Bytes) -> PathItem {
    PathItem::Unit(PathUnit { header: header(), data, arrival: WallTime::default() })
}

fn connected() -> PathItem {
    PathItem::Connected(SourceInfo { header: header(), profile: None })
}

fn silence() -> Bytes {
    Bytes::from(synthetic::mp3_frame(128, 48_000, ChannelMode::Stereo, 1))
}

#[test]
fn units_are_quiet_or_not() {
    let mut hearing = Hearing::default();
    assert_eq!(hearing.listen(&connected()), None);
    let sound = fixtures::mp3(2, 128, 48_000, 2);
    // The first ones are the encoder's delay and what the demo begins with.
    let heard: Vec<_> = sound.into_iter().map(|data| hearing.listen(&unit(data))).collect();
    assert!(heard.iter().all(Option::is_some));
    assert!(heard[20..].iter().all(|quiet| *quiet == Some(false)), "{heard:?}");
    assert_eq!(hearing.listen(&PathItem::Title(Title::new("A", "").into())), None);
    // The decoder rings for one more.
    hearing.listen(&unit(silence()));
    assert_eq!(hearing.listen(&unit(silence())), Some(true));
}

#[test]
fn what_does_not_decode_is_quiet() {
    let mut hearing = Hearing::default();
    assert_eq!(hearing.listen(&unit(Bytes::from_static(&[0xFF; 384]))), Some(true));
}

#[test]
fn another_source_has_another_decoder() {
    let mut hearing = Hearing::default();
    for data in fixtures::mp3(1, 128, 48_000, 2) {
        hearing.listen(&unit(data));
    }
    hearing.listen(&connected());
    // Nothing of the one before rings on.
    assert_eq!(hearing.listen(&unit(silence())), Some(true));
}
