//! Layer III side information: where a frame's main data begins and how long
//! it is (ISO/IEC 11172-3 §2.4.1.7, ISO/IEC 13818-3 §2.4.1.7).

use crate::mp3::{Header, Version};

/// What `main_data_begin` says at most: nine bits in MPEG-1, else eight.
pub(super) const MAIN_DATA_BEGIN_MAX: usize = 511;

/// Bits of `part2_3_length`, the first field of a granule's channel.
const LENGTH_BITS: usize = 12;

/// Whole bytes that one granule's channel can hold: 12 bits count bits.
const GRANULE_LEN_MAX: usize = 511;

/// Bytes of the longest side information: MPEG-1, two channels.
const LEN_MAX: usize = 32;

/// The side information of one frame.
#[derive(Debug, Clone)]
pub(super) struct SideInfo {
    bytes: [u8; LEN_MAX],
    form: Form,
}

/// Where the fields stand, in bits; it follows from the header.
#[derive(Debug, Clone, Copy)]
struct Form {
    len: usize,
    /// Bits of `main_data_begin`.
    begin_bits: usize,
    /// Where the first granule stands.
    granules_at: usize,
    /// Bits of one granule's channel.
    granule_bits: usize,
    /// Granules times channels.
    granules: usize,
}

impl SideInfo {
    /// That of a silent frame which holds no main data.
    pub(super) const fn empty(header: &Header) -> Self {
        Self { bytes: [0; LEN_MAX], form: Form::of(header) }
    }

    /// Takes what stands behind header and CRC, or `None` if it is too short.
    pub(super) fn take<'a>(header: &Header, bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut side_info = Self::empty(header);
        let (own, rest) = bytes.split_at_checked(side_info.form.len)?;
        side_info.bytes.get_mut(..own.len())?.copy_from_slice(own);
        Some((side_info, rest))
    }

    /// The bytes as they stand in the frame.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.form.len).unwrap_or_default()
    }

    /// Bytes of main data before this frame's own that are its: 0 to 511, or to
    /// 255 at the lower sampling rates.
    pub(super) fn main_data_begin(&self) -> usize {
        self.field(0, self.form.begin_bits)
    }

    /// The same with another `main_data_begin`, or `None` if it cannot say so.
    pub(super) fn with_main_data_begin(mut self, begin: usize) -> Option<Self> {
        if begin >> self.form.begin_bits != 0 {
            return None;
        }
        self.set_field(0, self.form.begin_bits, begin);
        Some(self)
    }

    /// Bytes of main data that the granules use, the last one begun or full.
    pub(super) fn main_data_len(&self) -> usize {
        let bits = self.form.places().map(|at| self.field(at, LENGTH_BITS)).sum::<usize>();
        bits.div_ceil(8)
    }

    /// The same, with granules that use up `len` bytes of whatever, and as many
    /// as they can if that is fewer.
    ///
    /// All of it is the region of small values, whose codes are complete, at a
    /// `global_gain` of zero: any bytes are silence, 2^-52 of full scale.
    pub(super) fn using_up(mut self, len: usize) -> Self {
        let mut left = len;
        for at in self.form.places() {
            let own = left.min(GRANULE_LEN_MAX);
            self.set_field(at, LENGTH_BITS, own * 8);
            left -= own;
        }
        self
    }

    fn field(&self, at: usize, bits: usize) -> usize {
        let bit = |at: usize| self.bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
        (at..at + bits).fold(0, |value, at| value << 1 | usize::from(bit(at)))
    }

    fn set_field(&mut self, at: usize, bits: usize, value: usize) {
        for (at, place) in (at..at + bits).zip((0..bits).rev()) {
            let mask = 0x80 >> (at % 8);
            if let Some(byte) = self.bytes.get_mut(at / 8) {
                *byte = if value >> place & 1 == 1 { *byte | mask } else { *byte & !mask };
            }
        }
    }
}

impl Form {
    const fn of(header: &Header) -> Self {
        let (len, channels) = (header.side_info_len(), header.channels() as usize);
        let is_mono = channels == 1;
        // Behind `main_data_begin` stand private bits, and in MPEG-1 `scfsi`.
        match header.version {
            Version::Mpeg1 => Self {
                len,
                begin_bits: 9,
                granules_at: if is_mono { 9 + 5 + 4 } else { 9 + 3 + 8 },
                granule_bits: 59,
                granules: 2 * channels,
            },
            Version::Mpeg2 | Version::Mpeg25 => Self {
                len,
                begin_bits: 8,
                granules_at: if is_mono { 8 + 1 } else { 8 + 2 },
                granule_bits: 63,
                granules: channels,
            },
        }
    }

    /// Where each granule's channel stands.
    fn places(self) -> impl Iterator<Item = usize> {
        (0..self.granules).map(move |granule| self.granules_at + granule * self.granule_bits)
    }
}
