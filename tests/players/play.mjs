// Plays a URL with a real player in a real browser, and prints what it heard.
//
// The verdict is the caller's: playback that fails is a report like any other,
// with status 0. Status 2: called wrongly. Status 3: the browser did not end.

import { listRequests, print, withBrowser } from "./lib/browser.mjs";
import { number, read, refuse } from "./lib/options.mjs";
import { serve } from "./lib/server.mjs";

const PLAYERS = ["hlsjs", "shaka", "native", "videojs"];
const USAGE = `usage: node play.mjs --player ${PLAYERS.join("|")} --url URL [--seconds N] [--every-ms N] [--seek-back N] [--switch-every N] [--until-ended] [--icy] [--no-cors]

  --player    native is the browser's own
  --seconds   how long to play, 1 to 600; 12 by default
  --every-ms  how often to look, 50 to 1000; 100 by default
  --seek-back go back by so many seconds, 1 to 600, when half of the time is over
  --switch-every  go on with the next level every so many seconds, 2 to 60; hlsjs alone
  --until-ended  stop when the sound has ended, and look half a second longer
  --icy       the URL is an endless stream of bytes: no player but native
  --no-cors   hear a server that names no origin (the browser checks none)

Prints one JSON document: player, player_version, url; samples {t, currentTime,
readyState, paused, decoded_bytes, buffered, rms, peak_hz}; levels {t, url}, switches of hlsjs; events {t, at, type}
(waiting, stalled, playing, ...); errors {t, at, kind, fatal, text}; cues {t,
start, end, key, description, text, bytes}, ID3 frames; dateranges {t, id, start,
attributes}; silences {t, ms} of 5 ms or more after the first sound; requests
{t, url, method, status, failure}; console [text]; summary. Every t is in
seconds since the page began (a request's: since the browser was told to open
it), start and at in seconds of the element's time.`;

const { values } = read(USAGE, {
  player: { type: "string" },
  url: { type: "string" },
  seconds: { type: "string", default: "12" },
  "every-ms": { type: "string", default: "100" },
  "seek-back": { type: "string" },
  "switch-every": { type: "string" },
  "until-ended": { type: "boolean", default: false },
  icy: { type: "boolean", default: false },
  "no-cors": { type: "boolean", default: false },
});
const seconds = number(USAGE, "seconds", values.seconds, 1, 600);
const everyMs = number(USAGE, "every-ms", values["every-ms"], 50, 1000);
const given = values["seek-back"];
const seekBack = given === undefined ? 0 : number(USAGE, "seek-back", given, 1, 600);
const every = values["switch-every"];
const switchEvery = every === undefined ? 0 : number(USAGE, "switch-every", every, 2, 60);
const player = values.player ?? (values.icy ? "native" : undefined);
if (!PLAYERS.includes(player)) refuse(USAGE, "--player is missing or unknown");
if (values.icy && player !== "native") refuse(USAGE, "--icy is for the native player");
if (switchEvery > 0 && player !== "hlsjs") refuse(USAGE, "--switch-every is for hlsjs");
if (!URL.canParse(values.url ?? "")) refuse(USAGE, "--url is missing or no URL");

const site = await serve();
try {
  const flags = values["no-cors"] ? ["--disable-web-security"] : [];
  const report = await withBrowser({ limitSeconds: seconds + 15, flags }, async (browser) => {
    const page = await browser.newPage();
    const requests = listRequests(page, (url) => url.startsWith(site.origin));
    const lines = [];
    page.on("console", (message) => lines.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => lines.push(`pageerror: ${error.message}`));
    await page.goto(site.origin);
    const untilEnded = values["until-ended"];
    const url = values.url;
    const options = { player, url, seconds, everyMs, seekBack, switchEvery, untilEnded };
    const heard = await page.evaluate((given) => window.judge(given), options);
    return { player, url: values.url, ...heard, requests, console: lines };
  });
  await print({ ...report, summary: summary(report) });
} finally {
  await site.close();
}

/** What most callers ask for, by the samples after the first sound. */
function summary({ samples, events, errors, silences, requests }) {
  const playing = samples.filter((sample) => sample.currentTime > 0);
  const [first, last] = [playing.at(0), playing.at(-1)];
  const wall = last ? last.t - first.t : 0;
  const heard = samples.filter((sample) => sample.rms > 0.001);
  return {
    // Seconds of sound for each second on the clock; 1 is perfect.
    rate: wall > 0 ? Math.round(((last.currentTime - first.currentTime) / wall) * 1000) / 1000 : 0,
    played_seconds: last ? Math.round((last.currentTime - first.currentTime) * 1000) / 1000 : 0,
    first_sound_t: heard.at(0)?.t ?? null,
    waits: events.filter((event) => event.type === "waiting").length,
    fatal_errors: errors.filter((error) => error.fatal).length,
    longest_silence_ms: Math.max(0, ...silences.map((silence) => silence.ms)),
    buffered_ranges_max: Math.max(0, ...samples.map((sample) => sample.buffered.length)),
    failed_requests: requests.filter(isFailed).length,
  };
}

/** Not what has no answer yet, nor what the player itself broke off to ask again. */
function isFailed({ status, failure }) {
  return status >= 400 || (failure !== null && failure !== "net::ERR_ABORTED");
}
