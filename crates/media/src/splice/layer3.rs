//! The primer of Layer III: frames written anew, each with its main data whole.

use bytes::Bytes;

use super::Primer;
use super::side_info::{MAIN_DATA_BEGIN_MAX, SideInfo};
use crate::mp3::{HEADER_LEN, Header, Layer, Version};

/// What fills the room between a frame's main data and the next one's, where no
/// decoder looks.
const FILLING: u8 = 0;

/// What stands for main data that is not known, should a decoder take it for
/// such: ones are the short word of zeros in nearly every code table. Measured
/// with mpg123 at 128 kbit/s: no louder than silence in the frame's place, where
/// zeros are a burst of full scale. They never look like a header, either.
const UNKNOWN: u8 = 0xFF;

/// The highest `bitrate_index`; 15 is forbidden.
const BITRATE_INDEX_MAX: u8 = 14;

/// A frame taken apart.
struct Parts<'a> {
    head: [u8; HEADER_LEN],
    header: Header,
    side_info: SideInfo,
    /// The main data area: what is behind the side information. Main data of
    /// this frame or of the next ones.
    area: &'a [u8],
}

/// A frame of the newcomer's past, and where its main data stands.
struct Heard<'a> {
    parts: Parts<'a>,
    /// `None` where it reaches further back than what is known.
    main_data: Option<&'a [u8]>,
}

/// A frame written anew, and the first bytes of its main data, which have no
/// room in it and belong to the end of the frame before.
struct Packed {
    frame: Bytes,
    before: Vec<u8>,
}

/// See [`super::primer`]; `None` where `first` is not understood.
pub(super) fn primer(before: &[Bytes], first: &[u8]) -> Option<Primer> {
    let first = Parts::of(first)?;
    let known = known(before, &first);
    let areas: Vec<u8> = known.iter().flat_map(|parts| parts.area).copied().collect();
    let begin = first.side_info.main_data_begin();
    let Some(reservoir_at) = areas.len().checked_sub(begin) else {
        let frames = first.blank(&areas, begin).into_iter().collect();
        return Some(Primer { frames, is_complete: false });
    };
    let mut reservoir = areas.get(reservoir_at..)?.to_vec();
    let mut frames = Vec::new();
    for heard in heard(known, &areas).into_iter().rev().take(first.memory()) {
        let Some(main_data) = heard.main_data else { break };
        let Some(packed) = heard.parts.packed(main_data, &reservoir) else { break };
        frames.push(packed.frame);
        reservoir = packed.before;
    }
    let is_complete = frames.len() == first.memory();
    // What the oldest of them has no room for, or `first` if there are none.
    if !reservoir.is_empty() {
        frames.extend(first.blank(&reservoir, reservoir.len()));
    }
    frames.reverse();
    Some(Primer { frames, is_complete })
}

/// The newest frames that are of the same stream as `first`, oldest first, as
/// many as can matter: those in its memory, and what the oldest of them borrows.
fn known<'a>(before: &'a [Bytes], first: &Parts<'_>) -> Vec<Parts<'a>> {
    let (mut known, mut lent_len) = (Vec::new(), 0);
    for frame in before.iter().rev() {
        let parts = Parts::of(frame).filter(|parts| parts.is_like(first));
        let Some(parts) = parts.filter(|_| lent_len < MAIN_DATA_BEGIN_MAX) else { break };
        if known.len() >= first.memory() {
            lent_len += parts.area.len();
        }
        known.push(parts);
    }
    known.reverse();
    known
}

/// Finds each frame's main data in the areas of them all, one behind the other.
fn heard<'a>(known: Vec<Parts<'a>>, areas: &'a [u8]) -> Vec<Heard<'a>> {
    let mut area_at = 0;
    let find = |parts: Parts<'a>| {
        let (at, area_end) = (area_at, area_at + parts.area.len());
        area_at = area_end;
        let side_info = &parts.side_info;
        let begin = at.checked_sub(side_info.main_data_begin());
        let main_data = begin.and_then(|begin| {
            let end = begin + side_info.main_data_len();
            areas.get(begin..end).filter(|_| end <= area_end)
        });
        Heard { parts, main_data }
    };
    known.into_iter().map(find).collect()
}

impl<'a> Parts<'a> {
    /// Takes a whole frame apart, or gives `None` if it is none of Layer III
    /// whose header says its length.
    fn of(frame: &'a [u8]) -> Option<Self> {
        let header = Header::parse(frame)?;
        if header.layer != Layer::Three || header.frame_len() != Some(frame.len()) {
            return None;
        }
        let (head, rest) = frame.split_first_chunk()?;
        let (side_info, area) = SideInfo::take(&header, rest.get(crc_len(&header)..)?)?;
        Some(Self { head: *head, header, side_info, area })
    }

