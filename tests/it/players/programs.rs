//! Players that are programs: each decodes to samples, and these are judged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Error;
use std::num::NonZeroU32;
use std::process::{Output, Stdio};
use std::time::Duration;

use icy::charset::Charset;
use icy::metaint::{Demuxer, Item, parse_block};
use serde_json::Value;
use tests::{Scratch, http, tools, wait};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::seconds::{DECODED, Heard, RATE_HZ};
use super::station::{ARTIST, Sound, Station, song_second};

/// How much sound each player has to play.
const SECS: usize = 12;

/// Its length as samples of one channel and two bytes.
const PCM_LEN: usize = SECS * RATE_HZ as usize * 2;

/// The longest that a player may take for it.
const LIMIT: Duration = Duration::from_secs(50);

/// Runs a program until it has written so many bytes, and ends it; gives these
/// and what else it said.
async fn written(name: &str, mut command: Command, len: usize) -> (Vec<u8>, String) {
    let log = Scratch::default();
    let log = log.path().join("log.txt");
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(File::create(&log).unwrap()).kill_on_drop(true);
    let mut child = command.spawn().unwrap_or_else(|error| not_installed(name, &error));
    let mut stdout = child.stdout.take().unwrap();
    let mut bytes = vec![0; len];
    let reading = tokio::time::timeout(LIMIT, stdout.read_exact(&mut bytes)).await;
    child.kill().await.unwrap();
    let said = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
    assert!(matches!(reading, Ok(Ok(_))), "{name} did not write {len} bytes: {said}");
    (bytes, said)
}

fn not_installed(name: &str, error: &Error) -> ! {
    panic!("{name}: {error}: `cargo xtask test` installs it")
}

/// States that a program which writes samples plays the tone; gives what it said.
async fn plays(name: &str, command: Command) -> String {
    let (bytes, said) = written(name, command, PCM_LEN).await;
    assert_tone(name, &bytes);
    said
}

fn assert_tone(name: &str, bytes: &[u8]) {
    let samples = bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let pcm: Vec<i16> = samples.collect();
    Heard::in_pcm(&pcm).assert_unbroken(name, SECS - 2, DECODED);
}

/// An ffmpeg that writes 15 s of samples.
///
/// It counts their time anew: of MP3 it reads 1,024 bytes at a time, across the
/// end of a segment, and takes the next segment's timestamp up to three frames
/// early.
fn ffmpeg(input: &str) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-i", input, "-t", "15", "-af", "asetpts=N/SR/TB"]);
    command.args(["-f", "s16le", "-ac", "1", "-ar", &RATE_HZ.to_string(), "-"]);
    command
}

/// Decodes to the end, and says nothing.
pub(super) async fn ffmpeg_plays(name: &str, input: &str) {
    let output = tokio::time::timeout(LIMIT, ffmpeg(input).kill_on_drop(true).output()).await;
    let output = output.unwrap_or_else(|_| panic!("{name} takes too long"));
    let Output { status, stdout, stderr } =
        output.unwrap_or_else(|error| not_installed(name, &error));
    assert_eq!(String::from_utf8_lossy(&stderr), "", "{name}");
    assert!(status.success(), "{name}: {status}");
    assert!(stdout.len() > 14 * RATE_HZ as usize * 2, "{name}: {} bytes", stdout.len());
    assert_tone(name, &stdout);
}

/// It does not run as root. Its output is a file: what a pipe does not take at once it throws away.
pub(super) async fn vlc_plays(name: &str, url: &str) {
    let home = Scratch::default();
    let (pcm, log) = (home.path().join("heard"), home.path().join("log.txt"));
    let transcode = format!("#transcode{{acodec=s16l,channels=1,samplerate={RATE_HZ}}}");
    let output = format!("{transcode}:std{{access=file,mux=dummy,dst={}}}", pcm.display());
    let mut command = tools::unprivileged("vlc", home.path());
    command.args(["-I", "dummy", "--no-sout-video", "--sout", &output, url]);
    let mut child = tools::start(command, &log);
    let written = wait::until(&format!("sound from {name}"), || async {
        std::fs::read(&pcm).ok().filter(|written: &Vec<u8>| written.len() >= PCM_LEN)
    })
    .await;
    child.kill().await.unwrap();
    assert_tone(name, &written);
}

