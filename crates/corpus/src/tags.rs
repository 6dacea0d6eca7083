//! Tags as files have them, true and lying, and junk.

use bytes::Bytes;
use fastrand::Rng;

/// An `ID3v2.4` tag whose header declares `declared` bytes behind itself, with
/// `body` (id3.org, `ID3v2.4` structure §3.1).
pub fn id3v2(declared: u32, body: &[u8]) -> Bytes {
    let digit = |shift: u32| u8::try_from(declared >> shift & 0x7F).expect("seven bits");
    let head = [b'I', b'D', b'3', 4, 0, 0, digit(21), digit(14), digit(7), digit(0)];
    [&head[..], body].concat().into()
}

/// An `ID3v2` tag that is as long as it says.
pub fn id3v2_whole(body: &[u8]) -> Bytes {
    id3v2(u32::try_from(body.len()).expect("a body of the corpus is short"), body)
}

/// An `ID3v1` tag: 128 bytes.
pub fn id3v1() -> Bytes {
    let mut tag = b"TAGA title\xFF\xFB\x90\x64 and an artist".to_vec();
    tag.resize(128, 0);
    tag.into()
}

/// An `APEv2` tag with header, one item and footer.
pub fn ape() -> Bytes {
    let item = b"\x05\0\0\0\0\0\0\0Title\0\xFF\xFB\x90\x64x";
    let half = |flags: u32| {
        let len = u32::try_from(item.len() + 32).expect("short");
        let numbers = [2_000, len, 1, flags].map(u32::to_le_bytes).concat();
        [b"APETAGEX".as_slice(), &numbers, &[0; 8]].concat()
    };
    [half(0xA000_0000), item.to_vec(), half(0x8000_0000)].concat().into()
}

/// A Layer III frame with a table of contents, as long as `frame` and like it.
pub fn info_frame(frame: &[u8], name: [u8; 4]) -> Option<Bytes> {
    let header = media::mp3::Header::parse(frame)?;
    let mut info = frame.to_vec();
    info.get_mut(4..)?.fill(0);
    let at = 4 + header.side_info_len();
    info.get_mut(at..at + 4)?.copy_from_slice(&name);
    Some(info.into())
}

/// Random bytes.
pub fn noise(len: usize, seed: u64) -> Bytes {
    let mut rng = Rng::with_seed(seed);
    std::iter::repeat_with(|| rng.u8(..)).take(len).collect()
}

/// `pattern` again and again, `len` bytes of it.
pub fn repeated(pattern: &[u8], len: usize) -> Bytes {
    pattern.iter().copied().cycle().take(len).collect()
}
