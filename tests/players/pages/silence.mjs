// In the browser's sound thread: finds every stretch without sound.

/** -60 dB below full scale. */
const FLOOR = 0.001;

/**
 * Posts `{at, ms}` for each stretch of blocks (128 samples) below the floor
 * after the first sound: `at` in seconds of the audio context's clock, where
 * it began. A message to the port makes it post the stretch that still lasts.
 */
class Silence extends AudioWorkletProcessor {
  heard = false;
  since = null;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.post();
      this.port.postMessage("end");
    };
  }

  process([input]) {
    // Without an input node that is active there are no channels: silence too.
    const loud = input.some((channel) => channel.some((sample) => Math.abs(sample) > FLOOR));
    if (loud) {
      this.post();
      this.heard = true;
      this.since = null;
    } else if (this.heard) {
      this.since ??= currentTime;
    }
    return true;
  }

  post() {
    if (this.since === null) return;
    this.port.postMessage({ at: this.since, ms: (currentTime - this.since) * 1000 });
  }
}

registerProcessor("silence", Silence);