pub(super) async fn gstreamer_plays(name: &str, source: &[&str]) {
    let mut command = Command::new("gst-launch-1.0");
    let format = format!("audio/x-raw,format=S16LE,channels=1,rate={RATE_HZ}");
    command.arg("-q").args(source);
    command.args(["!", "audioconvert", "!", "audioresample", "!", &format, "!", "fdsink"]);
    plays(name, command).await;
}

async fn gstreamer_plays_hls(station: &Station) {
    let uri = format!("uri={}", station.hls());
    gstreamer_plays("gst-launch-1.0 with HLS", &["uridecodebin", &uri]).await;
}

async fn gstreamer_plays_icy(station: &Station) {
    let location = format!("location={}", station.icy());
    let source = ["souphttpsrc", "iradio-mode=true", &location, "!", "icydemux", "!", "decodebin"];
    gstreamer_plays("gst-launch-1.0 with ICY", &source).await;
}

async fn mpg123_plays(station: &Station) {
    let mut command = Command::new("mpg123");
    command.args(["-v", "-s", "--mono", "-e", "s16", "-r", &RATE_HZ.to_string(), &station.icy()]);
    let said = plays("mpg123", command).await;
    let titles: Vec<&str> = said.lines().filter(|line| line.contains("ICY-META:")).collect();
    let is_right =
        |line: &&&str| line.contains(ARTIST) && song_second(&line.replace("';", "")).is_some();
    assert!(titles.iter().filter(is_right).count() >= 2, "mpg123: {titles:?}\n{said}");
}

/// Takes the stream with titles, as scripts do, and has ffmpeg decode it.
async fn curl_plays(station: &Station, media_type: &str) {
    let mut command = Command::new("curl");
    command.args(["-sS", "-N", "-i", "-H", "Icy-MetaData: 1", &station.icy()]);
    // At 128 kbit/s; the head and the titles are a small part of it.
    let (bytes, said) = written("curl", command, (SECS + 1) * 16_000).await;
    assert_eq!(said, "", "curl");
    let head_len = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = bytes.split_at(head_len);
    let head = String::from_utf8(head.to_vec()).unwrap().to_lowercase();
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let fields: BTreeMap<&str, &str> = fields.map(|(name, value)| (name, value.trim())).collect();
    assert_eq!((fields["content-type"], fields["icy-name"]), (media_type, "acme radio"), "{head}");
    let mut demuxer = Demuxer::new(fields["icy-metaint"].parse::<NonZeroU32>().unwrap());
    demuxer.push(body);
    let (mut audio, mut titles) = (Vec::new(), Vec::new());
    while let Some(item) = demuxer.next_item() {
        match item {
            Item::Audio(bytes) => audio.extend_from_slice(&bytes),
            Item::Metadata(block) => titles.extend(parse_block(&block, Charset::Auto).unwrap()),
        }
    }
    let is_right = titles.iter().all(|title| title.stream_title.starts_with(ARTIST));
    assert!(is_right && titles.len() >= 2, "curl: {titles:?}");
    let scratch = Scratch::default();
    let file = scratch.path().join("heard");
    std::fs::write(&file, audio).unwrap();
    let (pcm, _) = written("curl and ffmpeg", ffmpeg(file.to_str().unwrap()), PCM_LEN).await;
    assert_tone("curl", &pcm);
}

/// HEAD tells the headers, and no more.
async fn curl_sees_heads(station: &Station, media_type: &str) {
    let media = station.node.url(&format!("/radio/{}/media.m3u8", station.rendition));
    let playlist = "application/vnd.apple.mpegurl";
    let asked = [(station.icy(), media_type), (station.hls(), playlist), (media, playlist)];
    for (url, media_type) in asked {
        let output = tools::run("curl", &["-sS", "--head", &url], LIMIT).await;
        let said = tools::said(&output).to_lowercase();
        let status = said.lines().next().unwrap_or_default();
        assert!(output.status.success() && status.contains(" 200"), "curl --head {url}: {said}");
        assert!(said.contains(&format!("content-type: {media_type}")), "curl --head {url}: {said}");
        assert!(said.contains("access-control-allow-origin: *"), "curl --head {url}: {said}");
    }
}

