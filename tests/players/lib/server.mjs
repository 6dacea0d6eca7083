// Serves the player page and the players' own code to the browser.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("..", import.meta.url);
/** Only these are served: nothing of the machine's other files is reached. */
const FILES = {
  "/": "pages/player.html",
  "/player.mjs": "pages/player.mjs",
  "/silence.mjs": "pages/silence.mjs",
  "/hlsjs.js": "node_modules/hls.js/dist/hls.min.js",
  "/shaka.js": "node_modules/shaka-player/dist/shaka-player.compiled.js",
  "/videojs.js": "node_modules/video.js/dist/video.min.js",
};
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript" };

/**
 * Listens on a free port of the loopback.
 *
 * @returns {Promise<{origin: string, close: () => Promise<void>}>}
 */
export async function serve() {
  const server = createServer(answer);
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(0, "127.0.0.1", done);
  });
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}

async function answer(request, response) {
  const file = FILES[new URL(request.url, "http://localhost").pathname];
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  try {
    const body = await readFile(fileURLToPath(new URL(file, FOLDER)));
    response.writeHead(200, { "content-type": TYPES[extname(file)], "cache-control": "no-store" });
    response.end(body);
  } catch (error) {
    response.writeHead(500).end(error.message);
  }
}
