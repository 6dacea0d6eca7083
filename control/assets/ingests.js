// The ingests: where encoders connect.

import { List, Row } from "./view.js";
import { NONE, bitrate, brief, count, duration, mismatch } from "./words.js";

/** Whether an operator should look. */
export function needsAttention(ingest) {
  return ingest.state !== "connected" || ingest.mismatch.length > 0;
}

/** Where its audio comes from: the mount an encoder connects to, or a URL. */
function origin(ingest) {
  return ingest.mount === null ? ingest.pulled_from : `/${ingest.mount}`;
}

/** What a filter is matched against. */
export function searchText(ingest) {
  return `${ingest.name} ${origin(ingest)} ${ingest.title ?? ""}`.toLowerCase();
}

/**
 * @param {Element} element
 * @param {() => boolean} isOpenAtFirst
 */
export function ingestList(element, isOpenAtFirst) {
  return new List(element, () => {
    const row = new IngestRow();
    if (isOpenAtFirst()) row.open(true);
    return row;
  });
}

class IngestRow extends Row {
  #mismatches = "[]";

  constructor() {
    super("ingest-row", "ingest-body");
  }

  show(view, ingest) {
    const isConnected = ingest.state === "connected";
    view.text("name", ingest.name);
    view.text("mount", origin(ingest));
    view.text("title", brief(ingest.title));
    view.text("format", brief(ingest.format));
    view.text("bitrate", bitrate(ingest.bitrate_bps));
    view.text("state", isConnected ? "Connected" : "Offline");
    view.attribute("state", "data-tone", isConnected ? "good" : "off");
    view.show("refusal_box", ingest.last_refusal !== null);
    view.text("refusal", brief(ingest.last_refusal));
    this.#showMismatches(view, ingest.mismatch);
  }

  showBody(view, ingest) {
    view.text("peer_address", brief(ingest.peer_address));
    view.text("user_agent", brief(ingest.user_agent));
    view.text("connected", duration(ingest.connected_secs));
    view.text("format", brief(ingest.format));
    view.text("bitrate", bitrate(ingest.bitrate_bps));
    view.text("frames", count(ingest.frames_total));
    view.text("junk", ingest.junk_bytes_total === 0 ? "none" : `${count(ingest.junk_bytes_total)} bytes`);
    view.text("title", brief(ingest.title));
  }

  #showMismatches(view, mismatches) {
    const shown = JSON.stringify(mismatches);
    if (shown === this.#mismatches) return;
    this.#mismatches = shown;
    const isRefused = mismatches.some((each) => each.is_other_codec);
    view.show("mismatch_box", mismatches.length > 0);
    view.text(
      "mismatch_head",
      isRefused ? "Refused: the encoder sends another codec." : "The encoder does not follow the ingest's settings.",
    );
    const lines = mismatches.map((each) => {
      const line = document.createElement("li");
      line.textContent = mismatch(each) || NONE;
      return line;
    });
    view.field("mismatches").replaceChildren(...lines);
  }
}
