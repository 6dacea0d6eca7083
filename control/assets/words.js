// Numbers and names as people read them.

/** What stands where nothing is known. */
export const NONE = "–";

/** No text on the page is longer than this, whatever an encoder sends. */
const TEXT_LEN_MAX = 300;

const COUNT = new Intl.NumberFormat("en");

const CODECS = { mp3: "MP3", aac: "AAC", he_aac: "HE-AAC", he_aac_v2: "HE-AAC v2" };

const SETTINGS = {
  codec: ["Codec", ""],
  bitrate_kbps: ["Bit rate", " kbit/s"],
  sample_rate_hz: ["Sampling rate", " Hz"],
  channel_mode: ["Channel mode", ""],
};

/** A text of bounded length, or a dash. */
export function brief(text) {
  if (text === null || text === undefined || text.trim() === "") return NONE;
  return text.length > TEXT_LEN_MAX ? `${text.slice(0, TEXT_LEN_MAX)}…` : text;
}

/** `12,345`. */
export function count(number) {
  return number === null || number === undefined ? NONE : COUNT.format(number);
}

/** `one segment`, `3 segments`. */
export function several(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** `127.6 kbit/s`. */
export function bitrate(bps) {
  if (!bps) return NONE;
  return `${COUNT.format(Math.round(bps / 100) / 10)} kbit/s`;
}

/** The nominal bit rate in a rendition's id: `mp3-128`. */
export function nominal(rendition) {
  const kbps = /-(\d+)$/.exec(rendition)?.[1];
  return kbps ? `${kbps} kbit/s` : "";
}

/** `HE-AAC`. */
export function codec(name) {
  return Object.hasOwn(CODECS, name) ? CODECS[name] : brief(name);
}

/** `Bit rate: wanted 128 kbit/s, got 96 kbit/s`. */
export function mismatch({ setting, wanted, got }) {
  const [name, unit] = Object.hasOwn(SETTINGS, setting) ? SETTINGS[setting] : [setting, ""];
  const measured = (value) => (/^[\d.]+$/.test(value) ? value + unit : brief(value));
  return `${name}: wanted ${measured(wanted)}, got ${measured(got)}`;
}

/** `3 d 4 h`, `2 h 5 min`, `45 s`. */
export function duration(secs) {
  if (secs === null || secs === undefined) return NONE;
  const whole = Math.max(0, Math.floor(secs));
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3_600) % 24];
  const minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${whole} s`;
}