    /// Whether a decoder takes the other for a frame of the same stream.
    fn is_like(&self, other: &Parts<'_>) -> bool {
        let form = |header: &Header| (header.version, header.rate_hz, header.channels());
        form(&self.header) == form(&other.header)
    }

    /// Frames before this one whose sound is in a decoder's memory when it comes.
    ///
    /// Half of a granule's window, and 480 samples of the filter bank (ISO/IEC
    /// 11172-3 §2.4.3.4): of two granules the second is right whatever was
    /// before; where a frame has one, it takes another before it.
    const fn memory(&self) -> usize {
        match self.header.version {
            Version::Mpeg1 => 1,
            Version::Mpeg2 | Version::Mpeg25 => 2,
        }
    }

    /// Writes the frame anew, with all its main data and, behind it, the
    /// `reservoir` of the next; at its own bit rate or the lowest that has room.
    /// What even the highest has no room for is left to the frame before.
    ///
    /// `None` if that is more than `main_data_begin` can say.
    fn packed(&self, main_data: &[u8], reservoir: &[u8]) -> Option<Packed> {
        let len = main_data.len() + reservoir.len();
        let (head, area_len) = self.head_with_room_for(len)?;
        let mut before = Vec::with_capacity(len.max(area_len));
        before.extend_from_slice(main_data);
        before.resize(main_data.len() + area_len.saturating_sub(len), FILLING);
        before.extend_from_slice(reservoir);
        let area = before.split_off(len.saturating_sub(area_len));
        let side_info = self.side_info.clone().with_main_data_begin(before.len())?;
        Some(Packed { frame: written(head, &self.header, &side_info, &area), before })
    }

    /// A silent frame of this stream that leaves a decoder with `reservoir` and
    /// nothing else, and has room for the `wanted_len` bytes that it wants.
    ///
    /// Decoders that count see that there are fewer and mute what lacks them;
    /// those that do not count find [`UNKNOWN`] bytes, not another stream's.
    fn blank(&self, reservoir: &[u8], wanted_len: usize) -> Option<Bytes> {
        let newest = reservoir.len().saturating_sub(wanted_len);
        let reservoir = reservoir.get(newest..)?;
        let (head, area_len) = self.head_with_room_for(wanted_len)?;
        let unused = area_len.checked_sub(reservoir.len())?;
        let side_info = SideInfo::empty(&self.header).using_up(unused);
        let mut area = vec![UNKNOWN; unused];
        area.extend_from_slice(reservoir);
        Some(written(head, &self.header, &side_info, &area))
    }

    /// The header with the lowest bit rate, from its own on, at which the main
    /// data area has `len` bytes, or else with the highest; and how many it has.
    fn head_with_room_for(&self, len: usize) -> Option<([u8; HEADER_LEN], usize)> {
        let [b0, b1, b2, b3] = self.head;
        let at = |index: u8| {
            let head = [b0, b1, index << 4 | b2 & 0x0F, b3];
            let header = Header::parse(&head)?;
            let no_area = HEADER_LEN + crc_len(&header) + header.side_info_len();
            Some((head, header.frame_len()?.checked_sub(no_area)?))
        };
        let mut heads = (b2 >> 4..=BITRATE_INDEX_MAX).filter_map(at);
        heads.find(|&(_, area_len)| area_len >= len).or_else(|| at(BITRATE_INDEX_MAX))
    }
}

fn written(head: [u8; HEADER_LEN], header: &Header, side_info: &SideInfo, area: &[u8]) -> Bytes {
    let side_info = side_info.as_bytes();
    let mut frame = Vec::with_capacity(HEADER_LEN + 2 + side_info.len() + area.len());
    frame.extend(head);
    if header.crc {
        let [_, _, b2, b3] = head;
        frame.extend(crc([b2, b3].iter().chain(side_info)).to_be_bytes());
    }
    frame.extend_from_slice(side_info);
    frame.extend_from_slice(area);
    frame.into()
}

const fn crc_len(header: &Header) -> usize {
    if header.crc { 2 } else { 0 }
}

/// CRC-16 over the header's last two bytes and the side information (ISO/IEC
/// 11172-3 §2.4.3.1): x^16 + x^15 + x^2 + 1, from all ones.
fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u16 {
    bytes.fold(0xFFFF, |crc, &byte| {
        (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 }
        })
    })
}
