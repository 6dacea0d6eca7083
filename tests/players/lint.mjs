// Reads playlists strictly, and prints their faults.
//
// A multivariant playlist's media playlists are read too. Status 0 whatever
// the faults; 2: called wrongly, or the first playlist cannot be had.

import { readFile } from "node:fs/promises";
import HLS from "hls-parser";
import { print } from "./lib/browser.mjs";
import { read, refuse } from "./lib/options.mjs";

const USAGE = `usage: node lint.mjs URL|FILE

Prints one JSON document: playlists [{place, kind, version, target_duration,
media_sequence, discontinuity_sequence, segments, variants}], faults [{place,
text}], a fault for each thing that a strict reader would refuse.`;
/** A live playlist is answered at once, or not at all. */
const TIMEOUT_MS = 10_000;
/** What an HLS server may call its playlists, RFC 8216 section 4. */
const MEDIA_TYPES = ["application/vnd.apple.mpegurl", "audio/mpegurl"];

const { positionals } = read(USAGE, {}, 1);
const report = { playlists: [], faults: [] };
await lint(positionals[0], true).catch((error) => refuse(USAGE, `${positionals[0]}: ${error.message}`));
await print(report);

async function lint(place, isFirst = false) {
  const fault = (text) => report.faults.push({ place, text });
  const text = await fetchText(place, fault);
  for (const found of [...bytesFaults(text), ...strictFaults(text)]) fault(found);
  const playlist = lenient(text);
  if (!playlist) return;
  report.playlists.push(describe(place, playlist));
  if (!playlist.isMasterPlaylist || !isFirst) return;
  const uris = [
    ...playlist.variants.map((variant) => variant.uri),
    ...playlist.variants.flatMap((variant) => variant.audio.map((rendition) => rendition.uri)),
  ];
  for (const uri of new Set(uris.filter(Boolean))) {
    const child = resolve(uri, place);
    await lint(child).catch((error) =>
      report.faults.push({ place: child, text: `cannot be read: ${error.message}` }),
    );
  }
}

function isUrl(place) {
  return /^https?:/.test(place);
}

function resolve(uri, base) {
  if (isUrl(base)) return new URL(uri, base).href;
  return isUrl(uri) ? uri : base.replace(/[^/]*$/, "") + uri;
}

async function fetchText(place, fault) {
  if (!isUrl(place)) return readFile(place, "utf8");
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "manual" };
  const response = await fetch(place, options);
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  const type = (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!MEDIA_TYPES.includes(type)) fault(`Content-Type: "${type}"`);
  // As bytes: `text()` would take a byte order mark away.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await response.arrayBuffer());
}

/** What the parser lets pass, RFC 8216 section 4.1. */
function bytesFaults(text) {
  const faults = [];
  if (text.startsWith("\u{feff}")) faults.push("Begins with a byte order mark");
  if (text.includes("\u{fffd}")) faults.push("Is not UTF-8");
  // eslint-disable-next-line no-control-regex
  if (/[\u{0}-\u{9}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}]/u.test(text)) faults.push("Has control characters");
  if (text.normalize("NFC") !== text) faults.push("Is not in normal form C");
  if (!/^\u{feff}?#EXTM3U\r?\n/u.test(text)) faults.push("Does not begin with #EXTM3U");
  if (!text.endsWith("\n")) faults.push("Does not end with a line feed");
  return faults;
}

/** What a strict parse stops at, and all that a lenient one grumbles about. */
function strictFaults(text) {
  const faults = new Set();
  const grumble = console.error;
  console.error = (message) => faults.add(`${message}`);
  for (const strictMode of [false, true]) {
    HLS.setOptions({ strictMode, silent: false });
    try {
      HLS.parse(text);
    } catch (error) {
      faults.add(error.message);
    }
  }
  console.error = grumble;
  return faults;
}

function lenient(text) {
  HLS.setOptions({ strictMode: false, silent: true });
  try {
    return HLS.parse(text);
  } catch {
    return undefined;
  }
}

function describe(place, playlist) {
  if (playlist.isMasterPlaylist) {
    const variants = playlist.variants.map(({ uri, bandwidth, codecs }) => ({ uri, bandwidth, codecs }));
    return { place, kind: "multivariant", version: playlist.version ?? null, variants };
  }
  return {
    place,
    kind: "media",
    version: playlist.version ?? null,
    target_duration: playlist.targetDuration,
    media_sequence: playlist.mediaSequenceBase ?? 0,
    discontinuity_sequence: playlist.discontinuitySequenceBase ?? 0,
    segments: playlist.segments.length,
  };
}
