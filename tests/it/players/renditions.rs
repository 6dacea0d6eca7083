//! Renditions that are made of a programme: each plays like the encoder's own bytes, at the
//! same time.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::http;

use super::browser::Played;
use super::programs::{ffmpeg_plays, gstreamer_plays, probed, vlc_plays};
use super::station::{Sound, Station};

/// The encoder's own bytes.
const MP3: &str = "{ codec = \"mp3\", bitrate_kbps = 128, sample_rate_hz = 44100, channel_mode = \"joint_stereo\" }";

fn encoding(codec: &str, kbps: u32) -> String {
    format!(
        "{{ codec = \"{codec}\", bitrate_kbps = {kbps}, sample_rate_hz = 44100, channel_mode = \"stereo\" }}"
    )
}

/// What ffprobe says of the first stream: codec, profile, sampling rate, channels.
async fn form(url: &str) -> (String, String, String, u64) {
    let asked = ["stream=codec_name,profile,sample_rate,channels"];
    let report = probed(url, &asked).await;
    let stream = &report["streams"][0];
    let text = |name: &str| stream[name].as_str().unwrap_or_default().to_owned();
    let channels = stream["channels"].as_u64().unwrap();
    (text("codec_name"), text("profile"), text("sample_rate"), channels)
}

/// Puts an MP3 programme on air in a rendition, and has programs play it.
async fn check(codec: &str, kbps: u32, id: &str, told: (&str, &str)) {
    let station = Station::on_air_in(Sound::Mp3, &[&encoding(codec, kbps), MP3]).await;
    let media = station.media(id).await;
    let icy = station.node.url(&format!("/radio/{id}"));
    let (name, profile, rate, channels) = form(&media).await;
    assert_eq!((name.as_str(), profile.as_str()), told);
    assert_eq!((rate.as_str(), channels), ("44100", 2), "{id}");
    let uri = format!("uri={media}");
    let of = |player: &str, way: &str| format!("{player} with {id} over {way}");
    let names =
        [of("ffmpeg", "HLS"), of("ffmpeg", "ICY"), of("VLC", "HLS"), of("GStreamer", "HLS")];
    let source = ["uridecodebin", &uri];
    tokio::join!(
        ffmpeg_plays(&names[0], &media),
        ffmpeg_plays(&names[1], &icy),
        vlc_plays(&names[2], &media),
        gstreamer_plays(&names[3], &source),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_the_aac_of_an_mp3_programme() {
    check("aac", 96, "aac-96", ("aac", "LC")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_the_he_aac_of_an_mp3_programme() {
    check("he_aac", 48, "he-aac-48", ("aac", "HE-AAC")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_the_he_aac_v2_of_an_mp3_programme() {
    check("he_aac_v2", 32, "he-aac-v2-32", ("aac", "HE-AACv2")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_play_a_smaller_mp3_of_an_mp3_programme() {
    check("mp3", 64, "mp3-64", ("mp3", "")).await;
}

/// Which refuses MP3 over HLS.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_an_mp3_programme_by_itself() {
    let station = Station::on_air_with_aac().await;
    station.media("aac-128").await;
    let arguments = ["--player", "native", "--url", &station.hls()];
    Played::run(&arguments, "native", "aac-128", 12).await.assert_plays(12);
}

/// Which refuses it too.
#[tokio::test(flavor = "multi_thread")]
async fn video_js_plays_an_mp3_programme() {
    let station = Station::on_air_with_aac().await;
    station.media("aac-128").await;
    let arguments = ["--player", "videojs", "--url", &station.hls()];
    Played::run(&arguments, "videojs", "aac-128", 12).await.assert_plays(12);
}

#[tokio::test(flavor = "multi_thread")]
async fn shaka_plays_an_mp3_programme_and_its_he_aac() {
    let station = Station::on_air_in(Sound::Mp3, &[&encoding("he_aac", 48), MP3]).await;
    let url = station.media("he-aac-48").await;
    let arguments = ["--player", "shaka", "--url", &url];
    Played::run(&arguments, "shaka", "he-aac-48", 12).await.assert_plays(12);
}

/// Plays an AAC rendition of an MP3 programme in a browser's player.
async fn check_browser(player: &str, codec: &str, kbps: u32, id: &str) {
    let station = Station::on_air_in(Sound::Mp3, &[&encoding(codec, kbps)]).await;
    let url = station.media(id).await;
    Played::run(&["--player", player, "--url", &url], player, id, 8).await.assert_plays(8);
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_plays_the_he_aac_of_an_mp3_programme_by_itself() {
    check_browser("native", "he_aac", 48, "he-aac-48").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn video_js_plays_the_he_aac_v2_of_an_mp3_programme() {
    check_browser("videojs", "he_aac_v2", 32, "he-aac-v2-32").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hls_js_plays_the_he_aac_v2_of_an_mp3_programme() {
    check_browser("hlsjs", "he_aac_v2", 32, "he-aac-v2-32").await;
}

/// One buffered range, no error, and never a silence: [`Played::assert_plays`] sees to it.
#[tokio::test(flavor = "multi_thread")]
async fn hls_js_switches_through_a_ladder_for_a_minute() {
    let ladder = [encoding("aac", 128), encoding("aac", 64), encoding("aac", 32)];
    let ladder = ladder.each_ref().map(String::as_str);
    let station = Station::on_air_in(Sound::Mp3, &ladder).await;
    for id in ["aac-128", "aac-64", "aac-32"] {
        station.media(id).await;
    }
    let arguments = ["--player", "hlsjs", "--url", &station.hls(), "--switch-every", "7"];
    let played = Played::run(&arguments, "hlsjs", "a ladder", 60).await;
    played.assert_plays(60);
    let levels = played.report["levels"].as_array().unwrap();
    let urls = levels.iter().filter_map(|level| level["url"].as_str());
    let ids: Vec<&str> = urls.filter_map(|url| url.rsplit('/').nth(1)).collect();
    let each: BTreeSet<&str> = ids.iter().copied().collect();
    assert!(each.len() == 3 && ids.len() >= 7, "{ids:?}");
    let begin = played.summary("first_sound_t") + 1.0;
    let samples = played.list("samples").iter().filter(|sample| {
        let t = |name: &str| sample[name].as_f64().unwrap();
        t("t") > begin
    });
    let quietest = samples.filter_map(|sample| sample["rms"].as_f64()).fold(1.0, f64::min);
    assert!(quietest > 0.05, "{quietest}: {:?}", played.report["summary"]);
    let served = http::get(&station.hls()).await.text();
    assert_eq!(served.matches("#EXT-X-STREAM-INF").count(), 3);
    assert_eq!(played.report["errors"], Value::Array(vec![]));
}
