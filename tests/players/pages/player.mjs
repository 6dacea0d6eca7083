// In the page: plays one URL with one player and writes down what happened.

const audio = document.getElementById("audio");
const from = performance.now();
/** What `play.mjs` prints, but for what only it can see. */
const report = {
  samples: [],
  events: [],
  errors: [],
  cues: [],
  dateranges: [],
  silences: [],
  levels: [],
  player_version: null,
};
/** Of 8,192 samples: 171 ms of sound at 48 kHz, bins 5.9 Hz apart. */
const FFT_SIZE = 8_192;
/** What a player does when it should do nothing more, it does at once. */
const LOOK_LONGER_MS = 500;

const clock = () => round((performance.now() - from) / 1000);
const round = (value, places = 3) => Math.round(value * 10 ** places) / 10 ** places;
const fault = (kind, fatal, text) =>
  report.errors.push({ t: clock(), at: round(audio.currentTime), kind, fatal, text });

/**
 * Plays `url` for `seconds`, and gives the report.
 *
 * @param {{player: string, url: string, seconds: number, everyMs: number, seekBack: number, switchEvery: number, untilEnded: boolean}} options
 */
async function judge({ player, url, seconds, everyMs, seekBack, switchEvery, untilEnded }) {
  watchElement();
  const levels = await listen();
  await start(player, url, switchEvery);
  audio.play().catch((error) => fault("play", true, `${error.name}: ${error.message}`));
  const sampler = setInterval(() => report.samples.push(sample(levels)), everyMs);
  if (seekBack > 0) setTimeout(() => (audio.currentTime -= seekBack), seconds * 500);
  await new Promise((done) => {
    setTimeout(done, seconds * 1000);
    if (untilEnded) audio.addEventListener("ended", () => setTimeout(done, LOOK_LONGER_MS));
  });
  clearInterval(sampler);
  await levels.end();
  return report;
}

function sample(levels) {
  return {
    t: clock(),
    currentTime: round(audio.currentTime),
    readyState: audio.readyState,
    paused: audio.paused,
    decoded_bytes: audio.webkitAudioDecodedByteCount ?? null,
    buffered: ranges(audio.buffered),
    ...levels.now(),
  };
}

function ranges(buffered) {
  const range = (_, index) => [round(buffered.start(index)), round(buffered.end(index))];
  return Array.from({ length: buffered.length }, range);
}

/** The element's own events, and the text tracks that players add to it. */
function watchElement() {
  for (const type of ["waiting", "stalled", "playing", "seeking", "ended", "pause"]) {
    audio.addEventListener(type, () =>
      report.events.push({ t: clock(), at: round(audio.currentTime), type }),
    );
  }
  audio.addEventListener("error", () =>
    fault("media", true, `${audio.error?.code}: ${audio.error?.message}`),
  );
  window.addEventListener("unhandledrejection", ({ reason }) =>
    fault("page", false, `${reason?.message ?? reason}`),
  );
}

/** Takes the element's sound apart: its level, its tone, its silences. */
async function listen() {
  const context = new AudioContext();
  await context.audioWorklet.addModule("/silence.mjs");
  const analyser = new AnalyserNode(context, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
  const silence = new AudioWorkletNode(context, "silence");
  const offset = () => clock() - context.currentTime;
  const source = context.createMediaElementSource(audio);
  source.connect(analyser).connect(context.destination);
  source.connect(silence).connect(context.destination);
  let ended;
  silence.port.onmessage = ({ data }) => {
    if (data === "end") return ended?.();
    // Two blocks: less than that is no gap that anyone hears.
    if (data.ms >= 5) report.silences.push({ t: round(offset() + data.at), ms: round(data.ms, 1) });
  };
  await context.resume();
  const wave = new Float32Array(FFT_SIZE);
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  const now = () => {
    analyser.getFloatTimeDomainData(wave);
    analyser.getFloatFrequencyData(spectrum);
    const rms = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length);
    const peak = rms > 0.001 ? peakHz(spectrum, context.sampleRate / FFT_SIZE) : null;
    return { rms: round(rms, 4), peak_hz: peak };
  };
  const end = () =>
    new Promise((done) => {
      ended = done;
      setTimeout(done, 1_000);
      silence.port.postMessage("end");
    });
  return { now, end };
}

/** The loudest tone, by a parabola through the highest bin and its neighbours. */
function peakHz(spectrum, binHz) {
  let top = 1;
  for (let bin = 1; bin < spectrum.length - 1; bin += 1) {
    if (spectrum[bin] > spectrum[top]) top = bin;
  }
  const [left, middle, right] = spectrum.subarray(top - 1, top + 2);
  const bend = left - 2 * middle + right;
  const shift = bend < 0 ? (left - right) / (2 * bend) : 0;
  return round((top + shift) * binHz, 1);
}

async function start(player, url, switchEvery) {
  const players = { hlsjs: startHlsJs, shaka: startShaka, videojs: startVideoJs, native: startNative };
  try {
    await players[player](url, switchEvery);
  } catch (error) {
    fault("start", true, `${error?.code ?? error?.name}: ${error?.message}`);
  }
}

