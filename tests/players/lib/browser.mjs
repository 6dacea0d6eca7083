// One Chromium for one question, whose end is certain.

import { chromium } from "playwright-core";

/** Debian's; the one that playwright would download is not used. */
const EXECUTABLE = "/usr/bin/chromium";
/**
 * No sandbox, because tests run as root; no calls of the browser's own to
 * anywhere; sound starts without a click, and is heard by nobody.
 */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  "--mute-audio",
];
/** How long the browser may take to start, and again to close. */
const GRACE_MS = 30_000;

/**
 * Runs `work(browser)` and closes the browser, come what may.
 *
 * The whole program ends with status 3 when that takes longer than
 * `limitSeconds` and the grace of the browser's start; a signal ends it too.
 *
 * @param {{limitSeconds: number, flags?: string[]}} bounds
 * @param {(browser: import("playwright-core").Browser) => Promise<T>} work
 * @returns {Promise<T>} what the work gives
 * @template T
 */
export async function withBrowser({ limitSeconds, flags = [] }, work) {
  let browser;
  let isEnding = false;
  const end = (why, status) => {
    isEnding = true;
    process.stderr.write(`${why}\n`);
    const exit = () => process.exit(status);
    setTimeout(exit, 5_000);
    Promise.resolve(browser?.close()).then(exit, exit);
  };
  const limit = limitSeconds * 1000 + GRACE_MS;
  const watchdog = setTimeout(() => end(`not done after ${limit} ms`, 3), limit);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
    process.once(signal, () => end(`ended by ${signal}`, 3));
  }
  try {
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      headless: true,
      timeout: GRACE_MS,
      // Ours end the browser too, and then this program.
      handleSIGTERM: false,
      handleSIGINT: false,
      handleSIGHUP: false,
      args: [...FLAGS, ...flags],
    });
    return await work(browser);
  } catch (error) {
    // The browser closes under the work's feet; what it says then tells nothing.
    if (isEnding) await new Promise(() => {});
    throw error;
  } finally {
    await browser?.close();
    clearTimeout(watchdog);
  }
}

/**
 * Writes down every request of the page, oldest first.
 *
 * @param {import("playwright-core").Page} page
 * @param {(url: string) => boolean} isOurs whether to leave a URL out
 * @returns {{t: number, url: string, method: string, status: number | null, failure: string | null}[]}
 *   grows as the page works; `t` is in seconds from now; `status` is `null`
 *   until there is a response, `failure` unless there was none or it broke off
 */
export function listRequests(page, isOurs = () => false) {
  const from = performance.now();
  const requests = [];
  const entries = new WeakMap();
  page.on("request", (request) => {
    if (isOurs(request.url()) || /^(data|blob):/.test(request.url())) return;
    const t = round((performance.now() - from) / 1000);
    const entry = { t, url: request.url(), method: request.method(), status: null, failure: null };
    entries.set(request, entry);
    requests.push(entry);
  });
  page.on("response", (response) => {
    const entry = entries.get(response.request());
    if (entry) entry.status = response.status();
  });
  page.on("requestfailed", (request) => {
    const entry = entries.get(request);
    if (entry) entry.failure = request.failure()?.errorText ?? "unknown";
  });
  return requests;
}

/** To the millisecond. */
export function round(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

/** Prints one JSON document, and waits until it is written. */
export function print(document) {
  return new Promise((done) => process.stdout.write(`${JSON.stringify(document)}\n`, done));
}
