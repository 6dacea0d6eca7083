// What has happened: the newest events, as the node keeps them.

import { View } from "./view.js";
import { brief } from "./words.js";

/** So many are shown; the API has more. */
const SHOWN_MAX = 20;

const KINDS = {
  on_air: ["On air", "good"],
  off_air: ["Off air", "bad"],
  path_down: ["Path down", "warn"],
  switched: ["Switched", "warn"],
  mismatch: ["Mismatch", "warn"],
  silence: ["Silence", "bad"],
};

/** Shows events, the newest first; nothing where there are none. */
export class Events {
  #section;
  #list;
  #newest = null;

  /**
   * @param {Element} section
   * @param {Element} list
   */
  constructor(section, list) {
    [this.#section, this.#list] = [section, list];
  }

  update(events) {
    const newest = events[0]?.id ?? null;
    if (newest === this.#newest) return;
    this.#newest = newest;
    this.#section.hidden = newest === null;
    this.#list.replaceChildren(...events.slice(0, SHOWN_MAX).map(row));
  }
}

function row({ at, event, egress, ingest, detail }) {
  const view = View.of("event-row");
  const [name, tone] = Object.hasOwn(KINDS, event) ? KINDS[event] : [brief(event), null];
  view.text("at", new Date(at).toLocaleString("en-GB"));
  view.attribute("at", "datetime", at);
  view.text("kind", name);
  view.attribute("kind", "data-tone", tone);
  view.text("where", ingest ? `${egress} \u2190 ${ingest}` : egress);
  view.text("detail", brief(detail));
  return view.root;
}
