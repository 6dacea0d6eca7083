// Opens a page as a person would, and prints what went wrong; with a picture.
//
// Status 0 whatever is found; 2: called wrongly; 3: the browser did not end.

import { listRequests, print, withBrowser } from "./lib/browser.mjs";
import { number, read, refuse } from "./lib/options.mjs";

const USAGE = `usage: node page.mjs URL [--screenshot FILE] [--seconds N] [--wait-for SELECTOR] [--width N] [--height N] [--dark] [--click SELECTOR] [--global NAME]

  --seconds   how long to look after the page has loaded, 0 to 120; 1 by default
  --wait-for  wait until this is to be seen, 10 s at most
  --click     then click on this
  --global    tell this variable of the page's window at the end

Prints one JSON document: status, title, text (what is to be read), errors
[text] (the console's with their place, and exceptions), csp [{directive, blocked, source}]
violations of the content security policy, requests {t, url, method, status,
failure}, missing [text] (what was to be waited for or clicked and was not
there), overflow (whether it is wider than the window), global (null where there
is none).`;
/** For the page's load, and for each thing that is waited for. */
const PATIENCE_MS = 10_000;

const { values, positionals } = read(
  USAGE,
  {
    screenshot: { type: "string" },
    seconds: { type: "string", default: "1" },
    "wait-for": { type: "string" },
    width: { type: "string", default: "1280" },
    height: { type: "string", default: "800" },
    dark: { type: "boolean", default: false },
    click: { type: "string" },
    global: { type: "string" },
  },
  1,
);
const [url] = positionals;
if (!URL.canParse(url)) refuse(USAGE, `no URL: ${url}`);
const seconds = number(USAGE, "seconds", values.seconds, 0, 120);
const viewport = {
  width: number(USAGE, "width", values.width, 200, 4000),
  height: number(USAGE, "height", values.height, 200, 4000),
};

await print(await withBrowser({ limitSeconds: seconds + 60 }, look));

async function look(browser) {
  const page = await browser.newPage({ viewport, colorScheme: values.dark ? "dark" : "light" });
  const requests = listRequests(page);
  const [errors, csp, missing] = [[], [], []];
  page.on("console", (message) => {
    const place = message.location().url;
    if (message.type() === "error") errors.push(`${message.text()} (${place})`);
  });
  page.on("pageerror", (error) => errors.push(`${error.name}: ${error.message}`));
  await page.exposeBinding("noteViolation", (_, violation) => csp.push(violation));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { effectiveDirective: directive, blockedURI: blocked, sourceFile, lineNumber } = event;
      window.noteViolation({ directive, blocked, source: `${sourceFile}:${lineNumber}` });
    });
  });
  const attempt = (what, promise) => promise.catch((error) => missing.push(`${what}: ${error.message.split("\n")[0]}`));
  let response = null;
  await attempt("load", page.goto(url, { timeout: PATIENCE_MS }).then((got) => (response = got)));
  if (values["wait-for"]) {
    await attempt("wait-for", page.waitForSelector(values["wait-for"], { timeout: PATIENCE_MS }));
  }
  if (values.click) await attempt("click", page.click(values.click, { timeout: PATIENCE_MS }));
  await page.waitForTimeout(seconds * 1000);
  if (values.screenshot) await page.screenshot({ path: values.screenshot, timeout: PATIENCE_MS });
  const seen = await page.evaluate((name) => ({
    text: document.body?.innerText ?? "",
    overflow: document.documentElement.scrollWidth > window.innerWidth,
    global: window[name] ?? null,
  }), values.global ?? "");
  return { url, status: response?.status() ?? null, title: await page.title(), ...seen, errors, csp, missing, requests };
}
