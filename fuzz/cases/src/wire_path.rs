//! Any bytes as an item of a path feed: no panic; what is taken is within the
//! limits, and is written so that it is read again as the same.

use bytes::Bytes;
use feed::wire::{FRAME_LEN_MAX, Item, TEXT_LEN_MAX};
use feed::{PathItem, PathUnit, SourceInfo};
use media::{AacProfile, ChannelMode, FrameHeader, Title, WallTime, adts, mp3, synthetic};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(item) = PathItem::decode(Bytes::copy_from_slice(data)) else { return };
    match &item {
        PathItem::Unit(unit) => assert!((1..=FRAME_LEN_MAX).contains(&unit.data.len())),
        PathItem::Title(title) => {
            for text in [&title.stream_title, &title.artist, &title.title, &title.url] {
                assert!(text.len() <= TEXT_LEN_MAX && !text.contains(char::is_control));
            }
        }
        PathItem::Connected(_) | PathItem::Gone => {}
    }
    let mut written = Vec::new();
    item.encode(&mut written).expect("what was read is written");
    // A header that the data has may have been told all the same.
    assert!(written.len() <= data.len());
    assert_eq!(PathItem::decode(written.into()), Ok(item));
}

/// One item of each kind, with the header told and not told.
pub fn seeds() -> Vec<Vec<u8>> {
    items().iter().map(bytes_of).collect()
}

/// Items of both codecs.
pub(crate) fn items() -> Vec<PathItem> {
    let mp3 = synthetic::mp3_frame(32, 44_100, ChannelMode::Mono, 1);
    let adts = synthetic::adts_frame(44_100, 2, 40, 2);
    let of_mp3 = mp3::Header::parse(&mp3).and_then(|header| header.to_frame_header());
    let of_adts = adts::Header::parse(&adts).and_then(|header| header.to_frame_header());
    let (of_mp3, of_adts) = (of_mp3.expect("a header"), of_adts.expect("a header"));
    vec![
        PathItem::Connected(SourceInfo { header: of_mp3, profile: None }),
        PathItem::Connected(SourceInfo { header: of_adts, profile: Some(AacProfile::HeV1) }),
        unit(of_mp3, mp3),
        unit(of_adts, adts),
        unit(of_mp3, b"abc".to_vec()),
        PathItem::Title(Title::new("Artist - Ün Titre", "https://a.example").into()),
        PathItem::Gone,
    ]
}

/// An item as bytes.
pub(crate) fn bytes_of(item: &impl Item) -> Vec<u8> {
    let mut bytes = Vec::new();
    item.encode(&mut bytes).expect("an item that can be");
    bytes
}

fn unit(header: FrameHeader, data: Vec<u8>) -> PathItem {
    let arrival = WallTime::from_nanos(1_700_000_000_000_000_000);
    PathItem::Unit(PathUnit { header, data: data.into(), arrival })
}
