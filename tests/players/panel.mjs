// Asks a server as monitors do, and prints what they make of its answers.
//
// Status 0 whatever they find; 2: called wrongly.

import { createRequire } from "node:module";

import { DOMParser } from "linkedom";

import { read, refuse } from "./lib/options.mjs";

const USAGE = `usage: node panel.mjs SERVER MOUNT

Prints one JSON document: what node-internet-radio finds out by itself (found),
of SHOUTcast 1 (v1), SHOUTcast 2 (v2) and Icecast (icecast), and what
icecast-metadata-stats reads (icestats, sevenhtml, stats, nextsongs). What a
monitor refuses is {refused}.`;

const { positionals } = read(USAGE, {}, 2);
const [server, mount] = positionals;
if (!URL.canParse(server)) refuse(USAGE, `no URL: ${server}`);

// One expects a browser, the other is older than modules.
globalThis.DOMParser = DOMParser;
const require = createRequire(import.meta.url);
const radio = require("node-internet-radio");
const shoutcast = require("node-internet-radio/lib/shoutcast.js");
const icecast = require("node-internet-radio/lib/icecast.js");
const module = await import("icecast-metadata-stats");
const Stats = module.default.default ?? module.default;

/** A call with a callback, whose refusal is a value. */
const called = (call) =>
  new Promise((resolve) => call((error, value) => resolve(error ? { refused: `${error.message ?? error}` } : value)));
const text = async (path) => (await fetch(server + path)).text();
const stats = new Stats(server + mount, { statsEndpoint: `${server}/statistics` });

const [seven, status] = [await text("/7.html"), await text("/status-json.xsl")];
const listed = [JSON.parse(status).icestats.source ?? []].flat();
const listenurl = listed.find((source) => source.listenurl.endsWith(mount))?.listenurl;
process.stdout.write(JSON.stringify({
  v1: await called((done) => shoutcast.parseV1Response(seven, done)),
  v2: await called((done) => radio.getStationInfo(server + mount, done, radio.StreamSource.SHOUTCAST_V2)),
  icecast: await called((done) => icecast.parseIcecastResponse(listenurl, status, done)),
  ...(await stats.getIcestats()),
  ...(await stats.getSevenhtml()),
  ...(await stats.getStats()),
  ...(await stats.getNextsongs()),
  // The last, since it may listen for it.
  found: await called((done) => radio.getStationInfo(server, done)),
}));
