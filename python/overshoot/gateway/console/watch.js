// One watch socket: pictures and messages of a stream, opened anew when it breaks.

import { Backoff } from "./backoff.js";

const ENDED = "stream ended: ";
const POLICY_VIOLATION = 1008;
const HEAD_BYTES = 16;

export class Watcher {
  #socket = null;
  #closed = false;
  #timer = null;
  #backoff = new Backoff();
  #decoding = false;

  constructor(api, state, { fps, side }) {
    this.api = api;
    this.state = state;
    this.fps = fps;
    this.side = side;
    this.#open();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #open() {
    const socket = this.api.socket(`/streams/${encodeURIComponent(this.state.id)}/watch`);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ api_key: this.api.key, fps: this.fps, side: this.side }));
    });
    socket.addEventListener("message", ({ data }) => {
      this.#backoff.reset();
      if (this.#closed) return;
      if (typeof data === "string") this.state.message(JSON.parse(data));
      else this.#picture(data);
    });
    socket.addEventListener("close", ({ code, reason }) => this.#gone(code, reason));
  }

  #gone(code, reason) {
    if (this.#closed) return;
    if (reason.startsWith(ENDED)) return this.state.end(reason.slice(ENDED.length));
    // The list of streams tells of a key or a stream that is gone.
    if (code === POLICY_VIOLATION) return undefined;
    this.#timer = setTimeout(() => this.#open(), this.#backoff.next());
    return undefined;
  }

  /** Frame index and stream time, 8 bytes each, then a JPEG. */
  async #picture(data) {
    // A machine that decodes more slowly than pictures come shows fewer, not later ones.
    if (this.#decoding || data.byteLength <= HEAD_BYTES) return;
    this.#decoding = true;
    try {
      const head = new DataView(data);
      const jpeg = new Blob([new Uint8Array(data, HEAD_BYTES)], { type: "image/jpeg" });
      const bitmap = await createImageBitmap(jpeg);
      if (this.#closed) bitmap.close();
      else this.state.picture(bitmap, Number(head.getBigUint64(0)), head.getFloat64(8));
    } finally {
      this.#decoding = false;
    }
  }
}
