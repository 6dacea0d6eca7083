// The renditions of an egress, in the order of the multivariant playlist.

import { View } from "./view.js";
import { NONE, brief, codec, count, several } from "./words.js";

/** A row has no more lines than this, however many renditions there are. */
const LINES_MAX = 3;

const PROGRESS = {
  on_time: ["On time", "good"],
  late: ["Late", "warn"],
  failed: ["Failed", "bad"],
};

/** Those that do not keep up. */
export function troubled(renditions) {
  return renditions.filter(({ progress }) => progress === "late" || progress === "failed");
}

/** What an operator has to know of those. */
export function warningText(renditions) {
  return troubled(renditions).map(trouble).join(" ");
}

function trouble({ id, progress, behind_ms }) {
  if (progress === "failed") return `${brief(id)} has failed: it is not made until the restart.`;
  return `${brief(id)} is late: the programme has waited ${behind_ms / 1000} s to be encoded.`;
}

/** The lines of a row: codec and bit rate of each, and a mark where it does not keep up. */
export function lineElements(renditions) {
  const shown = renditions.length > LINES_MAX ? LINES_MAX - 1 : renditions.length;
  const lines = renditions.slice(0, shown).map((one) => line(codec(one.codec), kbps(one), one.progress));
  const rest = renditions.slice(shown);
  if (rest.length > 0) lines.push(line(`and ${count(rest.length)} more`, "", troubled(rest)[0]?.progress));
  return lines;
}

function line(name, rate, progress) {
  const view = View.of("rendition-line");
  const [mark, tone] = progressOf(progress);
  view.text("codec", name);
  view.text("rate", rate);
  view.show("mark", tone === "warn" || tone === "bad");
  view.attribute("mark", "aria-label", mark);
  view.root.dataset.tone = tone;
  return view.root;
}

/** One rendition, with all that is told of it. */
export function renditionRow(rendition) {
  const view = View.of("rendition-row");
  const [name, tone] = progressOf(rendition.progress);
  view.text("id", brief(rendition.id));
  view.show("progress", rendition.progress !== null);
  view.text("progress", name);
  view.attribute("progress", "data-tone", tone);
  view.text("encoding", `${codec(rendition.codec)} ${kbps(rendition)}, ${rendition.sample_rate_hz} Hz`);
  view.text("made", madeText(rendition));
  view.text("segments", `${several(rendition.window_segments, "segment")} listed`);
  return view.root;
}

function progressOf(progress) {
  return Object.hasOwn(PROGRESS, progress) ? PROGRESS[progress] : [NONE, "off"];
}

function madeText({ own_bytes, progress, behind_ms }) {
  if (own_bytes) return "the ingest's own bytes";
  if (progress === null) return "encoded on another node";
  return behind_ms === null ? "not made until the restart" : `encoded here, ${behind_ms / 1000} s behind`;
}

function kbps({ bitrate_kbps }) {
  return `${bitrate_kbps} kbit/s`;
}
