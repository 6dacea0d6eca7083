// Asks the node every other second what it does, and shows it.

import * as egresses from "./egresses.js";
import { Events } from "./events.js";
import * as ingests from "./ingests.js";
import { Player } from "./player.js";
import { View } from "./view.js";
import { count, duration } from "./words.js";

const STATUS = "/api/v1/status";
const EVENTS = "/api/v1/events";
const EVERY_MS = 2_000;
/** A node that takes longer does not answer. */
const TIMEOUT_MS = 5_000;
/** So few rows are shown open. */
const OPEN_MAX = 2;
/** From so many rows on, there is a filter. */
const FILTER_MIN = 8;

const element = (id) => document.getElementById(id);
const masthead = new View(element("masthead"));
const banner = new View(element("banner"));
const totals = new View(element("totals"));

/** The last status, its lists by name; and when it came. */
let status = null;
let answeredAt = null;

const player = new Player(element("player"), () => status && showLists());
const egressRows = egresses.egressList(element("egress-rows"), player, () => status.egresses.size <= OPEN_MAX);
const events = new Events(element("events"), element("event-rows"));
const ingestRows = ingests.ingestList(element("ingest-rows"), () => status.ingests.size <= OPEN_MAX);

element("filter").addEventListener("input", filter);
follow();

async function follow() {
  try {
    const answer = await ask().catch(showSilence);
    if (answer) show(answer);
  } finally {
    setTimeout(follow, EVERY_MS);
  }
}

async function ask() {
  const [status, { events }] = await Promise.all([askFor(STATUS), askFor(EVENTS)]);
  const { egresses, ingests, ...rest } = status;
  return { ...rest, events, egresses: byName(egresses), ingests: byName(ingests) };
}

async function askFor(path) {
  const options = { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(path, options);
  if (!response.ok) throw new StatusError(response.status);
  return response.json();
}

/** The node answers, but not with what it does. */
class StatusError extends Error {
  constructor(code) {
    super(`The node answers with status ${code}`);
  }
}

function byName(items) {
  return new Map(items.map((item) => [item.name, item]));
}

function show(answer) {
  [status, answeredAt] = [answer, new Date()];
  showLink("good", "Live");
  const trouble = geoTrouble(status.geo);
  banner.text("text", trouble ?? "");
  banner.show("line", trouble !== null);
  delete document.documentElement.dataset.stale;
  document.title = `${status.node} · Skywave`;
  masthead.show("about", true);
  masthead.text("node", status.node);
  masthead.text("uptime", duration((answeredAt - new Date(status.started)) / 1000));
  showTotals();
  showLists();
  events.update(status.events);
  player.update(status);
}

/** What is wrong with the database of countries, where egresses ask for them. */
function geoTrouble(geo) {
  if (!geo || geo.egresses === 0) return null;
  if (geo.database === null) {
    const why = geo.error === null ? "none is configured" : geo.error;
    const which = geo.egresses === 1 ? "an egress" : `${count(geo.egresses)} egresses`;
    return `No database of countries (${why}): for ${which} with a geo-block every country is unknown.`;
  }
  if (geo.error !== null) return `The database of countries was not read again: ${geo.error}.`;
  return geo.is_old ? "The database of countries is more than 30 days old." : null;
}

/** What is on the page stays, and is said to be old. */
function showSilence(error) {
  const what = error instanceof StatusError ? error.message : "The node does not answer";
  const since = answeredAt ? ` What is shown is from ${answeredAt.toLocaleTimeString("en-GB")}.` : "";
  showLink("bad", "No answer");
  banner.text("text", `${what}.${since}`);
  banner.show("line", true);
  document.documentElement.dataset.stale = "";
  document.title = "No answer · Skywave";
}

function showLink(tone, text) {
  masthead.attribute("link", "data-tone", tone);
  masthead.text("link", text);
}

function showTotals() {
  const [heard, sources] = [[...status.egresses.values()], [...status.ingests.values()]];
  const onAir = heard.filter((egress) => egress.on_air).length;
  const connected = sources.filter((ingest) => ingest.state === "connected").length;
  const attention =
    heard.filter(egresses.needsAttention).length +
    sources.filter(ingests.needsAttention).length +
    (geoTrouble(status.geo) === null ? 0 : 1);
  totals.text("on_air", `${count(onAir)} of ${count(heard.length)}`);
  totals.text("connected", `${count(connected)} of ${count(sources.length)}`);
  totals.text("listeners", count(heard.reduce((sum, egress) => sum + egresses.listenersOf(egress), 0)));
  totals.text("attention", attention === 0 ? "None" : count(attention));
  totals.attribute("attention_box", "data-tone", attention === 0 ? null : "warn");
}

function showLists() {
  egressRows.update(status.egresses.values(), status);
  ingestRows.update(status.ingests.values(), status);
  const most = Math.max(status.egresses.size, status.ingests.size);
  element("filter-box").hidden = most < FILTER_MIN;
  filter();
}

function filter() {
  if (!status) return;
  const wanted = element("filter").value.trim().toLowerCase();
  const [heard, sources] = [
    filterRows(egressRows, status.egresses, egresses.searchText, wanted),
    filterRows(ingestRows, status.ingests, ingests.searchText, wanted),
  ];
  setText("filter-count", wanted === "" ? "" : `${count(heard)} of ${count(status.egresses.size)}`);
  showEmpty("egress-empty", heard, "The manifest declares no egress.");
  showEmpty("ingest-empty", sources, "The manifest declares no ingest.");
}

function filterRows(rows, items, searchText, wanted) {
  let shown = 0;
  for (const [name, row] of rows) {
    const isShown = wanted === "" || searchText(items.get(name)).includes(wanted);
    if (row.root.hidden === isShown) row.root.hidden = !isShown;
    shown += Number(isShown);
  }
  return shown;
}

function showEmpty(id, shown, none) {
  const isFiltered = element("filter").value.trim() !== "";
  setText(id, isFiltered ? "Nothing matches the filter." : none);
  element(id).hidden = shown > 0;
}

function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}
