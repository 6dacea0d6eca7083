//! What an encoder says of its stream.

use media::Codec;
use media::text::NAME_LEN_MAX;
use percent_encoding::percent_decode_str;

use crate::charset::Charset;
use crate::head::digits;

/// What an encoder says of its stream. Every text is clean, not empty, and at
/// most [`NAME_LEN_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamDescription {
    /// The station's name.
    pub name: Option<String>,
    /// What the station is.
    pub description: Option<String>,
    /// Genres, as free text.
    pub genre: Option<String>,
    /// The station's page.
    pub url: Option<String>,
    /// Whether directories may list it.
    pub public: Option<bool>,
    /// Bit rate in kilobits a second, 1 to 9,999.
    pub bitrate_kbps: Option<u32>,
    /// `ice-audio-info` as sent: pairs of `key=value` with `;` between.
    pub audio_info: Option<String>,
    /// Sampling rate in Hz, as `ice-audio-info` has it.
    pub sample_rate_hz: Option<u32>,
    /// Channels, as `ice-audio-info` has them.
    pub channels: Option<u32>,
}

impl StreamDescription {
    /// Reads the description from headers, name and value in UTF-8 or Latin-1.
    ///
    /// Of several spellings of one field the first that says something counts.
    pub fn from_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            found.take(&name.to_ascii_lowercase(), value);
        }
        found.read_audio_info();
        found
    }

    fn take(&mut self, name: &str, value: &[u8]) {
        let Some(key) = ["ice-", "icy-", "x-audiocast-"].iter().find_map(|p| name.strip_prefix(p))
        else {
            return;
        };
        let text = || Some(Charset::Auto.decode(value, NAME_LEN_MAX)).filter(|t| !t.is_empty());
        match key {
            "name" => set(&mut self.name, text),
            "description" => set(&mut self.description, text),
            "genre" => set(&mut self.genre, text),
            "url" => set(&mut self.url, text),
            "audio-info" => set(&mut self.audio_info, text),
            "public" | "pub" => set(&mut self.public, || flag(value)),
            "bitrate" | "br" => set(&mut self.bitrate_kbps, || kbps(value)),
            _ => {}
        }
    }

    /// Keys stand with the prefix `ice-` (Icecast's documents) and without
    /// (libshout); values are percent-encoded.
    fn read_audio_info(&mut self) {
        let Some(info) = self.audio_info.clone() else { return };
        for (key, value) in info.split(';').filter_map(|pair| pair.split_once('=')) {
            let key = key.trim().to_ascii_lowercase();
            let value: Vec<u8> = percent_decode_str(value.trim()).collect();
            let number = || digits(&value).and_then(|number| u32::try_from(number).ok());
            match key.strip_prefix("ice-").unwrap_or(&key) {
                "samplerate" => set(&mut self.sample_rate_hz, number),
                "channels" => set(&mut self.channels, number),
                "bitrate" => set(&mut self.bitrate_kbps, || kbps(&value)),
                _ => {}
            }
        }
    }
}

/// A media type without its parameters (RFC 9110 §8.3.1), case kept.
pub fn essence_of_media_type(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// The codec of a media type; parameters and case do not matter.
pub fn codec_of_media_type(media_type: &str) -> Option<Codec> {
    let essence = essence_of_media_type(media_type).to_ascii_lowercase();
    match essence.as_str() {
        "audio/mpeg" | "audio/mp3" | "audio/x-mp3" | "audio/mpeg3" | "audio/x-mpeg"
        | "audio/x-mpeg-3" | "audio/mpg" => Some(Codec::Mp3),
        "audio/aac"
        | "audio/aacp"
        | "audio/aach"
        | "audio/aacr"
        | "audio/x-aac"
        | "audio/x-aacp"
        | "audio/x-hx-aac-adts" => Some(Codec::Aac),
        _ => None,
    }
}

fn set<T>(field: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if field.is_none() {
        *field = value();
    }
}

fn flag(value: &[u8]) -> Option<bool> {
    match value.to_ascii_lowercase().as_slice() {
        b"1" | b"true" | b"yes" => Some(true),
        b"0" | b"-1" | b"false" | b"no" => Some(false),
        _ => None,
    }
}

/// The first number of the value: some encoders write `128, 128` or `128kbps`.
fn kbps(value: &[u8]) -> Option<u32> {
    let end = value.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
    let number = u32::try_from(digits(value.get(..end)?)?).ok()?;
    (1..=9_999).contains(&number).then_some(number)
}
