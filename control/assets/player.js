// The player: one station at a time, by HLS or by ICY.

import { mountUrl, playlistUrl } from "./links.js";
import { View } from "./view.js";
import { brief, codec } from "./words.js";

const HLS_TYPE = "application/vnd.apple.mpegurl";
/** HLS is not offered to players before (the origin answers 503). */
const SEGMENTS_MIN = 3;
/** How often a lost stream is asked for again, and after how long. */
const RETRIES_MAX = 10;
const RETRY_MS = 3_000;
/** Where this browser keeps the volume and the choice. */
const KEPT = "skywave-player";

/** Whether this browser has HLS of its own. */
const HAS_HLS = new Audio().canPlayType(HLS_TYPE) !== "";

/** Plays egresses of the last status. */
export class Player {
  #audio = new Audio();
  #view;
  #onChange;
  #status = null;
  #name = null;
  #isWanted = false;
  #transport = null;
  #hasHlsFailed = false;
  #retries = 0;
  #timer = null;

  /**
   * @param {Element} root
   * @param {() => void} onChange called when another station is heard
   */
  constructor(root, onChange) {
    [this.#view, this.#onChange] = [new View(root), onChange];
    this.#audio.preload = "none";
    this.#followAudio();
    this.#followControls(root);
    this.#followSystem();
  }

  /** Whether this egress is being played. */
  isHeard(name) {
    return this.#isWanted && this.#name === name;
  }

  /** Stops this egress, or plays it instead of another. */
  toggle(name) {
    if (this.isHeard(name)) return this.#stop("Stopped.");
    this.#name = name;
    this.#play();
  }

  /** Takes a new status; the first station on air is ready to be played. */
  update(status) {
    this.#status = status;
    const names = [...status.egresses.keys()].sort();
    this.#name ??= names.find((name) => status.egresses.get(name).on_air) ?? names[0] ?? null;
    if (this.#name !== null && !this.#egress()) {
      if (this.#isWanted) this.#stop("This egress is no more.");
      this.#name = null;
    }
    this.#show();
  }

  #egress() {
    return this.#status?.egresses.get(this.#name);
  }

  #choice() {
    return this.#view.root.querySelector("input[name=transport]:checked").value;
  }

