//! Which keys a type has, asked of serde itself.
//!
//! A type is deserialised again and again from a probe that walks down one path
//! and notes what the type asks for at its end. So the list can never differ
//! from what is parsed: overrides and the tests of the reference rest on it.

use std::fmt;

use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// How `toml::Spanned` asks for itself: by the names of its fields.
const SPANNED_PREFIX: &str = "$__serde_spanned_private_";

/// One key of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its path, `listen.public`; an element of a list adds nothing to it.
    pub path: String,
    /// What is written there.
    pub kind: Kind,
    /// Whether it stands in tables of a list, so that it is there many times.
    pub listed: bool,
}

/// What is written at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string, whatever it means.
    Text,
    /// A number, a flag, or a list or table of such.
    Value,
    /// A list of tables, whose keys follow.
    Tables,
}

/// Every key of `T`, in the order of its fields, leaves only and lists of tables.
pub fn keys<T: DeserializeOwned>() -> Vec<Key> {
    let mut found = Vec::new();
    collect::<T>(&mut Vec::new(), &mut found);
    found
}

fn collect<T: DeserializeOwned>(path: &mut Vec<&'static str>, found: &mut Vec<Key>) {
    let mut note = Note::default();
    // Always an error: a probe has no values to give.
    let _ = T::deserialize(Probe { path, in_list: false, note: &mut note });
    let key = |kind| Key { path: path.join("."), kind, listed: note.listed };
    let Some(fields) = note.fields else {
        found.push(key(if note.text { Kind::Text } else { Kind::Value }));
        return;
    };
    if note.tables {
        found.push(key(Kind::Tables));
    }
    for field in fields {
        path.push(field);
        collect::<T>(path, found);
        path.pop();
    }
}

/// What a type asked for at the end of a path.
#[derive(Debug, Default)]
struct Note {
    /// The fields of a struct.
    fields: Option<&'static [&'static str]>,
    /// The end of the path is itself a list of tables.
    tables: bool,
    /// A list was passed before the end of the path.
    listed: bool,
    /// A string.
    text: bool,
}

struct Probe<'p> {
    path: &'p [&'static str],
    in_list: bool,
    note: &'p mut Note,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Done;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Done> {
        Err(Done)
    }

    fn deserialize_str<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Done> {
        self.note.text = !self.in_list;
        Err(Done)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Done> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Done> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Done> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Done> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Done> {
        visitor.visit_seq(Self { in_list: true, ..self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Done> {
        if fields.iter().any(|field| field.starts_with(SPANNED_PREFIX)) {
            return visitor.visit_map(Fields { left: fields, probe: Some(self) });
        }
        let Some((first, rest)) = self.path.split_first() else {
            self.note.tables = self.in_list;
            self.note.fields = Some(fields);
            return Err(Done);
        };
        self.note.listed |= self.in_list;
        let probe = Self { path: rest, in_list: false, note: self.note };
        visitor.visit_map(Fields { left: std::slice::from_ref(first), probe: Some(probe) })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit
        unit_struct tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Probe<'_> {
    type Error = Done;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Done> {
        seed.deserialize(Probe { path: self.path, in_list: true, note: self.note }).map(Some)
    }
}

/// The fields on the way: one of an ordinary struct, or the start, the end and
/// the value of a spanned one.
struct Fields<'p> {
    left: &'p [&'static str],
    probe: Option<Probe<'p>>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Done;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Done> {
        let Some(field) = self.left.first() else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Done> {
        let (field, left) = self.left.split_first().ok_or(Done)?;
        self.left = left;
        let is_place = field.starts_with(SPANNED_PREFIX) && !field.ends_with("value");
        if is_place {
            return seed.deserialize(0_usize.into_deserializer());
        }
        seed.deserialize(self.probe.take().ok_or(Done)?)
    }
}

/// The probe has seen what it came for.
#[derive(Debug)]
struct Done;

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("probed")
    }
}

impl std::error::Error for Done {}

impl serde::de::Error for Done {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests;
