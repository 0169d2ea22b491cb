// What this page knows of one stream: bounded, and told to whoever listens.

const RESULTS = 300;
const ACTIONS = 1000;
const SAMPLES = 200;
const VERSIONED = [
  ["prompt_version", "prompt"],
  ["schema_version", "output_schema"],
];

export class StreamState extends EventTarget {
  results = [];
  actions = new Map();
  /** One sample a second: fps, and what was lost since the one before. */
  samples = [];
  latencies = [];
  info = null;
  ended = null;
  /** How many lists in a row did not have it. */
  unlisted = 0;
  bitmap = null;
  frame = null;
  #missed = 0;

  constructor(summary) {
    super();
    this.id = summary.id;
    this.summary = summary;
  }

  update(summary) {
    this.unlisted = 0;
    const newer = { ...this.summary, ...summary };
    // A list that was on its way while the question changed knows the one before.
    for (const [version, asked] of VERSIONED) {
      if (newer[version] >= this.summary[version]) continue;
      newer[version] = this.summary[version];
      newer[asked] = this.summary[asked];
    }
    this.summary = newer;
    this.#tell("summary");
  }

  /** The stream's own time now, in seconds: that of the newest picture, and what has passed since. */
  now() {
    if (this.frame === null) return null;
    return this.frame.time + (this.ended ? 0 : (performance.now() - this.frame.at) / 1000);
  }

  picture(bitmap, index, time) {
    this.bitmap?.close();
    this.bitmap = bitmap;
    this.frame = { index, time, at: performance.now() };
    this.#tell("picture");
  }

  message(message) {
    switch (message.type) {
      case "result":
        return this.#result(message);
      case "stats":
        return this.#stats(message);
      case "action":
        return this.keepAction(message.action, message.event);
      case "gap":
        this.#missed += message.dropped ?? 0;
        return undefined;
      case "state":
        return this.update({ state: message.state });
      default:
        return undefined;
    }
  }

  /** Remember an action, as the socket or the list of stored ones tells it. */
  keepAction(action, event = "stored") {
    if (event === "stored" && this.actions.has(action.id)) return;
    this.actions.set(action.id, action);
    if (this.actions.size > ACTIONS) this.actions.delete(this.actions.keys().next().value);
    this.#tell("action", { action, event });
  }

  end(reason) {
    if (this.ended) return;
    this.ended = reason;
    this.#tell("ended");
  }

  get newest() {
    return this.results.at(-1) ?? null;
  }

  #result(result) {
    this.results.push(result);
    if (this.results.length > RESULTS) this.results.shift();
    const { inference_latency_ms: inference, total_latency_ms: total } = result;
    if (!result.repeated) keep(this.latencies, { at: Date.now(), inference, total });
    if ((result.prompt_version ?? 0) > (this.summary.prompt_version ?? 0)) {
      this.update({ prompt: result.prompt, prompt_version: result.prompt_version });
    }
    this.#tell("result", result);
  }

  #stats(info) {
    const before = this.info;
    const grown = (name) => (before ? Math.max(0, (info[name] ?? 0) - (before[name] ?? 0)) : 0);
    keep(this.samples, {
      at: Date.now(),
      fps: info.fps ?? 0,
      skipped: grown("clips_skipped"),
      failed: grown("inferences_failed"),
      dropped: grown("results_dropped"),
      missed: this.#missed,
    });
    this.#missed = 0;
    this.info = info;
    this.#tell("stats", info);
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function keep(list, entry) {
  list.push(entry);
  if (list.length > SAMPLES) list.shift();
}