  /**
   * HLS where the browser has it for this codec, which no answer of
   * `canPlayType` tells for MP3: Chromium says yes and refuses it.
   */
  #chooseTransport(egress) {
    const choice = this.#choice();
    if (choice !== "auto") return choice;
    const isFit = egress.codec !== "mp3" && HAS_HLS && !this.#hasHlsFailed;
    return isFit && egress.window_segments >= SEGMENTS_MIN ? "hls" : "icy";
  }

  #play() {
    this.#retries = 0;
    this.#hasHlsFailed = false;
    this.#isWanted = true;
    this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    const egress = this.#egress();
    if (!egress) return;
    this.#transport = this.#chooseTransport(egress);
    const url = this.#transport === "hls" ? playlistUrl : mountUrl;
    this.#audio.src = url(this.#status.ports, egress.name);
    this.#say(`Connecting by ${this.#by()}…`);
    this.#audio.play().catch((error) => {
      // The rest is told by the `error` event, or is our own stop.
      if (error.name === "NotAllowedError") this.#stop("The browser wants a click first: press Play.");
    });
    this.#show();
    this.#onChange();
  }

  /** Lets go of the connection too: a paused live stream would lag behind. */
  #stop(why) {
    clearTimeout(this.#timer);
    this.#isWanted = false;
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.#say(why);
    this.#show();
    this.#onChange();
  }

  #lost() {
    if (!this.#isWanted) return;
    const isRefused = this.#audio.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    if (this.#transport === "hls" && isRefused && this.#retries === 0) return this.#refusedHls();
    if (this.#retries >= RETRIES_MAX) return this.#stop("Lost the stream. Press Play to try again.");
    this.#retries += 1;
    this.#say("Lost the stream; trying again…");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
  }

  #refusedHls() {
    if (this.#choice() === "auto") {
      this.#hasHlsFailed = true;
      return this.#connect();
    }
    const egress = this.#egress();
    const isEarly = egress.window_segments < SEGMENTS_MIN;
    this.#stop(
      isEarly
        ? "HLS has too few segments yet: wait some seconds, or play by ICY."
        : `This browser could not play ${codec(egress.codec)} by HLS: play by ICY.`,
    );
  }

  #by() {
    return this.#transport === "hls" ? "HLS" : "ICY";
  }

  #say(text) {
    const isBlocked = this.#isWanted && location.protocol === "https:" && this.#status.ports.public_tls === null;
    this.#view.text("state", isBlocked ? "No public port has TLS; browsers refuse plain sound on this page." : text);
  }

  #show() {
    const [view, egress] = [this.#view, this.#egress()];
    view.field("toggle").disabled = !egress;
    view.attribute("toggle", "aria-label", this.#isWanted ? "Stop" : "Play");
    view.attribute("toggle_icon", "href", this.#isWanted ? "#icon-stop" : "#icon-play");
    view.text("title", egress ? brief(egress.title || egress.name) : "No station yet");
    view.text("now", egress?.now_playing ? brief(egress.now_playing) : "");
    if (egress && !this.#isWanted && this.#transport === null) this.#say("Ready.");
    this.#tellSystem(egress);
  }

  #followAudio() {
    const audio = this.#audio;
    audio.addEventListener("playing", () => {
      this.#retries = 0;
      const egress = this.#egress();
      if (egress) this.#say(`Playing ${codec(egress.codec)} by ${this.#by()}.`);
    });
    audio.addEventListener("waiting", () => this.#isWanted && this.#say("Buffering…"));
    audio.addEventListener("ended", () => this.#lost());
    audio.addEventListener("error", () => this.#lost());
    // A headset's button or the system stopped it, not we.
    audio.addEventListener("pause", () => {
      if (this.#isWanted && !audio.ended && !audio.error && audio.readyState >= 2) this.#stop("Stopped.");
    });
  }

  #followControls(root) {
    const [audio, view] = [this.#audio, this.#view];
    const volume = root.querySelector("#volume");
    const radios = [...root.querySelectorAll("input[name=transport]")];
    const kept = readKept();
    volume.value = kept.volume ?? volume.value;
    for (const radio of radios) {
      if (radio.value === kept.transport) radio.checked = true;
      if (radio.value === "hls" && !HAS_HLS) {
        radio.disabled = true;
        radio.checked = false;
        radio.parentElement.title = "This browser has no HLS of its own";
      }
    }
    if (!radios.some((radio) => radio.checked)) radios[0].checked = true;
    const keep = () => writeKept({ volume: volume.value, transport: this.#choice() });
    const follow = () => {
      audio.volume = volume.value / 100;
      view.attribute("mute", "aria-pressed", String(audio.muted));
      view.attribute("mute_icon", "href", audio.muted ? "#icon-mute" : "#icon-sound");
    };
    volume.addEventListener("input", () => (follow(), keep()));
    view.field("mute").addEventListener("click", () => ((audio.muted = !audio.muted), follow()));
    view.field("toggle").addEventListener("click", () => this.toggle(this.#name));
    for (const radio of radios) {
      radio.addEventListener("change", () => {
        keep();
        if (this.#isWanted) this.#play();
        else this.#say("Ready.");
      });
    }
    follow();
  }

  #followSystem() {
    const session = navigator.mediaSession;
    session?.setActionHandler("play", () => this.#egress() && this.#play());
    for (const action of ["pause", "stop"]) session?.setActionHandler(action, () => this.#stop("Stopped."));
  }

  /** What is playing, for the system's own controls. */
  #tellSystem(egress) {
    if (!navigator.mediaSession || !this.#isWanted || !egress) return;
    const [title, artist] = [brief(egress.now_playing ?? egress.name), brief(egress.title)];
    const shown = navigator.mediaSession.metadata;
    if (shown?.title === title && shown.artist === artist) return;
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist });
  }
}

function readKept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function writeKept(settings) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing plays all the same.
  }
}
