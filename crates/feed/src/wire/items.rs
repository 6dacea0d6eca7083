//! The list of items: what each kind holds, in the order in which it is written.
//!
//! A new variant is a line here, a new field a word: both directions are made of
//! the same list, and a field that is forgotten does not compile. Kinds are never
//! given to something else, and no two feeds share one. A kind that is added
//! needs no other [`VERSION`](super::VERSION): who does not know it says so. A
//! field that is added needs one.

use bytes::Bytes;
use media::{AacProfile, Codec, FrameHeader, StreamInfo, Title};

use super::fields::Wire;
use super::{CHANNELS_MAX, Item, RATE_HZ_MAX, SAMPLES_MAX, WireError, decode, encode, possible};
use crate::path::{PathItem, PathUnit, SourceInfo};
use crate::record::{ClockMark, Closed, Epoch, Record, TitleMark, Unit};

/// The kinds of a feed's items.
macro_rules! items {
    ($item:ident { $($kind:literal => $variant:ident $(($held:ident))?,)* }) => {
        impl Item for $item {
            fn encode(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
                encode(out, |out| match self {
                    $(Self::$variant $(($held))? => {
                        out.push($kind);
                        $($held.put(out)?;)?
                        Ok(())
                    })*
                })
            }

            fn decode(bytes: Bytes) -> Result<Self, WireError> {
                decode(bytes, |kind, from| match kind {
                    $($kind => {
                        $(let $held = Wire::take(from)?;)?
                        Ok(Self::$variant $(($held))?)
                    })*
                    _ => Err(WireError::Kind(kind)),
                })
            }
        }
    };
}

/// The fields of a type, and what they may be together.
macro_rules! fields {
    ($type:ident { $($field:ident),* } $($judge:ident)?) => {
        impl Wire for $type {
            fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
                $($judge(self)?;)?
                $(self.$field.put(out)?;)*
                Ok(())
            }

            fn take(from: &mut Bytes) -> Result<Self, WireError> {
                $(let $field = Wire::take(from)?;)*
                let taken = Self { $($field),* };
                $($judge(&taken)?;)?
                Ok(taken)
            }
        }
    };
}

items!(PathItem {
    0x01 => Connected(info),
    0x02 => Unit(unit),
    0x03 => Title(title),
    0x04 => Gone,
});

items!(Record {
    0x11 => Epoch(epoch),
    0x12 => Unit(unit),
    0x13 => Title(mark),
    0x14 => Closed(closed),
    0x15 => Ended(epoch),
    0x16 => Clock(mark),
});

fields!(SourceInfo { header, profile } judge_source);
fields!(FrameHeader { stream, bitrate_bps, channel_mode } judge_header);
fields!(StreamInfo { codec, timescale, channels, samples_per_frame } judge_stream);
fields!(Title { stream_title, artist, title, url });

fields!(Epoch { id, stream, source, profile, first_number, discontinuity_sequence } judge_epoch);
fields!(Unit { index, data });
fields!(TitleMark { epoch, index, source_index, title });
fields!(ClockMark { epoch, number, origin });
fields!(Closed { number, epoch, first_index, end_index, wall_start, title } judge_closed);

/// The header is left out where the data begins with it, which for an encoder's
/// frames is always.
impl Wire for PathUnit {
    fn put(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        self.data.put(out)?;
        self.arrival.put(out)?;
        let told = (FrameHeader::of(&self.data) != Some(self.header)).then_some(self.header);
        told.put(out)
    }

    fn take(from: &mut Bytes) -> Result<Self, WireError> {
        let (data, arrival) = (Bytes::take(from)?, Wire::take(from)?);
        let told: Option<FrameHeader> = Wire::take(from)?;
        let header = told
            .or_else(|| FrameHeader::of(&data))
            .ok_or(WireError::Value("a frame without a header"))?;
        Ok(Self { header, data, arrival })
    }
}

fn judge_stream(stream: &StreamInfo) -> Result<(), WireError> {
    possible("sampling rate", stream.timescale.hz() <= RATE_HZ_MAX)?;
    possible("number of channels", (1..=CHANNELS_MAX).contains(&stream.channels))?;
    possible("samples in a frame", (1..=SAMPLES_MAX).contains(&stream.samples_per_frame))
}

fn judge_header(header: &FrameHeader) -> Result<(), WireError> {
    possible("a bit rate of 0", header.bitrate_bps != Some(0))
}

fn judge_source(info: &SourceInfo) -> Result<(), WireError> {
    judge_profile(&info.header.stream, info.profile)
}

fn judge_epoch(epoch: &Epoch) -> Result<(), WireError> {
    judge_profile(&epoch.stream, epoch.profile)
}

fn judge_profile(stream: &StreamInfo, profile: Option<AacProfile>) -> Result<(), WireError> {
    possible("AAC in MP3", stream.codec == Codec::Aac || profile.is_none())
}

fn judge_closed(closed: &Closed) -> Result<(), WireError> {
    possible("a segment without units", closed.first_index < closed.end_index)?;
    possible("a segment before its epoch", closed.number >= closed.epoch.first_number)
}
