//! Tune-in files: what a station's page links to, for players of any age.
//!
//! As Icecast (`.m3u`, `.xspf`) and SHOUTcast (`.pls`) give them. Players take
//! further entries as a fallback, so the best URL comes first. Files of others
//! are [read] for the URLs in them.

use crate::text::{line, one_line, uri, xml};

mod reader;

pub use reader::{FILE_LEN_MAX, ReadError, URL_LEN_MAX, URLS_MAX, read};

/// A kind of tune-in file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `[playlist]`, as Winamp and SHOUTcast have it, version 2.
    Pls,
    /// One URL a line.
    M3u,
    /// XML Shareable Playlist Format, version 1.
    Xspf,
}

impl Format {
    /// The format that a file name extension asks for, without the dot.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension {
            "pls" => Some(Self::Pls),
            "m3u" => Some(Self::M3u),
            "xspf" => Some(Self::Xspf),
            _ => None,
        }
    }

    /// The `Content-Type` that goes with it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pls => "audio/x-scpls",
            Self::M3u => "audio/x-mpegurl",
            Self::Xspf => "application/xspf+xml",
        }
    }

    /// The file for a station of this name, heard at these absolute URLs.
    pub fn render(self, name: &str, urls: &[String]) -> String {
        match self {
            Self::Pls => pls(name, urls),
            Self::M3u => m3u(urls),
            Self::Xspf => xspf(name, urls),
        }
    }
}

fn pls(name: &str, urls: &[String]) -> String {
    let name = one_line(name);
    let mut text = format!("[playlist]\nNumberOfEntries={}\n", urls.len());
    for (index, url) in (1..).zip(urls) {
        line(&mut text, format_args!("File{index}={}", uri(url)));
        line(&mut text, format_args!("Title{index}={name}"));
        line(&mut text, format_args!("Length{index}=-1"));
    }
    line(&mut text, format_args!("Version=2"));
    text
}

/// Without `#EXTM3U`, as Icecast has it: with it, some players expect HLS.
fn m3u(urls: &[String]) -> String {
    urls.iter().map(|url| uri(url) + "\r\n").collect()
}

fn xspf(name: &str, urls: &[String]) -> String {
    let name = xml(name);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    line(&mut text, format_args!("<playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\">"));
    line(&mut text, format_args!("  <title>{name}</title>"));
    line(&mut text, format_args!("  <trackList>"));
    for url in urls {
        let url = xml(&uri(url));
        line(
            &mut text,
            format_args!("    <track><location>{url}</location><title>{name}</title></track>"),
        );
    }
    line(&mut text, format_args!("  </trackList>"));
    line(&mut text, format_args!("</playlist>"));
    text
}

#[cfg(test)]
mod tests;