function load(script) {
  return new Promise((done, failed) => {
    const element = document.createElement("script");
    element.src = script;
    element.onload = done;
    element.onerror = () => failed(new Error(`cannot load ${script}`));
    document.head.append(element);
  });
}

function startNative(url) {
  report.player_version = navigator.userAgent;
  watchTracks(audio.textTracks);
  audio.crossOrigin = "anonymous";
  audio.src = url;
}

async function startHlsJs(url, switchEvery) {
  await load("/hlsjs.js");
  const { Hls } = window;
  report.player_version = Hls.version;
  watchTracks(audio.textTracks);
  const hls = new Hls({ enableEmsgMetadataCues: true });
  hls.on(Hls.Events.ERROR, (_, { type, details, fatal, error, reason }) =>
    fault(`${type}/${details}`, fatal, `${reason ?? error?.message ?? ""}`),
  );
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
    for (const range of Object.values(details.dateRanges)) {
      addDaterange(range.id, range.startTime, range.attr);
    }
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) =>
    report.levels.push({ t: clock(), url: hls.levels[level].url[0] }),
  );
  if (switchEvery > 0) {
    const next = () => (hls.nextLevel = (Math.max(hls.currentLevel, 0) + 1) % hls.levels.length);
    setInterval(next, switchEvery * 1000);
  }
  hls.loadSource(url);
  hls.attachMedia(audio);
}

async function startShaka(url) {
  await load("/shaka.js");
  const { shaka } = window;
  report.player_version = shaka.Player.version;
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  player.addEventListener("error", ({ detail }) =>
    fault(`shaka/${detail.category}/${detail.code}`, detail.severity === 2, `${detail.message}`),
  );
  player.addEventListener("metadata", (event) => {
    const { key, description, data, name } = event.payload ?? {};
    // A date range is told under its own CLASS, which `dateranges` has.
    if (event.metadataType !== "org.id3") return;
    addCue(event.startTime, event.endTime, key ?? name, description, data);
  });
  player.addEventListener("timelineregionadded", ({ detail }) => {
    const { id, startTime, schemeIdUri, values = [] } = detail;
    const told = values.map(({ key, data }) => [key, data]);
    addDaterange(id, startTime, Object.fromEntries([["CLASS", schemeIdUri], ...told]));
  });
  await player.attach(audio);
  await player.load(url);
}

async function startVideoJs(url) {
  await load("/videojs.js");
  const { videojs } = window;
  report.player_version = videojs.VERSION;
  const player = videojs(audio, {
    // Its own engine, although this browser could play HLS by itself.
    html5: { vhs: { overrideNative: true }, nativeAudioTracks: false, nativeTextTracks: false },
  });
  await new Promise((done) => player.ready(done));
  player.on("error", () => fault("videojs", true, `${player.error()?.code}: ${player.error()?.message}`));
  watchTracks(player.textTracks());
  player.src({ src: url, type: "application/vnd.apple.mpegurl" });
}

/** Writes down the metadata tracks' cues (ID3, date ranges), also those to come. */
function watchTracks(tracks) {
  const seen = new WeakSet();
  const drain = (track) => {
    // Video.js has lists of its own, with a length and nothing more.
    for (const cue of Array.from(track.cues ?? [])) {
      if (seen.has(cue)) continue;
      seen.add(cue);
      const { key, data, info, description } = cue.value ?? cue.frame ?? {};
      if (cue.type === "com.apple.quicktime.HLS") {
        // Video.js does not tell the names of attributes that begin with X-.
        addDaterange(cue.id, cue.startTime, key === undefined ? {} : { [key]: data });
      } else {
        addCue(cue.startTime, cue.endTime, key, info ?? description, data);
      }
    }
  };
  const watch = (track) => {
    // Video.js keeps a diary of its segments in a track of this label.
    if (track.kind !== "metadata" || track.label === "segment-metadata") return;
    track.mode = "hidden";
    drain(track);
    track.addEventListener("cuechange", () => drain(track));
    setInterval(() => drain(track), 200);
  };
  Array.from({ length: tracks.length }, (_, index) => watch(tracks[index]));
  tracks.addEventListener("addtrack", ({ track }) => watch(track));
}

function addCue(start, end, key, description, data) {
  const bytes = data instanceof ArrayBuffer ? data.byteLength : data?.byteLength;
  report.cues.push({
    t: clock(),
    start: round(start),
    end: Number.isFinite(end) ? round(end) : null,
    key: key ?? null,
    description: description ?? null,
    text: bytes === undefined ? `${data ?? ""}` : null,
    bytes: bytes ?? null,
  });
}

/** A player tells an attribute at a time, or the same range at every reload. */
function addDaterange(id, start, attributes) {
  const known = report.dateranges.find((range) => range.id === id);
  if (known) {
    Object.assign(known.attributes, attributes);
  } else {
    report.dateranges.push({ t: clock(), id, start: round(start), attributes: { ...attributes } });
  }
}

window.judge = judge;
