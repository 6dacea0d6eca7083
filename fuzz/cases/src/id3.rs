//! Any bytes: the reader neither panics nor gives what is not in them.

use media::{MediaTime, Timescale, Title, id3, packed_audio};

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut given = 0;
    for frame in id3::frames(data).into_iter().flatten() {
        given += frame.body.len();
        let _ = (frame.text(), frame.user_text(), frame.private());
    }
    assert!(given <= data.len());
}

/// Tags as segments have them, and broken ones.
pub fn seeds() -> Vec<Vec<u8>> {
    let start = MediaTime::from_ticks(44_100);
    let scale = Timescale::MPEG;
    let title = Title::new("Artist - Ün Titre", "https://a.example");
    let whole = packed_audio::tag(start, scale, Some(&title));
    let mut sizes = whole.clone();
    sizes[14..18].fill(0x7F);
    vec![
        packed_audio::tag(start, scale, None),
        whole[..whole.len() / 2].to_vec(),
        whole,
        sizes,
        b"ID3\x03\0\xC0\0\0\0\x0a\0\0\0\x06\0\0\0\0\0\0".to_vec(),
        b"ID3\x04\0\0\0\0\0\0".to_vec(),
    ]
}
