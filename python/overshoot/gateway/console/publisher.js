// One stream of this browser's own: offer, leases, and its end.

const MEDIA_MS = 15_000;
const DRAIN_MS = 3000;
const RETRY_MS = 2000;
const FATAL = new Set([401, 402, 404]);

export class Publisher {
  id = null;
  #peer = new RTCPeerConnection();
  #timer = null;
  #stopped = false;
  #ended;

  /** `over` is kept with the reason when it ended, whoever ended it. */
  constructor(api, source) {
    this.api = api;
    this.source = source;
    this.over = new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  /** Comes back when video flows; an error has left nothing behind. */
  async start({ processing, inference }) {
    const [track] = this.source.media.getVideoTracks();
    this.#peer.addTransceiver(track, { direction: "sendonly", streams: [this.source.media] });
    try {
      await this.#peer.setLocalDescription();
      const body = {
        source: { type: "webrtc", sdp: this.#peer.localDescription.sdp },
        mode: "clip",
        processing,
        inference,
        client: { request_id: crypto.randomUUID?.() ?? String(Math.random()) },
      };
      const created = await this.api.json("POST", "/streams", body);
      this.id = created.stream_id;
      this.#renewEvery(created.lease?.ttl_seconds);
      const connected = this.#connected();
      await this.#peer.setRemoteDescription(created.webrtc);
      await connected;
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(this.#peer.connectionState)) this.stop("The connection was lost.");
    });
    this.source.over.then((why) => this.#drain(why));
  }

  /** End it here and at the gateway. */
  async stop(why = "") {
    if (this.#stopped) return;
    this.#close();
    // One that cannot be deleted ends with its video, or with its lease.
    if (this.id) await this.api.call("DELETE", this.#path).catch(() => undefined);
    this.#ended(why);
  }

  /** For a page that goes away: the request outlives it. */
  abandon() {
    if (this.#stopped) return;
    if (this.id) this.api.deleteLast(this.#path);
    this.#close();
  }

  /** The source has ended: the gateway answers the last clip before the stream goes. */
  #drain(why) {
    if (this.#stopped) return;
    this.#peer.close();
    setTimeout(() => this.stop(why), DRAIN_MS);
  }

  #close() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#peer.close();
    this.source.stop();
  }

  get #path() {
    return `/streams/${encodeURIComponent(this.id)}`;
  }

  #connected() {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error("No video reaches the gateway: is UDP blocked between here and there?"));
      const timer = setTimeout(late, MEDIA_MS);
      this.#peer.addEventListener("connectionstatechange", () => {
        const { connectionState } = this.#peer;
        if (connectionState !== "connected" && connectionState !== "failed") return;
        clearTimeout(timer);
        if (connectionState === "connected") resolve();
        else late();
      });
    });
  }

  /** Renew at half the lease; a gateway that is away for a moment is asked again soon. */
  #renewEvery(ttlSeconds) {
    if (!ttlSeconds) return;
    const period = (ttlSeconds * 1000) / 2;
    const renew = async () => {
      let wait = period;
      try {
        await this.api.json("POST", `${this.#path}/keepalive`);
      } catch (error) {
        if (FATAL.has(error.status)) return this.stop(`The gateway ended the stream: ${error.message}`);
        wait = Math.min(period, RETRY_MS);
      }
      if (!this.#stopped) this.#timer = setTimeout(renew, wait);
      return undefined;
    };
    this.#timer = setTimeout(renew, period);
  }
}
