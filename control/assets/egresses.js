// The egresses: stations as listeners get them.

import { mountElements } from "./links.js";
import { lineElements, renditionRow, troubled, warningText } from "./renditions.js";
import { List, Row, View } from "./view.js";
import { NONE, bitrate, brief, codec, count, nominal, several } from "./words.js";

/** So many segments short, the bucket is late: one or two are on their way. */
const LAG_MAX = 3;

/** Whether an operator should look. */
export function needsAttention(egress) {
  return !egress.on_air || egress.silent === true || isLate(egress) || troubled(egress.renditions).length > 0;
}

/** Everybody who listens, in whichever way; a node of before counted no sessions. */
export function listenersOf(egress) {
  return egress.icy_listeners + (egress.hls_sessions ?? 0);
}

/** What a filter is matched against. */
export function searchText(egress) {
  return `${egress.name} ${egress.title} ${egress.now_playing ?? ""}`.toLowerCase();
}

/**
 * @param {Element} element
 * @param {import("./player.js").Player} player
 * @param {() => boolean} isOpenAtFirst
 */
export function egressList(element, player, isOpenAtFirst) {
  return new List(element, () => {
    const row = new EgressRow(player);
    if (isOpenAtFirst()) row.open(true);
    return row;
  });
}

class EgressRow extends Row {
  #player;
  #name = null;
  #mounts = "";
  #renditions = "";

  constructor(player) {
    super("egress-row", "egress-body");
    this.#player = player;
    this.view.field("listen").addEventListener("click", () => player.toggle(this.#name));
  }

  show(view, egress) {
    this.#name = egress.name;
    const title = brief(egress.title || egress.name);
    const isHeard = this.#player.isHeard(egress.name);
    view.text("title", title);
    view.text("name", egress.name);
    view.text("now", brief(egress.now_playing));
    this.#showRenditions(view, egress.renditions);
    const listeners = listenersOf(egress);
    view.text("listeners", count(listeners));
    view.text("listeners_word", listeners === 1 ? "listener" : "listeners");
    view.text("segments", count(egress.window_segments));
    view.text("state", egress.on_air ? "On air" : "Off air");
    view.attribute("state", "data-tone", egress.on_air ? "good" : "bad");
    view.attribute("listen", "aria-label", isHeard ? `Stop ${title}` : `Listen to ${title}`);
    view.attribute("listen", "data-on", isHeard ? "" : null);
    view.attribute("listen_icon", "href", isHeard ? "#icon-stop" : "#icon-play");
    view.show("silent_box", egress.silent === true);
    view.show("fallback_box", egress.on_fallback);
    view.show("rendition_box", troubled(egress.renditions).length > 0);
    view.text("rendition_warning", warningText(egress.renditions));
    view.show("lag_box", isLate(egress));
    view.text("lag_warning", `The bucket is ${several(egress.bucket_lag_segments, "segment")} behind.`);
  }

  #showRenditions(view, renditions) {
    const lines = JSON.stringify(renditions.map(({ codec, bitrate_kbps, progress }) => [codec, bitrate_kbps, progress]));
    if (lines === this.#renditions) return;
    this.#renditions = lines;
    view.field("renditions").replaceChildren(...lineElements(renditions));
  }

  showBody(view, egress, { ports, ingests }) {
    const source = ingests.get(egress.source);
    view.text("codec", `${codec(egress.codec)} ${nominal(egress.rendition)}`);
    view.text("codecs", brief(egress.codecs));
    view.text("rendition", egress.rendition);
    view.text("source", brief(egress.source));
    view.text("source_format", source ? `${brief(source.format)} (measured ${bitrate(source.bitrate_bps)})` : NONE);
    view.text("listeners", count(egress.icy_listeners));
    view.text("sessions", egress.hls_sessions === null ? "not counted" : count(egress.hls_sessions));
    view.text("media_sequence", egress.media_sequence === null ? NONE : String(egress.media_sequence));
    view.text("segments", count(egress.window_segments));
    view.text("lag", lagText(egress.bucket_lag_segments));
    view.text("epoch", brief(egress.epoch));
    view.text("now", brief(egress.now_playing));
    // Own bytes alone are told of above.
    view.show("renditions_box", egress.renditions.some(({ own_bytes }) => !own_bytes));
    view.field("renditions").replaceChildren(...egress.renditions.map(renditionRow));
    // One that has no choice needs no list of it.
    view.show("paths_box", egress.ingests.length > 1);
    view.field("paths").replaceChildren(...egress.ingests.map(pathRow));
    view.text("breaks", breaksText(egress));
    const mounts = JSON.stringify([ports, egress.paths]);
    if (mounts === this.#mounts) return;
    this.#mounts = mounts;
    view.field("mounts").replaceChildren(...mountElements(ports, egress.paths));
  }
}

/** What paths differ by that nobody has to know of. */
const IN_STEP_MS = 50;

const STATES = {
  away: ["Away", "warn"],
  seeking: ["Seeking", "warn"],
  locked: ["Locked", "good"],
  unprotected: ["Unprotected", "warn"],
  stalled: ["Stalled", "bad"],
  other: ["Other programme", "warn"],
};

function pathRow(path) {
  const view = View.of("path-row");
  const [name, tone] = Object.hasOwn(STATES, path.state) ? STATES[path.state] : [brief(path.state), null];
  view.text("ingest", path.ingest);
  const what = path.offset_ms === null ? name : "Another encoder";
  view.text("state", path.silent ? `${what}, silent` : what);
  view.attribute("state", "data-tone", path.silent ? "bad" : tone);
  view.text("lag", lagOf(path));
  view.text("units", `${several(path.units_first_total, "frame")} first, ${count(path.units_late_total)} too late`);
  return view.root;
}

function lagOf({ lag_ms, offset_ms }) {
  if (lag_ms === null) return offset_ms === null ? NONE : apart(offset_ms);
  return Math.abs(lag_ms) < IN_STEP_MS ? "in step" : apart(lag_ms);
}

function apart(millis) {
  const secs = Math.abs(millis) / 1000;
  return millis < 0 ? `${secs} s ahead` : `${secs} s behind`;
}

function breaksText(egress) {
  const lost = `${several(egress.frames_lost_total, "frame")} lost, ${count(egress.frames_repeated_total)} repeated`;
  const late = egress.late_ms > 0 ? `; goes out ${egress.late_ms / 1000} s late` : "";
  const last = egress.last_break ? ` Last break: ${brief(egress.last_break)}${heardAt(egress)}.` : "";
  return `${several(egress.breaks_total, "break")}, ${lost}, longest wait ${egress.longest_gap_ms / 1000} s${late}.${last}`;
}

/** What was heard of a switch to another encoder of the programme. */
function heardAt({ last_break_offset_ms }) {
  if (last_break_offset_ms === null) return "";
  const secs = Math.abs(last_break_offset_ms) / 1000;
  return `, another encoder of the same programme (${secs} s ${last_break_offset_ms < 0 ? "skipped" : "heard twice"})`;
}

function isLate(egress) {
  return egress.bucket_lag_segments >= LAG_MAX;
}

function lagText(segments) {
  return segments === 0 ? "has every segment" : `${several(segments, "segment")} behind`;
}
