//! Base files by programs that are installed: what our own encoders have no
//! setting for.

use std::io::{Read, Seek, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use demo::{Programme, Source};
use media::{Codec, mp3};

use crate::base::{self, Base};
use crate::file::{Expected, File, Piece};

/// LAME's command line: a name, and its options.
const LAME: [(&str, &[&str]); 16] = [
    ("lame -V 0", &["-V", "0", "-t"]),
    ("lame -V 4", &["-V", "4", "-t"]),
    ("lame -V 9", &["-V", "9", "-t"]),
    ("lame -V 2 with its Xing frame", &["-V", "2"]),
    ("lame -b 128 with its Info frame", &["-b", "128"]),
    ("lame --vbr-old -V 4", &["--vbr-old", "-V", "4", "-t"]),
    ("lame --abr 112", &["--abr", "112", "-t"]),
    ("lame with CRC", &["-b", "128", "-p", "-t"]),
    ("lame with CRC, -V 4", &["-V", "4", "-p", "-t"]),
    ("lame --nores", &["-b", "128", "--nores", "-t"]),
    ("lame, dual channel", &["-b", "128", "-m", "d", "-t"]),
    ("lame, stereo", &["-b", "128", "-m", "s", "-t"]),
    ("lame, joint stereo throughout", &["-b", "128", "-m", "f", "-t"]),
    ("lame, mono", &["-b", "64", "-m", "m", "-t"]),
    ("lame --strictly-enforce-ISO", &["-b", "320", "--strictly-enforce-ISO", "-t"]),
    ("lame, copyright and private", &["-b", "128", "-c", "-o", "-t"]),
];

/// Bit rates of free format.
const FREE_FORMAT_KBPS: [&str; 3] = ["64", "200", "640"];

/// What ffmpeg writes that is refused: a name, its options, and what the refusal
/// says.
const FFMPEG: [(&str, &[&str], &str); 9] = [
    ("ffmpeg, Layer II", &["-c:a", "mp2", "-f", "mp2"], "Layer II "),
    ("ffmpeg, Ogg Vorbis", &["-c:a", "libvorbis", "-f", "ogg"], "Vorbis"),
    ("ffmpeg, Ogg Opus", &["-c:a", "libopus", "-ar", "48000", "-f", "ogg"], "Opus"),
    ("ffmpeg, Ogg FLAC", &["-c:a", "flac", "-f", "ogg"], "FLAC"),
    ("ffmpeg, FLAC", &["-c:a", "flac", "-f", "flac"], "FLAC"),
    ("ffmpeg, LOAS", &["-c:a", "aac", "-f", "latm"], "LOAS"),
    ("ffmpeg, MPEG-TS", &["-c:a", "aac", "-f", "mpegts"], "transport stream"),
    ("ffmpeg, Matroska", &["-c:a", "aac", "-f", "matroska"], "Matroska"),
    ("ffmpeg, WAV", &["-c:a", "pcm_s16le", "-f", "wav"], "WAV"),
];

/// What LAME makes.
///
/// # Errors
///
/// It is not installed, or does not do what this asks of it.
pub fn lame(seconds: u32) -> Result<Vec<Base>> {
    let pcm = wav(seconds);
    let mut bases = Vec::new();
    for (name, options) in LAME {
        let bytes = converted("lame", &[options, &["--quiet", "-", "-"]].concat(), &pcm)?;
        let (mut frames, rest) = base::mp3_frames(&bytes);
        ensure!(rest.is_empty(), "{name}: {} bytes behind the frames", rest.len());
        let head = frames.first().filter(|frame| mp3::is_info_frame(frame)).cloned();
        if head.is_some() {
            frames.remove(0);
        }
        ensure!(frames.len().abs_diff(seconds as usize * 44_100 / 1_152) < 5, "{name}: too few");
        bases.push(Base { name: name.to_owned(), codec: Codec::Mp3, frames, head, refused: None });
    }
    for kbps in FREE_FORMAT_KBPS {
        let options = ["--freeformat", "-b", kbps, "-t", "--quiet", "-", "-"];
        let name = format!("lame --freeformat -b {kbps}");
        let bytes = converted("lame", &options, &pcm)?;
        let refused = Some("free-format");
        bases.push(Base { name, codec: Codec::Mp3, frames: vec![bytes], head: None, refused });
    }
    Ok(bases)
}

/// What ffmpeg makes in ADTS, by its own encoder.
///
/// # Errors
///
/// As [`lame`].
pub fn ffmpeg_aac(seconds: u32) -> Result<Base> {
    let bytes = ffmpeg(&["-c:a", "aac", "-b:a", "128k", "-f", "adts"], &wav(seconds))?;
    let (frames, rest) = base::adts_frames(&bytes);
    ensure!(rest.is_empty(), "ffmpeg: {} bytes behind the frames", rest.len());
    let name = "ffmpeg, its own AAC".to_owned();
    Ok(Base { name, codec: Codec::Aac, frames, head: None, refused: None })
}

/// What ffmpeg makes that is no MP3 and no AAC in ADTS.
///
/// # Errors
///
/// As [`lame`].
pub fn strangers(seconds: u32) -> Result<Vec<File>> {
    let pcm = wav(seconds);
    let mut files = Vec::new();
    for (name, options, refused) in FFMPEG {
        let bytes = ffmpeg(options, &pcm)?;
        let file = File::of("not MP3 or AAC", name, Codec::Mp3, &[Piece::Junk(bytes)]);
        files.push(file.expecting(Expected::Refused(refused)));
    }
    Ok(files)
}

fn ffmpeg(options: &[&str], pcm: &[u8]) -> Result<Bytes> {
    let input = ["-hide_banner", "-loglevel", "error", "-i", "pipe:0"];
    converted("ffmpeg", &[&input, options, &["pipe:1"]].concat(), pcm)
}

/// What a program prints that reads `input`.
fn converted(program: &str, options: &[&str], input: &[u8]) -> Result<Bytes> {
    // A file, not a pipe: neither side waits for the other.
    let mut file = scratch()?;
    file.write_all(input)?;
    file.rewind()?;
    let mut child = Command::new(program)
        .args(options)
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} cannot be started; is it installed?"))?;
    let mut bytes = Vec::new();
    child.stdout.take().context("it was asked for")?.read_to_end(&mut bytes)?;
    let status = child.wait()?;
    ensure!(status.success(), "{program} {} ended with {status}", options.join(" "));
    Ok(bytes.into())
}

/// A file without a name.
fn scratch() -> Result<std::fs::File> {
    let path = std::env::temp_dir().join(format!("skywave-corpus-{}", std::process::id()));
    let mut options = std::fs::File::options();
    let file = options.read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

/// The programme as a WAV file of 44.1 kHz, stereo.
fn wav(seconds: u32) -> Vec<u8> {
    let mut pcm = vec![0; 44_100 * 2 * seconds as usize];
    Programme::new(7).fill(&mut pcm);
    let data: Vec<u8> = pcm.into_iter().flat_map(i16::to_le_bytes).collect();
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut wav = [b"RIFF".as_slice(), &(len + 36).to_le_bytes(), b"WAVEfmt "].concat();
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 2].map(u16::to_le_bytes).concat());
    wav.extend([44_100_u32, 44_100 * 4].map(u32::to_le_bytes).concat());
    wav.extend([4_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend_from_slice(b"data");
    wav.extend(len.to_le_bytes());
    wav.extend(data);
    wav
}