/// What ffprobe says of a URL.
pub(super) async fn probed(url: &str, asked: &[&str]) -> Value {
    let mut arguments = vec!["-v", "error", "-of", "json", url, "-show_entries"];
    arguments.extend(asked);
    let output = tools::run("ffprobe", &arguments, LIMIT).await;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffprobe {url}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each segment's first tag tells where the segments before it end.
async fn ffprobe_reads_the_timestamps(station: &Station) {
    let folder = station.node.url(&format!("/radio/{}", station.rendition));
    let begin = listed(&folder).await;
    let mut start = 0.0;
    for (name, length) in begin.iter().take(4) {
        let report = probed(&format!("{folder}/{name}"), &["format_tags"]).await;
        let owner = "id3v2_priv.com.apple.streaming.transportStreamTimestamp";
        let told = ticks(report["format"]["tags"][owner].as_str().unwrap());
        assert!((told - start * 90_000.0).abs() <= 1.0, "ffprobe {name}: {told} at {start} s");
        start += length;
    }
    let report = probed(&station.hls(), &["format=start_time"]).await;
    let told: f64 = report["format"]["start_time"].as_str().unwrap().parse().unwrap();
    // It began with one that was listed by then.
    let known = begin.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let later = listed(&folder).await;
    let later = later.into_iter().filter(|(name, _)| !known.contains(name));
    let mut starts = vec![0.0];
    for (_, length) in begin.iter().cloned().chain(later) {
        starts.push(starts[starts.len() - 1] + length);
    }
    let is_right = starts.iter().any(|start| (start - told).abs() < 0.000_1);
    assert!(is_right, "ffprobe: the playlist starts at {told}: {starts:?}");
}

/// The segments of a folder's playlist and their lengths in seconds.
async fn listed(folder: &str) -> Vec<(String, f64)> {
    let playlist = http::get(&format!("{folder}/media.m3u8")).await.text();
    let lengths = playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let lengths = lengths.map(|length| length.trim_end_matches(',').parse().unwrap());
    let names = playlist.lines().filter(|line| !line.starts_with('#'));
    names.map(str::to_owned).zip(lengths).collect()
}

/// Octets as ffprobe escapes them, as one number.
fn ticks(text: &str) -> f64 {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        octets.push(match (first, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                rest = after;
                let digits = String::from_utf8(vec![*high, *low]).unwrap();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            _ => *first,
        });
    }
    assert_eq!(octets.len(), 8, "{text}");
    octets.iter().fold(0.0, |sum, octet| sum * 256.0 + f64::from(*octet))
}

/// All frames of ten seconds of AAC follow each other to the tick of 90 kHz.
async fn ffprobe_finds_no_hole(station: &Station) {
    let asked = ["packet=pts", "-read_intervals", "%+10"];
    let report = probed(&station.hls(), &asked).await;
    let packets = report["packets"].as_array().unwrap().iter();
    let starts: Vec<i64> = packets.map(|packet| packet["pts"].as_i64().unwrap()).collect();
    let steps = starts.windows(2).map(|pair| pair[1] - pair[0]);
    // 1,024 samples at 44.1 kHz are 2,089.8 ticks.
    let wrong: Vec<i64> = steps.filter(|step| !(2_089..=2_090).contains(step)).collect();
    assert!(starts.len() > 400 && wrong.is_empty(), "{} frames: {wrong:?}", starts.len());
}

async fn check(sound: Sound) {
    let station = &Station::on_air(sound).await;
    let (hls, icy) = (&station.hls(), &station.icy());
    tokio::join!(
        ffmpeg_plays("ffmpeg with HLS", hls),
        ffmpeg_plays("ffmpeg with ICY", icy),
        vlc_plays("VLC with HLS", hls),
        vlc_plays("VLC with ICY", icy),
        gstreamer_plays_hls(station),
        gstreamer_plays_icy(station),
        curl_plays(station, sound.media_type()),
        curl_sees_heads(station, sound.media_type()),
        ffprobe_reads_the_timestamps(station),
        async {
            match sound {
                // It knows nothing but MPEG audio, and no HLS.
                Sound::Mp3 => mpg123_plays(station).await,
                Sound::Aac | Sound::HeAac => ffprobe_finds_no_hole(station).await,
            }
        },
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_mp3_in_its_order() {
    check(Sound::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_aac_in_its_order() {
    check(Sound::Aac).await;
}
