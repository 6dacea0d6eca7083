// Where listeners find a mount, and the buttons that copy it.

import { View } from "./view.js";

/** What a mount is reached by, and what its path then ends in. */
const KINDS = [
  ["ICY", ""],
  ["HLS", "/playlist.m3u8"],
  ["PLS", ".pls"],
  ["M3U", ".m3u"],
  ["XSPF", ".xspf"],
];

/** How long a button says that it has copied. */
const COPIED_MS = 2_000;

/**
 * Where a mount is heard, on the host under which this page was opened: by TLS
 * when the page came by TLS.
 */
export function mountUrl(ports, path, suffix = "") {
  const isSecure = location.protocol === "https:" && ports.public_tls !== null;
  const [scheme, port] = isSecure ? ["https", ports.public_tls] : ["http", ports.public];
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${scheme}://${location.hostname}:${port}/${encoded}${suffix}`;
}

/** The same, as an HLS playlist. */
export function playlistUrl(ports, path) {
  return mountUrl(ports, path, "/playlist.m3u8");
}

/** Every way to every path. */
export function mountElements(ports, paths) {
  return paths.map((path) => {
    const mount = View.of("mount");
    mount.text("path", `/${path}`);
    for (const [kind, suffix] of KINDS) {
      mount.field("links").append(linkElement(kind, mountUrl(ports, path, suffix)));
    }
    return mount.root;
  });
}

function linkElement(kind, url) {
  const view = View.of("mount-link");
  view.text("kind", kind);
  view.text("link", url);
  view.attribute("link", "href", url);
  view.attribute("copy", "aria-label", `Copy ${url}`);
  view.field("copy").addEventListener("click", async () => {
    const isCopied = await copy(url);
    view.text("copy", isCopied ? "Copied" : "Not copied");
    announce(isCopied ? `Copied ${url}` : "The browser did not let it be copied");
    setTimeout(() => view.text("copy", "Copy"), COPIED_MS);
  });
  return view.root;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For pages by plain HTTP from another host, which have no clipboard. */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  const focused = document.activeElement;
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return isCopied;
}

function announce(text) {
  document.getElementById("announcer").textContent = text;
}
