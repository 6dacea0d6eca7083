//! What items are made of, each with its bytes in both directions.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use media::{AacProfile, ChannelMode, Codec, EpochId, MediaSequence, Timescale, WallTime};

use super::{FRAME_LEN_MAX, TEXT_LEN_MAX, WireError, countable, possible, short, within};

/// A field, or a part of one.
pub(super) trait Wire: Sized {
    /// Appends it; what is appended before an error, the caller takes back.
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError>;

    /// Takes it off the front.
    fn take(from: &mut Bytes) -> Result<Self, WireError>;
}

/// Numbers of fixed size, by the methods of `bytes`.
macro_rules! numbers {
    ($($number:ident: $put:ident, $take:ident;)*) => {$(
        impl Wire for $number {
            fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
                out.$put(*self);
                Ok(())
            }

            fn take(from: &mut Bytes) -> Result<Self, WireError> {
                from.$take().map_err(short)
            }
        }
    )*};
}

/// One byte for each of a few names.
macro_rules! names {
    ($type:ident, $what:literal { $($byte:literal => $name:ident,)* }) => {
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
                out.push(match self { $(Self::$name => $byte,)* });
                Ok(())
            }

            fn take(from: &mut Bytes) -> Result<Self, WireError> {
                match u8::take(from)? {
                    $($byte => Ok(Self::$name),)*
                    _ => Err(WireError::Value($what)),
                }
            }
        }
    };
}

numbers! {
    u8: put_u8, try_get_u8;
    u16: put_u16, try_get_u16;
    u32: put_u32, try_get_u32;
}

names!(Codec, "codec" {
    1 => Mp3,
    2 => Aac,
});

names!(AacProfile, "AAC profile" {
    1 => Lc,
    2 => HeV1,
    3 => HeV2,
});

names!(ChannelMode, "channel mode" {
    1 => Mono,
    2 => Stereo,
    3 => JointStereo,
});

/// All numbers of this size are counted: indices, sequences, positions.
impl Wire for u64 {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.put_u64(countable(*self)?);
        Ok(())
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        from.try_get_u64().map_err(short).and_then(countable)
    }
}

impl Wire for MediaSequence {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.0.put(out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        u64::take(from).map(Self)
    }
}

impl Wire for EpochId {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.0.put(out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        u32::take(from).map(Self)
    }
}

/// Nanoseconds: any number of them is a moment.
impl Wire for WallTime {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.put_u64(self.nanos());
        Ok(())
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        from.try_get_u64().map_err(short).map(Self::from_nanos)
    }
}

impl Wire for Timescale {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.hz().put(out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        Self::new(u32::take(from)?).ok_or(WireError::Value("sampling rate"))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        out.push(u8::from(self.is_some()));
        self.as_ref().map_or(Ok(()), |value| value.put(out))
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        match u8::take(from)? {
            0 => Ok(None),
            1 => T::take(from).map(Some),
            _ => Err(WireError::Value("mark of what may be missing")),
        }
    }
}

impl<T: Wire> Wire for Arc<T> {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        (**self).put(out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        T::take(from).map(Self::new)
    }
}

/// The bytes of a frame.
impl Wire for Bytes {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        possible("a frame without bytes", !self.is_empty())?;
        put_slice("frame", self, FRAME_LEN_MAX, out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        let data = take_slice("frame", FRAME_LEN_MAX, from)?;
        possible("a frame without bytes", !data.is_empty()).map(|()| data)
    }
}

/// A text of a title. Control characters would break lines of playlists and
/// heads. Whether the rest is composed (NFC) is not asked: tables of Unicode grow,
/// and a title of a newer node is no reason to lose its feed.
impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        possible("a text with control characters", !self.contains(char::is_control))?;
        put_slice("text", self.as_bytes(), TEXT_LEN_MAX, out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        let bytes = take_slice("text", TEXT_LEN_MAX, from)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| WireError::Value("text"))?;
        possible("a text with control characters", !text.contains(char::is_control))?;
        Ok(text.to_owned())
    }
}

fn put_slice(
    what: &'static str,
    bytes: &[u8],
    len_max: usize,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    within(what, bytes.len(), len_max)?;
    let len = u16::try_from(bytes.len()).map_err(|_| WireError::Value("length"))?;
    out.put_u16(len);
    out.extend_from_slice(bytes);
    Ok(())
}

fn take_slice(what: &'static str, len_max: usize, from: &mut Bytes) -> Result<Bytes, WireError> {
    let len = usize::from(u16::take(from)?);
    within(what, len, len_max)?;
    if len > from.len() {
        return Err(WireError::TooShort);
    }
    Ok(from.split_to(len))
}
